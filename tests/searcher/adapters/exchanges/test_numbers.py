"""Decimals on the wire become integers without loss, and nothing else becomes one."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from searcher.adapters.exchanges.wire_numbers import scaled
from searcher.errors import WireError

decimals = st.builds(
    lambda whole, fraction: f"{whole}.{fraction}" if fraction else whole,
    st.text("0123456789", min_size=1, max_size=20),
    st.text("0123456789", max_size=18),
)


@given(text=decimals, places=st.integers(0, 18))
@example(text="0.10000000", places=1)
@example(text="10000000000000.000000000000001", places=15)
@example(text="10000000000000.000000000000001", places=0)
def test_a_decimal_is_exact_or_refused_when_it_is_finer(text: str, places: int) -> None:
    exact = Fraction(text) * 10**places

    if exact.denominator == 1:
        assert scaled(text, places) == int(exact)
    else:
        with pytest.raises(WireError):
            scaled(text, places)


@given(text=st.text(max_size=60))
@example(text="-1")
@example(text="1_0")
@example(text=" 1")
@example(text="٣")
@example(text="1e999999999")
@example(text="")
@example(text=".5")
def test_what_is_no_decimal_is_refused(text: str) -> None:
    try:
        value = scaled(text, 18)
    except WireError:
        return
    assert value >= 0
    assert value == Fraction(text) * 10**18


def test_an_exponent_is_read() -> None:
    assert scaled("1.5e-7", 8) == 15
