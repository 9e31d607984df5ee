"""Which of several profitable cycles to execute together in one block, in what order and size.

Separate from sizing because each cycle was sized as if it were alone. Behind another cycle that
moved one of its pools it earns less, or more where it trades the other way, so it is sized anew on
the what-if market that the other leaves behind: nothing is counted twice. What is not done: giving
up a part of one cycle for the sake of the next, which the convex optimum over all pools does.
"""

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice

from graphs.cycles import Cycle
from graphs.market import Market
from graphs.ranking import Loan, by_profit
from graphs.sizing import SizedCycle, size_cycle
from graphs.units import PoolId

_Entry = tuple[tuple[int, Cycle], int, SizedCycle]
"""The order of a size, how many cycles were taken before it was computed, and the size."""


def select(
    market: Market, sized: Iterable[SizedCycle], loan: Loan, *, most: int
) -> tuple[SizedCycle, ...]:
    """Choose up to `most` cycles and their order: in turn or disjoint, whichever earns more.

    Each result is exact on the market that those before it leave behind, so executed in this order
    they earn the sum of their profits: at least that of the best alone. Deterministic, whatever
    the order of the input. Each cycle borrows for itself and repays before the next borrows.
    `sized` are cycles of one base, sized on `market` for `loan`.
    """
    candidates = tuple(sized)
    in_turn = tuple(islice(take_in_turn(market, candidates, loan), most))
    disjoint = tuple(islice(take_disjoint(candidates), most))
    return max(in_turn, disjoint, key=_total_profit)


def take_in_turn(market: Market, sized: Iterable[SizedCycle], loan: Loan) -> Iterator[SizedCycle]:
    """Yield the most profitable cycle, execute it, and go on with the best of the others then.

    Greedy, no cycle twice; one that comes to nothing is back once a swap makes it profitable.
    The accelerated greedy algorithm of Minoux (1978): where those before moved its pools only by
    hops that it takes itself, a cycle earns no more than it did, so its old profit is a bound and
    it is sized anew only when first in line. Where a pool was moved otherwise it may earn more, so
    it is sized anew at once. Each is sized anew at most once for each that is taken.
    """
    queue = [_entry(candidate, taken=0) for candidate in sized]
    heapq.heapify(queue)
    newest = {candidate.cycle: 0 for _, _, candidate in queue}
    moved: dict[PoolId, int] = {}
    taken = 0
    while queue:
        _, sized_after, best = heapq.heappop(queue)
        if newest.get(best.cycle) != sized_after:
            continue
        if any(moved.get(pool_id, 0) > sized_after for pool_id in best.cycle.pool_ids):
            outdated = [best.cycle]
        else:
            yield best
            taken += 1
            del newest[best.cycle]
            market = _market_after(market, best)
            moved |= dict.fromkeys(best.cycle.pool_ids, taken)
            outdated = [cycle for cycle in newest if _may_earn_more(cycle, after=best.cycle)]
        newest |= dict.fromkeys(outdated, taken)
        for candidate in _sized_anew(market, outdated, loan):
            heapq.heappush(queue, _entry(candidate, taken=taken))


def take_disjoint(sized: Iterable[SizedCycle]) -> Iterator[SizedCycle]:
    """Yield the most profitable cycle, then the best of those that share no pool with any before.

    Greedy. The amounts hold in whatever order the cycles are executed. Earns more than taking in
    turn where one that shares a pool with the best would spoil several that share none.
    """
    used: set[PoolId] = set()
    for candidate in sorted(sized, key=by_profit):
        if used.isdisjoint(candidate.cycle.pool_ids):
            used.update(candidate.cycle.pool_ids)
            yield candidate


def _entry(candidate: SizedCycle, *, taken: int) -> _Entry:
    return by_profit(candidate), taken, candidate


def _total_profit(sized: tuple[SizedCycle, ...]) -> int:
    return sum(one.gross_profit for one in sized)


def _may_earn_more(cycle: Cycle, *, after: Cycle) -> bool:
    """Whether the two share a pool at which they make different trades."""
    return any(hop.pool_id in after.pool_ids and hop not in after.hops for hop in cycle.hops)


def _market_after(market: Market, executed: SizedCycle) -> Market:
    """The what-if market that a cycle leaves behind."""
    return market.with_pools(
        market.pools[hop.pool_id].after_swap(hop.token_in, hop.token_out, amount_in)
        for hop, amount_in in zip(executed.cycle.hops, executed.amounts[:-1], strict=True)
    )


def _sized_anew(market: Market, cycles: Iterable[Cycle], loan: Loan) -> Iterator[SizedCycle]:
    """Size again; leave out what earns nothing."""
    for cycle in cycles:
        resized = size_cycle(
            market,
            cycle,
            fee_bps=loan.fee_bps,
            max_input=loan.max_input,
            flash_fee=loan.flash_fee,
        )
        if resized:
            yield resized
