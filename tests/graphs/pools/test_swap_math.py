"""One step of a swap: it never overshoots, never overcharges, and pays exactly what it reached."""

from math import isqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.fixed_point import UINT128_MAX
from graphs.pools.sqrt_price_math import (
    Q96,
    get_amount0_delta_down,
    get_amount0_delta_up,
    get_amount1_delta_down,
    get_amount1_delta_up,
)
from graphs.pools.swap_math import (
    SwapStep,
    compute_swap_step_exact_in,
    compute_swap_step_exact_out,
)
from graphs.pools.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO

prices = st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)
liquidities = st.integers(0, UINT128_MAX)
amounts = st.integers(1, UINT128_MAX)
fees = st.sampled_from([0, 1, 100, 500, 3000, 10_000, 999_999])


def amounts_between(current: int, step: SwapStep, liquidity: int) -> tuple[int, int]:
    """What the curve takes in and gives out on the way to where the step ended."""
    low, high = sorted((current, step.sqrt_price_x96))
    if step.sqrt_price_x96 <= current:
        taken = get_amount0_delta_up(low, high, liquidity)
        return taken, get_amount1_delta_down(low, high, liquidity)
    taken = get_amount1_delta_up(low, high, liquidity)
    return taken, get_amount0_delta_down(low, high, liquidity)


@given(st.tuples(prices, prices), liquidities, st.tuples(amounts, fees))
@example((Q96, Q96), 10**18, (1, 3000))
@example((Q96, Q96 + 1), 0, (1, 3000))
@example((Q96, Q96 - 1), 1, (1, 999_999))
@example((Q96, Q96 * 2), UINT128_MAX, (1, 3000))
def test_exact_input_step_reaches_its_target_or_takes_the_whole_input(
    span: tuple[int, int], liquidity: int, amount_and_fee: tuple[int, int]
) -> None:
    (current, target), (amount, fee_pips) = span, amount_and_fee
    step = compute_swap_step_exact_in(
        current, target, liquidity=liquidity, amount_remaining=amount, fee_pips=fee_pips
    )

    taken, given_out = amounts_between(current, step, liquidity)
    assert min(current, target) <= step.sqrt_price_x96 <= max(current, target)
    assert step.amount_out == given_out
    assert taken <= step.amount_in <= amount
    assert step.sqrt_price_x96 == target or step.amount_in == amount
    if step.sqrt_price_x96 == target:
        assert step.amount_in == -(-taken * 10**6 // (10**6 - fee_pips))


@given(st.tuples(prices, prices), liquidities, st.tuples(amounts, fees))
@example((Q96, Q96), 10**18, (1, 3000))
@example((Q96, Q96 + 1), 0, (1, 3000))
@example((Q96, MIN_SQRT_RATIO), 1, (1, 3000))
def test_exact_output_step_reaches_its_target_or_gives_the_whole_output(
    span: tuple[int, int], liquidity: int, amount_and_fee: tuple[int, int]
) -> None:
    (current, target), (amount, fee_pips) = span, amount_and_fee
    step = compute_swap_step_exact_out(
        current, target, liquidity=liquidity, amount_remaining=amount, fee_pips=fee_pips
    )

    taken, given_out = amounts_between(current, step, liquidity)
    assert min(current, target) <= step.sqrt_price_x96 <= max(current, target)
    assert step.amount_out == min(given_out, amount)
    assert step.amount_in == -(-taken * 10**6 // (10**6 - fee_pips))
    assert step.sqrt_price_x96 == target or step.amount_out == amount


@given(st.tuples(prices, prices), liquidities, st.tuples(amounts, fees))
def test_the_input_charged_for_an_output_buys_it(
    span: tuple[int, int], liquidity: int, amount_and_fee: tuple[int, int]
) -> None:
    (current, target), (amount, fee_pips) = span, amount_and_fee
    bought = compute_swap_step_exact_out(
        current, target, liquidity=liquidity, amount_remaining=amount, fee_pips=fee_pips
    )
    if not bought.amount_in:
        return

    paid = compute_swap_step_exact_in(
        current,
        target,
        liquidity=liquidity,
        amount_remaining=bought.amount_in,
        fee_pips=fee_pips,
    )

    assert paid.amount_out >= bought.amount_out


def root_x96(numerator: int, denominator: int) -> int:
    return isqrt((numerator << 192) // denominator)


# Expected numbers of test/SwapMath.spec.ts in Uniswap v3-core 1.0.1; input includes the fee.
@pytest.mark.parametrize(
    ("target", "amount_in", "amount_out"),
    [
        (root_x96(101, 100), 9_975_124_224_178_055 + 5_988_667_735_148, 9_925_619_580_021_728),
        (root_x96(1000, 100), 10**18, 666_399_946_655_997_866),
    ],
    ids=["capped-at-target", "fully-spent"],
)
def test_published_exact_input_step(target: int, amount_in: int, amount_out: int) -> None:
    step = compute_swap_step_exact_in(
        Q96, target, liquidity=2 * 10**18, amount_remaining=10**18, fee_pips=600
    )

    assert (step.amount_in, step.amount_out) == (amount_in, amount_out)


@pytest.mark.parametrize(
    ("target", "amount_in", "amount_out"),
    [
        (root_x96(101, 100), 9_975_124_224_178_055 + 5_988_667_735_148, 9_925_619_580_021_728),
        (root_x96(10_000, 100), 2 * 10**18 + 1_200_720_432_259_356, 10**18),
    ],
    ids=["capped-at-target", "fully-received"],
)
def test_published_exact_output_step(target: int, amount_in: int, amount_out: int) -> None:
    step = compute_swap_step_exact_out(
        Q96, target, liquidity=2 * 10**18, amount_remaining=10**18, fee_pips=600
    )

    assert (step.amount_in, step.amount_out) == (amount_in, amount_out)


def test_published_step_whose_whole_input_is_fee() -> None:
    step = compute_swap_step_exact_in(
        2413,
        79_887_613_182_836_312,
        liquidity=1_985_041_575_832_132_834_610_021_537_970,
        amount_remaining=10,
        fee_pips=1872,
    )

    assert step == SwapStep(2413, 10, 0)
