"""Calls of 1inch and 0x that name their pools; those with programs of their own are refused.

1inch's AggregationRouter V3 to V6 packs a pool into a word with its direction and fee. 0x's
UniswapFeature and UniswapV3Feature take plain paths.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from graphs.units import PIPS, Address, PoolId
from searcher.effects.outcome import Reason, UnforeseenError
from searcher.effects.router import Router
from searcher.effects.steps import (
    EXACT_IN,
    SENDER,
    Hop,
    PlacedHop,
    RouterCall,
    Swap,
)
from searcher.effects.uniswap_v2 import MIN_TOKENS, pair_hops
from searcher.effects.uniswap_v3 import MAX_TOKENS, range_hops
from searcher.effects.words import (
    SELECTOR,
    WORD,
    address,
    addresses,
    blob,
    selector,
    small,
    tail,
    word,
    words,
)
from searcher.errors import WireError

ETHER_MARK: Final = Address("0x" + "e" * 40)
"""What 0x and 1inch write for ether."""

_LAST_ADDRESS: Final = (1 << 160) - 1
_REVERSE: Final = 1 << 255
"""1inch V3 to V5: the second token is sold."""

_NUMERATOR_OFFSET: Final = 160
_NUMERATOR_MASK: Final = (1 << 32) - 1
_DENOMINATOR: Final = 10**9
_DEFAULT_NUMERATOR: Final = 997_000_000
"""1inch V6 takes it where a pair's word has none."""

_V6_FORWARD: Final = 1 << 247
_V6_PROTOCOL_OFFSET: Final = 253
_V6_PAIR, _V6_RANGE = 0, 1


class _Unoswap(NamedTuple):
    amount_word: int
    """Where the amount is; the least output follows, and the pools after it."""


_UNOSWAPS: Final = {
    selector(signature): _Unoswap(at)
    for signature, at in (
        ("unoswap(address,uint256,uint256,bytes32[])", 1),
        ("unoswapWithPermit(address,uint256,uint256,bytes32[],bytes)", 1),
        ("unoswap(address,uint256,uint256,uint256[])", 1),
        ("unoswapTo(address,address,uint256,uint256,uint256[])", 2),
        ("unoswapToWithPermit(address,address,uint256,uint256,uint256[],bytes)", 2),
    )
}
_V3_SWAPS: Final = {
    selector(signature): _Unoswap(at)
    for signature, at in (
        ("uniswapV3Swap(uint256,uint256,uint256[])", 0),
        ("uniswapV3SwapTo(address,uint256,uint256,uint256[])", 1),
        ("uniswapV3SwapToWithPermit(address,address,uint256,uint256,uint256[],bytes)", 2),
    )
}


class _V6(NamedTuple):
    first_word: int
    """Where the amount is, or the least output where ether is sold."""

    pools: int
    """One to three words after the least output."""

    is_paid_in_ether: bool


def _v6_functions() -> dict[bytes, _V6]:
    found = {}
    for pools, suffix in ((1, ""), (2, "2"), (3, "3")):
        dexes = ",uint256" * pools
        for recipient, name in ((0, ""), (1, "To")):
            to = "uint256," * recipient
            sold = f"unoswap{name}{suffix}({to}uint256,uint256,uint256{dexes})"
            paid = f"ethUnoswap{name}{suffix}({to}uint256{dexes})"
            found[selector(sold)] = _V6(recipient + 1, pools, is_paid_in_ether=False)
            found[selector(paid)] = _V6(recipient, pools, is_paid_in_ether=True)
    return found


_V6_FUNCTIONS: Final = _v6_functions()
_OPAQUE: Final = frozenset(
    selector(signature)
    for signature in (
        "swap(address,(address,address,address,address,uint256,uint256,uint256,bytes),bytes)",
        "swap(address,(address,address,address,address,uint256,uint256,uint256),bytes,bytes)",
        "swap(address,(address,address,address,address,uint256,uint256,uint256),bytes)",
        "transformERC20(address,address,uint256,uint256,(uint32,bytes)[])",
    )
)
"""Calls that carry a program for an executor, which may do anything."""


def decode_one_inch_call(_router: Router, data: bytes, value_wei: int) -> RouterCall:
    """What a call of AggregationRouter V3, V4 or V5 orders.

    Raises:
        WireError: the calldata is malformed.
        UnforeseenError: another function, or one that always reverts.
    """
    layout = _UNOSWAPS.get(data[:SELECTOR])
    is_paired = layout is not None
    layout = layout or _V3_SWAPS.get(data[:SELECTOR])
    if layout is None:
        raise _refusal(data)
    at = SELECTOR + layout.amount_word * WORD
    amount, least, _ = words(data, at, 3)
    pools = _packed(data, tail(data, SELECTOR, at + 2 * WORD))
    if value_wei and value_wei != amount:
        raise UnforeseenError(Reason.INVALID_CALL)
    hops = tuple(_paired(pool) if is_paired else _ranged(pool) for pool in pools)
    return _sale(hops, amount, least)


def decode_one_inch_v6_call(_router: Router, data: bytes, value_wei: int) -> RouterCall:
    """What a call of AggregationRouterV6 orders.

    Raises:
        WireError: the calldata is malformed.
        UnforeseenError: another function, or one that always reverts.
    """
    layout = _V6_FUNCTIONS.get(data[:SELECTOR])
    if layout is None:
        raise _refusal(data)
    at = SELECTOR + layout.first_word * WORD
    if layout.is_paid_in_ether:
        amount, values = value_wei, words(data, at, 1 + layout.pools)
    else:
        amount, *values = words(data, at, 2 + layout.pools)
    if value_wei and not layout.is_paid_in_ether:
        raise UnforeseenError(Reason.INVALID_CALL)
    least, *pools = values
    return _sale(tuple(_placed_v6(pool) for pool in pools), amount, least)


def decode_zero_ex_call(router: Router, data: bytes, value_wei: int) -> RouterCall:
    """What a call of the 0x exchange proxy orders.

    Raises:
        WireError: the calldata is malformed.
        UnforeseenError: another function, or one that always reverts.
    """
    head = data[:SELECTOR]
    if head == _SELL_TO_UNISWAP:
        return _sell_to_pairs(router, data, value_wei)
    if head == _SELL_ETHER:
        least, amount, path = word(data, SELECTOR + WORD), value_wei, _first_blob(data)
        address(data, SELECTOR + 2 * WORD)
    elif head in _SELL_TOKENS:
        amount, least = words(data, SELECTOR + WORD, 2)
        path = _first_blob(data)
        address(data, SELECTOR + 3 * WORD)
        if value_wei:
            raise UnforeseenError(Reason.INVALID_CALL)
    else:
        raise _refusal(data)
    return _sale(range_hops(path, router.v3_venue, is_reversed=False), amount, least)


def _sell_to_pairs(router: Router, data: bytes, value_wei: int) -> RouterCall:
    _, amount, least, is_sushi = words(data, SELECTOR, 4)
    path = addresses(data, tail(data, SELECTOR, SELECTOR))
    if len(path) < MIN_TOKENS:
        raise UnforeseenError(Reason.INVALID_CALL)
    if (path[0] == ETHER_MARK) is not bool(value_wei) or (value_wei and value_wei != amount):
        raise UnforeseenError(Reason.INVALID_CALL)
    wrapped = [router.weth if token == ETHER_MARK else token for token in path]
    venue = router.sushi_venue if small(is_sushi, 1) else router.v2_venue
    return _sale(pair_hops(wrapped, venue, router.quote_pips), amount, least)


def _first_blob(data: bytes) -> bytes:
    return blob(data, tail(data, SELECTOR, SELECTOR))


def _sale(hops: tuple[Hop, ...], amount: int, least: int) -> RouterCall:
    """The recipient does not matter: neither router does anything after the last pool."""
    return RouterCall((Swap(hops, amount, least, EXACT_IN, SENDER, SENDER),))


def _packed(data: bytes, at: int) -> Sequence[int]:
    count = word(data, at)
    if not 0 < count < MAX_TOKENS:
        raise WireError("pools", "none, or too many")
    return words(data, at + WORD, count)


def _paired(pool: int) -> Hop:
    numerator = pool >> _NUMERATOR_OFFSET & _NUMERATOR_MASK
    return PlacedHop(_pool_id(pool), not pool & _REVERSE, _pips(numerator))


def _ranged(pool: int) -> Hop:
    return PlacedHop(_pool_id(pool), not pool & _REVERSE, None)


def _placed_v6(pool: int) -> Hop:
    protocol, is_forward = pool >> _V6_PROTOCOL_OFFSET, bool(pool & _V6_FORWARD)
    if protocol == _V6_RANGE:
        return PlacedHop(_pool_id(pool), is_forward, None)
    if protocol != _V6_PAIR:
        raise UnforeseenError(Reason.UNSUPPORTED_CALL)
    numerator = pool >> _NUMERATOR_OFFSET & _NUMERATOR_MASK or _DEFAULT_NUMERATOR
    return PlacedHop(_pool_id(pool), is_forward, _pips(numerator))


def _pool_id(pool: int) -> PoolId:
    return PoolId(f"0x{pool & _LAST_ADDRESS:040x}")


def _pips(numerator: int) -> int:
    """What remains of an input of 10^9, as a fee.

    Raises:
        UnforeseenError: a fee that is no whole number of pips, and so no pair's.
    """
    kept_pips, rest = divmod(numerator, _DENOMINATOR // PIPS)
    if rest or not 0 < kept_pips <= PIPS:
        raise UnforeseenError(Reason.UNSUPPORTED_CALL)
    return PIPS - kept_pips


def _refusal(data: bytes) -> UnforeseenError:
    is_opaque = data[:SELECTOR] in _OPAQUE
    return UnforeseenError(Reason.OPAQUE_ROUTE if is_opaque else Reason.UNSUPPORTED_CALL)


_SELL_TO_UNISWAP: Final = selector("sellToUniswap(address[],uint256,uint256,bool)")
_SELL_ETHER: Final = selector("sellEthForTokenToUniswapV3(bytes,uint256,address)")
_SELL_TOKENS: Final = frozenset(
    selector(f"{name}(bytes,uint256,uint256,address)")
    for name in ("sellTokenForTokenToUniswapV3", "sellTokenForEthToUniswapV3")
)
