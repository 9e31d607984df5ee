"""From a scan to opportunities: what each cycle leaves in wei, with each lender.

The lender is part of the size: fee and depth bound the input, so the lenders of each fee have their
own best cycles; gas and what a lender can serve decide among them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from graphs.bellman_ford import CycleSearch
from graphs.best_first import find_best_cycles
from graphs.cycles import Cycle
from graphs.objective import Objective, best_by_net_profit, most_promising
from graphs.profit_bounds import BOUNDED_HOPS
from graphs.sizing import SizedCycle
from graphs.units import Address
from graphs.valuation import Valuation, find_valuation
from searcher.bidding import BELOW_MINIMUM, BID, following_base_fee, objective
from searcher.flash_lenders import Lender, LenderKind
from searcher.flash_sources import Funded, Funding, fund, fundings, passed_over
from searcher.gas_bounds import LOAN_GAS, gas_bound
from searcher.model import CutSearch, Opportunity, Rejection
from searcher.scan import Scan, Terms

SIZED_PER_FEE: Final = 4
"""Opportunities of the lenders of each fee: the next ones are for where a proof fails."""

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
    """The lenders of one fee, with all that their opportunities are compared by."""

    scan: Scan
    """What can be traded."""

    terms: Terms
    """What is asked of it."""

    funding: Funding
    """Who lends the base."""

    valuation: Valuation | None
    """What the base is worth; None where it cannot be sold."""

    set_aside: Aside
    """What failed with one of the lenders or another."""

    @property
    def base(self) -> Address:
        """What is lent."""
        return self.funding.lenders[0].asset

    def trusted(self, cycle: Cycle) -> list[Lender]:
        """The lenders that the cycle has not failed with."""
        lenders = self.funding.lenders
        return [lender for lender in lenders if (cycle, lender.kind) not in self.set_aside]


def find_opportunities(scan: Scan, terms: Terms, *, set_aside: Aside) -> Found:
    """Size the cycles that leave the most after tip and gas, and fund them, for each base and fee.

    What is set aside is nominated too, but never becomes an opportunity.
    """
    records = [
        record
        for base in scan.standings
        for funding in fundings(scan.snapshot.block.lenders, base)
        for record in _records(
            Desk(
                scan=scan,
                terms=terms,
                funding=funding,
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


_Ranked = tuple[int, Opportunity]
"""The net profit in wei, and what earns it."""


def _records(desk: Desk) -> Iterator[_Ranked | Rejection | CutSearch]:
    """Yield the best opportunities of a fee, or why there is none, and what was left out."""
    search = desk.scan.standings[desk.base].cycles
    if desk.valuation is None:
        if len(search):
            yield _declined(desk, search[0], NO_WORTH)
        return
    goal = objective(
        desk.scan.snapshot.block,
        min(LOAN_GAS[lender.kind] for lender in desk.funding.lenders),
        desk.terms.bidding,
        valuation=desk.valuation,
    )
    if search.truncated:
        search, cut = _best_first(desk, goal)
        yield cut
    funded, is_tried = _funded(desk, search, goal)
    enough = [one for one in funded if one[0] >= desk.terms.bidding.min_net_profit_wei]
    if enough and desk.base != desk.terms.weth:
        yield _declined(desk, enough[0][1].cycle, ONLY_WETH)
    elif enough:
        yield from enough
    elif len(search) and not is_tried:
        yield _declined(desk, most_promising(search, desk.funding.loan, goal), BELOW_MINIMUM)


def _funded(desk: Desk, search: CycleSearch, goal: Objective) -> tuple[list[_Ranked], bool]:
    """The best that can be funded, and whether there are only others, which cannot.

    Looks at twice as many cycles while too few can be funded and there are more.
    """
    top = SIZED_PER_FEE
    while True:
        best = best_by_net_profit(
            desk.scan.snapshot.market, search, loan=desk.funding.loan, objective=goal, top=top
        )
        ranked = [one for earned in best for one in _opportunities(desk, earned.sized, goal)]
        if len(ranked) >= SIZED_PER_FEE or len(best) < top:
            is_tried = bool(best) and not ranked
            return sorted(ranked, key=_by_net_profit)[:SIZED_PER_FEE], is_tried
        top *= 2


def _opportunities(desk: Desk, sized: SizedCycle, goal: Objective) -> Iterator[_Ranked]:
    """Yield the cycle with its lender and what it leaves, if somebody lends for it."""
    snapshot = desk.scan.snapshot
    funded = fund(sized, desk.trusted(sized.cycle), snapshot.market)
    if funded is None:
        return
    opportunity = _opportunity(desk, funded)
    earned = goal.earned(snapshot.market, funded.sized)
    gas_wei = opportunity.gas_limit_gas * following_base_fee(snapshot.block)
    yield earned.gross_profit_wei - earned.tip_wei - gas_wei, opportunity


def _best_first(desk: Desk, goal: Objective) -> tuple[CycleSearch, CutSearch]:
    """Find the cycles with the greatest bounds, where there are too many to list."""
    settings = desk.terms.search
    best = find_best_cycles(
        desk.scan.snapshot.graph,
        desk.base,
        desk.funding.loan,
        max_hops=min(settings.max_hops, BOUNDED_HOPS),
        limits=goal.limits(top=NOMINATED_AT_MOST, max_trials=settings.max_trials),
    )
    is_bounded = settings.max_hops <= BOUNDED_HOPS
    cut = CutSearch(
        block_number=desk.scan.snapshot.block.number,
        base=desk.base,
        lender=desk.funding.deepest.kind,
        nominated=len(best.cycles),
        left_out=best.unexpanded,
        bound_wei=goal.net_bound_up(best.left_out_bound_float) if is_bounded else None,
    )
    return best.cycles, cut


def _opportunity(desk: Desk, funded: Funded) -> Opportunity:
    snapshot, cycle = desk.scan.snapshot, funded.sized.cycle
    pools = [snapshot.market.pools[hop.pool_id] for hop in cycle.hops]
    return Opportunity(
        block_number=snapshot.block.number,
        block_hash=snapshot.block.hash,
        cycle=cycle,
        amounts=funded.sized.amounts,
        lender=funded.lender,
        flash_fee_wei=funded.sized.flash_fee,
        gross_profit_wei=funded.sized.gross_profit,
        gas_limit_gas=gas_bound(funded.lender.kind, pools),
        passed_over=passed_over(funded, snapshot.block.lenders, snapshot.market),
    )


def _declined(desk: Desk, cycle: Cycle, reason: str) -> Rejection:
    return Rejection(
        block_number=desk.scan.snapshot.block.number, cycle=cycle, stage=BID, reason=reason
    )


def _by_net_profit(ranked: _Ranked) -> tuple[object, ...]:
    net_profit_wei, opportunity = ranked
    return -net_profit_wei, opportunity.cycle, opportunity.lender.kind
