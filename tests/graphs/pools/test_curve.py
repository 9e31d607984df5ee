"""Curve's StableSwap pools against the exact curve and against prices that the chain recorded."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import (
    AmountOutOfRangeError,
    GraphError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import UINT256_MAX
from graphs.pools.curve import FEE_DENOMINATOR, PRECISION, CurvePool
from graphs.pools.curve_math import Curve, get_d
from graphs.units import Address, PoolId
from tests.graphs.pools.recorded_amm import (
    curve_pool,
    exact_invariant,
    exact_slope,
    recorded_amm,
    recorded_tripool,
)

TOKENS = tuple(Address("0x" + str(digit) * 40) for digit in range(8, 0, -1))
LOW, HIGH, OTHER = TOKENS[0], TOKENS[1], Address("0x" + "f" * 40)
RELATIVE_ERROR = 2**-50
CIRCLING = 960_539_945_904_509_530_867
"""What sBTC's own bytecode goes on with after 255 steps that never settle."""

amounts = st.integers(0, 111).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1)))


def pool_of(*balances: int, amplification: int = 200, fee: int = 4_000_000) -> CurvePool:
    return CurvePool(
        id=PoolId("0x" + "a" * 40),
        venue="curve",
        tokens=TOKENS[: len(balances)],
        balances=balances,
        rates=(PRECISION,) * len(balances),
        amplification=amplification,
        a_precision=1,
        reverts_unsettled=False,
        fee=fee,
        admin_fee=5 * 10**9,
    )


@st.composite
def pools(draw: st.DrawFn, *, least_worth: int = 10**15) -> CurvePool:
    """Two to eight tokens of uneven decimals and rates, up to a millionfold out of balance."""
    count = draw(st.integers(2, 8))
    worth = draw(st.integers(least_worth, 10**25))
    rates = draw(st.lists(st.integers(10**18, 10**30), min_size=count, max_size=count))
    shares = draw(st.lists(st.integers(1, 10**6), min_size=count, max_size=count))
    precision = draw(st.sampled_from([1, 100]))
    held = (worth * share * PRECISION // rate for share, rate in zip(shares, rates, strict=True))
    return replace(
        pool_of(*(max(balance, 1) for balance in held)),
        rates=tuple(rates),
        amplification=draw(st.integers(1, 10**4)) * precision,
        a_precision=precision,
        reverts_unsettled=draw(st.booleans()),
        fee=draw(st.integers(0, 10**9)),
        admin_fee=draw(st.integers(0, FEE_DENOMINATOR)),
    )


def amplification_of(pool: CurvePool) -> Fraction:
    return Fraction(pool.amplification, pool.a_precision)


def quote_or_none(pool: CurvePool, dx: int) -> int | None:
    try:
        return pool.amount_out(LOW, HIGH, dx)
    except GraphError:
        return None


@given(pools())
@example(pool_of(10**18, 10**18))
@example(pool_of(10**9, 10**27, amplification=1))
def test_the_invariant_is_the_exact_one(pool: CurvePool) -> None:
    balances = pool._scaled()
    exact = exact_invariant(balances, amplification_of(pool))

    try:
        found = get_d(balances, curve_of(pool)._replace(reverts_unsettled=False))
    except AmountOutOfRangeError:
        assert first_step_overflows(balances)
        return

    # The error of every step grows with the imbalance.
    assert abs(found - exact) <= exact.scaleb(-12) + len(balances) + 1


def first_step_overflows(balances: tuple[int, ...]) -> bool:
    """Whether a product of the first step, where D is the sum, is wider than a word."""
    total = sum(balances)
    product = total
    for balance in balances:
        if product * total > UINT256_MAX:
            return True
        product = product * total // (balance * len(balances))
    return product * total * len(balances) > UINT256_MAX


def curve_of(pool: CurvePool) -> Curve:
    return Curve(pool.amplification, pool.a_precision, pool.reverts_unsettled)


def test_an_iteration_that_circles_is_refused_where_the_contract_reverts() -> None:
    balances = (562_400_000_000 * 10**10, 400_000_000 * 10**10, 10**18)
    first = Curve(amplification=100, precision=1, reverts_unsettled=False)

    assert get_d(balances, first) == CIRCLING
    with pytest.raises(AmountOutOfRangeError):
        get_d(balances, first._replace(reverts_unsettled=True))


@given(pools(), st.data())
def test_the_marginal_rate_is_the_slope_of_the_exact_curve(
    pool: CurvePool, data: st.DataObject
) -> None:
    sold, bought = data.draw(st.permutations(range(len(pool.tokens))))[:2]
    slope = exact_slope(pool._scaled(), amplification_of(pool), (sold, bought))
    kept = Decimal(FEE_DENOMINATOR - pool.fee) / FEE_DENOMINATOR
    exact = slope * kept * pool.rates[sold] / pool.rates[bought]

    rate = pool.marginal_rate_float(pool.tokens[sold], pool.tokens[bought])

    assert rate == pytest.approx(float(exact), rel=RELATIVE_ERROR, abs=0)


@given(pools(), amounts, amounts)
def test_a_bigger_input_never_lowers_the_output(pool: CurvePool, dx: int, more: int) -> None:
    small, big = quote_or_none(pool, dx), quote_or_none(pool, dx + more)

    assert small is None or big is None or big >= small


@given(pools(least_worth=10**21), amounts)
def test_the_invariant_never_falls_but_for_rounding(pool: CurvePool, dx: int) -> None:
    before = exact_invariant(pool._scaled(), amplification_of(pool))
    try:
        after = replace(pool, admin_fee=0).after_swap(LOW, HIGH, dx)
    except GraphError:
        return

    # The contract finds the invariant to a unit for each of its truncated divisions, of which there
    # are two for each token, and the balance to two; out of balance, each weighs some units.
    now = exact_invariant(after._scaled(), amplification_of(pool))
    # The difference is exact; either side less a few units would be rounded to 28 digits.
    assert before - now <= 8 * len(pool.tokens)


@given(pools(), amounts)
def test_the_state_after_a_swap_is_short_of_the_admins_fee(pool: CurvePool, dx: int) -> None:
    quote = quote_or_none(pool, dx)
    if quote is None:
        return

    after = pool.after_swap(LOW, HIGH, dx)
    without = replace(pool, admin_fee=0).after_swap(LOW, HIGH, dx)

    assert without.balances == (pool.balances[0] + dx, pool.balances[1] - quote, *pool.balances[2:])
    assert 0 <= without.balances[1] - after.balances[1] <= quote + 1
    assert after.balances[0] == without.balances[0]


@given(pools(), st.integers(1, 999))
def test_the_input_for_an_output_buys_it_and_one_unit_less_does_not(
    pool: CurvePool, share: int
) -> None:
    output = max(pool.balances[1] * share // 1000, 1)
    try:
        paid = pool.amount_in(LOW, HIGH, output)
    except GraphError:
        return

    assert pool.amount_out(LOW, HIGH, paid) >= output
    assert (quote_or_none(pool, paid - 1) or 0) < output


@given(pools(), st.integers(1, 999))
def test_the_input_for_a_quoted_output_is_no_more_than_was_paid(
    pool: CurvePool, share: int
) -> None:
    dx = max(pool.balances[0] * share // 100, 1)
    quote = quote_or_none(pool, dx)
    if not quote:
        return

    assert pool.amount_in(LOW, HIGH, quote) <= dx


def test_the_recorded_virtual_price_of_3pool_follows_from_the_invariant() -> None:
    state, pool = recorded_amm("1/curve_tripool_block_24407242"), recorded_tripool()

    invariant = get_d(pool._scaled(), curve_of(pool))

    assert invariant * PRECISION // state["lp_token_total_supply"] == state["virtual_price"]


def test_sixteen_recorded_virtual_prices_of_3pool_follow_from_the_invariant() -> None:
    recorded = recorded_amm("1/curve_metapool_rai_3crv_multiblock_18850030_18850480")
    for state in recorded["states"].values():
        pairs = zip(state["base_balances"], (PRECISION, 10**30, 10**30), strict=True)
        scaled = tuple(balance * rate // PRECISION for balance, rate in pairs)

        invariant = get_d(scaled, Curve(state["base_a"], 1, reverts_unsettled=False))

        price = invariant * PRECISION // state["base_lp_token_total_supply"]
        assert price == state["base_virtual_price_own"]


def test_a_recorded_metapool_quotes_its_own_two_coins_at_their_rates() -> None:
    state = recorded_amm("1/curve_metapool_rai_3crv_block_25144000")
    rates = (state["redemption_price"], state["base_virtual_price"])
    pool = curve_pool(state, state["balances"], rates, a_precision=100)
    rai, share = pool.tokens

    paid = pool.amount_in(rai, share, 10**20)

    assert pool.amount_out(rai, share, paid) >= 10**20 > pool.amount_out(rai, share, paid - 1)
    assert paid * pool.marginal_rate_float(rai, share) == pytest.approx(10**20, rel=1e-2)


def test_3pool_trades_one_to_one_but_for_the_fee_and_its_imbalance() -> None:
    pool = recorded_tripool()
    dai, usdc, usdt = pool.tokens

    assert pool.amount_out(dai, usdc, 10**24) == pytest.approx(10**12, rel=1e-3)
    assert pool.amount_in(usdc, usdt, 10**12) == pytest.approx(10**12, rel=1e-3)
    assert pool.marginal_rate_float(usdt, dai) < pool.marginal_rate_float(dai, usdt) * 10**24


@pytest.mark.parametrize("balances", [(0, 0), (0, 10**18), (10**18, 0)])
def test_an_empty_balance_is_dry(balances: tuple[int, int]) -> None:
    pool = pool_of(*balances)

    assert pool.marginal_rate_float(LOW, HIGH) == 0.0
    with pytest.raises(AmountOutOfRangeError):
        pool.amount_out(LOW, HIGH, 10**6)
    with pytest.raises(GraphError):
        pool.amount_in(LOW, HIGH, 10**6)


@pytest.mark.parametrize("amount", [0, -1, 2**240])
def test_an_input_that_is_nothing_or_wider_than_a_word_is_refused(amount: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        pool_of(10**18, 10**18).amount_out(LOW, HIGH, amount)


@pytest.mark.parametrize("amount", [0, -1])
def test_buying_nothing_is_refused(amount: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        pool_of(10**18, 10**18).amount_in(LOW, HIGH, amount)


@pytest.mark.parametrize("amount", [10**18, 10**18 - 1])
def test_the_whole_balance_cannot_be_bought(amount: int) -> None:
    with pytest.raises(InsufficientLiquidityError):
        pool_of(10**18, 10**18).amount_in(LOW, HIGH, amount)


@pytest.mark.parametrize(
    ("sold", "bought", "named"),
    [(OTHER, LOW, OTHER), (LOW, OTHER, OTHER), (LOW, LOW, LOW)],
    ids=["sold", "bought", "same"],
)
def test_a_token_that_is_not_traded_is_named(sold: Address, bought: Address, named: str) -> None:
    pool = pool_of(10**18, 10**18)

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(UnknownTokenError) as raised:
            quote(sold, bought, 1)
        assert raised.value.token == named
    with pytest.raises(UnknownTokenError):
        pool.marginal_rate_float(sold, bought)


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": (LOW,)},
        {"tokens": (LOW, LOW)},
        {"balances": (1,)},
        {"balances": (1, -1)},
        {"balances": (1, 2**240)},
        {"rates": (PRECISION, 0)},
        {"a_precision": 10},
        {"amplification": 0},
        {"amplification": 10**6 + 1},
        {"fee": -1},
        {"fee": 5 * 10**9 + 1},
        {"admin_fee": 10**10 + 1},
    ],
    ids=str,
)
def test_states_that_no_pool_can_hold_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedPoolError):
        replace(pool_of(10**18, 10**18), **change)


def test_a_pool_is_atomic() -> None:
    assert pool_of(1, 1).is_atomic
