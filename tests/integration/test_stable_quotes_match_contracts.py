"""Quotes on the StableSwap curve against Balancer's real contracts: equal, or both refuse."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import pytest_asyncio
from hypothesis import settings

from graphs.errors import GraphError
from graphs.fixed_point import UINT112_MAX
from graphs.pools.stable import MAX_SWAP_FEE, MIN_SWAP_FEE, StablePool
from tests.integration.balancer import BalancerVault, SwapKind, balancer_vault
from tests.integration.stable_pools import (
    DeployedPool,
    Trade,
    deploy_composable,
    deploy_factories,
    deploy_stable,
    query_swaps,
)

pytestmark = [pytest.mark.anvil, pytest.mark.asyncio(loop_scope="module")]

CASES = max(320, settings().max_examples)
DECIMALS = (18, 6, 8, 18, 0)
RATES = (
    10**18,
    1_226_470_562_881_593_452,
    366_332_019_912_307,
    3 * 10**20,
    999_999_999_999_999_999,
)

kinds = pytest.mark.parametrize("kind", ["stable", "composable"])
directions = pytest.mark.parametrize("side", list(SwapKind), ids=["given-in", "given-out"])


class Deployed:
    """The Vault with its pools of either kind."""

    def __init__(self, vault: BalancerVault) -> None:
        self.vault = vault
        self.pools: dict[str, list[DeployedPool]] = {"stable": [], "composable": []}

    async def deploy(self) -> None:
        stable, composable = await deploy_factories(self.vault)
        tokens = tuple(self.vault.decimals)
        for count in range(2, len(tokens) + 1):
            chosen = tokens[:count] if count % 2 else tokens[-count:]
            rates = dict(zip(chosen, RATES, strict=False))
            self.pools["stable"].append(await deploy_stable(self.vault, stable, chosen))
            self.pools["composable"].append(await deploy_composable(self.vault, composable, rates))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed() -> AsyncIterator[Deployed]:
    async with balancer_vault(DECIMALS) as vault:
        pools = Deployed(vault)
        await pools.deploy()
        yield pools


class Draw:
    """Random states of deployed pools, and trades of every size."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def whole(self, lowest: int, highest: int) -> int:
        """Every size equally likely."""
        bits = float(self._generator.uniform(lowest.bit_length() - 1, highest.bit_length()))
        return min(max(int(2**bits), lowest), highest)

    def trade(self, pools: Sequence[DeployedPool]) -> Trade:
        pool = pools[int(self._generator.integers(len(pools)))]
        is_wild = self._generator.random() < 0.3
        state = replace(
            pool.state,
            balances=self._wild(pool.state) if is_wild else self._plausible(pool.state),
            amplification=1000 * self.whole(1, 5000),
            swap_fee=self.whole(MIN_SWAP_FEE, MAX_SWAP_FEE),
        )
        sold, bought = self._generator.permutation(len(state.tokens))[:2]
        held = [state.balances[index] for index in (sold, bought)]
        pair = (state.tokens[sold], state.tokens[bought])
        return Trade(pool, state, pair, self.whole(max(min(held) >> 24, 1), max(*held, 1)))

    def _wild(self, state: StablePool) -> tuple[int, ...]:
        return tuple(self.whole(1, UINT112_MAX) - 1 for _ in state.tokens)

    def _plausible(self, state: StablePool) -> tuple[int, ...]:
        """Worth about the same, up to a thousandfold more or less."""
        worth = self.whole(10**21, 10**26) * 10**18
        scales = state.scaling_factors
        drawn = (worth * self.whole(1, 2**10) // scale for scale in scales)
        return tuple(min(balance, UINT112_MAX) for balance in drawn)


def quote_or_none(trade: Trade, side: SwapKind) -> int | None:
    quote = trade.state.amount_out if side is SwapKind.GIVEN_IN else trade.state.amount_in
    try:
        return quote(*trade.pair, trade.amount)
    except GraphError:
        return None


@kinds
@directions
async def test_quotes_equal_the_vaults(deployed: Deployed, kind: str, side: SwapKind) -> None:
    draw = Draw(seed=len(kind) + side)
    trades = [draw.trade(deployed.pools[kind]) for _ in range(CASES)]

    answers = await query_swaps(deployed.vault, trades, side)

    quotes = [quote_or_none(trade, side) for trade in trades]
    wrong = [case for case in zip(trades, quotes, answers, strict=True) if case[1] != case[2]]
    assert wrong == []
    assert sum(quote is not None for quote in quotes) > CASES // 3


@kinds
async def test_a_pool_with_an_empty_balance_refuses_where_the_vault_refuses(
    deployed: Deployed, kind: str
) -> None:
    draw = Draw(seed=5)
    trades = []
    for trade in (draw.trade(deployed.pools[kind]) for _ in range(60)):
        empty = draw.whole(1, len(trade.state.tokens)) - 1
        balances = [b if i != empty else 0 for i, b in enumerate(trade.state.balances)]
        trades.append(trade._replace(state=trade.state.with_balances(tuple(balances))))

    answers = await query_swaps(deployed.vault, trades, SwapKind.GIVEN_IN)

    assert [quote_or_none(trade, SwapKind.GIVEN_IN) for trade in trades] == answers


@kinds
async def test_every_pair_of_every_pool_quotes_its_smallest_trades_exactly(
    deployed: Deployed, kind: str
) -> None:
    trades = [
        Trade(pool, pool.state.with_balances((10**9,) * len(pool.state.tokens)), order, amount)
        for pool in deployed.pools[kind]
        for pair in combinations(pool.state.tokens, 2)
        for order in (pair, pair[::-1])
        for amount in (1, 2, 3, 10**9 - 1, 10**9)
    ]
    for side in SwapKind:
        answers = await query_swaps(deployed.vault, trades, side)

        assert [quote_or_none(trade, side) for trade in trades] == answers
