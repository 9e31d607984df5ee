"""One hop of a router at one pool: the pool afterwards, and the amount on the other side.

Separate from the pools' own quotes because a router may reckon with another fee than the pair
takes: what it asks for is then less than the pair would give, and the difference stays there.
"""

from dataclasses import replace

from graphs.errors import GraphError, UnknownTokenError
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import Address, PoolId
from searcher.effects.outcome import Reason, UnforeseenError
from searcher.effects.prospect import Prospect
from searcher.effects.steps import Hop, KeyedHop, PairHop, PlacedHop, RangeHop


def pool_of(hop: Hop, prospect: Prospect) -> PoolId:
    """Which pool is meant.

    Raises:
        UnforeseenError: none that is followed.
    """
    pool_id: PoolId | None
    match hop:
        case PairHop():
            pool_id = prospect.index.pairs.get(hop[:3])
        case RangeHop():
            pool_id = prospect.index.ranges.get(hop[:])
        case KeyedHop():
            pool_id = hop.key.id
        case PlacedHop():
            pool_id = hop.pool_id
    if pool_id is None or pool_id not in prospect.market.pools:
        raise UnforeseenError(Reason.UNKNOWN_POOL)
    return pool_id


def tokens_of(hop: Hop, pool: Pool) -> tuple[Address, Address]:
    """What is sold and what is bought."""
    match hop:
        case PairHop() | RangeHop():
            return hop.token_in, hop.token_out
        case KeyedHop() | PlacedHop():
            token0, token1 = pool.tokens[:2]
            return (token0, token1) if hop.is_zero_for_one else (token1, token0)


def trade(pool: Pool, hop: Hop, amount: int, *, is_exact_in: bool) -> tuple[Pool, int]:
    """The pool after the hop, and what was bought for an exact input or sold for an exact output.

    Raises:
        UnforeseenError: the pool is not of the kind that the hop is for, or cannot fill it.
    """
    token_in, token_out = tokens_of(hop, pool)
    try:
        match hop, pool:
            case ((RangeHop() | KeyedHop() | PlacedHop(quote_pips=None)), ConcentratedPool()):
                return pool.swapped(token_in, token_out, amount, is_exact_in=is_exact_in)
            case PairHop(quote_pips=int() as pips), ConstantProductPool():
                return _traded_pair(pool, pips, token_in, amount=amount, is_exact_in=is_exact_in)
            case PlacedHop(quote_pips=int() as pips), ConstantProductPool():
                return _traded_pair(pool, pips, token_in, amount=amount, is_exact_in=is_exact_in)
            case _:
                raise UnforeseenError(Reason.UNKNOWN_POOL)
    except UnknownTokenError:
        raise UnforeseenError(Reason.UNKNOWN_POOL) from None
    except GraphError:
        raise UnforeseenError(Reason.NOT_FILLED) from None


def _traded_pair(
    pool: ConstantProductPool, quote_pips: int, token_in: Address, *, amount: int, is_exact_in: bool
) -> tuple[Pool, int]:
    """Exactly what the router asks for moves; the pair only checks its own product."""
    token_out = pool.token1 if token_in == pool.token0 else pool.token0
    quoted = pool if pool.fee_pips == quote_pips else replace(pool, fee_pips=quote_pips)
    if is_exact_in:
        sold, bought = amount, quoted.amount_out(token_in, token_out, amount)
    else:
        sold, bought = quoted.amount_in(token_in, token_out, amount), amount
    if quote_pips < pool.fee_pips and pool.amount_out(token_in, token_out, sold) < bought:
        raise UnforeseenError(Reason.INVALID_CALL)
    if token_in == pool.token0:
        after = pool.with_reserves(pool.reserve0 + sold, pool.reserve1 - bought)
    else:
        after = pool.with_reserves(pool.reserve0 - bought, pool.reserve1 + sold)
    return after, bought if is_exact_in else sold
