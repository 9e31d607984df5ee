"""State from events equals state from the chain for Uniswap V4 and Balancer V2, to the wei.

Both run their own bytecode. After every block, the market that the block's updates made is compared
with a fresh discovery at its hash; the pools themselves were found from their factories' events.
"""

from collections import Counter
from random import Random

import pytest
from eth_abi.abi import encode

from graphs.market import Market
from graphs.pools.pool_key import NO_HOOKS, PoolKey
from graphs.pools.stable import StablePool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.pools.weighted import WeightedPool
from graphs.units import Address
from searcher.adapters.created_pools import Factory
from searcher.adapters.decoding import HEADER_ONLY, Header, decode_header
from searcher.adapters.discovery import Survey, discover
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.multicall import Multicall
from searcher.pool_application import apply_updates
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Call
from sims.devnet.tokens import MAX_UINT256
from sims.devnet.uniswap_v4 import CORE, MODIFY_LIQUIDITY, NO_SALT, UniswapV4, create_v4_pool
from tests.integration.balancer import CREATE_V1, FACTORIES, JOIN, BalancerVault, SwapKind
from tests.integration.balancer import SWAP as VAULT_SWAP
from tests.integration.flash_lenders import FlashChain, flash_chain
from tests.integration.mixed_pools import Builder, _join, builder_of
from tests.integration.stable_pools import deploy_factories, deploy_stable
from tests.integration.uniswap_v4 import SWAP as V4_SWAP
from tests.integration.uniswap_v4 import as_tuple, key_of, swap_arguments

pytestmark = pytest.mark.anvil

ROUNDS = 10
JOIN_EXACT_TOKENS = 1
"""JoinKind.EXACT_TOKENS_IN_FOR_BPT_OUT of both pools."""

SET_FEE = "setSwapFeePercentage(uint256)"


class Traders:
    """Everything that can happen to the pools, at random."""

    def __init__(self, flash: FlashChain, swapper: Address, uniswap: UniswapV4) -> None:
        self.chain = flash.chain
        self.swapper = swapper
        self.uniswap = uniswap
        self.vault = flash.sources["balancer_v2"].address
        self.random = Random(7)  # noqa: S311 - repeats

    async def act(self, market: Market) -> None:
        """One block: a swap in every pool, and a position or a join."""
        for pool in market.pools.values():
            sold, bought = self.random.sample(pool.tokens, 2)
            if isinstance(pool, UniswapV4Pool):
                await self._swap_v4(pool, sold)
                await self._move_range(pool)
            elif isinstance(pool, WeightedPool | StablePool):
                await self._swap_vault(pool, sold, bought)
                await self._join(pool)

    async def _swap_v4(self, pool: UniswapV4Pool, sold: Address) -> None:
        amount = -self.random.randrange(1, 10**9)
        arguments = swap_arguments(pool, sold=sold, amount_specified=amount)
        await self.chain.call(self.swapper, V4_SWAP, *arguments)

    async def _move_range(self, pool: UniswapV4Pool) -> None:
        centre = pool.tick // pool.tick_spacing * pool.tick_spacing
        reach = self.random.randrange(1, 5) * pool.tick_spacing
        terms = (centre - reach, centre + reach, self.random.randrange(1, 10**9), NO_SALT)
        key = as_tuple(key_of(pool))
        await self.chain.call(self.uniswap.provider, MODIFY_LIQUIDITY, key, terms, b"")
        if self.random.random() < 0.5:
            terms = (*terms[:2], -terms[2], NO_SALT)
            await self.chain.call(self.uniswap.provider, MODIFY_LIQUIDITY, key, terms, b"")

    async def _swap_vault(
        self, pool: WeightedPool | StablePool, sold: Address, bought: Address
    ) -> None:
        held = pool.balances[pool.tokens.index(sold)]
        terms = (
            bytes.fromhex(pool.id[2:]),
            SwapKind.GIVEN_IN,
            sold,
            bought,
            max(held // self.random.randrange(100, 100_000), 1),
            b"",
        )
        me = self.chain.address
        await self.chain.call(self.vault, VAULT_SWAP, terms, (me, False, me, False), 0, MAX_UINT256)

    async def _join(self, pool: WeightedPool | StablePool) -> None:
        amounts = [held // self.random.randrange(100, 1000) for held in pool.balances]
        data = encode(["uint256", "uint256[]", "uint256"], [JOIN_EXACT_TOKENS, amounts, 0])
        request = (pool.tokens, [MAX_UINT256] * len(amounts), data, False)
        me = self.chain.address
        await self.chain.call(self.vault, JOIN, bytes.fromhex(pool.id[2:]), me, me, request)
        if self.random.random() < 0.3:
            fee = self.random.randrange(10**13, 10**16)
            await self.chain.call(Address(pool.id[:42]), SET_FEE, fee)


async def deploy(flash: FlashChain) -> tuple[Survey, Address, UniswapV4]:
    """Two V4 pools, a weighted one and a stable one; who swaps may take what it needs."""
    chain, builder = flash.chain, builder_of(flash.chain, flash.deployment)
    manager = flash.sources["uniswap_v4"].address
    provider = await chain.deploy(load_code(CORE.format("PoolModifyLiquidityTest")), manager)
    swapper = await chain.deploy(load_code(CORE.format("PoolSwapTest")), manager)
    weighted = await chain.deploy(load_code(FACTORIES["v1"]), builder.vault)
    decimals = {token.address: token.decimals for token in flash.deployment.tokens}
    vault = BalancerVault(
        chain=chain, address=builder.vault, factories={"v1": weighted}, decimals=decimals
    )
    stable, composable = await deploy_factories(vault)
    factories = [
        Factory(kind="uniswap_v4", venue="v4", address=manager),
        Factory(
            kind="balancer_weighted_v1", venue="weighted", address=weighted, vault=vault.address
        ),
        Factory(kind="balancer_stable", venue="stable", address=stable, vault=vault.address),
        Factory(
            kind="balancer_composable", venue="composable", address=composable, vault=vault.address
        ),
    ]
    for token in flash.deployment.tokens:
        for spender in (provider, swapper, vault.address):
            approve = Call(
                to=token.address,
                signature="approve(address,uint256)",
                arguments=(spender, MAX_UINT256),
            )
            await chain.send(approve)
    await fill(builder, vault, stable)
    uniswap = UniswapV4(manager=manager, provider=provider)
    survey = Survey(factories=factories, multicall3=flash.deployment.multicall3, start_block=0)
    return survey, swapper, uniswap


async def fill(builder: Builder, vault: BalancerVault, stable: Address) -> None:
    sides = builder.sides("WETH", "UNI", "WBTC")
    assets, amounts = [token.address for token, _ in sides], [amount for _, amount in sides]
    weights = (5 * 10**17, 25 * 10**16, 25 * 10**16)
    terms = ("Pool", "BPT", assets, weights, 3 * 10**15, builder.chain.address)
    address = await builder.chain.read_address(vault.factories["v1"], CREATE_V1, *terms)
    await builder.chain.call(vault.factories["v1"], CREATE_V1, *terms)
    pool_id = await builder.chain.read(address, "getPoolId()")
    await _join(builder, pool_id, assets=assets, amounts=amounts)
    pair = builder.sides("USDC", "DAI")
    tokens = tuple(token.address for token, _ in pair)
    deployed = await deploy_stable(vault, stable, tokens)
    pool_id = bytes.fromhex(deployed.state.id[2:])
    await _join(builder, pool_id, assets=tokens, amounts=[amount for _, amount in pair])


async def head_of(flash: FlashChain) -> Header:
    return decode_header(await flash.chain.rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))


async def test_state_from_events_is_the_chains_and_new_pools_join() -> None:
    async with flash_chain() as flash:
        survey, swapper, uniswap = await deploy(flash)
        rpc, start = flash.chain.rpc, await head_of(flash)
        found = await discover(rpc, survey, block=start)
        assert Counter(type(pool).__name__ for pool in found.pools.values()) == {
            "WeightedPool": 1,
            "StablePool": 1,
            "UniswapV4Pool": 1,
        }
        market = Market(block_number=0, block_hash="", tokens=found.tokens, pools=found.pools)
        number, kinds = start.number, Counter[str]()
        traders = Traders(flash, swapper, uniswap)
        builder = builder_of(flash.chain, flash.deployment)
        for step in range(ROUNDS):
            if step in {0, 3}:
                await create_pool(builder, uniswap, spacing=10 + 50 * step)
            await traders.act(market)
            head = await head_of(flash)
            while number < head.number:
                number += 1
                market = await followed(flash, found.known, market, number=number, kinds=kinds)
            fresh = await discover(rpc, survey, block=head)
            assert dict(market.pools) == dict(fresh.pools)

    assert kinds.keys() == {
        "PoolRead",
        "PriceSet",
        "LiquidityChanged",
        "BalancesMoved",
        "SwapFeeSet",
    }


async def create_pool(builder: Builder, uniswap: UniswapV4, *, spacing: int) -> None:
    """A V4 pool over all prices."""
    (token0, amount0), (token1, amount1) = builder.sides("WETH", "USDC")
    key = PoolKey(
        currency0=token0.address,
        currency1=token1.address,
        fee_pips=3_000,
        tick_spacing=spacing,
        hooks=NO_HOOKS,
    )
    await create_v4_pool(builder.chain, uniswap, key, amounts=(amount0, amount1))


async def followed(
    flash: FlashChain, known: KnownPools, market: Market, *, number: int, kinds: Counter[str]
) -> Market:
    """The market after the updates of the block of that number."""
    rpc = flash.chain.rpc
    header = decode_header(await rpc.call("eth_getBlockByNumber", hex(number), HEADER_ONLY))
    logs = await rpc.call("eth_getLogs", {"blockHash": header.hash, "topics": [known.topics]})
    multicall = Multicall(rpc=rpc, address=flash.deployment.multicall3)
    updates = await known.updates(logs, multicall, header.hash)
    kinds.update(type(update).__name__ for update in updates)
    return apply_updates(market, updates).market
