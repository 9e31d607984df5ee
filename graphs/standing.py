"""Every profitable cycle from a base, carried from one graph to the next.

Separate from the searches because it decides which of them a block needs: a cycle whose pools all
weigh what they did stands as it was found, so only cycles through the other pools are searched.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graphs.bellman_ford import (
    CycleSearch,
    Found,
    arrays_of,
    enumerate_cycles,
    no_cycles,
)
from graphs.compilation import compiled, inner
from graphs.horizon import Horizon, search_through
from graphs.rows import copy_row
from graphs.token_graph import Indices, TokenGraph, edges_of
from graphs.units import Address

CYCLES_PER_CHANGE: Final = 64
"""Standing cycles for each pool that changed from which on it is quicker not to start anew."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """What the full search of one graph finds, and what the search of the next one needs."""

    horizon: Horizon
    """The graph, the base and the bounds, which also serve every what-if of the graph."""

    cycles: CycleSearch
    """As `find_cycles` yields them."""

    limit: int
    """The most cycles."""

    @classmethod
    def from_graph(
        cls, graph: TokenGraph, base: Address, *, max_hops: int, limit: int
    ) -> "Standing":
        """Search all of a graph.

        Raises:
            ValueError: `max_hops` is out of the search's range.
        """
        horizon = Horizon.from_graph(graph, base, max_hops=max_hops)
        return cls(horizon=horizon, cycles=all_cycles(horizon, limit=limit), limit=limit)

    def after(self, graph: TokenGraph) -> "Standing":
        """Search another graph: where it pays, only through the pools that changed.

        The result is that of the full search, whatever happened in between.
        """
        base, max_hops = self.horizon.base, self.horizon.max_hops
        horizon = Horizon.from_graph(graph, base, max_hops=max_hops)
        cycles = self._carried(horizon)
        if cycles is None:
            cycles = all_cycles(horizon, limit=self.limit)
        return Standing(horizon=horizon, cycles=cycles, limit=self.limit)

    def _carried(self, horizon: Horizon) -> CycleSearch | None:
        before = self.cycles
        if before.truncated or before.graph.topology is not horizon.graph.topology:
            return None
        pools = changed_pools(before.graph, horizon.graph)
        if len(pools) * CYCLES_PER_CHANGE > len(before):
            return None
        return carried_cycles(before, horizon, pools, limit=self.limit)


def changed_pools(before: TokenGraph, after: TokenGraph) -> Indices:
    """The positions of the pools that weigh otherwise in a graph of the same pools, ascending."""
    changed = np.flatnonzero(before.weights != after.weights)
    return np.unique(after.topology.edge_pool[changed])


def carried_cycles(
    before: CycleSearch, horizon: Horizon, pools: Indices, *, limit: int
) -> CycleSearch:
    """Find what `find_cycles` finds in the horizon's graph, knowing all cycles of another.

    Both graphs have the same pools, and only these, given by position, weigh otherwise.
    """
    graph = horizon.graph
    through = search_through(horizon, pools, limit=limit)
    if through.truncated:
        return all_cycles(horizon, limit=limit)
    is_touched = np.zeros(len(graph.weights), np.bool_)
    is_touched[edges_of(graph.topology, pools.tolist())] = True
    old = Found(before.edges, before.weights)
    found = merged(old, Found(through.edges, through.weights), is_touched)
    return CycleSearch(
        graph=graph,
        edges=found.edges[:limit],
        weights=found.weights[:limit],
        truncated=len(found.weights) > limit,
    )


def all_cycles(horizon: Horizon, *, limit: int) -> CycleSearch:
    """Do what `find_cycles` does, with bounds that are known."""
    graph = horizon.graph
    start = graph.topology.token_index.get(horizon.base)
    if start is None:
        return no_cycles(graph, horizon.max_hops)
    found, truncated = enumerate_cycles(arrays_of(graph, start), horizon.backward, limit)
    return CycleSearch(
        graph=graph, edges=found.edges, weights=found.weights, truncated=bool(truncated)
    )


@compiled
def merged(old: Found, new: Found, is_touched: NDArray[np.bool_]) -> Found:
    """Keep the old rows without a touched edge and put the new ones between; both ascend."""
    size = len(old.weights) + len(new.weights)
    edges = np.empty((size, old.edges.shape[1]), np.int32)
    weights = np.empty(size, np.int64)
    count, place = 0, 0
    for index in range(len(old.weights)):
        row = old.edges[index]
        if has_touched(row, is_touched):
            continue
        while place < len(new.weights) and is_before(new.edges[place], row):
            copy_row(edges[count], new.edges[place])
            weights[count] = new.weights[place]
            count, place = count + 1, place + 1
        copy_row(edges[count], row)
        weights[count] = old.weights[index]
        count += 1
    while place < len(new.weights):
        copy_row(edges[count], new.edges[place])
        weights[count] = new.weights[place]
        count, place = count + 1, place + 1
    return Found(edges[:count], weights[:count])


@inner
def has_touched(row: Indices, is_touched: NDArray[np.bool_]) -> bool:
    """Tell whether a row of edges, which ends in -1 where it is short, has a touched one."""
    found = False
    for edge in row:
        found = found or (edge >= 0 and is_touched[edge])
    return found


@inner
def is_before(row: Indices, other: Indices) -> bool:
    """Tell whether a row comes first: no row of a cycle is the beginning of another."""
    place = 0
    while place < len(row) - 1 and row[place] == other[place]:
        place += 1
    return bool(row[place] < other[place])
