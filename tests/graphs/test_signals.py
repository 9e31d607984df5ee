"""Tests of signals: every cycle across a book is one, sized and told apart, and no other cycle."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import find_cycles
from graphs.cycles import Cycle
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.order_book import OrderBookPool
from graphs.quotes import quote_cycle
from graphs.signals import Signal, SignalKind, best_signals, find_book_cycles
from graphs.sizing import size_cycle
from graphs.token_graph import TokenGraph
from tests.graphs.books import book_lists, book_of, small_books
from tests.graphs.brute_force import profitable_cycles
from tests.graphs.markets import (
    BASE,
    UINT112_MAX,
    A,
    B,
    market_of,
    pool_lists,
    pool_of,
    ring_of,
    small_reserves,
)

MAX_HOPS = 4
NO_LIMIT = 10**6

kernels_may_load = settings(deadline=None)
"""The first search in a process loads the kernels from disk, or compiles them."""

Pools = list[ConstantProductPool | OrderBookPool]

mixed_pools: st.SearchStrategy[Pools] = st.tuples(
    pool_lists(reserves=small_reserves, max_size=8), book_lists()
).flatmap(lambda both: st.permutations([*both[0], *both[1]]))


def crosses_book(market: Market, cycle: Cycle) -> bool:
    return any(isinstance(market.pools[hop.pool_id], OrderBookPool) for hop in cycle.hops)


def book_cycles(market: Market, graph: TokenGraph) -> list[Cycle]:
    return list(find_book_cycles(market, graph, BASE, max_hops=MAX_HOPS, limit=NO_LIMIT))


def signals_of(market: Market) -> tuple[Signal, ...]:
    graph = TokenGraph.from_market(market, with_books=True)
    search = find_book_cycles(market, graph, BASE, max_hops=MAX_HOPS, limit=NO_LIMIT)
    return best_signals(market, search, capital=UINT112_MAX, top=len(search))


@kernels_may_load
@given(pools=mixed_pools, is_pruned=st.booleans())
def test_every_profitable_cycle_across_a_book_is_found_and_no_other(
    pools: Pools, *, is_pruned: bool
) -> None:
    market = market_of(pools)
    compiled = TokenGraph.pruned if is_pruned else TokenGraph.from_market

    found = book_cycles(market, compiled(market, with_books=True))

    expected = profitable_cycles(pools, BASE, MAX_HOPS)
    assert sorted(found) == sorted(cycle for cycle in expected if crosses_book(market, cycle))


@kernels_may_load
@given(pools=mixed_pools, is_pruned=st.booleans())
def test_graph_without_books_yields_neither_a_signal_nor_a_cycle_across_one(
    pools: Pools, *, is_pruned: bool
) -> None:
    market = market_of(pools)
    graph = (TokenGraph.pruned if is_pruned else TokenGraph.from_market)(market)

    found = list(find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=NO_LIMIT))

    assert book_cycles(market, graph) == []
    on_chain = [pool for pool in pools if pool.is_atomic]
    assert sorted(found) == sorted(profitable_cycles(on_chain, BASE, MAX_HOPS))


@given(pools=mixed_pools, is_pruned=st.booleans(), data=st.data())
def test_refreshed_graph_keeps_its_books(
    pools: Pools, *, is_pruned: bool, data: st.DataObject
) -> None:
    market = market_of(pools)
    compiled = TokenGraph.pruned if is_pruned else TokenGraph.from_market
    books = [pool for pool in pools if isinstance(pool, OrderBookPool)]
    touched = data.draw(st.lists(st.sampled_from(books), unique_by=id)) if books else []
    emptied = [replace(book, bids=()) for book in touched]
    listed = data.draw(st.lists(small_books(name="new:0"), max_size=1))
    after = market.with_pools([*emptied, *listed])

    graph = compiled(market, with_books=True).refreshed(after, after.pools)

    assert graph.weights.tolist() == compiled(after, with_books=True).weights.tolist()


@kernels_may_load
@given(pools=mixed_pools)
def test_signals_are_the_profitable_sizes_in_order_with_what_each_hop_gives(pools: Pools) -> None:
    market = market_of(pools)
    found = book_cycles(market, TokenGraph.from_market(market, with_books=True))
    sized = [size_cycle(market, cycle, fee_bps=0, max_input=UINT112_MAX) for cycle in found]

    signals = signals_of(market)

    assert {signal.cycle for signal in signals} == {best.cycle for best in sized if best}
    profits = [signal.gross_profit for signal in signals]
    assert profits == sorted(profits, reverse=True)
    for signal in signals:
        amounts = signal.amounts
        assert amounts == quote_cycle(market, signal.cycle, amounts[0])
        assert signal.gross_profit == amounts[-1] - amounts[0] > 0


@kernels_may_load
@given(pools=mixed_pools)
def test_signal_tells_where_each_hop_trades(pools: Pools) -> None:
    market = market_of(pools)

    for signal in signals_of(market):
        traded = [market.pools[pool_id] for pool_id in signal.cycle.pool_ids]
        assert signal.venues == tuple(pool.venue for pool in traded)
        assert signal.on_exchange == tuple(isinstance(pool, OrderBookPool) for pool in traded)
        assert (signal.kind is SignalKind.CEX_CEX) == all(signal.on_exchange)


@kernels_may_load
@given(capital=st.integers(1, 30))
def test_signal_stays_within_the_capital(capital: int) -> None:
    books = [
        book_of("cheap:A/BASE", (A, BASE), asks=((2, 10),)),
        book_of("dear:A/BASE", (A, BASE), bids=((3, 10),)),
    ]
    market = market_of(books)
    graph = TokenGraph.from_market(market, with_books=True)
    search = find_book_cycles(market, graph, BASE, max_hops=2, limit=NO_LIMIT)

    signals = best_signals(market, search, capital=capital, top=1)

    bought = min(capital // 2, 10)
    assert [signal.amounts for signal in signals] == [(2 * bought, bought, 3 * bought)][:bought]


def test_gap_between_a_pool_and_an_exchange_is_a_signal_after_the_fees_of_both() -> None:
    pool = pool_of("pool", (BASE, A), (10**12, 10**12), fee_pips=3_000)
    book = replace(
        book_of("kraken:A/BASE", (A, BASE), bids=((105, 10**9),), price_scale=100), fee_pips=2_600
    )

    (signal,) = signals_of(market_of([pool, book]))

    assert signal.cycle == ring_of([pool, book], (BASE, A))
    assert (signal.kind, signal.on_exchange) == (SignalKind.CEX_DEX, (False, True))
    # The book takes no more, and one unit less of the base would buy less than it takes.
    spent, bought, back = signal.amounts
    assert bought == 10**9
    assert spent == pool.amount_in(BASE, A, 10**9)
    assert back == 10**9 * 105 // 100 * 9_974 // 10_000


def test_triangle_of_one_exchange_is_a_signal_of_exchanges_alone() -> None:
    books = [
        book_of("kraken:A/BASE", (A, BASE), asks=((2, 100),)),
        book_of("kraken:A/B", (A, B), bids=((3, 100),)),
        book_of("kraken:B/BASE", (B, BASE), bids=((1, 300),)),
    ]

    (signal,) = signals_of(market_of(books))

    assert signal.cycle == ring_of(books, (BASE, A, B))
    assert signal.amounts == (200, 100, 300, 300)
    assert signal.venues == ("kraken",) * 3
    assert signal.kind is SignalKind.CEX_CEX


def test_base_that_nothing_trades_has_no_signal() -> None:
    market = market_of([book_of("kraken:A/B", (A, B), bids=((3, 100),))])

    assert signals_of(market) == ()
