"""Calls of SwapRouter and SwapRouter02, alone and in multicalls.

The two differ in where the deadline is, in what addresses stand for the router and the sender, and
in that the second also trades at V2 and can sell whatever it holds. Sources: v3-periphery and
swap-router-contracts.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from graphs.units import Address
from searcher.effects.outcome import Reason, UnforeseenError
from searcher.effects.router import Router, RouterKind
from searcher.effects.steps import (
    ALL,
    ETHER,
    ROUTER,
    SENDER,
    UNLIMITED,
    Convert,
    Hop,
    Move,
    RangeHop,
    RouterCall,
    Step,
    Swap,
)
from searcher.effects.uniswap_v2 import pair_hops
from searcher.effects.words import (
    SELECTOR,
    WORD,
    address,
    addresses,
    blob,
    blobs,
    selector,
    small,
    tail,
    word,
    words,
)
from searcher.errors import WireError

FEE_BITS: Final = 24
PRICE_BITS: Final = 160

PATH_TOKEN: Final = 20
"""Bytes of a token in a path."""

PATH_HOP: Final = 23
"""Bytes of a token and a fee."""

MAX_TOKENS: Final = 16
"""Of a path: more than any transaction could pay for, and a bound of our own work."""

_NO_ADDRESS: Final = Address("0x" + "0" * 40)
_OLD_HOLDERS: Final = {_NO_ADDRESS: ROUTER}
MARKED_HOLDERS: Final = {
    Address("0x" + "0" * 39 + "1"): SENDER,
    Address("0x" + "0" * 39 + "2"): ROUTER,
}
"""Constants of swap-router-contracts and of the Universal Router."""


class _Layout(NamedTuple):
    has_deadline: bool
    is_exact_in: bool


_SINGLE: Final = "(address,address,uint24,address,{0}uint256,uint256,uint160)"
_MULTIPLE: Final = "(bytes,address,{0}uint256,uint256)"
_SINGLES: Final = {
    selector(f"exact{side}putSingle({_SINGLE.format(deadline)})"): _Layout(
        has_deadline=bool(deadline), is_exact_in=side == "In"
    )
    for side in ("In", "Out")
    for deadline in ("uint256,", "")
}
_MULTIPLES: Final = {
    selector(f"exact{side}put({_MULTIPLE.format(deadline)})"): _Layout(
        has_deadline=bool(deadline), is_exact_in=side == "In"
    )
    for side in ("In", "Out")
    for deadline in ("uint256,", "")
}
_MULTICALL: Final = selector("multicall(bytes[])")
_DEADLINE_MULTICALL: Final = selector("multicall(uint256,bytes[])")
_PARENT_MULTICALL: Final = selector("multicall(bytes32,bytes[])")
_V2_EXACT_IN: Final = selector("swapExactTokensForTokens(uint256,uint256,address[],address)")
_V2_EXACT_OUT: Final = selector("swapTokensForExactTokens(uint256,uint256,address[],address)")


def decode_v3_call(router: Router, data: bytes, _value_wei: int) -> RouterCall:
    """What a call of either router orders.

    Raises:
        WireError: the calldata is malformed.
        UnforeseenError: another function, or one that always reverts.
    """
    head = data[:SELECTOR]
    if head == _MULTICALL:
        return _multicall(router, data, at=SELECTOR)
    if router.kind is RouterKind.SWAP_ROUTER_02:
        if head == _DEADLINE_MULTICALL:
            call = _multicall(router, data, at=SELECTOR + WORD)
            return call._replace(deadline_s=min(call.deadline_s, word(data, SELECTOR)))
        if head == _PARENT_MULTICALL:
            call = _multicall(router, data, at=SELECTOR + WORD)
            return call._replace(parent_hash="0x" + data[SELECTOR : SELECTOR + WORD].hex())
    return _single_call(router, data)


def _multicall(router: Router, data: bytes, *, at: int) -> RouterCall:
    calls = [_single_call(router, inner) for inner in blobs(data, tail(data, SELECTOR, at))]
    steps = tuple(step for call in calls for step in call.steps)
    return RouterCall(steps, min((call.deadline_s for call in calls), default=UNLIMITED))


def _single_call(router: Router, data: bytes) -> RouterCall:
    head = data[:SELECTOR]
    is_new = router.kind is RouterKind.SWAP_ROUTER_02
    layout = _SINGLES.get(head)
    if layout is not None and layout.has_deadline is not is_new:
        return _exact_single(router, data, layout)
    layout = _MULTIPLES.get(head)
    if layout is not None and layout.has_deadline is not is_new:
        return _exact_multiple(router, data, layout)
    if is_new and head in {_V2_EXACT_IN, _V2_EXACT_OUT}:
        return _exact_pairs(router, data, is_exact_in=head == _V2_EXACT_IN)
    payment = _PAYMENTS.get(head)
    if payment is None:
        raise UnforeseenError(Reason.UNSUPPORTED_CALL)
    return RouterCall(payment(router, data))


def _exact_single(router: Router, data: bytes, layout: _Layout) -> RouterCall:
    count = 8 if layout.has_deadline else 7
    values = words(data, SELECTOR, count)
    fee_pips = small(values[2], FEE_BITS)
    price_limit = small(values[-1], PRICE_BITS)
    path = address(data, SELECTOR), address(data, SELECTOR + WORD)
    hop = RangeHop(router.v3_venue, *path, fee_pips)
    recipient = address(data, SELECTOR + 3 * WORD)
    swap = _swap(router, (hop,), layout, amounts=(values[-3], values[-2]), recipient=recipient)
    if price_limit:
        swap = swap._replace(price_limit_x96=price_limit)
    return RouterCall((swap,), values[4] if layout.has_deadline else UNLIMITED)


def _exact_multiple(router: Router, data: bytes, layout: _Layout) -> RouterCall:
    start = tail(data, SELECTOR, SELECTOR)
    values = words(data, start, 5 if layout.has_deadline else 4)
    path = blob(data, tail(data, start, start))
    hops = range_hops(path, router.v3_venue, is_reversed=not layout.is_exact_in)
    recipient = address(data, start + WORD)
    swap = _swap(router, hops, layout, amounts=(values[-2], values[-1]), recipient=recipient)
    return RouterCall((swap,), values[2] if layout.has_deadline else UNLIMITED)


def _swap(
    router: Router,
    hops: tuple[Hop, ...],
    layout: _Layout,
    *,
    amounts: tuple[int, int],
    recipient: Address,
) -> Swap:
    amount, limit = amounts
    holders = _OLD_HOLDERS if layout.has_deadline else MARKED_HOLDERS
    holder = ROUTER if recipient == router.address else holders.get(recipient, recipient)
    payer = SENDER
    if layout.is_exact_in and not amount and not layout.has_deadline:
        amount, payer = ALL, ROUTER
    return Swap(hops, amount, limit, layout.is_exact_in, payer, holder)


def _exact_pairs(router: Router, data: bytes, *, is_exact_in: bool) -> RouterCall:
    amount, limit, _, _ = words(data, SELECTOR, 4)
    path = addresses(data, tail(data, SELECTOR, SELECTOR + 2 * WORD))
    hops = pair_hops(path, router.v2_venue, router.quote_pips)
    layout = _Layout(has_deadline=False, is_exact_in=is_exact_in)
    recipient = address(data, SELECTOR + 3 * WORD)
    swap = _swap(router, hops, layout, amounts=(amount, limit), recipient=recipient)
    return RouterCall((swap._replace(is_sold_on=not is_exact_in),))


def range_hops(path: bytes, venue: str, *, is_reversed: bool) -> tuple[Hop, ...]:
    """The pools along a packed path, in trading order; exact outputs name them backwards.

    Raises:
        WireError: not tokens with fees between them, or too many.
    """
    count, rest = divmod(len(path) - PATH_TOKEN, PATH_HOP)
    if rest or not 0 < count < MAX_TOKENS:
        raise WireError("path", f"{len(path)} bytes")
    hops = []
    token = Address("0x" + path[:PATH_TOKEN].hex())
    for start in range(PATH_TOKEN, len(path), PATH_HOP):
        end = start + PATH_HOP
        following = Address("0x" + path[end - PATH_TOKEN : end].hex())
        fee_pips = int.from_bytes(path[start : end - PATH_TOKEN])
        pair = (following, token) if is_reversed else (token, following)
        hops.append(RangeHop(venue, *pair, fee_pips))
        token = following
    return tuple(hops[::-1] if is_reversed else hops)


def _nothing(_router: Router, _data: bytes) -> tuple[Step, ...]:
    """Permits, approvals and refunds, which move no pool."""
    return ()


def _unwrap(router: Router, data: bytes) -> tuple[Step, ...]:
    least = word(data, SELECTOR)
    return (Convert(router.weth, ETHER, SENDER, ALL, least),)


def _wrap(router: Router, data: bytes) -> tuple[Step, ...]:
    return (Convert(ETHER, router.weth, ROUTER, word(data, SELECTOR)),)


def _sweep(_router: Router, data: bytes) -> tuple[Step, ...]:
    token, least = address(data, SELECTOR), word(data, SELECTOR + WORD)
    return (Move(token, ROUTER, SENDER, ALL, least),)


def _pull(_router: Router, data: bytes) -> tuple[Step, ...]:
    token, amount = address(data, SELECTOR), word(data, SELECTOR + WORD)
    return (Move(token, SENDER, ROUTER, amount),)


_PERMIT: Final = "(address,uint256,uint256,uint8,bytes32,bytes32)"
_PAYMENTS: Final[dict[bytes, Callable[[Router, bytes], tuple[Step, ...]]]] = {
    selector("refundETH()"): _nothing,
    **{
        selector(f"{name}{_PERMIT}"): _nothing
        for name in (
            "selfPermit",
            "selfPermitIfNecessary",
            "selfPermitAllowed",
            "selfPermitAllowedIfNecessary",
        )
    },
    selector("unwrapWETH9(uint256,address)"): _unwrap,
    selector("unwrapWETH9(uint256)"): _unwrap,
    selector("unwrapWETH9WithFee(uint256,address,uint256,address)"): _unwrap,
    selector("unwrapWETH9WithFee(uint256,uint256,address)"): _unwrap,
    selector("sweepToken(address,uint256,address)"): _sweep,
    selector("sweepToken(address,uint256)"): _sweep,
    selector("sweepTokenWithFee(address,uint256,address,uint256,address)"): _sweep,
    selector("sweepTokenWithFee(address,uint256,uint256,address)"): _sweep,
    selector("wrapETH(uint256)"): _wrap,
    selector("pull(address,uint256)"): _pull,
}
