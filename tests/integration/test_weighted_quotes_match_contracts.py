"""Weighted quotes against the real Vault and pools of every version: equal, or both refuse."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
import pytest_asyncio
from hypothesis import settings

from graphs.errors import GraphError
from graphs.fixed_point import UINT112_MAX
from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.weighted import MAX_IN_RATIO, MAX_SWAP_FEE, MIN_SWAP_FEE, WeightedPool
from tests.graphs.pools.recorded_weighted import RECORDED_POOLS, recorded_weighted_pool
from tests.integration.balancer import (
    PERCENT,
    BalancerVault,
    SwapKind,
    Trade,
    WeightedPlan,
    balancer_vault,
    deploy_weighted,
    query_swaps,
    read_balances,
    swap,
)

pytestmark = [pytest.mark.anvil, pytest.mark.asyncio(loop_scope="module")]

DECIMALS = (6, 8, 18, 18, 0, 6, 18, 12)
SWAPS_PER_POOL = 6
DEEP = 10**30
"""A balance in which every decimal of a power shows."""

# Exponents of 1/99 and 99, of one, two and four in both directions, and awkward ones.
SHAPES = (
    (1, 99),
    (50, 50),
    (80, 20),
    (25, 50, 25),
    (40, 10, 20, 30),
    (1, 1, 1, 1, 1, 1, 1, 93),
    (11, 13, 7, 19, 17, 3, 23, 7),
)
FEES = (MIN_SWAP_FEE, 5 * 10**14, 3 * 10**15, MAX_SWAP_FEE)
VERSIONS = ("v1", "v1-oracle", "v2", "v3")


Pools = dict[str, list[WeightedPool]]


def plans(vault: BalancerVault, version: str) -> Iterator[WeightedPlan]:
    """Pools of every shape that the version's factory takes, among all of the tokens."""
    tokens = tuple(vault.decimals)
    for index, percents in enumerate(SHAPES):
        first = min(index, len(tokens) - len(percents))
        if version == "v1-oracle" and len(percents) > 2:
            continue
        yield WeightedPlan(
            version=version,
            tokens=tokens[first : first + len(percents)],
            weights=tuple(percent * PERCENT for percent in percents),
            swap_fee=FEES[index % len(FEES)],
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vault() -> AsyncIterator[BalancerVault]:
    async with balancer_vault(DECIMALS) as standing:
        yield standing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pools(vault: BalancerVault) -> Pools:
    return {
        version: [await deploy_weighted(vault, plan) for plan in plans(vault, version)]
        for version in VERSIONS
    }


def random_trades(pools: list[WeightedPool], kind: SwapKind, *, seed: int) -> list[Trade]:
    """As many trades as the profile has examples, over pools, pairs, balances and amounts."""
    generator = np.random.default_rng(seed)
    count = settings().max_examples
    return [_random_trade(pools[index % len(pools)], kind, generator) for index in range(count)]


def _random_trade(pool: WeightedPool, kind: SwapKind, generator: np.random.Generator) -> Trade:
    alike = int(generator.integers(40, 112)) if generator.integers(2) else None
    balances = tuple(_random_balance(generator, places, alike) for places in pool.decimals)
    sold, bought = (int(index) for index in generator.permutation(len(balances))[:2])
    if kind is SwapKind.GIVEN_IN:
        amount = _random_amount(generator, balances[sold], pool.swap_fee)
    else:
        amount = _random_amount(generator, balances[bought], 0)
    return Trade(pool.with_balances(balances), pool.tokens[sold], pool.tokens[bought], amount)


def _random_balance(generator: np.random.Generator, places: int, alike: int | None) -> int:
    """Of any size, or within a factor of about a thousand of one that the whole pool shares."""
    if alike is None:
        return _random_of_bits(generator, int(generator.integers(0, 112)))
    size = _random_of_bits(generator, alike + int(generator.integers(-5, 6)))
    scale: int = 10 ** (18 - places)
    return min(max(size // scale, 1), UINT112_MAX)


def _random_amount(generator: np.random.Generator, balance: int, fee: int) -> int:
    """One unit, a part of the balance, the greatest part that is allowed or nearly so, or any."""
    most = balance * MAX_IN_RATIO // (ONE - fee)
    choice = int(generator.integers(8))
    if choice == 0:
        return 1
    if choice == 1:
        return _random_of_bits(generator, int(generator.integers(0, 112)))
    if choice == 2:
        return max(most + int(generator.integers(-2, 3)), 1)
    part = _random_of_bits(generator, 62) * most >> 63
    return max(part >> int(generator.integers(0, 40)), 1)


def _random_of_bits(generator: np.random.Generator, bits: int) -> int:
    least: int = 2**bits
    return least + (int(generator.integers(0, 2**62)) << bits >> 62)


def quote_or_none(trade: Trade, kind: SwapKind) -> int | None:
    pool, sold, bought, amount = trade
    quote = pool.amount_out if kind is SwapKind.GIVEN_IN else pool.amount_in
    try:
        return quote(sold, bought, amount)
    except GraphError:
        return None


def edge_trades(pool: WeightedPool, kind: SwapKind) -> Iterator[Trade]:
    """Nothing, empty and full balances, and each side of both limits."""
    fee = pool.swap_fee if kind is SwapKind.GIVEN_IN else 0
    for first, second in product((0, 1, 10**6, 10**24, UINT112_MAX - 1, UINT112_MAX), repeat=2):
        state = pool.with_balances((first, second, *pool.balances[2:]))
        fixed = first if kind is SwapKind.GIVEN_IN else second
        most = fixed * MAX_IN_RATIO // (ONE - fee)
        for amount in (0, 1, most - 1, most, most + 1, UINT112_MAX, 2**255 - 1):
            yield Trade(state, pool.tokens[0], pool.tokens[1], max(amount, 0))


def seam_trades(pool: WeightedPool, kind: SwapKind) -> Iterator[Trade]:
    """Bases of the power on both sides of 0.9 or 1.1, where its logarithm changes precision."""
    state = pool.with_balances((DEEP,) * len(pool.balances))
    seam = DEEP // 9 * ONE // (ONE - pool.swap_fee) if kind is SwapKind.GIVEN_IN else DEEP // 11
    for shift in range(8, 48):
        for distance in (-(seam >> shift), seam >> shift):
            yield Trade(state, pool.tokens[0], pool.tokens[1], seam + distance)


both_kinds = pytest.mark.parametrize("kind", SwapKind, ids=["given-in", "given-out"])
every_version = pytest.mark.parametrize("version", VERSIONS)


@both_kinds
@every_version
async def test_random_trades_are_quoted_as_the_vault_quotes_them(
    vault: BalancerVault, pools: Pools, *, version: str, kind: SwapKind
) -> None:
    trades = random_trades(pools[version], kind, seed=VERSIONS.index(version) * 2 + kind)

    quotes = [quote_or_none(trade, kind) for trade in trades]

    assert quotes == await query_swaps(vault, trades, kind)
    assert sum(quote is not None for quote in quotes) > len(quotes) // 2
    assert None in quotes


@both_kinds
@every_version
async def test_trades_at_every_limit_are_quoted_or_refused_as_by_the_vault(
    vault: BalancerVault, pools: Pools, *, version: str, kind: SwapKind
) -> None:
    trades = [
        trade
        for pool in pools[version]
        for trade in (*edge_trades(pool, kind), *seam_trades(pool, kind))
    ]

    quotes = [quote_or_none(trade, kind) for trade in trades]

    assert quotes == await query_swaps(vault, trades, kind)
    assert sum(quote is not None for quote in quotes) > len(quotes) // 8


@every_version
async def test_balances_after_real_swaps_equal_the_vaults(
    vault: BalancerVault, pools: Pools, version: str
) -> None:
    for pool in pools[version]:
        state = pool
        for count in range(SWAPS_PER_POOL):
            sold = pool.tokens[count % len(pool.tokens)]
            bought = pool.tokens[(count + 1) % len(pool.tokens)]
            amount = state.balances[count % len(pool.tokens)] // (7 + count) + count

            await swap(vault, Trade(state, sold, bought, amount))
            state = state.after_swap(sold, bought, amount)

            assert await read_balances(vault, pool) == state.balances


async def test_versions_differ_exactly_where_an_exponent_is_one_two_or_four(
    vault: BalancerVault, pools: Pools
) -> None:
    differ = set()
    for old, new in zip(pools["v1"], pools["v3"], strict=True):
        pair = (old.tokens[0], old.tokens[1])
        trades = [Trade(pool, *pair, old.balances[0] // 9) for pool in (old, new)]
        quotes = await query_swaps(vault, trades, SwapKind.GIVEN_IN)
        if quotes[0] != quotes[1]:
            differ.add(old.weights[0] / old.weights[1])

    assert differ <= {1.0, 2.0, 4.0}
    assert differ


def with_tokens_of(vault: BalancerVault, pool: WeightedPool) -> WeightedPool:
    """The recorded pool with its columns in the order of tokens that have the same decimals."""
    free = list(vault.decimals.items())
    tokens = []
    for places in pool.decimals:
        token = next(token for token, decimals in free if decimals == places)
        free.remove((token, places))
        tokens.append(token)
    columns = sorted(zip(tokens, pool.balances, pool.weights, pool.decimals, strict=True))
    ascending, balances, weights, decimals = zip(*columns, strict=True)
    return replace(pool, tokens=ascending, balances=balances, weights=weights, decimals=decimals)


@both_kinds
@pytest.mark.parametrize("name", RECORDED_POOLS)
async def test_recorded_pools_are_quoted_as_the_same_pools_on_the_local_chain(
    vault: BalancerVault, name: str, kind: SwapKind
) -> None:
    recorded = with_tokens_of(vault, recorded_weighted_pool(name))
    plan = WeightedPlan(
        version="v3" if recorded.has_exact_powers else "v1",
        tokens=recorded.tokens,
        weights=recorded.weights,
        swap_fee=recorded.swap_fee,
    )
    pool = (await deploy_weighted(vault, plan)).with_balances(recorded.balances)
    trades = [
        Trade(pool, pool.tokens[sold], pool.tokens[bought], pool.balances[fixed] >> shift or 1)
        for sold, bought in permutations(range(len(pool.tokens)), 2)
        for fixed in (bought if kind is SwapKind.GIVEN_OUT else sold,)
        for shift in range(0, 100, 2)
    ]

    quotes = [quote_or_none(trade, kind) for trade in trades]

    assert quotes == await query_swaps(vault, trades, kind)
    assert [quote_or_none(Trade(recorded, *trade[1:]), kind) for trade in trades] == quotes
