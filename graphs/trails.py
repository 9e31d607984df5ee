"""The kernels of the search through touched pools: trails from both ends of a hop, joined.

Separate from the horizon, which states and proves what they yield, because they are compiled and
work on arrays alone.
"""

from typing import Final, NamedTuple

import numpy as np

from graphs.bellman_ford import FIRST_CAPACITY, UNREACHABLE, Arrays, Found, doubled, first_rows
from graphs.compilation import compiled, inlined, inner
from graphs.rows import copy_row
from graphs.token_graph import UNUSABLE, Indices, Weights

FIRST_TRAILS: Final = 64
"""Trails that there is room for before it grows for the first time; it doubles from there."""


class Touch(NamedTuple):
    """What the kernels know of the touched pools and of the bounds."""

    pools: Indices
    """Touched, each once, ascending."""

    edges: Indices
    """Theirs."""

    weights: Weights
    """Of these edges; the arrays of the graph hold what they weighed when it was bounded."""

    forward: Weights
    """As in Horizon."""

    backward: Weights
    """As in Horizon."""


class Side(NamedTuple):
    """One end of a touched hop: the graph as trails from there see it, and what bounds them."""

    base: int
    """Where trails end."""

    hop: int
    """The touched edge."""

    is_back: bool
    """Whether trails go against the edges, from where the hop begins; else from where it ends."""

    start: int
    """Where they begin."""

    opposite: int
    """The other end of the hop."""

    reached: Indices
    """For each edge, the token that it leads a trail to."""

    first: Indices
    """First position of each token's row of edges to try, and of the end."""

    edge_at: Indices
    """The edges at these positions; unless trails go back, the positions themselves."""

    pool: Indices
    """As in Topology."""

    weights: Weights
    """Of each edge, when the graph was bounded."""

    near: Weights
    """For each number of hops and each token, the bound of the way from there to the base."""

    lowered: Weights
    """What that bound is lowered by, for each number of hops."""

    far: Weights
    """For each number of hops, the bound of the trail from the other end, and the hop's weight."""

    touched: Touch
    """The touched edges, ascending."""


class Trail(NamedTuple):
    """The open way from a side, one element per hop taken or being taken."""

    edge: Indices
    """Taken."""

    token: Indices
    """Where the hop starts."""

    weight: Weights
    """Of all hops before."""

    cursor: Indices
    """The next position to try."""

    end: Indices
    """The position after the last one to try."""


@compiled
def enumerate_through(arrays: Arrays, touch: Touch, limit: int) -> tuple[Found, bool]:
    """Join trails at every touched hop; yields cycles, and whether the limit cut it short."""
    max_hops = len(touch.forward)
    slack = slack_of(arrays, touch)
    found = Found(
        np.empty((FIRST_CAPACITY, max_hops), np.int32), np.empty(FIRST_CAPACITY, np.int64)
    )
    count = 0
    for place in range(len(touch.edges)):
        back, forth = sides_of(arrays, touch, (place, slack))
        if least_weight(back, back.start, (0, max_hops - 1, 0)) >= 0:
            continue
        before = trails_of(back)
        if len(before.weights) == 0:
            continue
        parts = (before, trails_of(forth), touch.weights[place])
        found, count = joined((back, forth), parts, (found, count, limit))
        if count > limit:
            return first_rows(found, limit), True
    return first_rows(found, count), False


@inner
def slack_of(arrays: Arrays, touch: Touch) -> Weights:
    """Sum the j largest reductions of weight, for each number j of hops that may be touched."""
    reductions = np.zeros(len(touch.pools), np.int64)
    for place, edge in enumerate(touch.edges):
        pool = np.searchsorted(touch.pools, arrays.pool[edge])
        before, weight = arrays.weights[edge], touch.weights[place]
        if UNUSABLE not in (before, weight):
            reductions[pool] = max(reductions[pool], before - weight)
    slack = np.zeros(len(touch.forward), np.int64)
    for hops in range(1, len(slack)):
        slack[hops] = slack[hops - 1]
        if hops < len(reductions):
            greatest = reductions.argmax()
            slack[hops] += reductions[greatest]
            reductions[greatest] = 0
    return slack


@inner
def sides_of(arrays: Arrays, touch: Touch, at: tuple[int, Weights]) -> tuple[Side, Side]:
    """Stand at both ends of a touched hop, given by its place, with the slack for each hop."""
    place, slack = at
    edge, weight = touch.edges[place], touch.weights[place]
    source, target = arrays.source[edge], arrays.target[edge]
    back = Side(
        base=arrays.base,
        hop=edge,
        is_back=True,
        start=source,
        opposite=target,
        reached=arrays.source,
        first=arrays.incoming_first,
        edge_at=arrays.incoming_edge,
        pool=arrays.pool,
        weights=arrays.weights,
        near=touch.forward,
        lowered=np.zeros_like(slack),
        far=weight + touch.backward[:, target] - slack,
        touched=touch,
    )
    forth = Side(
        base=arrays.base,
        hop=edge,
        is_back=False,
        start=target,
        opposite=source,
        reached=arrays.target,
        first=arrays.outgoing_first,
        edge_at=arrays.incoming_edge,
        pool=arrays.pool,
        weights=arrays.weights,
        near=touch.backward,
        lowered=slack,
        far=weight + touch.forward[:, source],
        touched=touch,
    )
    return back, forth


@inlined
def least_weight(side: Side, token: int, hops: tuple[int, int, int]) -> int:
    """Bound what a trail at a token still weighs, with the one from the other end.

    Hops: the fewest to go from the token, the most on both trails, and those taken whose weight is
    the old one.
    """
    fewest, most, old = hops
    least = 2 * UNREACHABLE
    for near in range(fewest, most + 1):
        bound = side.near[near, token] - side.lowered[near + old] + side.far[most - near]
        least = min(least, bound)
    return least


@inner
def empty_trail(hops: int) -> Trail:
    """Make room for so many hops."""
    return Trail(
        np.empty(hops, np.int32),
        np.empty(hops, np.int32),
        np.empty(hops, np.int64),
        np.empty(hops, np.int32),
        np.empty(hops, np.int32),
    )


@inner
def trails_of(side: Side) -> Found:
    """Walk depth first from a side to the base; yields the hops from the touched one on."""
    most = len(side.far) - 1
    trail = empty_trail(most)
    found = Found(np.empty((FIRST_TRAILS, most), np.int32), np.empty(FIRST_TRAILS, np.int64))
    if side.start == side.base:
        found.edges[0], found.weights[0] = -1, 0
        return first_rows(found, 1)
    count, depth = 0, 0
    open_row(side, trail, (0, side.start, 0))
    while depth >= 0:
        position = trail.cursor[depth]
        if position == trail.end[depth]:
            depth -= 1
            continue
        trail.cursor[depth] = position + 1
        edge = side.edge_at[position] if side.is_back else position
        weight = trail.weight[depth] + side.weights[edge]
        if weight + least_weight(side, side.reached[edge], (0, most - depth - 1, 1)) >= 0:
            continue
        weight = extended_weight(side, trail, (depth, edge))
        if weight >= UNUSABLE:
            continue
        trail.edge[depth] = edge
        if side.reached[edge] != side.base:
            depth += 1
            open_row(side, trail, (depth, side.reached[edge], weight))
            continue
        found = with_row(found, count)
        copy_row(found.edges[count], trail.edge[: depth + 1])
        found.weights[count] = weight
        count += 1
    return first_rows(found, count)


@inlined
def with_row(found: Found, count: int) -> Found:
    """Make room for a row at this place, and make it an empty one."""
    if count == len(found.weights):
        found = doubled(found)
    found.edges[count] = -1
    return found


@inlined
def open_row(side: Side, trail: Trail, arrival: tuple[int, int, int]) -> None:
    """Arrive at a token, given after the depth and before the weight, with every hop untried.

    Where no two hops or more can be of use, these are the hops between the token and the base.
    """
    depth, token, weight = arrival
    trail.token[depth], trail.weight[depth] = token, weight
    first, end = side.first[token], side.first[token + 1]
    if weight + least_weight(side, token, (2, len(trail.edge) - depth, 0)) >= 0:
        first, end = row_to_base(side, first, end)
    trail.cursor[depth], trail.end[depth] = first, end


@inner
def row_to_base(side: Side, first: int, end: int) -> tuple[int, int]:
    """Find by bisection which positions of a row, sorted by the token reached, reach the base."""
    last = end
    while first < last:
        middle = (first + last) // 2
        if side.reached[side.edge_at[middle] if side.is_back else middle] < side.base:
            first = middle + 1
        else:
            last = middle
    while last < end and (side.reached[side.edge_at[last] if side.is_back else last] == side.base):
        last += 1
    return first, last


@inlined
def extended_weight(side: Side, trail: Trail, hop: tuple[int, int]) -> int:
    """Weigh the trail with one more hop; `UNUSABLE` if that repeats, or leads to no cycle."""
    depth, edge = hop
    weight = trail.weight[depth] + side.weights[edge]
    if is_repeated(side, trail, hop):
        weight = UNUSABLE
    elif len(side.touched.pools) > 1:
        place = np.searchsorted(side.touched.pools, side.pool[edge])
        if place < len(side.touched.pools) and side.touched.pools[place] == side.pool[edge]:
            place = np.searchsorted(side.touched.edges, edge)
            weight = trail.weight[depth] + side.touched.weights[place]
            most = len(trail.edge) - depth - 1
            least = least_weight(side, side.reached[edge], (0, most, 0))
            if side.is_back or weight + least >= 0:
                weight = UNUSABLE
    return int(weight)


@inlined
def is_repeated(side: Side, trail: Trail, hop: tuple[int, int]) -> bool:
    """Tell whether a hop repeats a pool, or a token other than the base."""
    depth, edge = hop
    token, pool = side.reached[edge], side.pool[edge]
    is_base = token == side.base
    is_known = pool == side.pool[side.hop] or (not is_base and token == side.opposite)
    for earlier in range(depth):
        is_known = is_known or side.pool[trail.edge[earlier]] == pool
    for earlier in range(depth + 1):
        is_known = is_known or (not is_base and trail.token[earlier] == token)
    return is_known


@inner
def joined(
    sides: tuple[Side, Side], parts: tuple[Found, Found, int], known: tuple[Found, int, int]
) -> tuple[Found, int]:
    """Add the cycles of trails back and forth and the hop's weight to the rows known.

    With the rows come their count and the limit. Yields the rows with their count, which exceeds
    the limit by one if there are more.
    """
    back, forth = sides
    before, after, hop_weight = parts
    found, count, limit = known
    order = np.argsort(after.weights)
    for index in range(len(before.weights)):
        weight = before.weights[index] + hop_weight
        for place in order:
            if weight + after.weights[place] >= 0:
                break
            if not is_cycle(back, forth, (before.edges[index], after.edges[place])):
                continue
            if count == limit:
                return found, limit + 1
            found = with_row(found, count)
            rest = (forth.hop, after.edges[place])
            write_row(found.edges[count], before.edges[index], rest)
            found.weights[count] = weight + after.weights[place]
            count += 1
    return found, count


@inlined
def is_cycle(back: Side, forth: Side, rows: tuple[Indices, Indices]) -> bool:
    """Tell whether two trails fit into the hops with the touched one, and repeat nothing."""
    before, after = rows
    hops, is_simple = 1, True
    for edge in after:
        hops += edge >= 0
    for edge in before:
        if edge >= 0:
            hops += 1
            is_simple = is_simple and not is_met(back, forth, (edge, after))
    return is_simple and hops <= len(before) + 1


@inlined
def is_met(back: Side, forth: Side, rows: tuple[int, Indices]) -> bool:
    """Tell whether the way forth repeats the pool of an edge of the way back, or its token."""
    earlier, after = rows
    token, pool = back.reached[earlier], back.pool[earlier]
    found = False
    for edge in after:
        is_same_token = token != back.base and forth.reached[edge] == token
        found = found or (edge >= 0 and (is_same_token or forth.pool[edge] == pool))
    return found


@inlined
def write_row(row: Indices, before: Indices, rest: tuple[int, Indices]) -> None:
    """Write the edges of a cycle in trading order: the way back turned round, then the rest."""
    hop, after = rest
    back_hops = 0
    while back_hops < len(before) and before[back_hops] >= 0:
        back_hops += 1
    for place in range(back_hops):
        row[place] = before[back_hops - 1 - place]
    row[back_hops] = hop
    fitting = len(row) - back_hops - 1
    copy_row(row[back_hops + 1 :], after[:fitting])
