"""What the updates of a block make of a Market: exact, or a divergence.

Separate from the tracker, which decides which block is the head, so that a snapshot that is
brought up to date and a live block go through the same code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from graphs.errors import GraphError
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.closed import ClosedPool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.solidly import SolidlyPool
from graphs.pools.stable import StablePool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.pools.weighted import WeightedPool
from graphs.units import PoolId
from searcher.errors import DivergenceError
from searcher.pool_updates import (
    BalancesMoved,
    LiquidityChanged,
    PoolEvent,
    PoolLost,
    PoolRead,
    PoolUpdate,
    PriceSet,
    ProtocolFeeSet,
    ReservesSet,
    SwapFeeSet,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A Market with a block's updates."""

    market: Market
    """Still under the number and hash of the block before."""

    touched: frozenset[PoolId]
    """The pools that changed, came or went."""


def apply_updates(market: Market, updates: Iterable[PoolUpdate]) -> Applied:
    """Follow the updates in their order. O(touched pools), O(all pools) when one comes or goes.

    Raises:
        DivergenceError: an event contradicts the state.
    """
    before: dict[PoolId, Pool | None] = {}
    pools: dict[PoolId, Pool | None] = {}
    tokens = {}
    for update in updates:
        if update.pool_id not in before:
            before[update.pool_id] = pools[update.pool_id] = market.pools.get(update.pool_id)
        match update:
            case PoolRead():
                pools[update.pool_id] = update.pool
                tokens.update({token.address: token for token in update.tokens})
            case PoolLost():
                pools[update.pool_id] = None
            case _:
                pools[update.pool_id] = with_event(pools[update.pool_id], update)
    pools = {key: pool for key, pool in pools.items() if pool != before[key]}
    for pool in pools.values():
        _check(pool)
    if tokens.keys() - market.tokens.keys():
        market = replace(market, tokens={**market.tokens, **tokens})
    return Applied(market=_with_pools(market, pools), touched=frozenset(pools))


def with_event(pool: Pool | None, event: PoolEvent) -> Pool:
    """The pool after an event of its own.

    Raises:
        DivergenceError: the pool is not known, or the event cannot have happened to it.
    """
    if pool is None:
        raise DivergenceError(f"an update of the unknown pool {event.pool_id}")
    try:
        changed = _changed(pool, event)
    except GraphError as error:
        raise DivergenceError(f"an event contradicts our state: {error}") from error
    if changed is None:
        raise DivergenceError(f"{type(event).__name__} cannot happen to pool {pool.id}")
    return changed


def _changed(pool: Pool, event: PoolEvent) -> Pool | None:
    """The pool after the event; None where its kind has no such event. A closed one stays so."""
    match pool:
        case ClosedPool():
            return pool
        case ConcentratedPool():
            return _changed_ranges(pool, event)
        case WeightedPool() | StablePool():
            return _changed_balances(pool, event)
        case ConstantProductPool() | SolidlyPool() if isinstance(event, ReservesSet):
            return pool.with_reserves(event.reserve0, event.reserve1)
        case _:
            return None


def _changed_ranges(pool: ConcentratedPool, event: PoolEvent) -> Pool | None:
    match event:
        case PriceSet():
            return pool.with_price(event.sqrt_price_x96, tick=event.tick, liquidity=event.liquidity)
        case LiquidityChanged():
            return pool.with_liquidity(
                event.tick_lower, event.tick_upper, liquidity_delta=event.liquidity_delta
            )
        case ProtocolFeeSet() if isinstance(pool, UniswapV4Pool):
            return replace(pool, protocol_fee=event.protocol_fee)
        case _:
            return None


def _changed_balances(pool: WeightedPool | StablePool, event: PoolEvent) -> Pool | None:
    match event:
        case BalancesMoved():
            deltas = dict(event.deltas)
            held = zip(pool.tokens, pool.balances, strict=True)
            return pool.with_balances(tuple(was + deltas.get(token, 0) for token, was in held))
        case SwapFeeSet():
            return replace(pool, swap_fee=event.swap_fee)
        case _:
            return None


def _with_pools(market: Market, pools: Mapping[PoolId, Pool | None]) -> Market:
    gone = {pool_id for pool_id, pool in pools.items() if pool is None} & market.pools.keys()
    if gone:
        kept = {pool_id: pool for pool_id, pool in market.pools.items() if pool_id not in gone}
        market = replace(market, pools=kept)
    changed = [pool for pool in pools.values() if pool is not None]
    return market.with_pools(changed) if changed else market


def _check(pool: Pool | None) -> None:
    """Whether the announced liquidity is what our ticks imply: a missed event shows here."""
    try:
        if isinstance(pool, ConcentratedPool):
            pool.check_ticks()
    except GraphError as error:
        raise DivergenceError(f"an event contradicts our state: {error}") from error
