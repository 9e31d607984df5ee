"""The most that a cycle can earn, from its weight and its curvature alone.

Separate from the ranking because the best-first search prunes open walks with the same bound. A
hop maps x to at most r x / (1 + k x); hops compose as r = r1 r2 and k = k1 + k2 r1. With
f = 1 + fee the profit r x / (1 + k x) - f x is greatest at x = (sqrt(r / f) - 1) / k, or at the end
of the range; it grows with r and falls with k.
"""

from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from graphs.compilation import compiled, inner
from graphs.token_graph import WEIGHT_SCALE, Floats, Indices, Weights

BOUNDED_HOPS: Final = 7
"""The longest cycles that a bound is computed for. A rate lies within 2^-128 and 2^128, the range
of Uniswap V3 prices, so a product of seven neither overflows nor underflows a float."""

RATE_SLACK_FLOAT: Final = 3e-9
"""Share that rates are raised by: more than seven weights that are a unit too great, seven marginal
rates that are wrong by 2^-40, and the rounding of the floats that are computed from them."""

CURVATURE_SLACK_FLOAT: Final = 1e-9
"""Share that curvatures are lowered by, for the rounding of the floats that they come from."""

LEAST_CURVATURE_FLOAT: Final = 1e-150
"""Stands for none at all: the best input on a straight curve is then beyond any range."""

FEE_ROUNDING: Final = 1
"""Raw units that the rounding of a flash fee can be in our favour by, at most."""


class TermsFloat(NamedTuple):
    """What a loan asks and offers."""

    owed: float
    """One plus the fee, as a share."""

    max_input: float
    """The most that is lent, in raw units."""


@compiled
def rate_float(weight: int | np.int64) -> float:
    """Give the rate that a weight stands for; too low by less than a few units of weight."""
    return float(np.exp2(-weight / WEIGHT_SCALE))


@inner
def profit_bound_float(weight: int | np.int64, curvature: float, terms: TermsFloat) -> float:
    """Bound the profit of a walk of this weight and at least this curvature, rounding included."""
    rate = rate_float(weight) * (1 + RATE_SLACK_FLOAT)
    lowered = max(curvature * (1 - CURVATURE_SLACK_FLOAT), LEAST_CURVATURE_FLOAT)
    best_input = min(max((sqrt(rate / terms.owed) - 1) / lowered, 0.0), terms.max_input)
    profit = best_input * (rate / (1 + lowered * best_input) - terms.owed)
    return max(profit, 0.0) + FEE_ROUNDING


@compiled
def bounds_of_rows(rows: Indices, curves: tuple[Weights, Floats], terms: TermsFloat) -> Floats:
    """Bound the profit of every row of edges, which ends in -1 where it is short.

    Curves are the weight and the curvature of each edge.
    """
    weights, curvatures_float = curves
    bounds = np.empty(len(rows))
    for index, row in enumerate(rows):
        weight, curvature = np.int64(0), 0.0
        for edge in row:
            if edge >= 0:
                curvature += rate_float(weight) * curvatures_float[edge]
                weight += weights[edge]
        bounds[index] = profit_bound_float(weight, curvature, terms)
    return bounds
