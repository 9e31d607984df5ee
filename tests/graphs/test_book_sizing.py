"""Tests of sizing along order books: their curves bend at the end of every level."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import accumulate, pairwise
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.cycles import Cycle, Hop
from graphs.errors import AmountOutOfRangeError, GraphError, InsufficientLiquidityError
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.order_book import OrderBookPool
from graphs.quotes import quote_cycle
from graphs.sizing import SizedCycle, size_cycle
from graphs.units import Address, PoolId
from tests.graphs.books import book_of, taker_fees_pips
from tests.graphs.brute_force import rate
from tests.graphs.fixed_rate_pool import FixedRatePool
from tests.graphs.markets import BASE, TOKENS, A, market_of, pool_of, ring_of

Ring = tuple[Market, Cycle]

CAPITAL = 10**27
"""More than any of the rings can take."""

STEPS_OF_A_SEGMENT = 40
"""Cuts of the range between two bends, each by a third; the curve is smooth there."""


def profit(ring: Ring, amount_in: int) -> int:
    """What an input earns; nothing where it is refused."""
    try:
        return quote_cycle(*ring, amount_in)[-1] - amount_in
    except GraphError:
        return 0


def tolerance(ring: Ring, earned: int) -> Fraction:
    """One base unit, one unit of each token on the way in base units, and 1e-12 of the profit."""
    market, cycle = ring
    worth = Fraction(1)
    total = 1 + Fraction(earned, 10**12)
    for hop in reversed(cycle.hops[1:]):
        pool = market.pools[hop.pool_id]
        assert isinstance(pool, ConstantProductPool | OrderBookPool)
        worth *= Fraction(*rate(pool, hop.token_in))
        total += max(worth, Fraction(1))
    return total


def level_ends(pool: Pool, hop: Hop) -> list[int]:
    """The inputs of a book that take whole levels, rounded up."""
    if not isinstance(pool, OrderBookPool):
        return []
    values = (
        [Fraction(level.size) for level in pool.bids]
        if hop.token_in == pool.base
        else [Fraction(level.size * level.price, pool.price_scale) for level in pool.asks]
    )
    return [ceil(taken) for taken in accumulate(values)]


def bends(ring: Ring) -> list[int]:
    """The least inputs of the cycle that end a level, and the first that is too much."""
    market, cycle = ring
    found = [1, least_input_that(lambda amount_in: is_too_much(market, cycle, amount_in))]
    for hops, hop in enumerate(cycle.hops):
        pool = market.pools[hop.pool_id]
        before = Cycle(hops=cycle.hops[:hops])
        found.extend(
            least_input_that(partial(reaches, market, before, amount_out=end))
            for end in level_ends(pool, hop)
        )
    return sorted(set(found))


def least_input_that(holds: Callable[[int], bool]) -> int:
    """Halve the range; what does not hold for all capital ends it."""
    low, high = 0, CAPITAL
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def is_too_much(market: Market, cycle: Cycle, amount_in: int) -> bool:
    try:
        quote_cycle(market, cycle, amount_in)
    except InsufficientLiquidityError:
        return True
    except AmountOutOfRangeError:
        pass  # so little that a hop gives nothing
    return False


def reaches(market: Market, before: Cycle, amount_in: int, *, amount_out: int) -> bool:
    if is_too_much(market, before, amount_in):
        return True
    try:
        return quote_cycle(market, before, amount_in)[-1] >= amount_out
    except AmountOutOfRangeError:
        return False


def best_of(ring: Ring) -> int:
    """The greatest profit: at a bend, beside it, or in the smooth range between two of them."""
    corners = bends(ring)
    beside = [corner + shift for corner in corners for shift in (-2, -1, 0, 1, 2)]
    best = max(profit(ring, amount_in) for amount_in in beside)
    return max([best, *(smooth_best(ring, low, high) for low, high in pairwise(corners))])


def smooth_best(ring: Ring, low: int, high: int) -> int:
    """The greatest profit in a range, by cutting off the third with the worse end."""
    best = 0
    for _ in range(STEPS_OF_A_SEGMENT):
        first, second = (2 * low + high) // 3, (low + 2 * high) // 3
        earned = profit(ring, first), profit(ring, second)
        best = max(best, *earned)
        low, high = (low, second) if earned[0] >= earned[1] else (first, high)
    return best


Side = tuple[Address, int]
"""A token, and the raw units that are worth as much as one whole unit of any other."""


@st.composite
def hops(
    draw: st.DrawFn, *, name: str, sides: tuple[Side, Side], sizes: st.SearchStrategy[int]
) -> ConstantProductPool | OrderBookPool:
    """A pool, or a book either way round, whose best price is good for us and the last is not."""
    (sold, sold_unit), (bought, bought_unit) = sides
    if draw(st.booleans()):
        reserve, gain = draw(sizes) * 10, draw(st.integers(100, 140))
        reserves = reserve * sold_unit, reserve * bought_unit * gain // 100
        return pool_of(name, (sold, bought), reserves)
    prices = draw(st.lists(st.integers(80, 120), min_size=1, max_size=8, unique=True))
    is_base_sold = draw(st.booleans())
    base_unit, quote_unit = (sold_unit, bought_unit) if is_base_sold else (bought_unit, sold_unit)
    levels = tuple((price * quote_unit, draw(sizes) * base_unit) for price in sorted(prices))
    scale = 100 * base_unit
    if is_base_sold:
        book = book_of(name, (sold, bought), bids=levels[::-1], price_scale=scale)
    else:
        book = book_of(name, (bought, sold), asks=levels, price_scale=scale)
    return replace(book, fee_pips=draw(taker_fees_pips))


@st.composite
def rings(draw: st.DrawFn, *, sizes: st.SearchStrategy[int], units: st.SearchStrategy[int]) -> Ring:
    """Two to four hops between tokens of various units."""
    tokens = TOKENS[: draw(st.integers(2, 4))]
    sides = [(token, draw(units)) for token in tokens]
    pools = [
        draw(hops(name=f"exchange:{number}", sides=pair, sizes=sizes))
        for number, pair in enumerate(zip(sides, (*sides[1:], sides[0]), strict=True))
    ]
    return market_of(pools), ring_of(pools, tokens)


token_units = st.integers(0, 18).map(lambda decimals: 10**decimals)


def sized_of(ring: Ring) -> SizedCycle | None:
    return size_cycle(*ring, fee_bps=0, max_input=CAPITAL)


@pytest.mark.slow
@given(ring=rings(sizes=st.integers(1, 100), units=st.just(1)))
def test_no_input_of_a_small_ring_with_books_earns_more(ring: Ring) -> None:
    sized = sized_of(ring)

    best = max(profit(ring, amount_in) for amount_in in range(1, 1_500))
    earned = sized.gross_profit if sized else 0
    assert best - earned <= tolerance(ring, best)


@pytest.mark.slow
@settings(deadline=None)
@given(ring=rings(sizes=st.integers(1, 10**6), units=token_units))
def test_no_input_at_a_bend_or_between_two_earns_more(ring: Ring) -> None:
    sized = sized_of(ring)

    best = best_of(ring)
    earned = sized.gross_profit if sized else 0
    assert best - earned <= tolerance(ring, best)


@given(over=st.integers(0, 999))
def test_last_size_that_a_book_takes_is_found_where_no_input_ends_its_level(over: int) -> None:
    depth = 10**15 + over
    pools: list[Pool] = [
        FixedRatePool(id=PoolId("pool"), tokens=(BASE, A), rates={(BASE, A): (1_000, 1)}),
        book_of("exchange:A/BASE", (A, BASE), bids=((2, depth),), price_scale=1_000),
    ]

    sized = sized_of((market_of(pools), ring_of(pools, (BASE, A))))

    assert sized is not None
    assert sized.amounts == (10**12, 10**15, 2 * 10**12)
