"""The kernels of the search through touched pools: walks that begin in the middle of a cycle.

Separate from the horizon, which states and proves what they yield, because they are compiled and
work on arrays alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphs.bellman_ford import FIRST_CAPACITY, UNREACHABLE, Arrays, Found, doubled, first_rows
from graphs.compilation import compiled
from graphs.token_graph import UNUSABLE, Indices, Weights


class Touch(NamedTuple):
    """What the kernels know of the touched pools and of the bounds."""

    pools: Indices
    """Touched, each once, ascending."""

    is_touched: NDArray[np.bool_]
    """For every pool; the kernel sets it."""

    pool_first: Indices
    """As in Topology."""

    pool_edge: Indices
    """As in Topology."""

    weights_before: Weights
    """Of each edge in the horizon's graph."""

    forward: Weights
    """As in Horizon."""

    backward: Weights
    """As in Horizon."""


class Trail(NamedTuple):
    """The walk from a touched hop, one element per hop: first back to the base, then forth to it.

    What to try next after a hop stands in the hop's element.
    """

    edge: Indices
    """Taken."""

    token: Indices
    """Reached: where the edge begins on the way back, and where it ends on the way forth."""

    weight: Weights
    """Of all hops so far."""

    cursor: Indices
    """The next position to try."""

    end: Indices
    """The position after the last one to try."""

    is_direct: NDArray[np.bool_]
    """Whether positions are edges; else positions in `incoming_edge`."""

    back_hops: Indices
    """The hops between the base and the touched hop, once the base was reached; else -1."""


class Tour(NamedTuple):
    """All that a walk needs."""

    arrays: Arrays
    """The graph that is searched."""

    touch: Touch
    """Where it may begin, and what bounds it."""

    slack: Weights
    """What the bounds of the way forth are lowered by, for each number of hops."""

    trail: Trail
    """Where it is."""


@compiled
def enumerate_through(arrays: Arrays, touch: Touch, limit: int) -> tuple[Found, bool]:
    """Walk from every touched hop; yields what was found, and whether the limit cut it short."""
    max_hops = len(touch.forward)
    for pool in touch.pools:
        touch.is_touched[pool] = True
    trail = Trail(
        edge=np.empty(max_hops, np.int32),
        token=np.empty(max_hops, np.int32),
        weight=np.empty(max_hops, np.int64),
        cursor=np.empty(max_hops, np.int32),
        end=np.empty(max_hops, np.int32),
        is_direct=np.empty(max_hops, np.bool_),
        back_hops=np.empty(max_hops, np.int32),
    )
    tour = Tour(arrays, touch, slack_of(arrays, touch), trail)
    found = Found(
        np.empty((FIRST_CAPACITY, max_hops), np.int32), np.empty(FIRST_CAPACITY, np.int64)
    )
    count = 0
    for pool in touch.pools:
        for position in range(touch.pool_first[pool], touch.pool_first[pool + 1]):
            begin(arrays, trail, touch.pool_edge[position])
            found, count = walk_trail(tour, found, (count, limit))
            if count > limit:
                return first_rows(found, limit), True
    return first_rows(found, count), False


@compiled
def slack_of(arrays: Arrays, touch: Touch) -> Weights:
    """Sum the j largest reductions of weight, for each number j of hops that may be touched."""
    reductions = np.zeros(len(touch.pools), np.int64)
    for place, pool in enumerate(touch.pools):
        for position in range(touch.pool_first[pool], touch.pool_first[pool + 1]):
            edge = touch.pool_edge[position]
            before, weight = touch.weights_before[edge], arrays.weights[edge]
            if UNUSABLE not in (before, weight):
                reductions[place] = max(reductions[place], before - weight)
    reductions = np.sort(reductions)[::-1]
    slack = np.zeros(len(touch.forward), np.int64)
    for hops in range(1, len(slack)):
        slack[hops] = slack[hops - 1]
        if hops < len(reductions):
            slack[hops] += reductions[hops - 1]
    return slack


@compiled
def begin(arrays: Arrays, trail: Trail, edge: int) -> None:
    """Take the touched hop, with everything before and after it untried."""
    trail.edge[0] = edge
    trail.token[0] = arrays.source[edge]
    trail.weight[0] = arrays.weights[edge]
    trail.back_hops[0] = 0 if arrays.source[edge] == arrays.base else -1
    open_trail(arrays, trail, 0)


@compiled
def open_trail(arrays: Arrays, trail: Trail, depth: int) -> None:
    """Make every hop that may follow untried: those from or to the base alone if none other fits.

    On the way back, a hop is kept for the way forth unless the touched hop ends at the base.
    """
    remaining = len(trail.edge) - depth - 1
    last = arrays.target[trail.edge[0]]
    trail.is_direct[depth] = True
    if trail.back_hops[depth] >= 0:
        head = last if trail.back_hops[depth] == depth else trail.token[depth]
        if remaining == 1:
            trail.cursor[depth], trail.end[depth] = between(arrays, head, arrays.base)
        else:
            trail.cursor[depth] = arrays.outgoing_first[head]
            trail.end[depth] = arrays.outgoing_first[head + 1]
        return
    head = trail.token[depth]
    if remaining - (last != arrays.base) <= 1:
        trail.cursor[depth], trail.end[depth] = between(arrays, arrays.base, head)
        return
    trail.is_direct[depth] = False
    trail.cursor[depth] = arrays.incoming_first[head]
    trail.end[depth] = arrays.incoming_first[head + 1]


@compiled
def between(arrays: Arrays, source: int, target: int) -> tuple[int, int]:
    """Find the first edge from one token to another and the edge after the last, by bisection."""
    first, end = arrays.outgoing_first[source], arrays.outgoing_first[source + 1]
    row = arrays.target[first:end]
    return (
        first + np.searchsorted(row, target, side="left"),
        first + np.searchsorted(row, target, side="right"),
    )


@compiled
def walk_trail(tour: Tour, found: Found, counts: tuple[int, int]) -> tuple[Found, int]:
    """Walk depth first from the touched hop, and add to what is found; counts: so far, and limit.

    Yields the rows with their count, which exceeds the limit by one if there are more.
    """
    arrays, trail = tour.arrays, tour.trail
    count, limit = counts
    depth = 0
    while depth >= 0:
        position = trail.cursor[depth]
        if position == trail.end[depth]:
            depth -= 1
            continue
        trail.cursor[depth] = position + 1
        edge = position if trail.is_direct[depth] else arrays.incoming_edge[position]
        if not is_promising(tour, depth, edge):
            continue
        depth += 1
        is_closed = take(tour, depth, edge)
        if not is_closed:
            open_trail(arrays, trail, depth)
            continue
        if trail.weight[depth] < 0:
            if count == limit:
                return found, limit + 1
            if count == len(found.weights):
                found = doubled(found)
            write_row(trail, depth, found.edges[count])
            found.weights[count] = trail.weight[depth]
            count += 1
        depth -= 1
    return found, count


@compiled
def is_promising(tour: Tour, depth: int, edge: int) -> bool:
    """Tell whether taking an edge after the hop at this depth can lead to a cycle."""
    arrays, touch, slack, trail = tour
    remaining = len(slack) - depth - 2
    weight = trail.weight[depth] + arrays.weights[edge]
    is_back = trail.back_hops[depth] < 0
    last = arrays.target[trail.edge[0]]
    token = arrays.source[edge] if is_back else arrays.target[edge]
    if is_back:
        if touch.is_touched[arrays.pool[edge]]:
            return False
        bound = 2 * UNREACHABLE
        for hops in range(remaining + 1):
            rest = remaining - hops
            forth = touch.backward[rest, last] - slack[rest]
            bound = min(bound, touch.forward[hops, token] + forth)
    else:
        bound = touch.backward[remaining, token] - slack[remaining]
    if weight + bound >= 0:
        return False
    return is_new(tour, depth, edge)


@compiled
def is_new(tour: Tour, depth: int, edge: int) -> bool:
    """Tell whether the pool and the token reached, unless it is the base, are not on the trail."""
    arrays, trail = tour.arrays, tour.trail
    token = arrays.source[edge] if trail.back_hops[depth] < 0 else arrays.target[edge]
    pool = arrays.pool[edge]
    is_base = token == arrays.base
    if not is_base and token == arrays.target[trail.edge[0]]:
        return False
    for earlier in range(depth + 1):
        if arrays.pool[trail.edge[earlier]] == pool:
            return False
        if not is_base and trail.token[earlier] == token:
            return False
    return True


@compiled
def take(tour: Tour, depth: int, edge: int) -> bool:
    """Put a hop on the trail; tell whether it closes the cycle."""
    arrays, trail = tour.arrays, tour.trail
    is_back = trail.back_hops[depth - 1] < 0
    token = arrays.source[edge] if is_back else arrays.target[edge]
    trail.edge[depth] = edge
    trail.token[depth] = token
    trail.weight[depth] = trail.weight[depth - 1] + arrays.weights[edge]
    trail.back_hops[depth] = trail.back_hops[depth - 1]
    if token != arrays.base:
        return False
    if is_back:
        trail.back_hops[depth] = depth
        return bool(arrays.target[trail.edge[0]] == arrays.base)
    return True


@compiled
def write_row(trail: Trail, depth: int, row: Indices) -> None:
    """Write the edges of a closed trail in trading order."""
    back_hops = trail.back_hops[depth]
    row[:] = -1
    for hop in range(back_hops):
        row[hop] = trail.edge[back_hops - hop]
    row[back_hops] = trail.edge[0]
    row[back_hops + 1 : depth + 1] = trail.edge[back_hops + 1 : depth + 1]
