"""The base fee formula: bounds and monotony over every block, and blocks worked out by hand."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from searcher.base_fee import next_base_fee

BASE_FEES = st.integers(min_value=0, max_value=2**128)
GAS_LIMITS = st.integers(min_value=5_000, max_value=2**63 - 1)


@pytest.mark.parametrize(
    ("base_fee", "gas_used", "gas_limit", "expected"),
    [
        (1_000_000_000, 15_000_000, 30_000_000, 1_000_000_000),
        (1_000_000_000, 30_000_000, 30_000_000, 1_125_000_000),
        (1_000_000_000, 0, 30_000_000, 875_000_000),
        (875_000_000, 420_000, 30_000_000, 768_687_500),
        (7, 30_000_000, 30_000_000, 8),
        (7, 0, 30_000_000, 7),
        (0, 30_000_000, 30_000_000, 1),
    ],
    ids=["target", "full", "empty", "anvil", "raise-by-one", "too-small-to-fall", "from-zero"],
)
def test_next_base_fee_of_a_worked_block(
    *, base_fee: int, gas_used: int, gas_limit: int, expected: int
) -> None:
    child = next_base_fee(base_fee_wei=base_fee, gas_used_gas=gas_used, gas_limit_gas=gas_limit)

    assert child == expected


@given(base_fee=BASE_FEES, gas_limit=GAS_LIMITS, share=st.integers(min_value=0, max_value=100))
@example(base_fee=0, gas_limit=5_000, share=100)
@example(base_fee=2**128, gas_limit=2**63 - 1, share=0)
def test_base_fee_moves_at_most_an_eighth(base_fee: int, gas_limit: int, share: int) -> None:
    gas_used = gas_limit * share // 100

    child = next_base_fee(base_fee_wei=base_fee, gas_used_gas=gas_used, gas_limit_gas=gas_limit)

    # An odd gas limit leaves one gas more above the target than below it.
    rounding = 1 + base_fee // (gas_limit // 2) // 8
    assert 8 * abs(child - base_fee) <= base_fee + 8 * rounding


@given(base_fee=BASE_FEES, gas_limit=GAS_LIMITS, data=st.data())
def test_base_fee_never_falls_when_more_gas_is_used(
    base_fee: int, gas_limit: int, data: st.DataObject
) -> None:
    less = data.draw(st.integers(min_value=0, max_value=gas_limit))
    more = data.draw(st.integers(min_value=less, max_value=gas_limit))

    children = [
        next_base_fee(base_fee_wei=base_fee, gas_used_gas=used, gas_limit_gas=gas_limit)
        for used in (less, more)
    ]

    assert children == sorted(children)


@pytest.mark.parametrize("gas_used", [-1, 30_000_001], ids=["negative", "above-the-limit"])
def test_base_fee_of_an_impossible_block_is_refused(gas_used: int) -> None:
    with pytest.raises(ValueError, match="30000000"):
        next_base_fee(base_fee_wei=1, gas_used_gas=gas_used, gas_limit_gas=30_000_000)
