"""Weighted quotes over all balances, weights and decimals, against the curve with eighty digits."""

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise, permutations

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
from graphs.fixed_point import UINT112_MAX
from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.weighted import (
    MAX_IN_RATIO,
    MAX_OUT_RATIO,
    MAX_SWAP_FEE,
    MIN_SWAP_FEE,
    MIN_WEIGHT,
    WeightedPool,
)
from graphs.units import Address, PoolId
from tests.graphs.pools.recorded_weighted import RECORDED_POOLS, recorded_weighted_pool

TOKENS = tuple(Address(f"0x{index:040x}") for index in range(1, 9))
SOLD, BOUGHT = TOKENS[:2]
OTHER = Address("0x" + "f" * 40)
DIGITS = 80

# What a power rounded against the trader may cost, as a share of the balance it multiplies: twice
# the error of logarithms, and the last decimal of the base times the greatest exponent.
POWER_LOSS = Fraction(2, 10**14) + Fraction(300, 10**18)

fees = st.integers(MIN_SWAP_FEE, MAX_SWAP_FEE)
parts = st.integers(1, 2**64) | st.integers(0, 64).map(lambda bits: 2**bits)
EXACT_SHAPES = ((50, 50), (80, 20), (20, 80), (50, 25, 25), (25, 50, 25))


def pool_of(*balances: int, weights: tuple[int, ...] | None = None) -> WeightedPool:
    """A pool of version 3 with 18 decimals, in equal parts unless told."""
    count = len(balances)
    return WeightedPool(
        id=PoolId("0x" + "a" * 64),
        venue="balancer-v2",
        tokens=TOKENS[:count],
        balances=balances,
        weights=weights or (ONE // count,) * count,
        decimals=(18,) * count,
        swap_fee=3 * 10**15,
        has_exact_powers=True,
    )


def amounts() -> st.SearchStrategy[int]:
    """Of every size that a balance of the Vault can have, from one."""
    return st.integers(0, 111).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1) - 1))


@st.composite
def weights(draw: st.DrawFn, count: int) -> tuple[int, ...]:
    """Shares of at least one per cent, one in sum."""
    spare = ONE - count * MIN_WEIGHT
    cuts = sorted(draw(st.lists(st.integers(0, spare), min_size=count - 1, max_size=count - 1)))
    return tuple(MIN_WEIGHT + high - low for low, high in pairwise([0, *cuts, spare]))


@st.composite
def pools(draw: st.DrawFn) -> WeightedPool:
    shape = draw(st.sampled_from(EXACT_SHAPES) | st.none())
    count = len(shape) if shape else draw(st.integers(2, 8))
    shares = tuple(part * MIN_WEIGHT for part in shape) if shape else draw(weights(count))
    return replace(
        pool_of(*[draw(amounts()) for _ in range(count)], weights=shares),
        decimals=tuple(draw(st.integers(0, 18)) for _ in range(count)),
        swap_fee=draw(fees),
        has_exact_powers=draw(st.booleans()),
    )


def part_of(balance: int, part: int) -> int:
    """Up to about a third of the balance, and one at least."""
    return max(balance * part * 2 // (5 * 2**64), 1)


def in_or_none(pool: WeightedPool, amount_out: int) -> int | None:
    try:
        return pool.amount_in(SOLD, BOUGHT, amount_out)
    except GraphError:
        return None


def out_or_none(pool: WeightedPool, amount_in: int) -> int | None:
    try:
        return pool.amount_out(SOLD, BOUGHT, amount_in)
    except GraphError:
        return None


def exact_out(pool: WeightedPool, amount_in: Fraction) -> Fraction:
    """What the curve gives for an input after the fee: y * (1 - (x / (x + dx))^(wx / wy))."""
    balance = pool.balances[0]
    with localcontext(prec=DIGITS):
        added = Decimal(amount_in.numerator) / Decimal(amount_in.denominator)
        growth = (balance / (balance + added)).ln() * pool.weights[0] / pool.weights[1]
        return Fraction((1 - growth.exp()) * pool.balances[1])


def exact_in(pool: WeightedPool, amount_out: int) -> Fraction:
    """What the curve asks for an output, before the fee: x * ((y / (y - dy))^(wy / wx) - 1)."""
    balance = Decimal(pool.balances[1])
    with localcontext(prec=DIGITS):
        growth = (balance / (balance - amount_out)).ln() * pool.weights[1] / pool.weights[0]
        return Fraction((growth.exp() - 1) * pool.balances[0])


@given(pools(), parts)
@example(pool_of(10**18, 10**18), 1)
@example(pool_of(10**24, UINT112_MAX, weights=(99 * MIN_WEIGHT, MIN_WEIGHT)), 2**63)
@example(pool_of(UINT112_MAX // 2, 10**24, weights=(MIN_WEIGHT, 99 * MIN_WEIGHT)), 2**62)
def test_a_quote_is_the_curves_output_less_at_most_the_margin_of_a_power(
    pool: WeightedPool, part: int
) -> None:
    paid = part_of(pool.balances[0], part)
    quote = out_or_none(pool, paid)
    if quote is None:
        return

    fee = Fraction(pool.swap_fee, ONE)
    # The fee is rounded up, to nothing left of a small input.
    most, least = exact_out(pool, paid * (1 - fee)), exact_out(pool, paid * (1 - fee) - 1)

    assert quote <= most
    assert quote >= least - pool.balances[1] * POWER_LOSS - 2


@given(pools(), parts)
@example(pool_of(10**18, 10**18), 1)
@example(pool_of(10**24, UINT112_MAX, weights=(99 * MIN_WEIGHT, MIN_WEIGHT)), 2**63)
@example(pool_of(10**24, 10**24, weights=(MIN_WEIGHT, 99 * MIN_WEIGHT)), 2**63)
def test_an_exact_output_costs_the_curves_input_and_at_most_the_margin_of_a_power(
    pool: WeightedPool, part: int
) -> None:
    bought = part_of(pool.balances[1], part)
    paid = in_or_none(pool, bought)
    if paid is None:
        return

    exact, fee = exact_in(pool, bought), Fraction(pool.swap_fee, ONE)
    margin = (exact + pool.balances[0]) * POWER_LOSS + 2

    assert paid >= exact / (1 - fee)
    assert paid <= (exact + margin) / (1 - fee) + 1


@given(pools(), parts)
def test_the_weighted_product_never_falls(pool: WeightedPool, part: int) -> None:
    paid = part_of(pool.balances[0], part)
    if out_or_none(pool, paid) is None:
        return

    after = pool.after_swap(SOLD, BOUGHT, paid)

    with localcontext(prec=DIGITS):
        growth = sum(
            (Decimal(new) / old).ln() * weight
            for new, old, weight in zip(after.balances, pool.balances, pool.weights, strict=True)
        )
    assert growth >= 0


@given(pools(), parts)
def test_a_swap_moves_the_whole_input_and_the_quote_and_nothing_else(
    pool: WeightedPool, part: int
) -> None:
    paid = part_of(pool.balances[0], part)
    quote = out_or_none(pool, paid)
    if quote is None:
        return

    after = pool.after_swap(SOLD, BOUGHT, paid)

    first, second, *others = pool.balances
    assert after.balances == (first + paid, second - quote, *others)
    assert replace(after, balances=pool.balances) == pool


@given(pools(), parts, parts)
def test_a_bigger_input_lowers_the_output_by_no_more_than_the_noise_of_a_power(
    pool: WeightedPool, part: int, more: int
) -> None:
    small = part_of(pool.balances[0], part)
    low, high = out_or_none(pool, small), out_or_none(pool, small + more)
    if low is None or high is None:
        return

    is_whole = pool.weights[0] in [power * pool.weights[1] for power in (1, 2, 4)]
    noise = 0 if is_whole and pool.has_exact_powers else pool.balances[1] * 200 // 10**18 + 1
    assert high >= low - noise


@given(pools(), parts)
def test_the_input_for_an_output_buys_it_but_for_the_margin_of_a_power(
    pool: WeightedPool, part: int
) -> None:
    bought = part_of(pool.balances[1], part)
    paid = in_or_none(pool, bought)
    got = None if paid is None else out_or_none(pool, paid)

    # The fee on the way in is rounded up once more, which costs the output of one unit.
    unit = Fraction(pool.marginal_rate_float(SOLD, BOUGHT)) * 2
    assert got is None or got >= bought - pool.balances[1] * POWER_LOSS - unit - 2


@given(pools(), parts)
def test_selling_and_buying_back_never_gains(pool: WeightedPool, part: int) -> None:
    paid = part_of(pool.balances[0], part)
    quote = out_or_none(pool, paid)
    if not quote:
        return

    after = pool.after_swap(SOLD, BOUGHT, paid)
    try:
        returned = after.amount_out(BOUGHT, SOLD, quote)
    except GraphError:
        return

    assert returned <= paid


@given(pools(), amounts())
@example(pool_of(1, UINT112_MAX, weights=(99 * MIN_WEIGHT, MIN_WEIGHT)), 1)
@example(pool_of(UINT112_MAX, 1, weights=(MIN_WEIGHT, 99 * MIN_WEIGHT)), 1)
def test_the_marginal_rate_is_the_slope_of_the_curve_to_forty_bits(
    pool: WeightedPool, dx: int
) -> None:
    step = Fraction(pool.balances[0], 10**30)
    slope = exact_out(pool, step) / step * (1 - Fraction(pool.swap_fee, ONE))
    rate = Fraction(pool.marginal_rate_float(SOLD, BOUGHT))
    quote = out_or_none(pool, dx)

    assert abs(rate - slope) < slope / 2**40
    assert quote is None or quote <= slope * dx * (1 + Fraction(1, 10**27))


@given(pools(), parts)
def test_the_order_of_the_tokens_changes_no_quote(pool: WeightedPool, part: int) -> None:
    mirror = replace(
        pool,
        balances=pool.balances[::-1],
        weights=pool.weights[::-1],
        decimals=pool.decimals[::-1],
    )
    paid = part_of(pool.balances[0], part)
    quote = out_or_none(pool, paid)

    if quote is not None:
        assert mirror.amount_out(pool.tokens[-1], pool.tokens[-2], paid) == quote


@pytest.mark.parametrize("balance", [10, 10**6, 10**24])
def test_more_than_three_tenths_of_a_balance_is_refused_on_either_side(balance: int) -> None:
    pool = replace(pool_of(balance, balance), swap_fee=MIN_SWAP_FEE)
    most_in = balance * MAX_IN_RATIO // ONE
    most_out = balance * MAX_OUT_RATIO // ONE
    # The fee of at most a millionth is rounded up.
    taxed = most_in * 10**6 // (10**6 - 1) + 1

    assert pool.amount_out(SOLD, BOUGHT, taxed) > 0
    assert pool.amount_in(SOLD, BOUGHT, most_out) > 0
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_out(SOLD, BOUGHT, taxed + 1)
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_in(SOLD, BOUGHT, most_out + 1)


@pytest.mark.parametrize("amount", [0, -1])
def test_trading_nothing_is_refused_as_the_vault_refuses(amount: int) -> None:
    pool = pool_of(10**20, 10**20)

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(AmountOutOfRangeError):
            quote(SOLD, BOUGHT, amount)


def test_a_balance_wider_than_the_vaults_word_is_refused() -> None:
    pool = pool_of(UINT112_MAX - 10, UINT112_MAX)

    assert pool.amount_out(SOLD, BOUGHT, 10) >= 0
    with pytest.raises(AmountOutOfRangeError):
        pool.amount_out(SOLD, BOUGHT, 11)
    with pytest.raises(AmountOutOfRangeError):
        pool.amount_in(SOLD, BOUGHT, 10)


def test_an_input_that_fills_the_vaults_word_is_quoted_and_one_more_is_refused() -> None:
    # So small a share of the balance that the price is the same one unit further on.
    bought = 10**6
    paid = pool_of(UINT112_MAX - 10**17, 10**24).amount_in(SOLD, BOUGHT, bought)
    full = UINT112_MAX - paid

    assert pool_of(full, 10**24).amount_in(SOLD, BOUGHT, bought) == paid
    with pytest.raises(AmountOutOfRangeError):
        pool_of(full + 1, 10**24).amount_in(SOLD, BOUGHT, bought)


def test_an_empty_pool_is_dry() -> None:
    pool = pool_of(0, 0)

    assert pool.marginal_rate_float(SOLD, BOUGHT) == 0.0
    # One unit is all fee, so that only the division by an empty balance is refused.
    for amount in (1, 2):
        with pytest.raises((AmountOutOfRangeError, InsufficientLiquidityError)):
            pool.amount_out(SOLD, BOUGHT, amount)
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_in(SOLD, BOUGHT, 1)


@pytest.mark.parametrize(
    ("sold", "bought", "named"),
    [(OTHER, SOLD, OTHER), (SOLD, OTHER, OTHER), (SOLD, SOLD, SOLD)],
    ids=["sold", "bought", "same"],
)
def test_a_token_that_is_not_traded_is_named(sold: Address, bought: Address, named: str) -> None:
    pool = pool_of(10**20, 10**20)

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(UnknownTokenError) as raised:
            quote(sold, bought, 1)
        assert raised.value.token == named
    with pytest.raises(UnknownTokenError):
        pool.marginal_rate_float(sold, bought)


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": (SOLD,), "balances": (1,), "weights": (ONE,), "decimals": (18,)},
        {"tokens": (BOUGHT, SOLD)},
        {"tokens": (SOLD, SOLD)},
        {"balances": (1, 1, 1)},
        {"balances": (-1, 1)},
        {"balances": (1, UINT112_MAX + 1)},
        {"weights": (ONE // 2, ONE // 2 - 1)},
        {"weights": (MIN_WEIGHT - 1, ONE - MIN_WEIGHT + 1)},
        {"decimals": (19, 18)},
        {"decimals": (-1, 18)},
        {"swap_fee": MIN_SWAP_FEE - 1},
        {"swap_fee": MAX_SWAP_FEE + 1},
    ],
    ids=str,
)
def test_states_that_no_factory_or_vault_accepts_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(MalformedPoolError):
        replace(pool_of(1, 1), **change)  # type: ignore[arg-type]  # the fields differ in type


def test_nine_tokens_are_refused() -> None:
    nine = tuple(Address(f"0x{index:040x}") for index in range(9))
    pool = pool_of(1, 1)

    with pytest.raises(MalformedPoolError):
        replace(pool, tokens=nine, balances=(1,) * 9, weights=(ONE // 9,) * 9, decimals=(18,) * 9)


def test_version_one_takes_even_a_power_of_one_by_logarithm() -> None:
    pool = pool_of(10**20, 10**20)
    old = replace(pool, has_exact_powers=False)

    lost = pool.amount_out(SOLD, BOUGHT, 10**19) - old.amount_out(SOLD, BOUGHT, 10**19)

    # One part in 10^14 of the power, which is 100 / 109.97, and units of its last decimal, each
    # of which is worth a hundred of the balance.
    assert 909_300 <= lost <= 909_300 + 300


@pytest.mark.parametrize("name", RECORDED_POOLS)
def test_recorded_pools_are_admitted_and_no_pair_of_theirs_beats_its_rate(name: str) -> None:
    pool = recorded_weighted_pool(name)

    for sold, bought in permutations(pool.tokens, 2):
        balance = pool.balances[pool.tokens.index(sold)]
        rate = Fraction(pool.marginal_rate_float(sold, bought)) * (1 + Fraction(1, 2**40))
        quotes = [pool.amount_out(sold, bought, balance >> shift or 1) for shift in range(2, 60)]
        assert quotes == sorted(quotes, reverse=True)
        assert all(q <= rate * (balance >> s or 1) for s, q in enumerate(quotes, start=2))
