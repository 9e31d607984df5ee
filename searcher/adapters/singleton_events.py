"""Events of the contracts that keep many pools: Uniswap V4's PoolManager and Balancer's Vault.

The first indexed argument is the pool's id in all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from graphs.pools.uniswap_v4 import PROTOCOL_FEE_BITS
from graphs.units import PoolId
from searcher.adapters.abi import (
    ADDRESS_BITS,
    WORD_BITS,
    WORD_BYTES,
    decode_address,
    decode_signed,
    decode_unsigned,
    topic,
)
from searcher.adapters.decoding import LIQUIDITY_BITS, TICK_BITS
from searcher.adapters.event_words import EventDecoder, expect, indexed_word, unsaid
from searcher.errors import WireError
from searcher.pool_updates import BalancesMoved, LiquidityChanged, PriceSet, ProtocolFeeSet

V4_SWAP: Final = topic("Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)")
MODIFY_LIQUIDITY: Final = topic("ModifyLiquidity(bytes32,address,int24,int24,int256,bytes32)")
PROTOCOL_FEE_UPDATED: Final = topic("ProtocolFeeUpdated(bytes32,uint24)")
VAULT_SWAP: Final = topic("Swap(bytes32,address,address,uint256,uint256)")
POOL_BALANCE_CHANGED: Final = topic(
    "PoolBalanceChanged(bytes32,address,address[],int256[],uint256[])"
)
POOL_BALANCE_MANAGED: Final = topic("PoolBalanceManaged(bytes32,address,address,int256,int256)")

MAX_POOL_TOKENS: Final = 50
"""That a Vault's event may name: the Vault itself sets no limit, pools stop far below."""

_HEAD_WORDS: Final = 3
"""Of PoolBalanceChanged: the offsets of its three arrays."""


def _v4_swap(pool_id: PoolId, topics: Sequence[object], data: bytes) -> PriceSet:
    expect(topics, data, topic_count=3, words=6)
    return PriceSet(
        pool_id=pool_id,
        sqrt_price_x96=decode_unsigned(data, 2, bits=ADDRESS_BITS, field="Swap.sqrtPriceX96"),
        liquidity=decode_unsigned(data, 3, bits=LIQUIDITY_BITS, field="Swap.liquidity"),
        tick=decode_signed(data, 4, bits=TICK_BITS, field="Swap.tick"),
    )


def _modify_liquidity(
    pool_id: PoolId, topics: Sequence[object], data: bytes
) -> LiquidityChanged | None:
    """A change of nothing is of no concern: owners use it to collect fees."""
    expect(topics, data, topic_count=3, words=4)
    lower = decode_signed(data, 0, bits=TICK_BITS, field="ModifyLiquidity.tickLower")
    upper = decode_signed(data, 1, bits=TICK_BITS, field="ModifyLiquidity.tickUpper")
    delta = decode_signed(data, 2, bits=LIQUIDITY_BITS, field="ModifyLiquidity.liquidityDelta")
    if lower >= upper:
        raise WireError("ModifyLiquidity.tickUpper", "an empty range of ticks")
    if delta == 0:
        return None
    return LiquidityChanged(
        pool_id=pool_id, tick_lower=lower, tick_upper=upper, liquidity_delta=delta
    )


def _protocol_fee(pool_id: PoolId, topics: Sequence[object], data: bytes) -> ProtocolFeeSet:
    expect(topics, data, topic_count=2, words=1)
    fee = decode_unsigned(data, 0, bits=2 * PROTOCOL_FEE_BITS, field="ProtocolFeeUpdated.fee")
    return ProtocolFeeSet(pool_id=pool_id, protocol_fee=fee)


def _vault_swap(pool_id: PoolId, topics: Sequence[object], data: bytes) -> BalancesMoved:
    expect(topics, data, topic_count=4, words=2)
    sold, bought = (
        decode_address(indexed_word(item), 0, field="Swap.token") for item in topics[2:]
    )
    added = decode_unsigned(data, 0, bits=WORD_BITS, field="Swap.amountIn")
    taken = decode_unsigned(data, 1, bits=WORD_BITS, field="Swap.amountOut")
    return BalancesMoved(pool_id=pool_id, deltas=((sold, added), (bought, -taken)))


def _balance_changed(pool_id: PoolId, topics: Sequence[object], data: bytes) -> BalancesMoved:
    """A join or an exit: what came or went, less the protocol's fees, which always leave."""
    if len(topics) != _HEAD_WORDS:
        raise WireError("log.topics", f"{len(topics)} of {_HEAD_WORDS}")
    tokens, deltas, fees = (_words(data, place) for place in range(_HEAD_WORDS))
    if not len(tokens) == len(deltas) == len(fees):
        raise WireError("PoolBalanceChanged", "columns differ in length")
    return BalancesMoved(
        pool_id=pool_id,
        deltas=tuple(
            (
                decode_address(token, 0, field="PoolBalanceChanged.tokens"),
                decode_signed(delta, 0, bits=WORD_BITS, field="PoolBalanceChanged.deltas")
                - decode_unsigned(fee, 0, bits=WORD_BITS, field="PoolBalanceChanged.fees"),
            )
            for token, delta, fee in zip(tokens, deltas, fees, strict=True)
        ),
    )


def _words(data: bytes, place: int) -> list[bytes]:
    """The array of words whose offset is the word at the place."""
    offset = decode_unsigned(data, place, bits=WORD_BITS, field="PoolBalanceChanged")
    if offset > len(data):
        raise WireError("PoolBalanceChanged", "offset outside the data")
    tail = data[offset:]
    count = decode_unsigned(tail, 0, bits=WORD_BITS, field="PoolBalanceChanged")
    if count > MAX_POOL_TOKENS:
        raise WireError("PoolBalanceChanged", f"{count} tokens")
    starts = range(WORD_BYTES, WORD_BYTES * (count + 1), WORD_BYTES)
    return [tail[start : start + WORD_BYTES] for start in starts]


V4_DECODERS: Final[Mapping[str, EventDecoder]] = {
    V4_SWAP: _v4_swap,
    MODIFY_LIQUIDITY: _modify_liquidity,
    PROTOCOL_FEE_UPDATED: _protocol_fee,
}

VAULT_DECODERS: Final[Mapping[str, EventDecoder]] = {
    VAULT_SWAP: _vault_swap,
    POOL_BALANCE_CHANGED: _balance_changed,
    POOL_BALANCE_MANAGED: unsaid,
}
