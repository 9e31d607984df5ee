"""The kernels of the best-first search: a queue of walks, best bound first.

Separate from the search, which states and proves what they yield, because they are compiled and
work on arrays alone.
"""

from heapq import heappop, heappush
from typing import Final, NamedTuple

import numpy as np

from graphs.bellman_ford import Arrays
from graphs.compilation import compiled, inner
from graphs.profit_bounds import TermsFloat, profit_bound_float, rate_float
from graphs.rows import copy_row, doubled_rows
from graphs.token_graph import UNUSABLE, WEIGHT_SCALE, Floats, Indices, Weights

FIRST_NODES: Final = 4_096
"""Walks that the tree holds before it grows for the first time; it doubles from there."""


class Budget(NamedTuple):
    """The names are those of Limits."""

    top: int
    max_trials: int
    min_profit: float
    hop_cost_float: float


class Problem(NamedTuple):
    """What is searched, with the bounds of `graphs/best_first.py`."""

    arrays: Arrays
    """The graph."""

    curvatures_float: Floats
    """Of each edge."""

    distance: Weights
    """For each number of hops left and each token, the least weight of a way back."""

    least_curvature_float: Floats
    """For each number of hops left and each token, the least curvature of a way back."""

    terms: TermsFloat
    """Of the loan."""

    budget: Budget
    """How much may be done and yielded."""


class Outcome(NamedTuple):
    """Arrays and figures of a BestSearch."""

    edges: Indices
    weights: Weights
    bounds_float: Floats
    expanded: int
    unexpanded: int
    left_out_bound_float: float
    is_complete: bool


class Tree(NamedTuple):
    """Walks from the base that share their beginnings, one node per walk. The root is node 0."""

    parent: Indices
    """The walk without its last hop."""

    edge: Indices
    """The last hop; -1 for the root."""

    depth: Indices
    """Hops."""

    weight: Weights
    """Of all hops."""

    curvature_float: Floats
    """Of all hops."""


class Frontier(NamedTuple):
    """All walks that were met, and those that wait."""

    tree: Tree
    """Queued or extended."""

    queue: list[tuple[float, int]]
    """A heap of waiting nodes, each after its bound with the sign turned."""

    best_known: list[float]
    """A heap of the greatest bounds among closed walks, as many as are asked for."""

    chosen: list[int]
    """Closed walks that are returned."""

    counts: Weights
    """Nodes of the tree, then walks that were met and not queued."""

    dropped_bound_float: Floats
    """One element: the greatest bound among walks that were not queued, zero without any."""


@compiled
def least_curvatures(arrays: Arrays, curvatures_float: Floats, layers: int) -> Floats:
    """Compute the least curvature of a walk of at most j hops from v to the base, for each j."""
    count = len(arrays.outgoing_first) - 1
    rates_float = np.exp2(-arrays.weights / WEIGHT_SCALE)
    least = np.full((layers + 1, count), np.inf)
    least[0, arrays.base] = 0.0
    for layer in range(1, layers + 1):
        copy_row(least[layer], least[layer - 1])
        for edge, weight in enumerate(arrays.weights):
            source = arrays.source[edge]
            onward = least[layer - 1, arrays.target[edge]]
            if source == arrays.base or weight == UNUSABLE or onward == np.inf:
                continue
            through = curvatures_float[edge] + rates_float[edge] * onward
            least[layer, source] = min(least[layer, source], through)
    return least


@compiled
def search_best_first(problem: Problem) -> Outcome:
    """Extend the most promising walk until the best cycles are known or the trials are spent.

    What waits then is closed by the shortest way, so that there is a result in any case.
    """
    budget, frontier = problem.budget, first_frontier()
    trials, expanded = 0, 0
    while frontier.queue and len(frontier.chosen) < budget.top and trials < budget.max_trials:
        node = heappop(frontier.queue)[1]
        if is_closed(problem.arrays, frontier.tree, node):
            frontier.chosen.append(node)
            continue
        first, end = row_of(problem, frontier.tree, node)
        frontier = with_room(frontier, end - first)
        expand(problem, frontier, (node, first, end))
        trials += end - first + 1
        expanded += 1
    is_complete = len(frontier.chosen) == budget.top or len(frontier.queue) == 0
    if not is_complete:
        frontier = with_rest_closed(problem, frontier)
    while frontier.queue:
        drop(frontier, -heappop(frontier.queue)[0])
    edges, weights, bounds_float = rows_of(problem, frontier)
    return Outcome(
        edges,
        weights,
        bounds_float,
        expanded,
        frontier.counts[1],
        frontier.dropped_bound_float[0],
        is_complete,
    )


@inner
def first_frontier() -> Frontier:
    """Stand at the base with nothing tried."""
    tree = Tree(
        np.zeros(FIRST_NODES, np.int32),
        np.full(FIRST_NODES, -1, np.int32),
        np.zeros(FIRST_NODES, np.int32),
        np.zeros(FIRST_NODES, np.int64),
        np.zeros(FIRST_NODES),
    )
    counts = np.array([1, 0], np.int64)
    no_floats, no_nodes = [0.0 for _ in range(0)], [0 for _ in range(0)]
    return Frontier(tree, [(-np.inf, 0)], no_floats, no_nodes, counts, np.zeros(1))


@inner
def with_room(frontier: Frontier, nodes: int) -> Frontier:
    """Make sure that the tree can take so many more."""
    tree = frontier.tree
    while frontier.counts[0] + nodes > len(tree.edge):
        tree = Tree(
            doubled_rows(tree.parent),
            doubled_rows(tree.edge),
            doubled_rows(tree.depth),
            doubled_rows(tree.weight),
            doubled_rows(tree.curvature_float),
        )
    return Frontier(
        tree,
        frontier.queue,
        frontier.best_known,
        frontier.chosen,
        frontier.counts,
        frontier.dropped_bound_float,
    )


@inner
def is_closed(arrays: Arrays, tree: Tree, node: int) -> bool:
    """Tell whether a walk is back at the base."""
    return bool(node > 0 and arrays.target[tree.edge[node]] == arrays.base)


@inner
def row_of(problem: Problem, tree: Tree, node: int) -> tuple[int, int]:
    """The first edge that may follow and the edge after the last; at the end, those to the base."""
    arrays = problem.arrays
    token = arrays.target[tree.edge[node]] if node else arrays.base
    if tree.depth[node] == len(problem.distance) - 1:
        return between(arrays, token, arrays.base)
    return arrays.outgoing_first[token], arrays.outgoing_first[token + 1]


@inner
def between(arrays: Arrays, source: int, target: int) -> tuple[int, int]:
    """Find the first edge from one token to another and the edge after the last, by bisection."""
    first, end = arrays.outgoing_first[source], arrays.outgoing_first[source + 1]
    row = arrays.target[first:end]
    return (
        first + np.searchsorted(row, target, side="left"),
        first + np.searchsorted(row, target, side="right"),
    )


@inner
def expand(problem: Problem, frontier: Frontier, row: tuple[int, int, int]) -> None:
    """Extend a walk by each edge of a row that can still lead to a cycle."""
    arrays, tree = problem.arrays, frontier.tree
    node, first, end = row
    distance = problem.distance[len(problem.distance) - tree.depth[node] - 1]
    so_far = tree.weight[node]
    for edge in range(first, end):
        if so_far + arrays.weights[edge] + distance[arrays.target[edge]] < 0:
            extend(problem, frontier, (node, edge))


@inner
def extend(problem: Problem, frontier: Frontier, hop: tuple[int, int]) -> None:
    """Queue a walk with one more hop, unless it cannot be among the best."""
    arrays, tree, budget = problem.arrays, frontier.tree, problem.budget
    node, edge = hop
    token = arrays.target[edge]
    left = len(problem.distance) - tree.depth[node] - 1
    weight = tree.weight[node] + arrays.weights[edge]
    least_weight = weight + problem.distance[left, token]
    if is_repeated(arrays, tree, (node, edge)):
        return
    curvature = longer_curvature_float(problem, tree, hop)
    least = curvature + rate_float(weight) * problem.least_curvature_float[left, token]
    hops = tree.depth[node] + 1 + (token != arrays.base)
    bound = profit_bound_float(least_weight, least, problem.terms) - budget.hop_cost_float * hops
    is_full = len(frontier.best_known) == budget.top
    if bound < budget.min_profit or (is_full and bound <= frontier.best_known[0]):
        drop(frontier, bound)
        return
    heappush(frontier.queue, (-bound, added(problem, frontier, hop)))
    if token == arrays.base:
        heappush(frontier.best_known, bound)
        if is_full:
            heappop(frontier.best_known)


@inner
def longer_curvature_float(problem: Problem, tree: Tree, hop: tuple[int, int]) -> float:
    """Add what one more edge bends a walk by."""
    node, edge = hop
    bend = rate_float(tree.weight[node]) * problem.curvatures_float[edge]
    return float(tree.curvature_float[node] + bend)


@inner
def added(problem: Problem, frontier: Frontier, hop: tuple[int, int]) -> int:
    """Put a walk with one more edge into the tree."""
    tree, new = frontier.tree, frontier.counts[0]
    node, edge = hop
    tree.parent[new], tree.edge[new], tree.depth[new] = node, edge, tree.depth[node] + 1
    tree.weight[new] = tree.weight[node] + problem.arrays.weights[edge]
    tree.curvature_float[new] = longer_curvature_float(problem, tree, hop)
    frontier.counts[0] += 1
    return int(new)


@inner
def closed_greedily(problem: Problem, frontier: Frontier, node: int) -> tuple[Frontier, int]:
    """Close a walk by the hops of least weight; yields node 0 where they end in no cycle."""
    arrays = problem.arrays
    while not is_closed(arrays, frontier.tree, node):
        frontier = with_room(frontier, 1)
        tree = frontier.tree
        left = len(problem.distance) - tree.depth[node] - 1
        first, end = row_of(problem, tree, node)
        best, least = -1, -tree.weight[node]
        for edge in range(first, end):
            weight = arrays.weights[edge] + problem.distance[left, arrays.target[edge]]
            if weight < least and not is_repeated(arrays, tree, (node, edge)):
                best, least = edge, weight
        if best < 0:
            return frontier, 0
        node = added(problem, frontier, (node, best))
    return frontier, node


@inner
def with_rest_closed(problem: Problem, frontier: Frontier) -> Frontier:
    """Choose what waits, closed greedily, until there is enough. What was open is left out too."""
    while frontier.queue and len(frontier.chosen) < problem.budget.top:
        bound, node = heappop(frontier.queue)
        if not is_closed(problem.arrays, frontier.tree, node):
            drop(frontier, -bound)
        frontier, closed = closed_greedily(problem, frontier, node)
        if closed and bound_of(problem, frontier.tree, closed) >= problem.budget.min_profit:
            frontier.chosen.append(closed)
    return frontier


@inner
def bound_of(problem: Problem, tree: Tree, node: int) -> float:
    """Bound the profit of a closed walk after its hops."""
    bound = profit_bound_float(tree.weight[node], tree.curvature_float[node], problem.terms)
    return float(bound - problem.budget.hop_cost_float * tree.depth[node])


@inner
def drop(frontier: Frontier, bound: float) -> None:
    """Count a walk that is left aside."""
    frontier.counts[1] += 1
    frontier.dropped_bound_float[0] = max(frontier.dropped_bound_float[0], bound)


@inner
def is_repeated(arrays: Arrays, tree: Tree, hop: tuple[int, int]) -> bool:
    """Tell whether a walk has this edge's pool already, or the token that it leads to."""
    node, edge = hop
    while node:
        earlier = tree.edge[node]
        if arrays.pool[earlier] == arrays.pool[edge]:
            return True
        if arrays.target[earlier] == arrays.target[edge]:
            return True
        node = tree.parent[node]
    return False


@inner
def rows_of(problem: Problem, frontier: Frontier) -> tuple[Indices, Weights, Floats]:
    """Write the edges, the weight and the bound of what was chosen, in the order of choice."""
    tree = frontier.tree
    rows = np.full((len(frontier.chosen), len(problem.distance)), -1, np.int32)
    weights, bounds_float = np.empty(len(rows), np.int64), np.empty(len(rows))
    for index, chosen in enumerate(frontier.chosen):
        node = chosen
        weights[index] = tree.weight[node]
        bounds_float[index] = bound_of(problem, tree, node)
        while node:
            rows[index, tree.depth[node] - 1] = tree.edge[node]
            node = tree.parent[node]
    return rows, weights, bounds_float
