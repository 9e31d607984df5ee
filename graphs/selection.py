"""Which of several profitable cycles to take together.

Separate from sizing because each cycle was sized as if it were alone. Cycles that share no pool
leave each other's amounts exactly as quoted, whatever the order, so their profits add up. What is
not done: quoting a cycle anew behind another one that moved its pool, or splitting an input. A
cycle that shares a pool with a better one is left for the next block.
"""

from collections.abc import Iterable

from graphs.cycles import Cycle
from graphs.sizing import SizedCycle
from graphs.units import PoolId


def select_disjoint(sized: Iterable[SizedCycle]) -> tuple[SizedCycle, ...]:
    """Take the most profitable cycle, then the best of those that share no pool with any taken.

    Greedy, so a set with more profit in sum can exist. Ordered by profit, greatest first; equal
    profits by canonical cycle, so the order of the input does not matter.
    """
    taken: list[SizedCycle] = []
    used: set[PoolId] = set()
    for candidate in sorted(sized, key=_by_profit_and_canonical_cycle):
        if used.isdisjoint(candidate.cycle.pool_ids):
            used.update(candidate.cycle.pool_ids)
            taken.append(candidate)
    return tuple(taken)


def _by_profit_and_canonical_cycle(sized: SizedCycle) -> tuple[int, Cycle, Cycle]:
    return -sized.gross_profit, sized.cycle.canonical(), sized.cycle
