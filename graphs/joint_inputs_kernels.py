"""The inputs of cycles in a fixed order of execution that together earn the most: damped Newton.

Kernels on bare arrays. Every pool is a curve of two reserves x and y that keeps the share g of what
it is paid: for a it gives y g a / (x + g a) and is left with x + a. The profit of all is a smooth
function of the inputs. Its slopes come from one pass back over the trades (reverse differentiation)
and its curvature from differences of slopes. A summit is the summit: where a hop may sell less than
the one before bought, the amounts sold at all hops range over a convex set and the profit is
concave in them, but for the fees that stay in the reserves and where cycles trade a pool both ways.
No linear algebra library takes part: its results would differ from machine to machine.
"""

from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from graphs.compilation import compiled, inner
from graphs.token_graph import Floats, Indices

ROUNDS: Final = 100
"""Newton steps that are tried, taken or not."""

FIRST_DAMPING: Final = 1e-3
"""Share of the diagonal of the curvature that is added to it at first (Marquardt 1963)."""

LEAST_DAMPING: Final = 1e-9
"""Where a summit is near, damping falls to this."""

DAMPING_FACTOR: Final = 5.0
"""What damping is divided by after a step that earns more, and multiplied by after another."""

LEAST_GAIN: Final = 1e-9
"""Share of the profit that a hardly damped step must add for another to be tried."""

DIFFERENCE: Final = 1e-5
"""Share of an input that slopes are compared across."""

LEAST_CURVATURE: Final = 1e-60
"""Stands for none at all: the step is then as long as inputs may be."""


LEAST_DEPTH: Final = 1e-30
"""Raw units that stand for none, where a reserve is traded away to the last."""


class CyclesInOrder(NamedTuple):
    """Cycles in the order of their execution; curves in any."""

    curve: Indices
    """A row per cycle: the curve of each hop, then -1 up to the width."""

    side: Indices
    """In the same shape: which of the curve's two reserves the hop pays into."""

    reserves: Floats
    """Two of each curve, before the first cycle."""

    kept: Floats
    """One minus the fee, of each curve."""

    owed: float
    """One plus the fee of the loan."""

    max_input: float
    """Of each cycle."""


class Hill(NamedTuple):
    """What is known of the profit around some inputs."""

    slopes: Floats
    """What a unit more of each adds."""

    curvature: Floats
    """Minus the second derivatives."""

    damping: float
    """Share of the diagonal of the curvature that is added to it."""


@compiled
def slopes_at(sequence: CyclesInOrder, inputs: Floats) -> tuple[float, Floats]:
    """Give the profit of executing all, and how it grows with each input."""
    reserves = sequence.reserves.copy()
    trades = np.zeros((*sequence.curve.shape, 4))
    profit = 0.0
    for cycle in range(len(inputs)):
        amount = inputs[cycle]
        for hop, curve in enumerate(sequence.curve[cycle]):
            if curve >= 0:
                side = sequence.side[cycle, hop]
                paid = sequence.kept[curve] * amount
                reserve_in, reserve_out = reserves[curve, side], reserves[curve, 1 - side]
                depth = max(reserve_in + paid, LEAST_DEPTH)
                trades[cycle, hop] = (reserve_in, reserve_out, amount, depth)
                bought = reserve_out * paid / depth
                reserves[curve, side] += amount
                reserves[curve, 1 - side] -= bought
                amount = bought
        profit += amount - sequence.owed * inputs[cycle]
    return profit, passed_back(sequence, trades)


@inner
def passed_back(sequence: CyclesInOrder, trades: Floats) -> Floats:
    """Tell what a unit more is worth: of a reserve after each trade, and of each amount paid."""
    worth = np.zeros_like(sequence.reserves)
    by_input = np.empty(len(trades))
    for cycle in range(len(trades) - 1, -1, -1):
        value = 1.0
        for hop in range(trades.shape[1] - 1, -1, -1):
            curve = sequence.curve[cycle, hop]
            if curve >= 0:
                side, kept = sequence.side[cycle, hop], sequence.kept[curve]
                reserve_in, reserve_out, amount, depth = trades[cycle, hop]
                value -= worth[curve, 1 - side]
                share = kept / depth
                worth[curve, 1 - side] += value * share * amount
                worth_in = worth[curve, side]
                per_unit = value * share * reserve_out / depth
                worth[curve, side] -= per_unit * amount
                value = worth_in + per_unit * reserve_in
        by_input[cycle] = value - sequence.owed
    return by_input


@inner
def curvature_at(sequence: CyclesInOrder, inputs: Floats, scales: Floats) -> Floats:
    """Give minus the second derivatives of the profit, by central differences of its slopes."""
    count = len(inputs)
    curvature = np.empty((count, count))
    for cycle in range(count):
        nearby = inputs.copy()
        nearby[cycle] = inputs[cycle] + DIFFERENCE * scales[cycle]
        above = slopes_at(sequence, nearby)[1]
        nearby[cycle] = inputs[cycle] - DIFFERENCE * scales[cycle]
        below = slopes_at(sequence, nearby)[1]
        curvature[cycle] = (below - above) / (2 * DIFFERENCE * scales[cycle])
    return (curvature + curvature.T) / 2


@compiled
def newton_step(curvature: Floats, slopes: Floats, damping: float) -> Floats:
    """Solve by Cholesky's method; empty where the damped curvature is not positive definite."""
    lower, step = curvature.copy(), slopes.copy()
    for row in range(len(step)):
        lower[row, row] += damping * max(abs(lower[row, row]), LEAST_CURVATURE)
        for column in range(row):
            for before in range(column):
                lower[row, column] -= lower[row, before] * lower[column, before]
            lower[row, column] /= lower[column, column]
            lower[row, row] -= lower[row, column] ** 2
            step[row] -= lower[row, column] * step[column]
        if not lower[row, row] > 0:
            return step[:0]
        lower[row, row] = sqrt(lower[row, row])
        step[row] /= lower[row, row]
    for row in range(len(step) - 1, -1, -1):
        for later in range(row + 1, len(step)):
            step[row] -= lower[later, row] * step[later]
        step[row] /= lower[row, row]
    return step


@inner
def moved(sequence: CyclesInOrder, inputs: Floats, hill: Hill) -> Floats:
    """Step towards the summit within the range of the inputs; stay where there is no step.

    An input at an end of the range that would leave it is held there.
    """
    free = np.flatnonzero(
        ((inputs > 0) | (hill.slopes > 0)) & ((inputs < sequence.max_input) | (hill.slopes < 0))
    )
    curvature = np.empty((len(free), len(free)))
    for row, cycle in enumerate(free):
        curvature[row] = hill.curvature[cycle][free]
    step = newton_step(curvature, hill.slopes[free], hill.damping)
    trial = inputs.copy()
    for row, change in enumerate(step):
        cycle = free[row]
        trial[cycle] = min(max(inputs[cycle] + change, 0.0), sequence.max_input)
    return trial


@compiled
def best_inputs(sequence: CyclesInOrder, inputs: Floats) -> Floats:
    """Climb from positive inputs to a summit; an input may end at zero or at the most allowed."""
    scales = inputs
    profit, slopes = slopes_at(sequence, inputs)
    curvature = curvature_at(sequence, inputs, scales)
    damping = FIRST_DAMPING
    for _ in range(ROUNDS):
        trial = moved(sequence, inputs, Hill(slopes, curvature, damping))
        there, slopes_there = slopes_at(sequence, trial)
        gain = there - profit
        if not gain > 0:
            damping *= DAMPING_FACTOR
            continue
        inputs, profit, slopes = trial, there, slopes_there
        if gain < LEAST_GAIN * profit and damping <= FIRST_DAMPING:
            break
        curvature = curvature_at(sequence, inputs, scales)
        damping = max(damping / DAMPING_FACTOR, LEAST_DAMPING)
    return inputs
