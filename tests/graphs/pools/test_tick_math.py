"""Ticks and prices: the published limits, exact powers, and the consistency of both directions."""

from math import isqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import AmountOutOfRangeError
from graphs.pools.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    get_sqrt_ratio_at_tick,
    get_tick_at_sqrt_ratio,
)
from tests.graphs.oracles import greatest_tick_not_above

ticks = st.integers(MIN_TICK, MAX_TICK)
prices = st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)


@pytest.mark.parametrize(
    ("tick", "sqrt_price_x96"),
    [
        (MIN_TICK, MIN_SQRT_RATIO),
        (MIN_TICK + 1, 4_295_343_490),
        (-1, 79_224_201_403_219_477_170_569_942_574),
        (0, 2**96),
        (1, 79_232_123_823_359_799_118_286_999_568),
        (MAX_TICK - 1, 1_461_373_636_630_004_318_706_518_188_784_493_106_690_254_656_249),
        (MAX_TICK, MAX_SQRT_RATIO),
    ],
)
def test_published_ratio_of_tick(tick: int, sqrt_price_x96: int) -> None:
    assert get_sqrt_ratio_at_tick(tick) == sqrt_price_x96


@given(st.integers(-60_000, 60_000))
def test_ratio_is_the_power_to_one_part_in_2_to_the_64(tick: int) -> None:
    numerator, denominator = (10_001, 10_000) if tick >= 0 else (10_000, 10_001)
    power_x192 = (numerator ** abs(tick) << 192) // denominator ** abs(tick)

    root_x96 = isqrt(power_x192)

    assert abs(get_sqrt_ratio_at_tick(tick) - root_x96) <= (root_x96 >> 64) + 2


@given(ticks)
@example(MIN_TICK)
@example(MAX_TICK - 1)
def test_ratio_rises_with_every_tick(tick: int) -> None:
    above = min(tick + 1, MAX_TICK)

    assert tick == MAX_TICK or get_sqrt_ratio_at_tick(tick) < get_sqrt_ratio_at_tick(above)


@given(prices)
@example(MIN_SQRT_RATIO)
@example(MAX_SQRT_RATIO - 1)
def test_tick_is_the_greatest_whose_ratio_is_not_above_the_price(price: int) -> None:
    assert get_tick_at_sqrt_ratio(price) == greatest_tick_not_above(price)


@given(st.integers(MIN_TICK, MAX_TICK - 1))
@example(MIN_TICK)
@example(MAX_TICK - 1)
@example(0)
def test_tick_of_its_own_ratio_is_itself_and_one_unit_less_is_the_tick_below(tick: int) -> None:
    price = get_sqrt_ratio_at_tick(tick)

    assert get_tick_at_sqrt_ratio(price) == tick
    assert tick == MIN_TICK or get_tick_at_sqrt_ratio(price - 1) == tick - 1


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_tick_out_of_range_is_refused(tick: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        get_sqrt_ratio_at_tick(tick)


@pytest.mark.parametrize("price", [0, MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO, 2**160])
def test_price_out_of_range_is_refused(price: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        get_tick_at_sqrt_ratio(price)
