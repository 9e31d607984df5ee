"""The cycles through a few touched pools alone: what a block or a pending transaction changed.

Let `forward[j][v]` be the least weight of a walk of at most j hops from the base to v, and
`backward[j][v]` of one from v to the base over edges that a cycle can pass through, neither through
the base in between, on the graph that the horizon was taken of; only touched pools weigh otherwise
in the graph that is searched.
Theorem: the search yields exactly the cycles of the full search that trade at a touched pool.
Proof. Every such cycle has one first touched hop. One trail leads from that hop back to the base,
over pools that are not touched, and one from its end on to the base; so each cycle is one hop
with two trails that repeat nothing. The hops before are not touched, so `forward` bounds them.
The j hops after trade at j pools at most, none of them that of the first; so they weigh no less
than `backward[j]` minus `slack[j]`, the sum of the j largest reductions of weight at touched pools,
one fewer than all at most. A trail is cut only where the weight of it and of the hop, with the
bounds of the rest of it and of the other trail, is not negative for any way to divide the hops that
remain. All trails of both ends are joined, each with those that weigh little enough, and a cycle is
judged by its weight alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from graphs.bellman_ford import (
    Arrays,
    CycleSearch,
    arrays_of,
    check_hops,
    layered_distances,
    no_cycles,
)
from graphs.market import Market
from graphs.token_graph import UNUSABLE, Indices, Repricing, TokenGraph, Weights, edges_of
from graphs.trails import Touch, enumerate_through
from graphs.units import Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Horizon:
    """The bounds of one graph around one base, which also serve every what-if of that graph."""

    graph: TokenGraph
    """What was bounded."""

    base: Address
    """Where cycles start."""

    max_hops: int
    """Of a cycle."""

    forward: Weights
    """As the module's docstring says; no column where the graph does not know the base."""

    backward: Weights
    """As the module's docstring says; no column where the graph does not know the base."""

    @classmethod
    def from_graph(cls, graph: TokenGraph, base: Address, *, max_hops: int) -> "Horizon":
        """Bound every way from the base and to it. O(hops * edges).

        Raises:
            ValueError: `max_hops` is not within MIN_HOPS and MAX_HOPS.
        """
        check_hops(max_hops)
        start = graph.topology.token_index.get(base)
        forward = backward = np.empty((max_hops, 0), np.int64)
        if start is not None:
            arrays = arrays_of(graph, start)
            forward = layered_distances(_reversed(arrays), max_hops - 1)
            backward = layered_distances(arrays, max_hops - 1)
        return cls(graph=graph, base=base, max_hops=max_hops, forward=forward, backward=backward)


def find_cycles_through(horizon: Horizon, pool_ids: Iterable[PoolId], *, limit: int) -> CycleSearch:
    """Find what `find_cycles` finds in the horizon's graph and trades at one of these pools.

    In the same order. With `truncated` set, any of the cycles may be missing.
    """
    index = horizon.graph.topology.pool_index
    pools = np.array(sorted({index[i] for i in pool_ids if i in index}), np.int32)
    return search_through(horizon, pools, limit=limit)


def search_through(horizon: Horizon, pools: Indices, *, limit: int) -> CycleSearch:
    """Do what `find_cycles_through` does; pools are positions, each once, ascending."""
    graph = horizon.graph
    edges = edges_of(graph.topology, pools.tolist())
    touched = Repricing(
        pools=pools,
        edges=edges,
        weights=graph.weights[edges],
        curvatures_float=graph.curvatures_float[edges],
    )
    return _through(horizon, touched, limit)


def find_cycles_after(
    horizon: Horizon, market: Market, pool_ids: Iterable[PoolId], *, limit: int
) -> CycleSearch:
    """Find the cycles through these pools in a what-if market that differs in nothing else.

    As `find_cycles_through` finds them in its refreshed graph, which is made only where there is a
    cycle. The more prices change, the weaker are the bounds: for the many pools of a block,
    take the horizon of the new graph.
    """
    touched = tuple(pool_ids)
    before = horizon.graph
    if before.has_pools_of(market, touched):
        change = before.repricing(market, touched)
        if not _is_revived(before, change):
            found = _through(horizon, change, limit)
            return replace(found, graph=before.repriced(change)) if len(found) else found
    graph = before.refreshed(market, touched)
    anew = Horizon.from_graph(graph, horizon.base, max_hops=horizon.max_hops)
    return find_cycles_through(anew, touched, limit=limit)


def _through(horizon: Horizon, touched: Repricing, limit: int) -> CycleSearch:
    """Search from the touched pools, with what they weigh in the place of what they did."""
    graph = horizon.graph
    start = graph.topology.token_index.get(horizon.base)
    if start is None:
        return no_cycles(graph, horizon.max_hops)
    ascending = np.argsort(touched.edges)
    edges, weights = touched.edges[ascending], touched.weights[ascending]
    touch = Touch(touched.pools, edges, weights, horizon.forward, horizon.backward)
    found, truncated = enumerate_through(arrays_of(graph, start), touch, limit)
    edges, weights = found.edges, found.weights
    if len(weights) > 1:
        order = np.lexsort(edges.T[::-1])
        edges, weights = edges[order], weights[order]
    return CycleSearch(graph=graph, edges=edges, weights=weights, truncated=bool(truncated))


def _reversed(arrays: Arrays) -> Arrays:
    """Turn every edge around. Edges stand sorted by source, so they are their own row."""
    return arrays._replace(
        source=arrays.target,
        target=arrays.source,
        outgoing_first=arrays.incoming_first,
        incoming_first=arrays.outgoing_first,
        incoming_edge=np.arange(len(arrays.source), dtype=np.int32),
    )


def _is_revived(graph: TokenGraph, change: Repricing) -> bool:
    """Tell whether the bounds may not hold: a direction was dry and is not.

    With one pool touched, no hop but the first can be along such a direction.
    """
    if len(change.pools) == 1:
        return False
    was_dry = graph.weights[change.edges] == UNUSABLE
    return bool((was_dry & (change.weights != UNUSABLE)).any())
