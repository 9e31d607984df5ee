"""Bounds of gas add up; that they hold is for the real contracts to say (tests/integration)."""

from hypothesis import given
from hypothesis import strategies as st

from graphs.pools.base import Pool
from graphs.units import PoolId
from searcher.flash_lenders import LenderKind
from searcher.gas_bounds import HOP_GAS, LOAN_GAS, gas_bound
from tests.graphs.fixed_rate_pool import FixedRatePool
from tests.searcher.records import CHEAP, concentrated, constant_product

POOLS: tuple[Pool, ...] = (constant_product(CHEAP, 10**20, 10**20), concentrated())


@given(kind=st.sampled_from(LenderKind), pools=st.lists(st.sampled_from(POOLS), max_size=8))
def test_bound_is_that_of_the_loan_and_of_each_pool(kind: LenderKind, pools: list[Pool]) -> None:
    each = [gas_bound(kind, [pool]) - LOAN_GAS[kind] for pool in pools]

    assert gas_bound(kind, pools) == LOAN_GAS[kind] + sum(each)


def test_pool_of_an_unknown_kind_is_charged_as_the_dearest() -> None:
    unknown = FixedRatePool(id=PoolId("0x01"), tokens=(), rates={})

    assert gas_bound(LenderKind.NONE, [unknown]) == LOAN_GAS[LenderKind.NONE] + max(
        gas for _, gas in HOP_GAS
    )
