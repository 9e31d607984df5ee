"""Which of several profitable cycles to execute together in one block, in what order and size.

Separate from sizing because each cycle was sized as if it were alone. Behind another cycle that
moved one of its pools it earns less, or more where it trades the other way, so it is quoted on the
what-if market that those before it leave behind: nothing is counted twice. Two steps take turns
for as long as they pay. One executes more cycles behind those chosen, the most profitable first.
The other gives up a part of one for the sake of others: the inputs of all are nominated together,
in floats, and kept where the exact quotes earn more.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.cycles import Cycle
from graphs.errors import AmountOutOfRangeError, InsufficientLiquidityError
from graphs.joint_inputs import joint_inputs
from graphs.market import Market
from graphs.quotes import quote_cycle
from graphs.ranking import Loan, best_cycles, by_profit, size_with_loan
from graphs.sizing import SizedCycle
from graphs.units import PoolId

LEAST_GAIN_DIVISOR: Final = 10**5
"""The profit by this is what a round must add for another to follow."""

SPARE_FACTOR: Final = 2
"""Times as many cycles as may be chosen are grown, to choose from."""

STEP_DIVISORS: Final = (1, 4, 16, 64)
"""Parts of the way to the nominated inputs, the first that earns more is gone: a curve that was
taken for another may hold no further."""

CANDIDATES: Final = 40
"""Cycles of a search that a round looks at, the most profitable."""

MOST_FOUND: Final = 10**6
"""Cycles that a search behind those chosen ends at."""

_Order = tuple[Cycle, int]
"""A cycle and its input."""

_Entry = tuple[tuple[int, Cycle], int, SizedCycle]
"""The order of a size, how many cycles were taken before it was computed, and the size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Cycles to execute one after the other; each borrows for itself and repays."""

    cycles: tuple[SizedCycle, ...]
    """In order, none twice, each exact on the market that those before it leave behind."""

    after: Market
    """What the last one leaves behind."""

    @property
    def gross_profit(self) -> int:
        """What all of them earn, in raw units of the base."""
        return sum(one.gross_profit for one in self.cycles)


def select(market: Market, sized: Iterable[SizedCycle], loan: Loan, *, most: int) -> Selection:
    """Choose up to `most` of these cycles, their order and their inputs.

    Together they earn at least what the best earns alone, and the best disjoint ones. The result
    does not depend on the order of `sized`, which are cycles of one base, sized on `market` for
    `loan`.
    """
    candidates = tuple(sized)
    cycles = [one.cycle for one in candidates]

    def sized_behind(chosen: Selection) -> Iterable[SizedCycle]:
        return _sized_anew(chosen.after, cycles, loan)

    return _Chooser(market=market, loan=loan, most=most, behind=sized_behind).choose(candidates)


def select_found(market: Market, search: CycleSearch, loan: Loan, *, most: int) -> Selection:
    """Choose as `select` does, of all cycles that the search of `market` found and would find.

    The market that the cycles chosen so far leave behind is searched from the same base to as many
    hops: cycles pay there that did not pay before, or were not among the best.
    """
    if not len(search):
        return Selection(cycles=(), after=market)
    base, max_hops = search[0].base, search.edges.shape[1]

    def found_behind(chosen: Selection) -> Iterable[SizedCycle]:
        touched = {pool_id for one in chosen.cycles for pool_id in one.cycle.pool_ids}
        graph = search.graph.refreshed(chosen.after, touched)
        again = find_cycles(graph, base, max_hops=max_hops, limit=MOST_FOUND)
        return best_cycles(chosen.after, again, loan, top=CANDIDATES)

    best = best_cycles(market, search, loan, top=CANDIDATES)
    return _Chooser(market=market, loan=loan, most=most, behind=found_behind).choose(best)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chooser:
    """What is chosen from, and for whom."""

    market: Market
    loan: Loan
    most: int
    behind: Callable[[Selection], Iterable[SizedCycle]]
    """Sizes the cycles that could be executed behind those chosen."""

    def choose(self, sized: Sequence[SizedCycle]) -> Selection:
        """Take the best of three: grown from the start and pruned, in turn, and disjoint."""
        room = SPARE_FACTOR * self.most
        in_turn = tuple(islice(take_in_turn(self.market, sized, self.loan), room))
        disjoint = tuple(islice(take_disjoint(sized), room))
        start = max(
            self.executed(_orders(in_turn)), self.executed(_orders(disjoint)), key=_gross_profit
        )
        chosen = self.pruned(self.grown(start))
        others = [self.executed(_orders(taken[: self.most])) for taken in (in_turn, disjoint)]
        return max(chosen, *map(self.balanced, others), key=_gross_profit)

    def grown(self, chosen: Selection) -> Selection:
        """Balance, execute more behind, and again, for as long as it pays."""
        while True:
            balanced = self.balanced(chosen)
            taken = {one.cycle for one in balanced.cycles}
            others = [one for one in self.behind(balanced) if one.cycle not in taken]
            more = take_in_turn(balanced.after, others, self.loan)
            room = max(SPARE_FACTOR * self.most - len(taken), 0)
            grown = self.executed(_orders((*balanced.cycles, *islice(more, room))))
            if not _is_worth_it(chosen, grown):
                return balanced
            chosen = grown

    def pruned(self, chosen: Selection) -> Selection:
        """Leave out the least profitable, up to a quarter at a time, and balance the others."""
        while len(chosen.cycles) > self.most:
            kept = max(self.most, len(chosen.cycles) * 3 // 4)
            best = set(sorted(chosen.cycles, key=by_profit)[:kept])
            left = [one for one in chosen.cycles if one in best]
            chosen = self.balanced(self.executed(_orders(left)))
        return chosen

    def balanced(self, chosen: Selection) -> Selection:
        """Give the nominated inputs to all, and again, for as long as it pays."""
        while chosen.cycles:
            better = self.nearer_to_nominated(chosen)
            if not _is_worth_it(chosen, better):
                break
            chosen = better
        return chosen

    def nearer_to_nominated(self, chosen: Selection) -> Selection:
        """Go all the way to the nominated inputs, or as far as earns more, or nowhere."""
        nominated = joint_inputs(chosen.cycles, self.loan, before=self.market, after=chosen.after)
        for divisor in STEP_DIVISORS:
            orders = [
                (cycle, used + (wanted - used) // divisor)
                for (cycle, used), wanted in zip(_orders(chosen.cycles), nominated, strict=True)
            ]
            moved = self.executed(orders)
            if moved.gross_profit > chosen.gross_profit:
                return moved
        return chosen

    def executed(self, orders: Iterable[_Order]) -> Selection:
        """Quote one behind the other; leave out what is refused or not profitable there."""
        market, sized = self.market, []
        for cycle, amount_in in orders:
            one = _quoted(market, cycle, amount_in, loan=self.loan)
            if one:
                market = _market_after(market, one)
                sized.append(one)
        return Selection(cycles=tuple(sized), after=market)


def _orders(sized: Iterable[SizedCycle]) -> list[_Order]:
    return [(one.cycle, one.amounts[0]) for one in sized]


def _gross_profit(chosen: Selection) -> int:
    return chosen.gross_profit


def _is_worth_it(before: Selection, after: Selection) -> bool:
    gain = after.gross_profit - before.gross_profit
    return gain * LEAST_GAIN_DIVISOR > before.gross_profit


def _entry(candidate: SizedCycle, *, taken: int) -> _Entry:
    return by_profit(candidate), taken, candidate


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
        resized = size_with_loan(market, cycle, loan)
        if resized:
            yield resized


def _quoted(market: Market, cycle: Cycle, amount_in: int, *, loan: Loan) -> SizedCycle | None:
    """Quote a cycle at an input; None where a pool refuses it or nothing is earned."""
    if amount_in <= 0:
        return None
    try:
        amounts = quote_cycle(market, cycle, amount_in)
    except (AmountOutOfRangeError, InsufficientLiquidityError):
        return None
    fee = loan.flash_fee(amount_in, loan.fee_bps)
    profit = amounts[-1] - amount_in - fee
    if profit <= 0:
        return None
    return SizedCycle(cycle=cycle, amounts=amounts, flash_fee=fee, gross_profit=profit)
