"""The rounding of every curve, over whole words and their edges."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT256_MAX, checked, div_up, mul_div_down, mul_div_up

words = st.integers(0, UINT256_MAX)
denominators = st.integers(1, UINT256_MAX)


@given(words, words, denominators)
@example(UINT256_MAX, UINT256_MAX, UINT256_MAX)
@example(UINT256_MAX, 1, 1)
@example(UINT256_MAX, 2, 1)
@example(0, 0, 1)
def test_mul_div_down_is_the_exact_floor_or_refuses(a: int, b: int, denominator: int) -> None:
    expected = floor(Fraction(a * b, denominator))

    if expected > UINT256_MAX:
        with pytest.raises(AmountOutOfRangeError):
            mul_div_down(a, b, denominator)
    else:
        assert mul_div_down(a, b, denominator) == expected


@given(words, words, denominators)
@example(UINT256_MAX, UINT256_MAX, UINT256_MAX)
@example(UINT256_MAX, UINT256_MAX, UINT256_MAX - 1)
@example(UINT256_MAX, 1, 2)
@example(0, 0, 1)
def test_mul_div_up_is_the_exact_ceiling_or_refuses(a: int, b: int, denominator: int) -> None:
    expected = ceil(Fraction(a * b, denominator))

    if expected > UINT256_MAX:
        with pytest.raises(AmountOutOfRangeError):
            mul_div_up(a, b, denominator)
    else:
        assert mul_div_up(a, b, denominator) == expected


def test_mul_div_up_refuses_what_only_its_rounding_makes_too_wide() -> None:
    operands = (2**256 - 2, 2**255 + 1, 2**255)

    assert mul_div_down(*operands) == UINT256_MAX
    with pytest.raises(AmountOutOfRangeError):
        mul_div_up(*operands)


@pytest.mark.parametrize("divide", [mul_div_down, mul_div_up], ids=["down", "up"])
def test_division_by_zero_is_refused_as_the_contract_refuses(
    divide: Callable[[int, int, int], int],
) -> None:
    with pytest.raises(AmountOutOfRangeError) as raised:
        divide(1, 1, 0)

    assert raised.value.what == "denominator"


@given(words, denominators)
def test_div_up_is_the_exact_ceiling(numerator: int, denominator: int) -> None:
    assert div_up(numerator, denominator) == ceil(Fraction(numerator, denominator))


@pytest.mark.parametrize("value", [-1, 256])
def test_checked_names_the_value_outside_the_range(value: int) -> None:
    with pytest.raises(AmountOutOfRangeError) as raised:
        checked("reserve", value, maximum=255)

    assert (raised.value.what, raised.value.value) == ("reserve", value)


@pytest.mark.parametrize("value", [-128, 0, 127])
def test_checked_returns_the_value_inside_the_range(value: int) -> None:
    assert checked("delta", value, minimum=-128, maximum=127) == value
