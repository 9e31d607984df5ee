"""Order books: quotes against exact fractions, never above the best price, and what is left."""

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import (
    AmountOutOfRangeError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.pools.order_book import Level, OrderBookPool
from graphs.units import PIPS, Address, PoolId

BASE = Address("0x" + "b" * 40)
QUOTE = Address("0x" + "a" * 40)
OTHER = Address("0x" + "c" * 40)
DIRECTIONS = ((BASE, QUOTE), (QUOTE, BASE))

directions = st.sampled_from(DIRECTIONS)


def book(
    *,
    bids: tuple[tuple[int, int], ...] = ((250_000, 3 * 10**18), (249_900, 10**18)),
    asks: tuple[tuple[int, int], ...] = ((250_100, 2 * 10**18), (250_500, 10**19)),
    price_scale: int = 10**14,
    fee_pips: int = 1000,
) -> OrderBookPool:
    """Ether in dollars of six decimals: prices in cents, 10^4 raw dollars for 10^18 wei."""
    return OrderBookPool(
        id=PoolId("exchange:ETH-USDC"),
        venue="exchange",
        base=BASE,
        quote=QUOTE,
        price_scale=price_scale,
        bids=tuple(Level(*level) for level in bids),
        asks=tuple(Level(*level) for level in asks),
        fee_pips=fee_pips,
    )


def sizes() -> st.SearchStrategy[int]:
    """From one unit, small ones as likely as large ones."""
    return st.integers(0, 100).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1)))


@st.composite
def books(draw: st.DrawFn) -> OrderBookPool:
    """Up to ten levels, shared among the sides, at any scale."""
    prices = sorted(draw(st.lists(sizes(), max_size=10, unique=True)))
    levels = tuple((price, draw(sizes())) for price in prices)
    best_ask = draw(st.integers(0, len(levels)))
    return book(
        bids=levels[:best_ask][::-1],
        asks=levels[best_ask:],
        price_scale=draw(sizes()),
        fee_pips=draw(st.sampled_from([0, 1, 1000, 2600, 500_000, PIPS - 1])),
    )


def sold_for(pool: OrderBookPool, pair: tuple[Address, Address], amount: int) -> int | None:
    """Cut the amount into fills one after the other, in fractions; None beyond the book."""
    scale, kept = pool.price_scale, 1 - Fraction(pool.fee_pips, PIPS)
    if pair == (BASE, QUOTE):
        offers = [(Fraction(size), Fraction(price, scale)) for price, size in pool.bids]
    else:
        offers = [
            (Fraction(size * price, scale), Fraction(scale, price)) for price, size in pool.asks
        ]
    left, got = Fraction(amount), Fraction(0)
    for capacity, rate in offers:
        taken = min(left, capacity)
        left, got = left - taken, got + taken * rate
    if left >= 1:
        return None
    return floor(got * kept) if pair == (BASE, QUOTE) else floor(floor(got) * kept)


def quote_or_none(pool: OrderBookPool, pair: tuple[Address, Address], amount: int) -> int | None:
    try:
        return pool.amount_out(*pair, amount)
    except InsufficientLiquidityError:
        return None


@given(books(), directions, sizes())
@example(book(), (BASE, QUOTE), 4 * 10**18)
@example(book(), (BASE, QUOTE), 4 * 10**18 + 1)
@example(book(), (QUOTE, BASE), 2 * 2_501_000_000 + 10 * 2_505_000_000)
@example(book(), (QUOTE, BASE), 2 * 2_501_000_000 + 10 * 2_505_000_000 + 1)
@example(book(asks=((250_100, 10**18 + 1),)), (QUOTE, BASE), 2_501_000_001)
def test_quote_equals_the_fills_in_fractions_rounded_down(
    pool: OrderBookPool, pair: tuple[Address, Address], amount: int
) -> None:
    assert quote_or_none(pool, pair, amount) == sold_for(pool, pair, amount)


@given(books(), directions, sizes())
@example(book(bids=((1, 9),), asks=(), price_scale=1, fee_pips=0), (BASE, QUOTE), 5)
def test_input_for_an_output_is_the_least_that_buys_it(
    pool: OrderBookPool, pair: tuple[Address, Address], amount: int
) -> None:
    try:
        paid = pool.amount_in(*pair, amount)
    except InsufficientLiquidityError:
        everything = _depth(pool, pair)
        assert everything == 0 or pool.amount_out(*pair, everything) < amount
        return

    assert pool.amount_out(*pair, paid) >= amount
    assert paid == 1 or pool.amount_out(*pair, paid - 1) < amount


def _depth(pool: OrderBookPool, pair: tuple[Address, Address]) -> int:
    """All that the levels take."""
    if pair == (BASE, QUOTE):
        return sum(level.size for level in pool.bids)
    return ceil(Fraction(sum(price * size for price, size in pool.asks), pool.price_scale))


@given(books(), directions, sizes())
def test_no_trade_beats_the_best_level(
    pool: OrderBookPool, pair: tuple[Address, Address], amount: int
) -> None:
    quote = quote_or_none(pool, pair, amount)

    if quote:
        assert Fraction(quote, amount) <= _best_rate(pool, pair)


@given(books(), directions)
def test_marginal_rate_is_the_best_level_within_a_part_in_two_to_the_40(
    pool: OrderBookPool, pair: tuple[Address, Address]
) -> None:
    exact = _best_rate(pool, pair)

    rate = Fraction(pool.marginal_rate_float(*pair))

    assert abs(rate - exact) <= exact / 2**40


def _best_rate(pool: OrderBookPool, pair: tuple[Address, Address]) -> Fraction:
    kept = 1 - Fraction(pool.fee_pips, PIPS)
    if pair == (BASE, QUOTE):
        return kept * Fraction(pool.bids[0].price, pool.price_scale) if pool.bids else Fraction(0)
    return kept * Fraction(pool.price_scale, pool.asks[0].price) if pool.asks else Fraction(0)


@given(books(), directions, st.tuples(sizes(), sizes()))
def test_a_trade_in_two_parts_gains_nothing_and_loses_only_rounding(
    pool: OrderBookPool, pair: tuple[Address, Address], parts: tuple[int, int]
) -> None:
    first, second = parts
    whole = quote_or_none(pool, pair, first + second)
    if whole is None:
        return

    left = pool.after_swap(*pair, first)
    split = pool.amount_out(*pair, first) + (quote_or_none(left, pair, second) or 0)

    left.check_levels()
    # The fee rounds once more, and when buying, quote that buys no further unit is left twice.
    assert whole - (1 if pair == (BASE, QUOTE) else 2) <= split <= whole


@given(books(), directions, sizes())
def test_what_is_left_is_what_was_not_traded(
    pool: OrderBookPool, pair: tuple[Address, Address], amount: int
) -> None:
    if quote_or_none(pool, pair, amount) is None:
        return
    sells_base = pair == (BASE, QUOTE)

    left = pool.after_swap(*pair, amount)

    met, other = ("bids", "asks") if sells_base else ("asks", "bids")
    gone = sum(level.size for level in getattr(pool, met)) - sum(
        level.size for level in getattr(left, met)
    )
    assert getattr(left, other) == getattr(pool, other)
    assert (
        gone == amount
        if sells_base
        else gone * (PIPS - pool.fee_pips) // PIPS == (pool.amount_out(*pair, amount))
    )


@given(books(), directions, sizes())
def test_level_ends_around_an_amount_are_the_nearest_inputs_that_take_whole_levels(
    pool: OrderBookPool, pair: tuple[Address, Address], amount: int
) -> None:
    side, taken, ends = "asks" if pair == (QUOTE, BASE) else "bids", Fraction(0), []
    for price, size in getattr(pool, side):
        taken += size if side == "bids" else Fraction(price * size, pool.price_scale)
        ends.append(ceil(taken))

    found = pool.level_ends(*pair, amount)

    below, above = [end for end in ends if end < amount], [end for end in ends if end > amount]
    assert found == (*below[-1:], *above[:1])


def test_quotes_of_a_book_in_cents_are_what_the_exchange_shows() -> None:
    pool = book()

    # Three ether at 2500.00 and one at 2499.00, less a tenth of a per cent.
    assert pool.amount_out(BASE, QUOTE, 4 * 10**18) == 9_999_000_000 * 999 // 1000
    assert pool.amount_in(QUOTE, BASE, 999 * 10**15) == 2_501_000_000
    assert pool.marginal_rate_float(BASE, QUOTE) == pytest.approx(2500 * 0.999e-12)


def test_a_level_that_was_taken_whole_is_gone() -> None:
    pool = book()

    assert pool.after_swap(BASE, QUOTE, 3 * 10**18).bids == pool.bids[1:]
    assert pool.after_swap(QUOTE, BASE, 5_002_000_000).asks == pool.asks[1:]


@pytest.mark.parametrize("pair", DIRECTIONS, ids=["selling", "buying"])
def test_an_empty_side_is_dry(pair: tuple[Address, Address]) -> None:
    pool = book(bids=(), asks=())

    assert pool.marginal_rate_float(*pair) == 0.0
    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(InsufficientLiquidityError):
            quote(*pair, 10**9)


@pytest.mark.parametrize("pair", DIRECTIONS, ids=["selling", "buying"])
@pytest.mark.parametrize("amount", [-1, 0])
def test_no_amount_is_refused(pair: tuple[Address, Address], amount: int) -> None:
    pool = book()

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(AmountOutOfRangeError):
            quote(*pair, amount)


@pytest.mark.parametrize(
    ("sold", "bought", "named"),
    [(OTHER, BASE, OTHER), (BASE, OTHER, OTHER), (QUOTE, QUOTE, QUOTE)],
    ids=["sold", "bought", "same"],
)
def test_a_token_that_is_not_traded_is_named(sold: Address, bought: Address, named: str) -> None:
    pool = book()

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap, pool.level_ends):
        with pytest.raises(UnknownTokenError) as raised:
            quote(sold, bought, 1)
        assert raised.value.token == named


@pytest.mark.parametrize(
    "change",
    [
        {"base": QUOTE},
        {"fee_pips": -1},
        {"fee_pips": PIPS},
        {"price_scale": 0},
        {"price_scale": 2**256},
        {"bids": (Level(250_100, 1),)},
    ],
    ids=["one-asset", "negative-fee", "whole-fee", "no-scale", "scale", "crossed"],
)
def test_books_that_no_exchange_shows_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(MalformedPoolError):
        replace(book(), **change)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        (((2, 1), (3, 1)), ()),
        (((2, 1), (2, 1)), ()),
        ((), ((3, 1), (2, 1))),
        ((), ((3, 1), (3, 1))),
        (((2, 0),), ()),
        (((0, 1),), ()),
        ((), ((2**256, 1),)),
        ((), ((1, 2**256),)),
    ],
    ids=["rising", "same-bid", "falling", "same-ask", "no-size", "no-price", "price", "size"],
)
def test_levels_out_of_order_or_range_are_found_out(
    bids: tuple[tuple[int, int], ...], asks: tuple[tuple[int, int], ...]
) -> None:
    with pytest.raises(MalformedPoolError):
        book(bids=bids, asks=asks).check_levels()


def test_a_book_is_not_atomic_and_names_base_before_quote() -> None:
    book().check_levels()

    assert not book().is_atomic
    assert book().tokens == (BASE, QUOTE)
