"""The state of pairs: Uniswap V2 and its forks, and Solidly as Velodrome V2 runs it."""

from operator import attrgetter
from typing import Final

from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.solidly import MAX_DECIMALS, SolidlyPool
from searcher.adapters.abi import (
    WORD_BITS,
    decode_address,
    decode_bool,
    decode_unsigned,
    encode_address,
    encode_word,
    selector,
)
from searcher.adapters.created_pools import CreatedPool
from searcher.adapters.decoding import RESERVE_BITS
from searcher.adapters.multicall import Call
from searcher.adapters.reading_stage import Answers, Stage, given
from searcher.errors import WireError

GET_RESERVES: Final = selector("getReserves()")
METADATA: Final = selector("metadata()")
GET_FEE: Final = selector("getFee(address,bool)")

FEE_BITS: Final = 16
"""Of a fee in basis points, amply."""


def _reserve_calls(created: CreatedPool) -> list[Call]:
    return [Call(to=created.contract, data=GET_RESERVES)]


def _constant_product(created: CreatedPool, answers: Answers) -> ConstantProductPool:
    reserves = given(answers[0], "getReserves")
    token0, token1 = created.tokens
    return ConstantProductPool(
        id=created.id,
        venue=created.venue,
        token0=token0,
        token1=token1,
        reserve0=decode_unsigned(reserves, 0, bits=RESERVE_BITS, field="getReserves"),
        reserve1=decode_unsigned(reserves, 1, bits=RESERVE_BITS, field="getReserves"),
        fee_pips=created.fee_pips,
    )


def _solidly_calls(created: CreatedPool) -> list[Call]:
    terms = encode_address(created.contract) + encode_word(int(created.is_stable))
    return [
        Call(to=created.contract, data=METADATA),
        Call(to=created.factory, data=GET_FEE + terms),
    ]


def _solidly(created: CreatedPool, answers: Answers) -> SolidlyPool:
    """From one view: units of both tokens, both reserves, the curve, both tokens."""
    metadata, fee = given(answers[0], "metadata"), given(answers[1], "getFee")
    named = tuple(decode_address(metadata, place, field="metadata") for place in (5, 6))
    is_stable = decode_bool(metadata, 4, field="metadata")
    if named != created.tokens or is_stable != created.is_stable:
        raise WireError("metadata", "not the pair that its factory announced")
    decimals0, decimals1 = (_decimals(metadata, place) for place in (0, 1))
    return SolidlyPool(
        id=created.id,
        venue=created.venue,
        token0=named[0],
        token1=named[1],
        reserve0=decode_unsigned(metadata, 2, bits=WORD_BITS, field="metadata"),
        reserve1=decode_unsigned(metadata, 3, bits=WORD_BITS, field="metadata"),
        decimals0=decimals0,
        decimals1=decimals1,
        fee_bps=decode_unsigned(fee, 0, bits=FEE_BITS, field="getFee"),
        is_stable=is_stable,
    )


def _decimals(metadata: bytes, place: int) -> int:
    """The pair keeps ten to the power of the decimals."""
    unit = decode_unsigned(metadata, place, bits=WORD_BITS, field="metadata")
    decimals = len(str(unit)) - 1
    if unit != 10**decimals or decimals > MAX_DECIMALS:
        raise WireError("metadata", f"a unit of {unit}")
    return decimals


PAIRS: Final = Stage(pool_id=attrgetter("id"), calls=_reserve_calls, make=_constant_product)
SOLIDLY_PAIRS: Final = Stage(pool_id=attrgetter("id"), calls=_solidly_calls, make=_solidly)
