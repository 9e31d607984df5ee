"""From a router and calldata to steps: the one table of decoders."""

from collections.abc import Callable, Mapping
from typing import Final

from searcher.effects.aggregators import (
    decode_one_inch_call,
    decode_one_inch_v6_call,
    decode_zero_ex_call,
)
from searcher.effects.router import Router, RouterKind
from searcher.effects.steps import RouterCall
from searcher.effects.uniswap_v2 import decode_v2_call
from searcher.effects.uniswap_v3 import decode_v3_call
from searcher.effects.universal_router import decode_universal_call

_DECODERS: Final[Mapping[RouterKind, Callable[[Router, bytes, int], RouterCall]]] = {
    RouterKind.UNISWAP_V2: decode_v2_call,
    RouterKind.UNISWAP_V3: decode_v3_call,
    RouterKind.SWAP_ROUTER_02: decode_v3_call,
    RouterKind.UNIVERSAL_ROUTER_V1: decode_universal_call,
    RouterKind.UNIVERSAL_ROUTER: decode_universal_call,
    RouterKind.ONE_INCH: decode_one_inch_call,
    RouterKind.ONE_INCH_V6: decode_one_inch_v6_call,
    RouterKind.ZERO_EX: decode_zero_ex_call,
}


def decode_call(router: Router, data: bytes, value_wei: int) -> RouterCall:
    """What the router is told to do by calldata that comes with so much ether.

    Raises:
        WireError: the calldata is malformed.
        UnforeseenError: it is not decoded, or always reverts.
    """
    return _DECODERS[router.kind](router, data, value_wei)
