"""What the Universal Router does at Uniswap V4: actions with parameters (V4Router of v4-periphery).

The router trades on account: swaps credit and debit what it owes the PoolManager, and settling and
taking move that to and from holders.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from graphs.pools.pool_key import PoolKey
from graphs.units import Address
from searcher.effects.outcome import Reason, UnforeseenError
from searcher.effects.steps import (
    ALL,
    DEBT,
    EXACT_IN,
    EXACT_OUT,
    MANAGER,
    ROUTER,
    SENDER,
    Hop,
    KeyedHop,
    Move,
    Step,
    Swap,
)
from searcher.effects.uniswap_v3 import MARKED_HOLDERS, MAX_TOKENS
from searcher.effects.words import WORD, address, blob, small, tail, tails, word
from searcher.errors import WireError

CONTRACT_BALANCE: Final = 2**255
"""As an amount: whatever the router holds. ActionConstants."""

AMOUNT_BITS: Final = 128
FEE_BITS: Final = 24
TICK_BITS: Final = 24

KEY_WORDS: Final = 5
"""Of a pool key."""


class _Terms(NamedTuple):
    """What a pool's key says besides its currencies."""

    fee_pips: int
    tick_spacing: int
    hooks: Address


def decode_v4_actions(data: bytes) -> list[Step]:
    """The steps of a V4_SWAP command.

    Raises:
        WireError: the input is malformed.
        UnforeseenError: an action that is not decoded.
    """
    actions = blob(data, tail(data, 0, 0))
    parameters = tails(data, tail(data, 0, WORD))
    if len(actions) != len(parameters):
        raise UnforeseenError(Reason.INVALID_CALL)
    steps: list[Step] = []
    for action, at in zip(actions, parameters, strict=True):
        decoder = _ACTIONS.get(action)
        if decoder is None:
            raise UnforeseenError(Reason.UNSUPPORTED_CALL)
        steps.append(decoder(blob(data, at)))
    return steps


def _exact_in_single(data: bytes) -> Step:
    hop, amount, limit = _single(data)
    return Swap((hop,), amount or ALL, limit, EXACT_IN, MANAGER, MANAGER)


def _exact_out_single(data: bytes) -> Step:
    hop, amount, limit = _single(data)
    return _bought((hop,), amount, limit)


def _single(data: bytes) -> tuple[Hop, int, int]:
    start = tail(data, 0, 0)
    low, high = address(data, start), address(data, start + WORD)
    terms = _terms(data, start + 2 * WORD)
    key = PoolKey(currency0=low, currency1=high, **terms._asdict())
    flags = start + KEY_WORDS * WORD
    is_zero_for_one = bool(small(word(data, flags), 1))
    amount = small(word(data, flags + WORD), AMOUNT_BITS)
    limit = small(word(data, flags + 2 * WORD), AMOUNT_BITS)
    blob(data, tail(data, start, flags + 3 * WORD))
    return KeyedHop(key, is_zero_for_one), amount, limit


def _exact_in(data: bytes) -> Step:
    start = tail(data, 0, 0)
    token, amount, limit = _ends(data, start)
    hops = []
    for intermediate, terms in _path(data, start):
        hops.append(_keyed(token, intermediate, terms))
        token = intermediate
    return Swap(tuple(hops), amount or ALL, limit, EXACT_IN, MANAGER, MANAGER)


def _exact_out(data: bytes) -> Step:
    """Each element of the path names what is paid for the token after it."""
    start = tail(data, 0, 0)
    token, amount, limit = _ends(data, start)
    hops: list[Hop] = []
    for intermediate, terms in reversed(_path(data, start)):
        hops.insert(0, _keyed(intermediate, token, terms))
        token = intermediate
    return _bought(tuple(hops), amount, limit)


def _bought(hops: tuple[Hop, ...], amount: int, limit: int) -> Step:
    if not amount:
        raise UnforeseenError(Reason.UNSUPPORTED_CALL)
    return Swap(hops, amount, limit, EXACT_OUT, MANAGER, MANAGER)


def _ends(data: bytes, start: int) -> tuple[Address, int, int]:
    amount = small(word(data, start + 2 * WORD), AMOUNT_BITS)
    limit = small(word(data, start + 3 * WORD), AMOUNT_BITS)
    return address(data, start), amount, limit


def _path(data: bytes, start: int) -> list[tuple[Address, _Terms]]:
    elements = tails(data, tail(data, start, start + WORD))
    if not 0 < len(elements) < MAX_TOKENS:
        raise WireError("path", f"{len(elements)} elements")
    return [(address(data, at), _terms(data, at + WORD)) for at in elements]


def _terms(data: bytes, at: int) -> _Terms:
    fee_pips = small(word(data, at), FEE_BITS)
    return _Terms(fee_pips, _spacing(word(data, at + WORD)), address(data, at + 2 * WORD))


def _keyed(token_in: Address, token_out: Address, terms: _Terms) -> Hop:
    low, high = sorted((token_in, token_out))
    key = PoolKey(currency0=low, currency1=high, **terms._asdict())
    return KeyedHop(key, token_in < token_out)


def _spacing(value: int) -> int:
    """A spacing, which no pool has at or below zero.

    Raises:
        WireError: not a positive int24.
    """
    if not 0 < value < 1 << TICK_BITS - 1:
        raise WireError("tickSpacing", "not positive")
    return value


def _settle(data: bytes) -> Step:
    token, amount = address(data, 0), word(data, WORD)
    payer = SENDER if small(word(data, 2 * WORD), 1) else ROUTER
    if amount == CONTRACT_BALANCE:
        return Move(token, payer, MANAGER, ALL)
    return Move(token, payer, MANAGER, amount or DEBT)


def _settle_all(data: bytes) -> Step:
    token, most = address(data, 0), word(data, WORD)
    return Move(token, SENDER, MANAGER, DEBT, 0, most)


def _take(data: bytes) -> Step:
    token, named, amount = address(data, 0), address(data, WORD), word(data, 2 * WORD)
    return Move(token, MANAGER, MARKED_HOLDERS.get(named, named), amount or ALL)


def _take_all(data: bytes) -> Step:
    token, least = address(data, 0), word(data, WORD)
    return Move(token, MANAGER, SENDER, ALL, least)


_ACTIONS: Final[dict[int, Callable[[bytes], Step]]] = {
    0x06: _exact_in_single,
    0x07: _exact_in,
    0x08: _exact_out_single,
    0x09: _exact_out,
    0x0B: _settle,
    0x0C: _settle_all,
    0x0E: _take,
    0x0F: _take_all,
}
"""Actions of v4-periphery."""
