"""Every profitable cycle by exhaustion, on exact rationals: the oracle of the search.

Independent of the product: it knows reserves, levels and fees, no weights, floats or bounds.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from graphs.cycles import Cycle, Hop
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.order_book import OrderBookPool
from graphs.units import Address

ONE_MILLION = 1_000_000

Edge = tuple[Hop, int, int]
"""A hop with its marginal rate as numerator and denominator."""


def rate(pool: ConstantProductPool | OrderBookPool, token_in: Address) -> tuple[int, int]:
    """Output per input of an infinitesimal trade, as numerator and denominator; (0, 1) if none."""
    kept = ONE_MILLION - pool.fee_pips
    if isinstance(pool, OrderBookPool):
        if token_in == pool.base:
            bids = pool.bids
            return (bids[0].price * kept, pool.price_scale * ONE_MILLION) if bids else (0, 1)
        asks = pool.asks
        return (pool.price_scale * kept, asks[0].price * ONE_MILLION) if asks else (0, 1)
    if token_in == pool.token0:
        return pool.reserve1 * kept, pool.reserve0 * ONE_MILLION
    return pool.reserve0 * kept, pool.reserve1 * ONE_MILLION


def profitable_cycles(
    pools: Iterable[ConstantProductPool | OrderBookPool], base: Address, max_hops: int
) -> dict[Cycle, Fraction]:
    """Map every simple cycle whose marginal product is above one to that product."""
    edges: dict[Address, list[Edge]] = {}
    for pool in pools:
        for sold, bought in (pool.tokens, pool.tokens[::-1]):
            above, below = rate(pool, sold)
            if above and below:
                hop = Hop(pool_id=pool.id, token_in=sold, token_out=bought)
                edges.setdefault(sold, []).append((hop, above, below))
    found: dict[Cycle, Fraction] = {}
    for walk in closed_walks(edges, base, hops_left=max_hops):
        numerator = denominator = 1
        for _, above, below in walk:
            numerator, denominator = numerator * above, denominator * below
        if numerator > denominator:
            cycle = Cycle(hops=tuple(hop for hop, _, _ in walk))
            found[cycle] = Fraction(numerator, denominator)
    return found


def closed_walks(
    edges: dict[Address, list[Edge]], base: Address, *, hops_left: int, walk: tuple[Edge, ...] = ()
) -> Iterator[tuple[Edge, ...]]:
    """Yield every way to close this walk that repeats no token and no pool."""
    here = walk[-1][0].token_out if walk else base
    used_pools = {hop.pool_id for hop, _, _ in walk}
    used_tokens = {hop.token_out for hop, _, _ in walk}
    for edge in edges.get(here, ()) if hops_left else ():
        hop = edge[0]
        if hop.pool_id in used_pools or hop.token_out in used_tokens:
            continue
        if hop.token_out == base:
            yield (*walk, edge)
        else:
            yield from closed_walks(edges, base, hops_left=hops_left - 1, walk=(*walk, edge))
