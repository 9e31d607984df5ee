"""The cycles that can earn the most, where there are too many to look at: best-first search.

An open walk with the weight a and the curvature k so far stands in v with j hops left. Whatever
closes it weighs at least `distance[j][v]` and adds at least r `least_curvature[j][v]`, where r
is the rate so far and the second table holds the least curvature of any walk back, each bound taken
alone. So no cycle that begins with this walk earns more than the profit bound of both sums, which
grows with the rate and falls with the curvature. Where hops cost something, the cost of those taken
and of one more, for an open walk, is taken off it; what is earned is meant after that cost.
Theorem: the walks are taken by falling bound, so the cycles come out by falling bound, and what the
search left aside (open walks and cycles) earns at most `left_out_bound_float`. Where
`is_complete`, the result is therefore the `top` cycles of greatest bound above the minimum, and no
other cycle earns more than the least of their bounds. Proof. A walk that is extended never gets a
greater bound, since the way on is one of those that the bound was taken over; so everything that
begins with a walk in the queue earns at most the greatest bound in the queue. What is not queued is
at most as good as `top` cycles that were queued before, or is below the minimum. Where the trials
end first, waiting walks are closed by the hops of least weight, and count as left out as well.
"""

from dataclasses import dataclass

import numpy as np

from graphs.bellman_ford import CycleSearch, arrays_of, check_hops, layered_distances, no_cycles
from graphs.best_first_kernels import Budget, Problem, least_curvatures, search_best_first
from graphs.profit_bounds import BOUNDED_HOPS
from graphs.ranking import Loan
from graphs.token_graph import Floats, TokenGraph
from graphs.units import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a best-first search may do and yield."""

    top: int
    """Cycles to return at most."""

    max_trials: int
    """Hops to try before it ends, give or take one token's. The time grows with it alone, save that
    each cycle that is still to be returned then takes one look at the hops of a few tokens."""

    min_profit: int = 0
    """What a cycle must be able to earn after its hops, in raw units of the base."""

    hop_cost_float: float = 0.0
    """What each hop takes from that profit, in raw units of the base."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BestSearch:
    """What a best-first search found, and what it vouches for."""

    cycles: CycleSearch
    """By falling bound; equal bounds in the order in which they were met."""

    bounds_float: Floats
    """Of the profit of each after its hops, in raw units of the base, from above."""

    expanded: int
    """Open walks that were extended."""

    unexpanded: int
    """Open walks and cycles that were met and left aside."""

    left_out_bound_float: float
    """No cycle but those returned earns more, in raw units of the base; zero if there is none."""

    is_complete: bool
    """Whether the trials sufficed."""


def find_best_cycles(
    graph: TokenGraph, base: Address, loan: Loan, *, max_hops: int, limits: Limits
) -> BestSearch:
    """Find the cycles from the base with the greatest profit bounds, however many there are.

    Raises:
        ValueError: `max_hops` is not within MIN_HOPS and BOUNDED_HOPS.
    """
    check_hops(max_hops)
    if max_hops > BOUNDED_HOPS:
        message = f"profit is bounded for up to {BOUNDED_HOPS} hops, not {max_hops}"
        raise ValueError(message)
    start = graph.topology.token_index.get(base)
    if start is None:
        return BestSearch(
            cycles=no_cycles(graph, max_hops),
            bounds_float=np.empty(0),
            expanded=0,
            unexpanded=0,
            left_out_bound_float=0.0,
            is_complete=True,
        )
    arrays = arrays_of(graph, start)
    problem = Problem(
        arrays=arrays,
        curvatures_float=graph.curvatures_float,
        distance=layered_distances(arrays, max_hops - 1),
        least_curvature_float=least_curvatures(arrays, graph.curvatures_float, max_hops - 1),
        terms=loan.terms_float(),
        budget=Budget(
            limits.top, limits.max_trials, float(limits.min_profit), limits.hop_cost_float
        ),
    )
    outcome = search_best_first(problem)
    order = np.argsort(-outcome.bounds_float, kind="stable")
    cycles = CycleSearch(
        graph=graph,
        edges=outcome.edges[order],
        weights=outcome.weights[order],
        truncated=bool(outcome.unexpanded),
    )
    return BestSearch(
        cycles=cycles,
        bounds_float=outcome.bounds_float[order],
        expanded=int(outcome.expanded),
        unexpanded=int(outcome.unexpanded),
        left_out_bound_float=float(outcome.left_out_bound_float),
        is_complete=bool(outcome.is_complete),
    )
