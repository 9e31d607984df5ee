"""Gaps between exchanges and the chain: signals, which are recorded and never sent.

Pure: the books of a moment join the pools of a block in one Market, the same search and the same
exact sizing find the cycles across at least one book, and each becomes a record of where its asset
would be sold and bought back, for how much, and how old the books were.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from graphs.market import Market
from graphs.pools.order_book import OrderBookPool
from graphs.signals import Signal, SignalKind, best_signals, find_book_cycles
from graphs.token_graph import TokenGraph
from graphs.units import Address, PoolId
from searcher.exchange_books import ShownBook

MAX_HOPS: Final = 4
MAX_CYCLES: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSearch:
    """What is looked for."""

    base: Address
    """The asset that is sold and bought back."""

    capital: int
    """What may be sold of it, in raw units."""

    max_hops: int = MAX_HOPS
    """Of a cycle."""

    max_cycles: int = MAX_CYCLES
    """That are listed; `truncated` says that there were more."""

    top: int = 1
    """Signals that are kept, the most profitable first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSignal:
    """A cycle across a book that would leave more of its asset than it took."""

    block_number: int
    """After which the pools were so."""

    block_hash: str
    """Of that block."""

    kind: SignalKind
    """Whether it needs the chain."""

    asset: Address
    """What is sold and bought back."""

    sell_venue: str
    """Where the asset is sold first."""

    buy_venue: str
    """Where it is bought back at last."""

    pools: tuple[PoolId, ...]
    """Of each hop."""

    venues: tuple[str, ...]
    """Of each hop."""

    amounts: tuple[int, ...]
    """The input, then the output of each hop, in raw units: one longer than the hops."""

    fees: tuple[int, ...]
    """What the exchange keeps of each hop, in raw units of what is received; 0 on chain, where a
    pool's own fee is part of its amounts."""

    expected_profit: int
    """Last amount minus first, after these fees; before gas, withdrawals and whatever moves."""

    oldest_age_ns: int
    """Since the last message about the oldest book of the cycle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSignals:
    """The result of one search."""

    signals: tuple[ExchangeSignal, ...]
    """Greatest profit first."""

    truncated: bool
    """Whether there were more cycles than were listed."""


def with_books(market: Market, books: Sequence[ShownBook]) -> Market:
    """The Market with the books as pools that are not atomic. No book of these may be crossed."""
    tokens = {
        token.address: token for book in books for token in (book.market.base, book.market.quote)
    }
    pools = [book.to_pool() for book in books]
    return replace(market.with_pools(pools), tokens={**tokens, **market.tokens})


def find_signals(
    market: Market, books: Sequence[ShownBook], search: SignalSearch, *, now_ns: int
) -> FoundSignals:
    """Every profitable cycle from the base across a book, the best of them as records."""
    joined = with_books(market, books)
    graph = TokenGraph.from_market(joined, with_books=True)
    if not books or search.base not in graph.topology.token_index:
        return FoundSignals(signals=(), truncated=False)
    found = find_book_cycles(
        joined, graph, search.base, max_hops=search.max_hops, limit=search.max_cycles
    )
    best = best_signals(joined, found, capital=search.capital, top=search.top)
    ages = {book.market.id: book.age_ns(now_ns) for book in books}
    return FoundSignals(
        signals=tuple(_record(joined, signal, ages) for signal in best), truncated=found.truncated
    )


def _record(market: Market, signal: Signal, ages: dict[PoolId, int]) -> ExchangeSignal:
    pools = signal.cycle.pool_ids
    return ExchangeSignal(
        block_number=market.block_number,
        block_hash=market.block_hash,
        kind=signal.kind,
        asset=signal.cycle.base,
        sell_venue=signal.venues[0],
        buy_venue=signal.venues[-1],
        pools=tuple(pools),
        venues=signal.venues,
        amounts=signal.amounts,
        fees=_fees(market, signal),
        expected_profit=signal.gross_profit,
        oldest_age_ns=max(ages[pool] for pool in pools if pool in ages),
    )


def _fees(market: Market, signal: Signal) -> tuple[int, ...]:
    """By quoting each book once more without its fee."""
    fees = []
    for hop, (amount_in, amount_out) in zip(
        signal.cycle.hops, pairwise(signal.amounts), strict=True
    ):
        pool = market.pools[hop.pool_id]
        fee = 0
        if isinstance(pool, OrderBookPool):
            free = replace(pool, fee_pips=0)
            fee = free.amount_out(hop.token_in, hop.token_out, amount_in) - amount_out
        fees.append(fee)
    return tuple(fees)
