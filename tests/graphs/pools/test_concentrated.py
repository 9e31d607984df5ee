"""Concentrated pools: swaps against a slow walk, invariants, events, and refused states."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.errors import (
    AmountOutOfRangeError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import INT256_MAX, UINT128_MAX
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.sqrt_price_math import get_amount0_delta_up
from graphs.pools.tick_math import (
    MAX_SQRT_RATIO,
    MIN_SQRT_RATIO,
    MIN_TICK,
    get_sqrt_ratio_at_tick,
)
from graphs.units import Address
from tests.graphs.oracles import RangePool
from tests.graphs.pools.strategies import HIGH, LOW, amounts, empty_pool, funded_pools

OTHER = Address("0x" + "3" * 40)
DIRECTIONS = ((LOW, HIGH), (HIGH, LOW))

directions = st.sampled_from(DIRECTIONS)


def slow_copy(pool: ConcentratedPool) -> RangePool:
    return RangePool(
        fee_pips=pool.fee_pips,
        tick_spacing=pool.tick_spacing,
        price=pool.sqrt_price_x96,
        tick=pool.tick,
        liquidity=pool.liquidity,
        nets=dict(zip(pool.ticks, pool.liquidity_nets, strict=True)),
    )


def quote_or_none(
    pool: ConcentratedPool, pair: tuple[Address, Address], amount_in: int
) -> int | None:
    """The quote, or None where the pool cannot take the whole input."""
    try:
        return pool.amount_out(*pair, amount_in)
    except InsufficientLiquidityError:
        return None


def one_range(liquidity: int = 10**18) -> ConcentratedPool:
    """Liquidity from -600 to 600, the price in the middle."""
    return empty_pool().with_liquidity(-600, 600, liquidity_delta=liquidity)


@given(funded_pools(), directions, amounts())
def test_a_swap_equals_the_slow_walk_over_single_ticks(
    pool: ConcentratedPool, pair: tuple[Address, Address], amount: int
) -> None:
    slow = slow_copy(pool)
    left, expected = slow.sell(amount, zero_for_one=pair == (LOW, HIGH))

    quote = quote_or_none(pool, pair, amount)

    assert quote == (None if left else expected)
    if not left:
        after = pool.after_swap(*pair, amount)
        reached = (after.sqrt_price_x96, after.tick, after.liquidity)
        assert reached == (slow.price, slow.tick, slow.liquidity)


@given(funded_pools(), directions, amounts())
def test_ticks_still_explain_the_liquidity_after_a_swap(
    pool: ConcentratedPool, pair: tuple[Address, Address], amount: int
) -> None:
    pool.check_ticks()
    if quote_or_none(pool, pair, amount) is None:
        return

    after = pool.after_swap(*pair, amount)

    after.check_ticks()
    assert after == pool.with_price(after.sqrt_price_x96, tick=after.tick)


@given(funded_pools(), directions, st.tuples(amounts(), amounts()))
def test_a_bigger_input_never_lowers_the_output(
    pool: ConcentratedPool, pair: tuple[Address, Address], sizes: tuple[int, int]
) -> None:
    amount, more = sizes

    small, big = quote_or_none(pool, pair, amount), quote_or_none(pool, pair, amount + more)

    assert big is None or (small is not None and small <= big)


@given(funded_pools(), directions, amounts())
def test_the_input_for_a_quoted_output_is_at_most_what_was_paid(
    pool: ConcentratedPool, pair: tuple[Address, Address], amount: int
) -> None:
    quote = quote_or_none(pool, pair, amount)

    if quote:
        assert pool.amount_in(*pair, quote) <= amount


@given(funded_pools(), directions, amounts())
def test_the_input_quoted_for_an_output_buys_at_least_that_output(
    pool: ConcentratedPool, pair: tuple[Address, Address], amount: int
) -> None:
    try:
        paid = pool.amount_in(*pair, amount)
    except InsufficientLiquidityError:
        return

    bought = quote_or_none(pool, pair, paid)

    # What drains the pool may leave a unit of input over at the last price.
    assert bought is None or bought >= amount


@given(funded_pools(), directions, amounts())
def test_a_round_trip_never_gains(
    pool: ConcentratedPool, pair: tuple[Address, Address], amount: int
) -> None:
    quote = quote_or_none(pool, pair, amount)
    if not quote:
        return

    back = quote_or_none(pool.after_swap(*pair, amount), (pair[1], pair[0]), quote)

    assert back is not None
    assert back <= amount


@given(funded_pools(), directions, amounts())
def test_no_trade_beats_the_marginal_rate(
    pool: ConcentratedPool, pair: tuple[Address, Address], amount: int
) -> None:
    quote = quote_or_none(pool, pair, amount)

    rate = pool.marginal_rate_float(*pair)

    if quote:
        assert rate > 0
        assert quote / amount <= rate * (1 + 1e-12)


def test_marginal_rate_is_the_price_after_fee() -> None:
    pool = one_range().with_price(2**95, tick=-13_864, liquidity=0)
    inside = replace(one_range(), sqrt_price_x96=get_sqrt_ratio_at_tick(500), tick=500)

    assert pool.marginal_rate_float(LOW, HIGH) == 0.0
    assert inside.marginal_rate_float(LOW, HIGH) == pytest.approx(1.0001**500 * 0.997)
    assert inside.marginal_rate_float(HIGH, LOW) == pytest.approx(1.0001**-500 * 0.997)


@pytest.mark.parametrize(
    ("price_tick", "pair", "rate_tick"),
    [(1200, (LOW, HIGH), 600), (-1200, (HIGH, LOW), -600)],
    ids=["falling-into", "rising-into"],
)
def test_marginal_rate_without_liquidity_is_that_of_the_first_range_ahead(
    price_tick: int, pair: tuple[Address, Address], rate_tick: int
) -> None:
    pool = one_range().with_price(get_sqrt_ratio_at_tick(price_tick), tick=price_tick)
    at_range = get_sqrt_ratio_at_tick(rate_tick) / 2**96

    rate = pool.marginal_rate_float(*pair)

    assert pool.liquidity == 0
    assert rate == pytest.approx(0.997 * (at_range**2 if pair == (LOW, HIGH) else at_range**-2))
    assert pool.marginal_rate_float(*reversed(pair)) == 0.0


def test_marginal_rate_on_the_lower_end_of_the_last_range_is_dry_downwards() -> None:
    pool = one_range().with_price(get_sqrt_ratio_at_tick(-600), tick=-600)

    assert pool.liquidity > 0
    assert pool.marginal_rate_float(LOW, HIGH) == 0.0
    assert pool.marginal_rate_float(HIGH, LOW) > 0


def test_a_price_that_fell_onto_a_tick_keeps_the_tick_below() -> None:
    pool = one_range()
    exact_in = pool.amount_in(LOW, HIGH, one_range_token1_below())

    after = pool.after_swap(LOW, HIGH, exact_in)

    assert after.sqrt_price_x96 == get_sqrt_ratio_at_tick(-600)
    assert (after.tick, after.liquidity) == (-601, 0)
    assert after.marginal_rate_float(LOW, HIGH) == 0.0
    assert after.marginal_rate_float(HIGH, LOW) > 0


def one_range_token1_below() -> int:
    """All the token1 that lies between the middle and the lower end."""
    return 10**18 * (2**96 - get_sqrt_ratio_at_tick(-600)) // 2**96


@pytest.mark.parametrize("pair", DIRECTIONS, ids=["falling", "rising"])
def test_a_pool_without_a_position_is_dry(pair: tuple[Address, Address]) -> None:
    pool = empty_pool()

    assert pool.marginal_rate_float(*pair) == 0.0
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_out(*pair, 1)
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_in(*pair, 1)


@pytest.mark.parametrize(
    ("price", "pair"),
    [
        (MIN_SQRT_RATIO, (LOW, HIGH)),
        (MIN_SQRT_RATIO + 1, (LOW, HIGH)),
        (MAX_SQRT_RATIO - 1, (HIGH, LOW)),
    ],
    ids=["lowest", "lowest-limit", "highest-limit"],
)
def test_at_the_end_of_all_prices_nothing_trades_outwards(
    price: int, pair: tuple[Address, Address]
) -> None:
    pool = empty_pool(sqrt_price_x96=price).with_liquidity(
        -887_220, 887_220, liquidity_delta=10**18
    )

    assert pool.marginal_rate_float(*pair) == 0.0
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_out(*pair, 1)


@pytest.mark.parametrize(
    ("price", "pair", "last_amount"),
    [
        (
            MIN_SQRT_RATIO + 2,
            (LOW, HIGH),
            get_amount0_delta_up(MIN_SQRT_RATIO + 1, MIN_SQRT_RATIO + 2, 2**100),
        ),
        (MAX_SQRT_RATIO - 2, (HIGH, LOW), 2**100 // 2**96),
    ],
    ids=["lowest", "highest"],
)
def test_the_last_price_is_one_unit_inside_the_range_of_ticks(
    price: int, pair: tuple[Address, Address], last_amount: int
) -> None:
    pool = empty_pool(fee_pips=0, tick_spacing=1, sqrt_price_x96=price).with_liquidity(
        MIN_TICK, -MIN_TICK, liquidity_delta=2**100
    )

    after = pool.after_swap(*pair, last_amount)

    assert after.sqrt_price_x96 in {MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1}
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_out(*pair, last_amount + 1)


def test_an_input_that_is_all_fee_buys_nothing_and_moves_nothing() -> None:
    pool = one_range()

    assert pool.amount_out(HIGH, LOW, 1) == 0
    assert pool.after_swap(HIGH, LOW, 1) == pool


def test_a_fall_that_starts_on_the_edge_of_a_bitmap_word_lowers_the_tick_at_once() -> None:
    pool = one_range()

    after = pool.after_swap(LOW, HIGH, 1)

    assert (after.sqrt_price_x96, after.tick) == (pool.sqrt_price_x96, pool.tick - 1)


@pytest.mark.parametrize("amount", [-1, 0, INT256_MAX + 1])
def test_amounts_that_the_contract_refuses_are_refused(amount: int) -> None:
    pool = one_range()

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(AmountOutOfRangeError):
            quote(LOW, HIGH, amount)


@pytest.mark.parametrize(
    ("sold", "bought", "named"),
    [(OTHER, LOW, OTHER), (LOW, OTHER, OTHER), (LOW, LOW, LOW)],
    ids=["sold", "bought", "same"],
)
def test_a_token_that_is_not_traded_is_named(sold: Address, bought: Address, named: str) -> None:
    pool = one_range()

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(UnknownTokenError) as raised:
            quote(sold, bought, 1)
        assert raised.value.token == named


@given(funded_pools(), st.tuples(st.integers(-3, 3), st.integers(1, 5)), st.integers(1, 2**100))
def test_burning_what_was_minted_restores_the_pool(
    pool: ConcentratedPool, position: tuple[int, int], liquidity: int
) -> None:
    lower, width = position
    grid = pool.tick // pool.tick_spacing
    last = -MIN_TICK // pool.tick_spacing
    lower = min(max(grid + lower, -last), last - width)
    ends = (lower * pool.tick_spacing, (lower + width) * pool.tick_spacing)

    minted = pool.with_liquidity(*ends, liquidity_delta=liquidity)

    minted.check_ticks()
    assert (minted.liquidity > pool.liquidity) == (ends[0] <= pool.tick < ends[1])
    assert minted.with_liquidity(*ends, liquidity_delta=-liquidity) == pool


def test_collecting_without_burning_changes_nothing() -> None:
    pool = one_range()

    assert pool.with_liquidity(-60, 60, liquidity_delta=0) is pool


@pytest.mark.parametrize(
    ("lower", "upper"), [(60, 60), (60, 0), (0, 61), (1, 60), (-887_280, 0), (0, 887_280)]
)
def test_positions_that_cannot_exist_are_refused(lower: int, upper: int) -> None:
    with pytest.raises(MalformedPoolError):
        one_range().with_liquidity(lower, upper, liquidity_delta=1)


def test_burning_more_than_was_minted_is_refused() -> None:
    with pytest.raises(AmountOutOfRangeError):
        one_range(5).with_liquidity(-600, 600, liquidity_delta=-6)


@pytest.mark.parametrize(
    "change",
    [
        {"token0": HIGH},
        {"fee_pips": 1_000_000},
        {"fee_pips": -1},
        {"tick_spacing": 0},
        {"tick_spacing": 32_768},
        {"liquidity": -1},
        {"liquidity": UINT128_MAX + 1},
        {"liquidity_nets": ()},
        {"liquidity_grosses": (1,)},
        {"sqrt_price_x96": 0},
        {"sqrt_price_x96": MAX_SQRT_RATIO},
        {"tick": MIN_TICK - 1},
        {"tick": 1},
        {"tick": -2},
    ],
    ids=lambda change: "-".join(f"{name}={value}" for name, value in change.items()),
)
def test_states_that_no_pool_can_hold_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(MalformedPoolError):
        replace(one_range(), **change)  # type: ignore[arg-type]  # wrong on purpose


def test_tick_one_below_a_price_exactly_on_a_tick_is_legal() -> None:
    assert replace(one_range(), tick=-1).sqrt_price_x96 == 2**96


@pytest.mark.parametrize(
    "change",
    [{"liquidity": 5}, {"ticks": (-600, 601)}, {"liquidity_nets": (1, -1)}],
    ids=["liquidity", "grid", "net"],
)
def test_ticks_that_do_not_explain_the_liquidity_are_refused(change: dict[str, object]) -> None:
    pool = replace(one_range(), **change)  # type: ignore[arg-type]  # any field, any value

    with pytest.raises(MalformedPoolError):
        pool.check_ticks()


def test_a_pool_is_atomic_and_names_its_tokens_in_order() -> None:
    pool = one_range()

    assert pool.is_atomic
    assert pool.tokens == (LOW, HIGH)
