"""Powers by logarithm, against the same powers with sixty digits."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import INT256_MAX
from graphs.pools.log_exp_math import pow_near

ONE = 10**18
DIGITS = 60

# Bases on either side of where the logarithm is taken with 36 decimals, and of one.
BASES = (1, ONE * 9 // 10, ONE * 9 // 10 + 1, ONE - 1, ONE, ONE + 1, ONE * 11 // 10 - 1, 2 * ONE)


@st.composite
def powers(draw: st.DrawFn) -> tuple[int, int]:
    """Bases of every size, and exponents whose power the contract's range can hold."""
    base = draw(st.sampled_from(BASES) | st.integers(0, 254).flatmap(_of_bits))
    logarithm = abs(float(_logarithm(base, ONE)))
    most = (130 if base >= ONE else 41) / max(logarithm, 1e-18) * 0.999_999
    share = draw(st.integers(0, 2**60)) / 2**60
    return base, int(min(most * share, 1e38) * 1e18)


def _of_bits(bits: int) -> st.SearchStrategy[int]:
    return st.integers(2**bits, 2 ** (bits + 1) - 1)


def _logarithm(base: int, exponent: int) -> Decimal:
    """The natural logarithm of the power."""
    with localcontext(prec=DIGITS):
        return (Decimal(base) / ONE).ln() * exponent / ONE


@given(powers())
@example((ONE, 0))
@example((1, ONE * 98 // 100))
@example((INT256_MAX, ONE // 2))
@example((ONE * 9 // 10, 389 * ONE))
@example((ONE * 11 // 10, 1363 * ONE))
def test_a_power_is_off_by_at_most_one_part_in_ten_to_the_fourteenth(
    power: tuple[int, int],
) -> None:
    near = pow_near(*power)

    with localcontext(prec=DIGITS):
        exact = _logarithm(*power).exp() * ONE
        assert abs(near - exact) <= exact / 10**14 + 1


@given(st.integers(1, INT256_MAX), st.integers(0, 2**254 // 10**20 - 1))
@example(ONE, 2**254 // 10**20 - 1)
def test_a_power_is_refused_where_its_logarithm_is_outside_of_the_range(
    base: int, exponent: int
) -> None:
    logarithm = _logarithm(base, exponent)
    # The contract's logarithm has 18 decimals, so a power this close may fall on either side.
    doubt = Decimal(exponent) / ONE / 10**16
    assume(all(abs(logarithm - bound) > doubt for bound in (-41, 130)))

    if -41 < logarithm < 130:
        assert pow_near(base, exponent) >= 0
    else:
        with pytest.raises(AmountOutOfRangeError):
            pow_near(base, exponent)


@pytest.mark.parametrize("exponent", [1, ONE, 2**254])
def test_zero_to_any_positive_power_is_zero(exponent: int) -> None:
    assert pow_near(0, exponent) == 0


@pytest.mark.parametrize("base", [0, 1, ONE, 2**256 - 1])
def test_any_base_to_the_power_of_zero_is_one(base: int) -> None:
    assert pow_near(base, 0) == ONE


@pytest.mark.parametrize(
    ("base", "exponent"),
    [(INT256_MAX + 1, 1), (ONE, 2**254 // 10**20)],
    ids=["base", "exponent"],
)
def test_arguments_that_a_signed_word_cannot_hold_are_refused(base: int, exponent: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        pow_near(base, exponent)
