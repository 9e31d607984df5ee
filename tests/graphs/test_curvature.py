"""Tests of the curvature: no trade gives more than the curve that it bounds."""

from fractions import Fraction
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from graphs.curvature import curvature_float
from graphs.errors import GraphError
from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.weighted import WeightedPool
from graphs.units import PoolId
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.markets import BASE, UINT112_MAX, A, chain_reserves, pool_of
from tests.graphs.pools.strategies import amounts, fallen_onto_its_tick, funded_pools
from tests.graphs.pools.test_weighted import pools as weighted_pools

SLACK = Fraction(1, 10**9)
"""Share that the floats may be wrong by."""


def outputs_stay_below(pool: Pool, amount_in: int) -> None:
    for token_in, token_out in permutations(pool.tokens, 2):
        rate_float = pool.marginal_rate_float(token_in, token_out)
        rate = Fraction(rate_float) * (1 + SLACK)
        bent = curvature_float(pool, token_in, token_out, rate_float=rate_float)
        curvature = Fraction(bent) * (1 - SLACK)
        try:
            amount_out = pool.amount_out(token_in, token_out, amount_in)
        except GraphError:
            continue
        assert amount_out * (1 + curvature * amount_in) <= rate * amount_in


@given(
    reserves=st.tuples(chain_reserves, chain_reserves),
    fee_pips=st.integers(0, 999_999),
    amount_in=st.integers(1, UINT112_MAX),
)
def test_constant_product_never_gives_more(
    reserves: tuple[int, int], fee_pips: int, amount_in: int
) -> None:
    outputs_stay_below(pool_of("pool", (BASE, A), reserves, fee_pips=fee_pips), amount_in)


@given(pool=funded_pools(), amount_in=amounts())
def test_concentrated_liquidity_never_gives_more(pool: ConcentratedPool, amount_in: int) -> None:
    outputs_stay_below(pool, amount_in)
    outputs_stay_below(fallen_onto_its_tick(pool), amount_in)


@given(pool=weighted_pools(), share=st.floats(0, 0.31), amount_in=amounts())
def test_weighted_pool_never_gives_more(pool: WeightedPool, share: float, amount_in: int) -> None:
    outputs_stay_below(pool, amount_in)
    outputs_stay_below(pool, max(int(share * max(pool.balances)), 1))


def test_weighted_pool_of_equal_weights_gives_nearly_so_much() -> None:
    pool = WeightedPool(
        id=PoolId("0x" + "a" * 64),
        venue="balancer",
        tokens=(BASE, A),
        balances=(10**30, 10**30),
        weights=(ONE // 2, ONE // 2),
        decimals=(18, 18),
        swap_fee=ONE // 1_000,
        has_exact_powers=True,
    )

    curvature = curvature_float(pool, BASE, A, rate_float=0.999)

    assert abs(curvature * 10**30 - 0.999) < SLACK


def test_constant_product_gives_just_so_much() -> None:
    pool = pool_of("pool", (BASE, A), (10**30, 10**30), fee_pips=0)

    curvature = curvature_float(pool, BASE, A, rate_float=1.0)

    assert abs(curvature * 10**30 - 1) < SLACK


def test_unknown_curve_may_be_straight() -> None:
    pool = ConcavePool(inside=pool_of("pool", (BASE, A), (10, 10)))

    assert not curvature_float(pool, BASE, A, rate_float=1.0)
