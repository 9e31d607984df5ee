"""Calls of UniswapV2Router02, whose forks have the same functions (v2-periphery).

The functions that support fees on transfers differ in how they find the amounts, which comes to
the same where no token takes one.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from graphs.units import Address
from searcher.effects.outcome import Reason, UnforeseenError
from searcher.effects.router import Router
from searcher.effects.steps import SENDER, Hop, PairHop, RouterCall, Swap
from searcher.effects.words import SELECTOR, address, addresses, selector, tail, words

MIN_TOKENS: Final = 2
"""Of a path."""


class _Shape(NamedTuple):
    is_exact_in: bool
    is_paid_in_ether: bool
    is_taken_in_ether: bool


_TAXED: Final = "SupportingFeeOnTransferTokens"
_FUNCTIONS: Final = {
    "swapExactTokensForTokens": _Shape(
        is_exact_in=True, is_paid_in_ether=False, is_taken_in_ether=False
    ),
    "swapTokensForExactTokens": _Shape(
        is_exact_in=False, is_paid_in_ether=False, is_taken_in_ether=False
    ),
    "swapExactETHForTokens": _Shape(
        is_exact_in=True, is_paid_in_ether=True, is_taken_in_ether=False
    ),
    "swapTokensForExactETH": _Shape(
        is_exact_in=False, is_paid_in_ether=False, is_taken_in_ether=True
    ),
    "swapExactTokensForETH": _Shape(
        is_exact_in=True, is_paid_in_ether=False, is_taken_in_ether=True
    ),
    "swapETHForExactTokens": _Shape(
        is_exact_in=False, is_paid_in_ether=True, is_taken_in_ether=False
    ),
}
_SHAPES: Final = {
    selector(f"{name}{suffix}({types})"): shape
    for name, shape in _FUNCTIONS.items()
    for suffix in (("", _TAXED) if shape.is_exact_in else ("",))
    for types in (
        "uint256,address[],address,uint256"
        if shape.is_paid_in_ether
        else "uint256,uint256,address[],address,uint256",
    )
}


def decode_v2_call(router: Router, data: bytes, value_wei: int) -> RouterCall:
    """What a call of the router orders.

    Raises:
        WireError: the calldata is malformed.
        UnforeseenError: another function, or one that always reverts.
    """
    shape = _SHAPES.get(data[:SELECTOR])
    if shape is None:
        raise UnforeseenError(Reason.UNSUPPORTED_CALL)
    if shape.is_paid_in_ether:
        amount, _, _, deadline_s = words(data, SELECTOR, 4)
        path_word = SELECTOR + 32
        amount, limit = (value_wei, amount) if shape.is_exact_in else (amount, value_wei)
    else:
        amount, limit, _, _, deadline_s = words(data, SELECTOR, 5)
        path_word = SELECTOR + 64
        if value_wei:
            raise UnforeseenError(Reason.INVALID_CALL)
    path = addresses(data, tail(data, SELECTOR, path_word))
    recipient = address(data, path_word + 32)
    hops = pair_hops(path, router.v2_venue, router.quote_pips)
    if shape.is_paid_in_ether and path[0] != router.weth:
        raise UnforeseenError(Reason.INVALID_CALL)
    if shape.is_taken_in_ether and path[-1] != router.weth:
        raise UnforeseenError(Reason.INVALID_CALL)
    swap = Swap(hops, amount, limit, shape.is_exact_in, SENDER, recipient)
    return RouterCall((swap,), deadline_s)


def pair_hops(path: Sequence[Address], venue: str, quote_pips: int) -> tuple[Hop, ...]:
    """The pairs along a path of tokens.

    Raises:
        UnforeseenError: the path has no hop.
    """
    if len(path) < MIN_TOKENS:
        raise UnforeseenError(Reason.INVALID_CALL)
    return tuple([PairHop(venue, *pair, quote_pips) for pair in pairwise(path)])
