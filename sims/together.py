"""What a search's cycles earn when they are executed together, beside what each earns alone.

Separate from the search because it answers another question: cycles that share pools cannot all
earn what they were sized to earn.
"""

from dataclasses import dataclass
from typing import Final

from graphs.bellman_ford import CycleSearch
from graphs.market import Market
from graphs.ranking import Loan, size_with_loan
from graphs.selection import Selection, select_found
from graphs.sizing import SizedCycle
from searcher.ports import Clock

NS_PER_MS: Final = 1_000_000
"""Nanoseconds in a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Cycles to execute one after the other."""

    selection: Selection
    """In order, each exact behind those before it."""

    profit_alone: int
    """What they would earn if each were the only one, in raw units of the base: counts gains at
    shared pools once for each cycle."""

    select_ms: float
    """To choose them."""

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON; amounts are strings of raw units, which no reader may round."""
        return {
            "cycles": [sized_as_dict(sized) for sized in self.selection.cycles],
            "profit": str(self.selection.gross_profit),
            "profit_alone": str(self.profit_alone),
            "select_ms": self.select_ms,
        }


def choose_together(
    market: Market, search: CycleSearch, loan: Loan, *, most: int, clock: Clock
) -> Together:
    """Choose up to `most` cycles of those that the search of the market found and would find."""
    started_ns = clock.now_ns()
    selection = select_found(market, search, loan, most=most)
    selected_ns = clock.now_ns()
    alone = (size_with_loan(market, one.cycle, loan) for one in selection.cycles)
    return Together(
        selection=selection,
        profit_alone=sum(sized.gross_profit for sized in alone if sized),
        select_ms=(selected_ns - started_ns) / NS_PER_MS,
    )


def sized_as_dict(sized: SizedCycle) -> dict[str, object]:
    """Name the hops and write the amounts as strings."""
    return {
        "hops": [
            {"pool": hop.pool_id, "token_in": hop.token_in, "token_out": hop.token_out}
            for hop in sized.cycle.hops
        ],
        "amount_in": str(sized.amounts[0]),
        "amount_out": str(sized.amounts[-1]),
        "profit": str(sized.gross_profit),
    }
