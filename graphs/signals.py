"""Cycles that cross an exchange's order book: signals, which are recorded and never sent.

Separate from the ranking because nothing here is an opportunity: an exchange settles on its own, so
such a cycle is not atomic, and what one of its hops gives is not there when the next one trades.
What a signal says is what its hops would give, each at the state of the Market, after all fees.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.cycles import Cycle
from graphs.market import Market
from graphs.ranking import Loan, best_cycles
from graphs.sizing import SizedCycle
from graphs.token_graph import TokenGraph
from graphs.units import Address


class SignalKind(StrEnum):
    """Where the hops of a signal trade."""

    CEX_CEX = "CEX/CEX"
    """On exchanges alone, be it one or several."""

    CEX_DEX = "CEX/DEX"
    """Some on an exchange and some on chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A profitable cycle across a book, with its best sizes. Not atomic: never to be sent."""

    cycle: Cycle
    """What would be traded."""

    amounts: tuple[int, ...]
    """The input, then the output of each hop, in raw units: one longer than the hops."""

    venues: tuple[str, ...]
    """Of each hop."""

    on_exchange: tuple[bool, ...]
    """Whether each hop meets an order book; one at least does."""

    gross_profit: int
    """Last amount minus first amount, in raw units of the base, after the fees of all venues.

    Before gas, withdrawal fees, and whatever prices do while transfers are under way.
    """

    @property
    def kind(self) -> SignalKind:
        """Whether it needs the chain."""
        return SignalKind.CEX_CEX if all(self.on_exchange) else SignalKind.CEX_DEX


def find_book_cycles(
    market: Market, graph: TokenGraph, base: Address, *, max_hops: int, limit: int
) -> CycleSearch:
    """Find every simple cycle from the base across a book whose marginal product is above one.

    The graph is one of this Market with books; another has no such cycle. The limit, and
    `truncated`, are those of `find_cycles`: cycles on chain alone are found first, then left out.

    Raises:
        ValueError: `max_hops` is out of the search's range.
    """
    found = find_cycles(graph, base, max_hops=max_hops, limit=limit)
    topology = graph.topology
    is_book = np.array(
        [not market.pools[pool_id].is_atomic for pool_id in topology.pools], np.bool_
    )
    crosses = (is_book[topology.edge_pool][found.edges] & (found.edges >= 0)).any(axis=1)
    return replace(found, edges=found.edges[crosses], weights=found.weights[crosses])


def best_signals(
    market: Market, search: CycleSearch, *, capital: int, top: int
) -> tuple[Signal, ...]:
    """Size what `find_book_cycles` found, and keep the most profitable, greatest profit first.

    No lender takes part, so the input is own capital: at most `capital` raw units of the base.
    """
    own = Loan(fee_bps=0, max_input=capital)
    return tuple(_signal(market, sized) for sized in best_cycles(market, search, own, top=top))


def _signal(market: Market, sized: SizedCycle) -> Signal:
    pools = [market.pools[pool_id] for pool_id in sized.cycle.pool_ids]
    return Signal(
        cycle=sized.cycle,
        amounts=sized.amounts,
        venues=tuple(pool.venue for pool in pools),
        on_exchange=tuple(not pool.is_atomic for pool in pools),
        gross_profit=sized.gross_profit,
    )
