"""Every profitable cycle from a base token: hop-layered Bellman-Ford, then a bounded walk.

Let `distance[j][v]` be the least weight of a walk of at most j hops from v to the base that does
not pass through the base in between. Theorem: the search yields exactly the cycles of up to k
hops that start at the base, repeat no token and no pool, and have a negative weight.
Proof. It yields nothing else, because a walk is extended by unused tokens and pools only, is
yielded when it returns to the base, and its whole weight is compared with zero. It misses none:
let a be the weight of the first i hops of such a cycle, which end in v. The other hops form
a walk of at most k - i hops from v to the base that does not pass through the base, so
distance[k - i][v] is at most their weight, and a + distance[k - i][v] is at most the weight of the
cycle, which is negative; the walk is cut only where that sum is not negative. It is not begun where
that cuts every first hop. All sums are exact, because weights are integers, so no tolerance enters.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from graphs.compilation import compiled, inlined, inner
from graphs.cycles import Cycle
from graphs.rows import copy_row, doubled_rows
from graphs.token_graph import UNUSABLE, Indices, TokenGraph, Weights
from graphs.units import Address

MIN_HOPS: Final = 2
"""Hops in the shortest cycle: no pool and no token twice."""

MAX_HOPS: Final = 255
"""Hops in a cycle beyond which a sum of weights could overflow; see `UNUSABLE`."""

UNREACHABLE: Final = 2**61
"""The distance of a token that cannot return to the base in time. Above any sum of weights."""

FIRST_CAPACITY: Final = 1_024
"""Cycles that the result holds before it grows for the first time; it doubles from there."""


class Arrays(NamedTuple):
    """A token graph as the kernels see it. The names are those of Topology."""

    base: int
    source: Indices
    target: Indices
    pool: Indices
    outgoing_first: Indices
    incoming_first: Indices
    incoming_edge: Indices
    weights: Weights


class Walk(NamedTuple):
    """The open path from the base, one element per hop taken or being taken."""

    token: Indices
    """Where the hop starts."""

    cursor: Indices
    """The next edge to try there; the hop taken is the one before it."""

    end: Indices
    """The edge after the last one to try there."""

    weight: Weights
    """Of all hops before."""

    closing: Indices
    """For every token, the first edge to the base and the edge after the last one.

    The last hop tries these alone, where a hub would have thousands of others.
    """


class Found(NamedTuple):
    """Cycles with room for more; the names are those of CycleSearch."""

    edges: Indices
    weights: Weights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CycleSearch:
    """The cycles that a search found, as arrays: a Cycle is made when it is asked for.

    The order is that of a depth-first walk along the graph's edges: deterministic, not by merit.
    """

    graph: TokenGraph
    """What was searched."""

    edges: Indices
    """A row per cycle: the edges of its hops in order, then -1 up to the width."""

    weights: Weights
    """Of each cycle; negative."""

    truncated: bool
    """Whether there are cycles beyond the limit, which were not looked for."""

    def __len__(self) -> int:
        """Count the cycles found."""
        return len(self.weights)

    def __getitem__(self, index: int) -> Cycle:
        """Name the hops of one cycle."""
        return self.graph.cycle([edge for edge in self.edges[index].tolist() if edge >= 0])

    def __iter__(self) -> Iterator[Cycle]:
        """Name them all, in order."""
        return (self[index] for index in range(len(self)))


def find_cycles(graph: TokenGraph, base: Address, *, max_hops: int, limit: int) -> CycleSearch:
    """Find every simple cycle from the base whose marginal product is above one.

    Finds none when the graph does not know the base. The number of cycles can grow with the
    power of the hops; `limit` bounds memory and is reported when it bites.

    Raises:
        ValueError: `max_hops` is not within MIN_HOPS and MAX_HOPS.
    """
    check_hops(max_hops)
    start = graph.topology.token_index.get(base)
    if start is None:
        return no_cycles(graph, max_hops)
    found, truncated = search_cycles(arrays_of(graph, start), max_hops, limit)
    return CycleSearch(
        graph=graph, edges=found.edges, weights=found.weights, truncated=bool(truncated)
    )


def find_cycles_of(
    graph: TokenGraph, bases: Iterable[Address], *, max_hops: int, limit: int
) -> dict[Address, CycleSearch]:
    """Search from several bases, each with the limit.

    A cycle is found once for each base on it, in the rotation that starts there, because the
    lenders of every base are others.

    Raises:
        ValueError: `max_hops` is not within MIN_HOPS and MAX_HOPS.
    """
    return {base: find_cycles(graph, base, max_hops=max_hops, limit=limit) for base in bases}


def check_hops(max_hops: int) -> None:
    """Refuse a number of hops that no cycle has, or that weights cannot be summed over.

    Raises:
        ValueError: it is not within MIN_HOPS and MAX_HOPS.
    """
    if not MIN_HOPS <= max_hops <= MAX_HOPS:
        message = f"max_hops must be within {MIN_HOPS} and {MAX_HOPS}, not {max_hops}"
        raise ValueError(message)


def no_cycles(graph: TokenGraph, max_hops: int) -> CycleSearch:
    """The result where the graph does not know the base."""
    edges, weights = np.empty((0, max_hops), np.int32), np.empty(0, np.int64)
    return CycleSearch(graph=graph, edges=edges, weights=weights, truncated=False)


def arrays_of(graph: TokenGraph, base: int) -> Arrays:
    """Show a graph to the kernels."""
    topology = graph.topology
    return Arrays(
        base=base,
        source=topology.edge_source,
        target=topology.edge_target,
        pool=topology.edge_pool,
        outgoing_first=topology.outgoing_first,
        incoming_first=topology.incoming_first,
        incoming_edge=topology.incoming_edge,
        weights=graph.weights,
    )


@compiled
def search_cycles(arrays: Arrays, max_hops: int, limit: int) -> tuple[Found, bool]:
    """Do both halves of the search in one call; the second only where a first hop can pay.

    Yields what was found, and whether the limit cut the walk short.
    """
    distance = layered_distances(arrays, max_hops - 1)
    if is_calm(arrays, distance[max_hops - 1]):
        return Found(np.empty((0, max_hops), np.int32), np.empty(0, np.int64)), False
    return enumerate_cycles(arrays, distance, limit)


@compiled
def layered_distances(arrays: Arrays, layers: int) -> Weights:
    """Compute `distance[j][v]` of the module's docstring for j up to `layers`."""
    count = len(arrays.outgoing_first) - 1
    distance = np.empty((layers + 1, count), np.int64)
    distance[0] = UNREACHABLE
    distance[0, arrays.base] = 0
    frontier = np.full(1, arrays.base, np.int32)
    for layer in range(1, layers + 1):
        copy_row(distance[layer], distance[layer - 1])
        frontier = relax_layer(arrays, distance[layer - 1 : layer + 1], frontier)
    return distance


@inner
def relax_layer(arrays: Arrays, layers: Weights, frontier: Indices) -> Indices:
    """Lower the second of two layers over the edges into the tokens that made the first one.

    Yields the tokens that it lowered. Edges into all other tokens were relaxed with the same
    distances a layer before, so nothing is missed, and nothing is done where nothing changed.
    """
    before, lowered = layers[0], layers[1]
    improved = np.empty(len(before), np.int32)
    size = 0
    for token in frontier:
        for position in range(arrays.incoming_first[token], arrays.incoming_first[token + 1]):
            edge = arrays.incoming_edge[position]
            origin = arrays.source[edge]
            weight = arrays.weights[edge]
            through = weight + before[token]
            if origin == arrays.base or weight == UNUSABLE or through >= lowered[origin]:
                continue
            if lowered[origin] == before[origin]:
                improved[size] = origin
                size += 1
            lowered[origin] = through
    return improved[:size]


@inner
def is_calm(arrays: Arrays, distance: Weights) -> bool:
    """Tell whether the distances from where it ends rule out every first hop."""
    for edge in range(arrays.outgoing_first[arrays.base], arrays.outgoing_first[arrays.base + 1]):
        if arrays.weights[edge] + distance[arrays.target[edge]] < 0:
            return False
    return True


@compiled
def enumerate_cycles(arrays: Arrays, distance: Weights, limit: int) -> tuple[Found, bool]:
    """Walk depth first along every prefix that the distances cannot rule out.

    Yields what was found, and whether the limit cut the walk short. The distance of the base is
    zero in every layer, so one comparison serves to close a cycle and to go on.
    """
    max_hops = len(distance)
    walk = walk_from_base(arrays, max_hops)
    found = Found(
        np.empty((FIRST_CAPACITY, max_hops), np.int32), np.empty(FIRST_CAPACITY, np.int64)
    )
    count = 0
    depth = 0
    while depth >= 0:
        edge = walk.cursor[depth]
        if edge == walk.end[depth]:
            depth -= 1
            continue
        walk.cursor[depth] = edge + 1
        token = arrays.target[edge]
        weight = walk.weight[depth] + arrays.weights[edge]
        if weight + distance[max_hops - depth - 1, token] >= 0 or is_used(arrays, walk, depth):
            continue
        if token != arrays.base:
            depth += 1
            walk.token[depth] = token
            walk.weight[depth] = weight
            open_row(arrays, walk, depth)
            continue
        if count == limit:
            return first_rows(found, count), True
        if count == len(found.weights):
            found = doubled(found)
        for hop in range(max_hops):
            found.edges[count, hop] = walk.cursor[hop] - 1 if hop <= depth else -1
        found.weights[count] = weight
        count += 1
    return first_rows(found, count), False


@inner
def walk_from_base(arrays: Arrays, max_hops: int) -> Walk:
    """Stand at the base with every edge untried.

    Edges are sorted by source and target, so those from one token to the base are neighbours.
    """
    closing = np.zeros((2, len(arrays.outgoing_first) - 1), np.int32)
    for position in range(
        arrays.incoming_first[arrays.base], arrays.incoming_first[arrays.base + 1]
    ):
        edge = arrays.incoming_edge[position]
        token = arrays.source[edge]
        if closing[1, token] == 0:
            closing[0, token] = edge
        closing[1, token] = edge + 1
    walk = Walk(
        token=np.full(max_hops, arrays.base, np.int32),
        cursor=np.empty(max_hops, np.int32),
        end=np.empty(max_hops, np.int32),
        weight=np.zeros(max_hops, np.int64),
        closing=closing,
    )
    open_row(arrays, walk, 0)
    return walk


@inlined
def open_row(arrays: Arrays, walk: Walk, depth: int) -> None:
    """Make every edge of the token at this depth untried; for the last hop, those to the base."""
    token = walk.token[depth]
    if depth == len(walk.token) - 1:
        walk.cursor[depth] = walk.closing[0, token]
        walk.end[depth] = walk.closing[1, token]
    else:
        walk.cursor[depth] = arrays.outgoing_first[token]
        walk.end[depth] = arrays.outgoing_first[token + 1]


@inner
def is_used(arrays: Arrays, walk: Walk, depth: int) -> bool:
    """Tell whether the hop being taken repeats a pool, or a token other than the base."""
    edge = walk.cursor[depth] - 1
    for earlier in range(depth):
        if arrays.pool[walk.cursor[earlier] - 1] == arrays.pool[edge]:
            return True
        if walk.token[earlier + 1] == arrays.target[edge]:
            return True
    return False


@inner
def doubled(found: Found) -> Found:
    """Make room for as many cycles again."""
    return Found(doubled_rows(found.edges), doubled_rows(found.weights))


@inner
def first_rows(found: Found, count: int) -> Found:
    """Keep the rows in use, and free the rest."""
    return Found(found.edges[:count].copy(), found.weights[:count].copy())
