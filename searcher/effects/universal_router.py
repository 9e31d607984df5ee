"""Calls of the Universal Router: commands with inputs, sub-plans among them (Dispatcher, Commands).

Commands that touch no pool are passed over; those that hand control to a contract that we cannot
follow, such as NFT markets, end the decoding.
"""

from collections.abc import Callable
from typing import Final

from graphs.units import Address
from searcher.effects.outcome import Reason, UnforeseenError
from searcher.effects.router import Router, RouterKind
from searcher.effects.steps import (
    ALL,
    ETHER,
    EXACT_IN,
    EXACT_OUT,
    PAID,
    ROUTER,
    SENDER,
    Convert,
    Move,
    RouterCall,
    Share,
    Step,
    SubPlan,
    Swap,
)
from searcher.effects.uniswap_v2 import pair_hops
from searcher.effects.uniswap_v3 import range_hops
from searcher.effects.v4_actions import decode_v4_actions
from searcher.effects.words import (
    SELECTOR,
    WORD,
    address,
    addresses,
    blob,
    selector,
    tail,
    tails,
    word,
    words,
)
from searcher.errors import WireError

CONTRACT_BALANCE: Final = 2**255
"""As an amount: whatever the router holds. ActionConstants."""

ALREADY_PAID: Final = 0
"""As the input of a V2 swap: whatever the first pair was sent before. Constants."""

COMMAND_MASK: Final = 0x7F
"""Of a command; the first version has six bits, whose commands are the same."""

ALLOW_REVERT: Final = 0x80
"""The flag of a command whose failure the rest survives; a swap that fails is none of those."""

MAX_DEPTH: Final = 4
"""Of plans in plans."""

EXECUTE: Final = selector("execute(bytes,bytes[])")
EXECUTE_UNTIL: Final = selector("execute(bytes,bytes[],uint256)")


def decode_universal_call(router: Router, data: bytes, _value_wei: int) -> RouterCall:
    """What a call of the router orders.

    Raises:
        WireError: the calldata is malformed.
        UnforeseenError: another function, or a command that is not decoded.
    """
    head = data[:SELECTOR]
    if head == EXECUTE_UNTIL:
        return RouterCall(_plan(router, data, SELECTOR), word(data, SELECTOR + 2 * WORD))
    if head == EXECUTE:
        return RouterCall(_plan(router, data, SELECTOR))
    raise UnforeseenError(Reason.UNSUPPORTED_CALL)


def _plan(router: Router, data: bytes, base: int, *, depth: int = 0) -> tuple[Step, ...]:
    commands = blob(data, tail(data, base, base))
    inputs = tails(data, tail(data, base, base + WORD))
    if len(inputs) != len(commands):
        raise UnforeseenError(Reason.INVALID_CALL)
    steps: list[Step] = []
    for command, at in zip(commands, inputs, strict=True):
        kind = command & COMMAND_MASK
        if kind in _HARMLESS:
            continue
        # An input is bytes of its own: nothing in it may point behind its end.
        content = blob(data, at)
        decoder = _COMMANDS.get(kind)
        if decoder is not None:
            steps.append(decoder(router, content))
        elif router.kind is RouterKind.UNIVERSAL_ROUTER_V1:
            raise UnforeseenError(Reason.UNSUPPORTED_CALL)
        elif kind == V4_SWAP:
            steps.extend(decode_v4_actions(content))
        elif kind == EXECUTE_SUB_PLAN and depth < MAX_DEPTH:
            inner = _plan(router, content, 0, depth=depth + 1)
            steps.append(SubPlan(inner, bool(command & ALLOW_REVERT)))
        else:
            raise UnforeseenError(Reason.UNSUPPORTED_CALL)
    return tuple(steps)


def _v3_exact_in(router: Router, data: bytes) -> Step:
    recipient, amount, limit, _, payer = words(data, 0, 5)
    hops = range_hops(blob(data, tail(data, 0, 3 * WORD)), router.v3_venue, is_reversed=False)
    amount = ALL if amount == CONTRACT_BALANCE else amount
    return Swap(hops, amount, limit, EXACT_IN, _payer(payer), _holder(router, recipient))


def _v3_exact_out(router: Router, data: bytes) -> Step:
    recipient, amount, limit, _, payer = words(data, 0, 5)
    hops = range_hops(blob(data, tail(data, 0, 3 * WORD)), router.v3_venue, is_reversed=True)
    return Swap(hops, amount, limit, EXACT_OUT, _payer(payer), _holder(router, recipient))


def _v2_exact_in(router: Router, data: bytes) -> Step:
    recipient, amount, limit, _, payer = words(data, 0, 5)
    path = addresses(data, tail(data, 0, 3 * WORD))
    hops = pair_hops(path, router.v2_venue, router.quote_pips)
    if amount == ALREADY_PAID:
        amount = PAID
    elif amount == CONTRACT_BALANCE:
        amount = ALL
    return Swap(hops, amount, limit, EXACT_IN, _payer(payer), _holder(router, recipient))


def _v2_exact_out(router: Router, data: bytes) -> Step:
    recipient, amount, limit, _, payer = words(data, 0, 5)
    path = addresses(data, tail(data, 0, 3 * WORD))
    hops = pair_hops(path, router.v2_venue, router.quote_pips)
    swap = Swap(hops, amount, limit, EXACT_OUT, _payer(payer), _holder(router, recipient))
    return swap._replace(is_sold_on=True)


def _permit2_transfer(router: Router, data: bytes) -> Step:
    token, recipient, amount = address(data, 0), word(data, WORD), word(data, 2 * WORD)
    return Move(token, SENDER, _holder(router, recipient), amount)


def _sweep(router: Router, data: bytes) -> Step:
    token, recipient, least = address(data, 0), word(data, WORD), word(data, 2 * WORD)
    return Move(token, ROUTER, _holder(router, recipient), ALL, least)


def _transfer(router: Router, data: bytes) -> Step:
    token, recipient, amount = address(data, 0), word(data, WORD), word(data, 2 * WORD)
    amount = ALL if amount == CONTRACT_BALANCE and token != ETHER else amount
    return Move(token, ROUTER, _holder(router, recipient), amount)


def _pay_portion(router: Router, data: bytes) -> Step:
    token, recipient, share_bps = address(data, 0), word(data, WORD), word(data, 2 * WORD)
    return Share(token, _holder(router, recipient), share_bps)


def _wrap(router: Router, data: bytes) -> Step:
    recipient, amount = words(data, 0, 2)
    amount = ALL if amount == CONTRACT_BALANCE else amount
    return Convert(ETHER, router.weth, _holder(router, recipient), amount)


def _unwrap(router: Router, data: bytes) -> Step:
    recipient, least = words(data, 0, 2)
    return Convert(router.weth, ETHER, _holder(router, recipient), ALL, least)


def _payer(word_of_flag: int) -> Address:
    """Whose tokens are sold.

    Raises:
        WireError: the flag is no boolean.
    """
    if word_of_flag > 1:
        raise WireError("payerIsUser", "no boolean")
    return SENDER if word_of_flag else ROUTER


def _holder(router: Router, recipient: int) -> Address:
    """Who is meant by an address.

    Raises:
        WireError: it is none.
    """
    marked = _MARKED.get(recipient)
    if marked is not None:
        return marked
    if recipient >> 160:
        raise WireError("recipient", "exceeds 160 bits")
    named = Address(f"0x{recipient:040x}")
    return ROUTER if named == router.address else named


_MARKED: Final = {1: SENDER, 2: ROUTER}
"""ActionConstants, as numbers."""

V4_SWAP: Final = 0x10
EXECUTE_SUB_PLAN: Final = 0x21
_HARMLESS: Final = frozenset({0x03, 0x0A})
"""PERMIT2_PERMIT_BATCH, PERMIT2_PERMIT."""

_COMMANDS: Final[dict[int, Callable[[Router, bytes], Step]]] = {
    0x00: _v3_exact_in,
    0x01: _v3_exact_out,
    0x02: _permit2_transfer,
    0x04: _sweep,
    0x05: _transfer,
    0x06: _pay_portion,
    0x08: _v2_exact_in,
    0x09: _v2_exact_out,
    0x0B: _wrap,
    0x0C: _unwrap,
}
