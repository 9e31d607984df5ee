"""Events of pools as updates: JSON values in, frozen records or a WireError out, no I/O.

Which decoders a log meets depends on the kind of the pool that its contract keeps, because forks
and strangers use the same signatures for other things. Some events change a pool without saying to
what: those ask for it to be read.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from graphs.pools.curve import MAX_TOKENS, MIN_TOKENS
from graphs.units import PoolId
from searcher.adapters.abi import (
    ADDRESS_BITS,
    WORD_BITS,
    decode_address,
    decode_signed,
    decode_unsigned,
    topic,
)
from searcher.adapters.created_pools import BALANCER_KINDS, PoolKind
from searcher.adapters.decoding import LIQUIDITY_BITS, RESERVE_BITS, TICK_BITS
from searcher.adapters.event_words import EventDecoder, Unsaid, expect, indexed_word, unsaid
from searcher.adapters.singleton_events import V4_DECODERS, VAULT_DECODERS
from searcher.errors import WireError
from searcher.pool_updates import LiquidityChanged, PriceSet, ReservesSet, SwapFeeSet

SYNC: Final = topic("Sync(uint112,uint112)")
SWAP: Final = topic("Swap(address,address,int256,int256,uint160,uint128,int24)")
MINT: Final = topic("Mint(address,address,int24,int24,uint128,uint256,uint256)")
BURN: Final = topic("Burn(address,int24,int24,uint128,uint256,uint256)")
INITIALIZE: Final = topic("Initialize(uint160,int24)")
SOLIDLY_SYNC: Final = topic("Sync(uint256,uint256)")
SET_CUSTOM_FEE: Final = topic("SetCustomFee(address,uint256)")
SWAP_FEE_CHANGED: Final = topic("SwapFeePercentageChanged(uint256)")

BALANCER_UNSAID: Final = (
    topic("AmpUpdateStarted(uint256,uint256,uint256,uint256)"),
    topic("AmpUpdateStopped(uint256)"),
    topic("TokenRateCacheUpdated(uint256,uint256)"),
    topic("TokenRateCacheUpdated(address,uint256)"),
    topic("TokenRateProviderSet(uint256,address,uint256)"),
    topic("TokenRateProviderSet(address,address,uint256)"),
    topic("PausedStateChanged(bool)"),
)
"""Of Balancer's pools themselves: ramps, rates and pauses."""

_AMOUNTS: Final = (*(f"uint256[{n}]" for n in range(MIN_TOKENS, MAX_TOKENS + 1)), "uint256[]")
"""How Curve's templates write the amounts of all coins."""

CURVE_UNSAID: Final = (
    topic("TokenExchange(address,int128,uint256,int128,uint256)"),
    *(topic(f"AddLiquidity(address,{each},{each},uint256,uint256)") for each in _AMOUNTS),
    *(topic(f"RemoveLiquidity(address,{each},{each},uint256)") for each in _AMOUNTS),
    *(
        topic(f"RemoveLiquidityImbalance(address,{each},{each},uint256,uint256)")
        for each in _AMOUNTS
    ),
    topic("RemoveLiquidityOne(address,uint256,uint256)"),
    topic("RemoveLiquidityOne(address,uint256,uint256,uint256)"),
    topic("RemoveLiquidityOne(address,int128,uint256,uint256,uint256)"),
    topic("RampA(uint256,uint256,uint256,uint256)"),
    topic("StopRampA(uint256,uint256)"),
    topic("NewFee(uint256,uint256)"),
    topic("ApplyNewFee(uint256)"),
    topic("ApplyNewFee(uint256,uint256)"),
)
"""An exchange names both amounts and not the admin's part of the fee, which leaves the balances."""


def _sync(pool_id: PoolId, topics: Sequence[object], data: bytes) -> ReservesSet:
    return _reserves(pool_id, topics, data, bits=RESERVE_BITS)


def _solidly_sync(pool_id: PoolId, topics: Sequence[object], data: bytes) -> ReservesSet:
    return _reserves(pool_id, topics, data, bits=WORD_BITS)


def _reserves(pool_id: PoolId, topics: Sequence[object], data: bytes, *, bits: int) -> ReservesSet:
    expect(topics, data, topic_count=1, words=2)
    return ReservesSet(
        pool_id=pool_id,
        reserve0=decode_unsigned(data, 0, bits=bits, field="Sync.reserve0"),
        reserve1=decode_unsigned(data, 1, bits=bits, field="Sync.reserve1"),
    )


def _swap(pool_id: PoolId, topics: Sequence[object], data: bytes) -> PriceSet:
    expect(topics, data, topic_count=3, words=5)
    return PriceSet(
        pool_id=pool_id,
        sqrt_price_x96=decode_unsigned(data, 2, bits=ADDRESS_BITS, field="Swap.sqrtPriceX96"),
        liquidity=decode_unsigned(data, 3, bits=LIQUIDITY_BITS, field="Swap.liquidity"),
        tick=decode_signed(data, 4, bits=TICK_BITS, field="Swap.tick"),
    )


def _mint(pool_id: PoolId, topics: Sequence[object], data: bytes) -> LiquidityChanged | None:
    expect(topics, data, topic_count=4, words=4)
    amount = decode_unsigned(data, 1, bits=LIQUIDITY_BITS, field="Mint.amount")
    return _liquidity_changed(pool_id, topics, amount)


def _burn(pool_id: PoolId, topics: Sequence[object], data: bytes) -> LiquidityChanged | None:
    expect(topics, data, topic_count=4, words=3)
    amount = decode_unsigned(data, 0, bits=LIQUIDITY_BITS, field="Burn.amount")
    return _liquidity_changed(pool_id, topics, -amount)


def _liquidity_changed(
    pool_id: PoolId, topics: Sequence[object], liquidity_delta: int
) -> LiquidityChanged | None:
    """A burn of nothing is of no concern: owners use it to collect fees."""
    lower, upper = (
        decode_signed(indexed_word(word), 0, bits=TICK_BITS, field="log.topics")
        for word in topics[2:]
    )
    if lower >= upper:
        raise WireError("log.topics", "an empty range of ticks")
    if liquidity_delta == 0:
        return None
    return LiquidityChanged(
        pool_id=pool_id, tick_lower=lower, tick_upper=upper, liquidity_delta=liquidity_delta
    )


def _swap_fee(pool_id: PoolId, topics: Sequence[object], data: bytes) -> SwapFeeSet:
    expect(topics, data, topic_count=1, words=1)
    fee = decode_unsigned(data, 0, bits=WORD_BITS, field="SwapFeePercentageChanged")
    return SwapFeeSet(pool_id=pool_id, swap_fee=fee)


def _custom_fee(_pool_id: PoolId, topics: Sequence[object], data: bytes) -> Unsaid:
    """Solidly's factory names a pair whose fee it changed."""
    expect(topics, data, topic_count=2, words=1)
    pool = decode_address(indexed_word(topics[1]), 0, field="SetCustomFee.pool")
    return Unsaid(pool_id=PoolId(pool))


_BALANCER: Final[Mapping[str, EventDecoder]] = {
    SWAP_FEE_CHANGED: _swap_fee,
    **dict.fromkeys(BALANCER_UNSAID, unsaid),
}

OWN_DECODERS: Final[Mapping[PoolKind, Mapping[str, EventDecoder]]] = {
    "uniswap_v2": {SYNC: _sync},
    "uniswap_v3": {SWAP: _swap, INITIALIZE: unsaid, MINT: _mint, BURN: _burn},
    "uniswap_v4": {},
    "solidly": {SOLIDLY_SYNC: _solidly_sync},
    "balancer_weighted_v1": _BALANCER,
    "balancer_weighted": _BALANCER,
    "balancer_stable": _BALANCER,
    "balancer_composable": _BALANCER,
    "curve": dict.fromkeys(CURVE_UNSAID, unsaid),
}
"""Events of a pool's own contract, by its kind and the first topic.

A pool of Uniswap V3 is read when it is initialised: before, it had no state to build on.
"""

KEEPER_DECODERS: Final[Mapping[PoolKind, Mapping[str, EventDecoder]]] = {
    "uniswap_v4": V4_DECODERS,
    **dict.fromkeys(BALANCER_KINDS, VAULT_DECODERS),
}
"""Events of a contract that keeps many pools."""

FACTORY_DECODERS: Final[Mapping[PoolKind, Mapping[str, EventDecoder]]] = {
    "solidly": {SET_CUSTOM_FEE: _custom_fee},
}
"""Events of a factory that change its pools."""

POOL_TOPICS: Final = tuple(
    dict.fromkeys(
        first_topic
        for tables in (OWN_DECODERS, KEEPER_DECODERS, FACTORY_DECODERS)
        for table in tables.values()
        for first_topic in table
    )
)
"""Every first topic that concerns a pool which exists."""
