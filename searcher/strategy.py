"""From a scan to opportunities: what each cycle leaves in wei, with each lender.

The lender is part of the size: each lender's fee and depth bound the input and its gas is its own,
so every lender of a base token has its own best cycles.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from graphs.bellman_ford import CycleSearch
from graphs.best_first import find_best_cycles
from graphs.cycles import Cycle
from graphs.objective import NetCycle, Objective, best_by_net_profit, most_promising
from graphs.profit_bounds import BOUNDED_HOPS
from graphs.ranking import Loan
from graphs.sizing import FeeRule, flash_fee_half_up, flash_fee_up
from graphs.valuation import Valuation, find_valuation
from searcher.bidding import BELOW_MINIMUM, BID, objective
from searcher.model import CutSearch, Lender, LenderKind, Opportunity, Rejection
from searcher.scan import Scan, Terms

FEE_RULES: Final[dict[LenderKind, FeeRule]] = {
    LenderKind.AAVE_V3: flash_fee_half_up,
    LenderKind.BALANCER_V2: flash_fee_up,
}
"""How each protocol rounds its fee."""

SIZED_PER_LENDER: Final = 4
"""Opportunities of each lender: the next ones are for where a proof fails."""

NOMINATED_AT_MOST: Final = 1_000
"""Cycles with the greatest bounds that are looked at where there are too many to list."""

ONLY_WETH: Final = "tips are paid in WETH only"
"""Why the executor takes no opportunity in another token."""

NO_WORTH: Final = "no path to WETH"
"""Why a profit in another token cannot be compared with gas."""

Aside = Collection[tuple[Cycle, LenderKind]]
"""Cycles that failed their proof with a lender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a scan came to."""

    opportunities: tuple[Opportunity, ...]
    """The best of each lender, sized; greatest net profit first, ties by cycle and lender."""

    declined: tuple[Rejection, ...]
    """What cannot be executed, and the most promising of all where nothing leaves enough."""

    cut: tuple[CutSearch, ...]
    """What was not looked at, because there was too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One lender, with all that its opportunities are compared by."""

    scan: Scan
    """What can be traded."""

    terms: Terms
    """What is asked of it."""

    lender: Lender
    """Who lends the base."""

    valuation: Valuation | None
    """What the base is worth; None where it cannot be sold."""

    set_aside: Aside
    """What failed with this lender or another."""

    @property
    def loan(self) -> Loan:
        """What the lender asks and offers."""
        return Loan(
            fee_bps=self.lender.fee_bps,
            max_input=self.lender.available,
            flash_fee=FEE_RULES[self.lender.kind],
        )


def find_opportunities(scan: Scan, terms: Terms, *, set_aside: Aside) -> Found:
    """Size the cycles that leave the most after tip and gas, with each lender of each base.

    What is set aside is nominated too, but never becomes an opportunity.
    """
    records = [
        record
        for base in scan.standings
        for lender in scan.snapshot.block.lenders
        if lender.asset == base and lender.available
        for record in _records(
            Desk(
                scan=scan,
                terms=terms,
                lender=lender,
                valuation=find_valuation(scan.snapshot.graph, base, terms.weth),
                set_aside=set_aside,
            )
        )
    ]
    ranked = [record for record in records if isinstance(record, tuple)]
    rejections = [record for record in records if isinstance(record, Rejection)]
    barred = [rejection for rejection in rejections if rejection.reason != BELOW_MINIMUM]
    return Found(
        opportunities=tuple(opportunity for _, opportunity in sorted(ranked, key=_by_net_profit)),
        declined=tuple(barred if ranked or barred else rejections[:1]),
        cut=tuple(record for record in records if isinstance(record, CutSearch)),
    )


_Ranked = tuple[NetCycle, Opportunity]


def _records(desk: Desk) -> Iterator[_Ranked | Rejection | CutSearch]:
    """Yield the best opportunities of a lender, or why there is none, and what was left out."""
    standing = desk.scan.standings[desk.lender.asset]
    if desk.valuation is None:
        if len(standing.cycles):
            yield _declined(desk, standing.cycles[0], NO_WORTH)
        return
    goal = objective(
        desk.scan.snapshot.block, desk.lender.kind, desk.terms.bidding, valuation=desk.valuation
    )
    search = standing.cycles
    if search.truncated:
        search, cut = _best_first(desk, goal)
        yield cut
    best = best_by_net_profit(
        desk.scan.snapshot.market,
        search,
        loan=desk.loan,
        objective=goal,
        top=SIZED_PER_LENDER + len(desk.set_aside),
    )
    untried = [
        earned for earned in best if (earned.sized.cycle, desk.lender.kind) not in desk.set_aside
    ]
    if untried and desk.lender.asset != desk.terms.weth:
        yield _declined(desk, untried[0].sized.cycle, ONLY_WETH)
    elif untried:
        yield from ((earned, _opportunity(desk, earned)) for earned in untried[:SIZED_PER_LENDER])
    elif not best and len(search):
        yield _declined(desk, most_promising(search, desk.loan, goal), BELOW_MINIMUM)


def _best_first(desk: Desk, goal: Objective) -> tuple[CycleSearch, CutSearch]:
    """Find the cycles with the greatest bounds, where there are too many to list."""
    settings = desk.terms.search
    best = find_best_cycles(
        desk.scan.snapshot.graph,
        desk.lender.asset,
        desk.loan,
        max_hops=min(settings.max_hops, BOUNDED_HOPS),
        limits=goal.limits(top=NOMINATED_AT_MOST, max_trials=settings.max_trials),
    )
    is_bounded = settings.max_hops <= BOUNDED_HOPS
    cut = CutSearch(
        block_number=desk.scan.snapshot.block.number,
        base=desk.lender.asset,
        lender=desk.lender.kind,
        nominated=len(best.cycles),
        left_out=best.unexpanded,
        bound_wei=goal.net_bound_up(best.left_out_bound_float) if is_bounded else None,
    )
    return best.cycles, cut


def _opportunity(desk: Desk, earned: NetCycle) -> Opportunity:
    return Opportunity(
        block_number=desk.scan.snapshot.block.number,
        block_hash=desk.scan.snapshot.block.hash,
        cycle=earned.sized.cycle,
        amounts=earned.sized.amounts,
        lender=desk.lender,
        flash_fee_wei=earned.sized.flash_fee,
        gross_profit_wei=earned.sized.gross_profit,
    )


def _declined(desk: Desk, cycle: Cycle, reason: str) -> Rejection:
    return Rejection(
        block_number=desk.scan.snapshot.block.number, cycle=cycle, stage=BID, reason=reason
    )


def _by_net_profit(ranked: _Ranked) -> tuple[object, ...]:
    earned, opportunity = ranked
    return -earned.net_profit_wei, opportunity.cycle, opportunity.lender.kind
