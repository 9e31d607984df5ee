"""From a snapshot to opportunities: search, then size the best nominations on exact integers.

The lender is part of the size: each lender's fee and depth bound the input, so every lender of the
base token has its own best cycles.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.cycles import Cycle
from graphs.ranking import Loan, best_cycles
from graphs.sizing import FeeRule, flash_fee_half_up, flash_fee_up
from graphs.units import Address
from searcher.config import SearchSettings
from searcher.model import Lender, LenderKind, Opportunity
from searcher.tracker import Snapshot

FEE_RULES: Final[dict[LenderKind, FeeRule]] = {
    LenderKind.AAVE_V3: flash_fee_half_up,
    LenderKind.BALANCER_V2: flash_fee_up,
}
"""How each protocol rounds its fee."""

SIZED_PER_LENDER: Final = 4
"""The most profitable cycles of each lender: gas decides among them, and costs less than they
differ by where the fifth is ever the best."""


Aside = Collection[tuple[Cycle, LenderKind]]
"""Cycles that failed their proof with a lender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search of one snapshot came to."""

    nominated: int
    """Cycles with a marginal product above one, before flash fee and gas."""

    truncated: bool
    """Whether there are more, which the settings do not allow to look at."""

    opportunities: tuple[Opportunity, ...]
    """The best of each lender, sized; greatest gross profit first, ties by cycle and lender."""


def find_opportunities(
    snapshot: Snapshot, *, base: Address, settings: SearchSettings, set_aside: Aside
) -> Found:
    """Nominate every profitable cycle through the base, and size the best with each lender.

    What is set aside is nominated too, but never becomes an opportunity.
    """
    search = find_cycles(
        snapshot.graph, base, max_hops=settings.max_hops, limit=settings.max_cycles
    )
    opportunities = [
        opportunity
        for lender in snapshot.block.lenders
        if lender.asset == base and lender.available
        for opportunity in _best(snapshot, search, lender, set_aside=set_aside)
    ]
    return Found(
        nominated=len(search),
        truncated=search.truncated,
        opportunities=tuple(sorted(opportunities, key=_by_gross_profit)),
    )


def _best(
    snapshot: Snapshot, search: CycleSearch, lender: Lender, *, set_aside: Aside
) -> list[Opportunity]:
    loan = Loan(
        fee_bps=lender.fee_bps, max_input=lender.available, flash_fee=FEE_RULES[lender.kind]
    )
    top = SIZED_PER_LENDER + len(set_aside)
    candidates = best_cycles(snapshot.market, search, loan, top=top)
    return [
        Opportunity(
            block_number=snapshot.block.number,
            block_hash=snapshot.block.hash,
            cycle=sized.cycle,
            amounts=sized.amounts,
            lender=lender,
            flash_fee_wei=sized.flash_fee,
            gross_profit_wei=sized.gross_profit,
        )
        for sized in candidates
        if (sized.cycle, lender.kind) not in set_aside
    ][:SIZED_PER_LENDER]


def _by_gross_profit(opportunity: Opportunity) -> tuple[object, ...]:
    return -opportunity.gross_profit_wei, opportunity.cycle, opportunity.lender.kind
