"""What a block did to pools, as its events say it or as the chain answered at its hash.

Separate from the other records because there is one for each way in which a protocol tells its
state; `pool_application` says what each makes of a Market.
"""

from dataclasses import dataclass

from graphs.pools.base import Pool
from graphs.tokens import Token
from graphs.units import Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservesSet:
    """A pair announced its reserves (`Sync`)."""

    pool_id: PoolId
    """Which pool."""

    reserve0: int
    """Of the pool's first token."""

    reserve1: int
    """Of the pool's second token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSet:
    """A concentrated pool announced its price after a swap (`Swap`)."""

    pool_id: PoolId
    """Which pool."""

    sqrt_price_x96: int
    """Square root of token1 per token0, times 2^96."""

    liquidity: int | None
    """In range at that price; None where the ticks tell it."""

    tick: int
    """The contract's tick, which may differ from the price's own at an exact boundary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityChanged:
    """A position of a concentrated pool changed (`Mint`, `Burn`, `ModifyLiquidity`)."""

    pool_id: PoolId
    """Which pool."""

    tick_lower: int
    """First tick of the position."""

    tick_upper: int
    """Tick above its last."""

    liquidity_delta: int
    """Positive where it grew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolFeeSet:
    """The protocol's share of a Uniswap V4 pool's swaps changed (`ProtocolFeeUpdated`)."""

    pool_id: PoolId
    """Which pool."""

    protocol_fee: int
    """Two shares in pips, 12 bits each, as UniswapV4Pool holds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancesMoved:
    """Balancer's Vault moved tokens into or out of a pool (`Swap`, `PoolBalanceChanged`)."""

    pool_id: PoolId
    """Which pool."""

    deltas: tuple[tuple[Address, int], ...]
    """By how much its balance of each token grew; may name the pool's own share as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapFeeSet:
    """A Balancer pool's fee changed (`SwapFeePercentageChanged`)."""

    pool_id: PoolId
    """Which pool."""

    swap_fee: int
    """Share of the input, with 18 decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRead:
    """A pool as the chain answered at the block's hash: a new one, or one that events do not tell.

    The state after the whole block, so it stands behind the pool's events.
    """

    pool: Pool
    """Its state after the block."""

    tokens: tuple[Token, ...]
    """What is known of its tokens."""

    @property
    def pool_id(self) -> PoolId:
        """Which pool."""
        return self.pool.id


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLost:
    """A pool that was read at the block's hash and could not be understood: nothing trades it."""

    pool_id: PoolId
    """Which pool."""

    reason: str
    """Why, in words."""


PoolEvent = ReservesSet | PriceSet | LiquidityChanged | ProtocolFeeSet | BalancesMoved | SwapFeeSet
"""What an event carries in full."""

PoolUpdate = PoolEvent | PoolRead | PoolLost
