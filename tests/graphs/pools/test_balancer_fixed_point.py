"""Arithmetic with 18 decimals over whole words, against exact fractions."""

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT256_MAX
from graphs.pools.balancer_fixed_point import (
    FOUR,
    ONE,
    TWO,
    complement,
    div_down,
    div_up,
    mul_down,
    mul_up,
    pow_down,
    pow_up,
)

words = st.integers(0, 255).flatmap(lambda bits: st.integers(0, 2 ** (bits + 1) - 1))
Operation = Callable[[int, int], int]


def outcome(operation: Operation, a: int, b: int) -> int | None:
    try:
        return operation(a, b)
    except AmountOutOfRangeError:
        return None


def exact_power(x: int, y: int) -> Fraction:
    """The power with sixty digits, in units of the eighteenth decimal."""
    with localcontext(prec=60):
        return Fraction(((Decimal(x) / ONE).ln() * y / ONE).exp() * ONE)


@given(words, words)
@example(0, UINT256_MAX)
@example(1, UINT256_MAX)
@example(2, UINT256_MAX)
@example(1, ONE)
@example(1, ONE + 1)
def test_products_round_as_named_and_fit_in_a_word_before_scaling(a: int, b: int) -> None:
    exact = Fraction(a * b, ONE)
    fits = a * b <= UINT256_MAX

    assert outcome(mul_down, a, b) == (floor(exact) if fits else None)
    assert outcome(mul_up, a, b) == (ceil(exact) if fits else None)


@given(words, words)
@example(0, 0)
@example(0, 1)
@example(UINT256_MAX // ONE, 1)
@example(UINT256_MAX // ONE + 1, 1)
@example(1, ONE + 1)
def test_quotients_round_as_named_and_need_a_dividend_that_fits_scaled(a: int, b: int) -> None:
    legal = b > 0 and a * ONE <= UINT256_MAX
    exact = Fraction(a * ONE, b or 1)

    assert outcome(div_down, a, b) == (floor(exact) if legal else None)
    assert outcome(div_up, a, b) == (ceil(exact) if legal else None)


@given(st.integers(1, 10 * ONE), st.integers(1, 17 * ONE) | st.sampled_from([ONE, TWO, FOUR]))
@example(1, 17 * ONE)
@example(ONE, ONE)
@example(ONE + 1, FOUR)
def test_powers_enclose_the_true_one(x: int, y: int) -> None:
    exact = exact_power(x, y)
    for has_exact_powers in (False, True):
        try:
            low = pow_down(x, y, has_exact_powers=has_exact_powers)
            high = pow_up(x, y, has_exact_powers=has_exact_powers)
        except AmountOutOfRangeError:
            assert exact < 2
            continue
        # Sixty digits cannot tell a result that is exact from its neighbours.
        assert low - exact / 10**50 <= exact <= high + exact / 10**50
        assert high - low <= exact * 5 / 10**14 + 8


@given(st.integers(0, 2**93))
def test_exact_powers_are_products_rounded_as_named(x: int) -> None:
    for power, multiply in ((pow_down, mul_down), (pow_up, mul_up)):
        square = multiply(x, x)
        assert power(x, ONE, has_exact_powers=True) == x
        assert power(x, TWO, has_exact_powers=True) == square
        assert power(x, FOUR, has_exact_powers=True) == multiply(square, square)


def test_without_exact_powers_even_an_exponent_of_one_has_the_error_of_logarithms() -> None:
    # The power plus or minus one part in 10^14 of it and one unit.
    assert pow_up(ONE, ONE, has_exact_powers=False) == ONE + 10_001
    assert pow_down(ONE, ONE, has_exact_powers=False) == ONE - 10_001


def test_a_power_within_the_error_of_zero_is_zero_when_rounded_down() -> None:
    assert pow_down(0, ONE, has_exact_powers=False) == 0
    assert pow_up(0, ONE, has_exact_powers=False) == 1


@pytest.mark.parametrize(
    ("x", "expected"), [(0, ONE), (1, ONE - 1), (ONE, 0), (ONE + 1, 0), (UINT256_MAX, 0)]
)
def test_a_complement_is_never_below_zero(x: int, expected: int) -> None:
    assert complement(x) == expected
