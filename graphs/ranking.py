"""The most profitable of many cycles, sized exactly, without sizing each of them.

Separate from sizing because it looks at all cycles of a search together: an upper bound of each
profit, computed on arrays, proves which of them cannot be among the best.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from graphs.bellman_ford import CycleSearch
from graphs.bulk.concentrated import AMOUNT_BITS
from graphs.bulk.pool_arrays import trades_of
from graphs.bulk.quotes import AMOUNT_LIMBS
from graphs.bulk.sizing import SIZED, UNKNOWN, BulkTerms, size_rows
from graphs.bulk.words import integers_of, limbs_of
from graphs.cycles import Cycle
from graphs.flash_fees import FeeRule, flash_fee_half_up
from graphs.market import Market
from graphs.profit_bounds import BOUNDED_HOPS, TermsFloat, bounds_of_rows
from graphs.quotes import quote_cycle
from graphs.sizing import SizedCycle, size_cycle
from graphs.token_graph import Floats, Indices

FIRST_BATCH: Final = 16
"""Cycles that are sized before bounds are looked at again."""

MOST_INPUT: Final = (1 << AMOUNT_BITS) - 1
"""The largest amount of the kernels: what is lent beyond it is not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What a flash lender asks and offers for the base token."""

    fee_bps: int
    """Of the borrowed amount."""

    max_input: int
    """The most it lends, in raw units."""

    flash_fee: FeeRule = flash_fee_half_up
    """How its fee is rounded."""

    def bulk_terms(self) -> BulkTerms:
        """Give what kernels need."""
        owed, lent = self.flash_fee.owed(self.fee_bps)
        return BulkTerms(
            smooth=self.terms_float(),
            max_input=limbs_of([min(self.max_input, MOST_INPUT)], AMOUNT_LIMBS),
            owed=owed,
            lent=lent,
            addend=self.flash_fee.addend(self.fee_bps),
            fixed=self.flash_fee.fixed,
        )

    def terms_float(self) -> TermsFloat:
        """Give what a bound of the profit needs."""
        owed, lent = self.flash_fee.owed(self.fee_bps)
        return TermsFloat(owed=owed / lent, max_input=float(self.max_input))


class RowSize(NamedTuple):
    """What one cycle of a search earns."""

    gross_profit: int
    """After the flash fee, in raw units of the base; above zero."""

    row: int
    """Of the search."""

    amount_in: int
    """The best input."""


def best_cycles(
    market: Market, search: CycleSearch, loan: Loan, *, top: int
) -> tuple[SizedCycle, ...]:
    """Size the most profitable cycles of a search: exactly those that sizing all would put first.

    Ordered by profit, greatest first, then by cycle. Goes through the cycles by falling upper
    bound, twice as many each time, until no bound reaches the least profit among the best.
    """
    bounds_float = profit_bounds_float(search, loan)
    order = np.argsort(-bounds_float, kind="stable").astype(np.int32)
    best: list[RowSize] = []
    done, batch = 0, max(FIRST_BATCH, top)
    while top and done < len(order):
        if len(best) >= top and bounds_float[order[done]] < best[top - 1].gross_profit:
            break
        best += size_rows_of(search, order[done : done + batch], market=market, loan=loan)
        best.sort(reverse=True)
        least = best[top - 1].gross_profit if len(best) >= top else 0
        best = [size for size in best if size.gross_profit >= least]
        done, batch = done + batch, 2 * batch
    sized = (_sized_at(market, search[size.row], loan, amount_in=size.amount_in) for size in best)
    return tuple(sorted(sized, key=by_profit)[:top])


def size_rows_of(
    search: CycleSearch, rows: Indices, *, market: Market, loan: Loan
) -> list[RowSize]:
    """Size these cycles of a search, leaving out those that earn nothing; in no useful order.

    Compiled where all pools are of constant product or concentrated, a microsecond or two for each
    cycle; by the pools themselves elsewhere, and where floats cannot nominate an input.
    """
    arrays, trades = trades_of(market, search.graph, search.edges[rows])
    sizes = size_rows(arrays, trades, loan.bulk_terms())
    unknown = rows[sizes.status == UNKNOWN].tolist()
    is_sized = sizes.status == SIZED
    profits, inputs = integers_of(sizes.profits[is_sized]), integers_of(sizes.inputs[is_sized])
    by_pools = (
        RowSize(sized.gross_profit, row, sized.amounts[0])
        for row in unknown
        if (sized := size_with_loan(market, search[row], loan))
    )
    return [*map(RowSize, profits, rows[is_sized].tolist(), inputs), *by_pools]


def size_with_loan(market: Market, cycle: Cycle, loan: Loan) -> SizedCycle | None:
    """Find the most profitable input of one cycle by the pools themselves, as `size_cycle` does."""
    return size_cycle(
        market,
        cycle,
        fee_bps=loan.fee_bps,
        max_input=loan.max_input,
        flash_fee=loan.flash_fee,
    )


def by_profit(sized: SizedCycle) -> tuple[int, Cycle]:
    """Order by profit, greatest first, then by cycle: a total order, whatever the search's."""
    return -sized.gross_profit, sized.cycle


def profit_bounds_float(search: CycleSearch, loan: Loan) -> Floats:
    """Bound the gross profit of each cycle from above, rounding included; infinite if unknown."""
    if search.edges.shape[1] > BOUNDED_HOPS:
        return np.full(len(search), np.inf)
    curves = (search.graph.weights, search.graph.curvatures_float)
    return bounds_of_rows(search.edges, curves, loan.terms_float())


def _sized_at(market: Market, cycle: Cycle, loan: Loan, *, amount_in: int) -> SizedCycle:
    """Quote an input that was decided by the pools themselves: what leaves here is theirs."""
    amounts = quote_cycle(market, cycle, amount_in)
    flash_fee = loan.flash_fee(amount_in, loan.fee_bps)
    return SizedCycle(
        cycle=cycle,
        amounts=amounts,
        flash_fee=flash_fee,
        gross_profit=amounts[-1] - amount_in - flash_fee,
    )
