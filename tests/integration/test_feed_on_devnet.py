"""State from events equals state from the chain, to the wei, on the real contracts.

Traders swap, a provider opens and closes ranges, a stranger creates pools, the chain reorganises;
after every block the market that the feed's updates made is compared with a fresh discovery.
"""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass

import pytest
from eth_abi.abi import decode

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import TokenGraph
from graphs.units import Address, PoolId
from searcher.adapters.block_reader import BlockReader
from searcher.adapters.blocks import BlockFeed, FeedTerms
from searcher.adapters.created_pools import Factory
from searcher.adapters.decoding import HEADER_ONLY, Header, decode_header
from searcher.adapters.discovery import Discovered, Survey, discover
from searcher.adapters.endpoints import Endpoints, open_endpoints
from searcher.adapters.lenders import resolve_desks
from searcher.adapters.lending_desk import LenderSource
from searcher.adapters.multicall import Multicall
from searcher.adapters.rpc import Rpc
from searcher.flash_lenders import LenderKind
from searcher.model import (
    Block,
)
from searcher.pool_updates import (
    LiquidityChanged,
    PoolUpdate,
)
from searcher.settings.endpoints import EndpointSettings
from searcher.tracker import Tracker
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.anvil import Anvil
from sims.devnet.cache import devnet
from sims.devnet.deployer import Call, Deployer
from sims.devnet.deployment import Deployment
from sims.devnet.traders import Noise, Traders, open_traders
from sims.devnet.uniswap import deploy_positions
from tests.searcher.adapters.passing_time import repeatable

pytestmark = pytest.mark.anvil

FOREVER = 2**64
HUGE = 2**255
ROUNDS = 12
MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
DECREASE = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
RANGES = ((-2, 3), (-40, -5), (4, 60), (-1, 1), (0, 1), (-700, 900), (3, 4))
"""In tick spacings around the current tick; neighbours share ends on purpose."""


class StoppedClock:
    """Always the same time."""

    def now_ns(self) -> int:
        """Answer that time."""
        return 1


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A devnet with everything that a test does to it and reads from it."""

    anvil: Anvil

    deployment: Deployment
    rpc: Endpoints
    provider: Deployer
    traders: Traders
    survey: Survey
    reader: BlockReader
    found: Discovered
    start: Block

    def feed(self) -> AsyncGenerator[Block, None]:
        """Follow the chain from the start block."""
        terms = FeedTerms(slot_seconds=1, max_head_age_seconds=36, random=repeatable())
        feed = BlockFeed(self.reader, self.rpc, clock=StoppedClock(), terms=terms, start=self.start)
        return feed.blocks()

    def tracker(self) -> Tracker:
        """The market at the start block."""
        market = Market(
            block_number=self.start.number,
            block_hash=self.start.hash,
            tokens=self.found.tokens,
            pools=self.found.pools,
        )
        return Tracker(market, TokenGraph.from_market(market))


@asynccontextmanager
async def chain() -> AsyncIterator[Chain]:
    """A fresh devnet, discovered at its head."""
    async with devnet() as net, opened(net.anvil) as rpc:
        survey = survey_of(net.deployment)
        head = await latest(rpc)
        found = await discover(rpc, survey, block=head)
        reader = await reader_of(net.deployment, rpc, found=found, head=head)
        yield Chain(
            anvil=net.anvil,
            deployment=net.deployment,
            rpc=rpc,
            provider=Deployer(
                rpc,
                address=public_address(DEPLOYER),
                timestamp_s=net.deployment.head_timestamp_s,
            ),
            traders=await open_traders(rpc, net.deployment, seed=7, noise=Noise(max_swaps=5)),
            survey=survey,
            reader=reader,
            found=found,
            start=await reader.read(head.hash, parent_nonce=None, received_ns=0),
        )


def opened(anvil: Anvil, *, with_socket: bool = True) -> AbstractAsyncContextManager[Endpoints]:
    """The chain's only node."""
    ws_url = anvil.ws_url if with_socket else None
    node = EndpointSettings.model_validate({"http_url": anvil.http_url, "ws_url": ws_url})
    return open_endpoints([node], clock=StoppedClock(), random=repeatable())


async def latest(rpc: Rpc) -> Header:
    return decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))


def survey_of(deployment: Deployment) -> Survey:
    factories = [
        Factory(
            kind="uniswap_v3" if factory.kind == "uniswap_v3" else "uniswap_v2",
            venue=factory.venue,
            address=factory.address,
            fee_pips=factory.fee_pips or 0,
        )
        for factory in deployment.factories
    ]
    return Survey(factories=factories, multicall3=deployment.multicall3, start_block=0)


async def reader_of(
    deployment: Deployment, rpc: Rpc, *, found: Discovered, head: Header
) -> BlockReader:
    multicall = Multicall(rpc=rpc, address=deployment.multicall3)
    sources = [
        LenderSource(kind=lender.kind, address=lender.address) for lender in deployment.lenders
    ]
    return BlockReader(
        rpc=rpc,
        multicall=multicall,
        pools=found.known,
        desks=await resolve_desks(
            multicall, sources=sources, assets=[deployment.weth], block_hash=head.hash
        ),
        account=deployment.trading_account,
        executor=deployment.executor,
    )


async def open_range(
    chain: Chain, positions: Address, *, pool: ConcentratedPool, step: int
) -> None:
    """Mint a position around the pool's tick; also mines the traders' swaps."""
    lower, upper = RANGES[step % len(RANGES)]
    base = pool.tick // pool.tick_spacing
    ticks = ((base + lower) * pool.tick_spacing, (base + upper) * pool.tick_spacing)
    key = (pool.token0, pool.token1, pool.fee_pips, *ticks)
    amounts = (10**15 + step, 10**15 + step)
    order = (*key, *amounts, 0, 0, chain.provider.address, FOREVER)
    await chain.provider.call(positions, MINT, order)


async def liquidity_of(chain: Chain, positions: Address, token_id: int) -> int:
    row = await chain.provider.read(positions, "positions(uint256)", token_id)
    return int.from_bytes(row[7 * 32 : 8 * 32], "big")


async def approved_positions(chain: Chain) -> Address:
    """A position manager of the provider's own."""
    (factory,) = (item for item in chain.deployment.factories if item.kind == "uniswap_v3")
    positions = await deploy_positions(chain.provider, factory, chain.deployment.weth)
    approve = "approve(address,uint256)"
    await chain.provider.send(
        *(
            Call(to=token.address, signature=approve, arguments=(positions, HUGE))
            for token in chain.deployment.tokens
        )
    )
    return positions


async def test_discovery_finds_every_deployed_pool_with_its_fee_and_tokens() -> None:
    async with chain() as local:
        found = [
            (pool.venue, pool.id, (pool.token0, pool.token1), pool.fee_pips)
            for pool in local.found.pools.values()
            if isinstance(pool, ConcentratedPool | ConstantProductPool)
        ]

    deployed = local.deployment.pools
    expected = [(pool.venue, PoolId(pool.address), pool.tokens, pool.fee_pips) for pool in deployed]
    assert found == expected
    assert local.found.refused == ()


async def test_discovery_finds_the_tokens_as_deployed() -> None:
    async with chain() as local:
        traded = {token for pool in local.found.pools.values() for token in pool.tokens}

    expected = {token.address: token for token in local.deployment.tokens}
    assert local.found.tokens == {address: expected[address] for address in traded}


async def test_discovered_reserves_and_prices_are_what_the_contracts_hold() -> None:
    async with chain() as local:
        for pool in local.found.pools.values():
            is_ranged = isinstance(pool, ConcentratedPool)
            view = "slot0()" if is_ranged else "getReserves()"
            row = await local.provider.read(Address(pool.id), view)
            words = decode(["uint160", "int24"] if is_ranged else ["uint112", "uint112"], row)
            assert words == known_of(pool)


async def test_lenders_are_what_the_protocols_hold_and_charge() -> None:
    async with chain() as local:
        weth, provider = local.deployment.weth, local.provider
        by_kind = {lender.kind: lender for lender in local.start.lenders}
        aave, balancer = by_kind[LenderKind.AAVE_V3], by_kind[LenderKind.BALANCER_V2]
        held = await provider.read(weth, "balanceOf(address)", balancer.address)
        premium = await provider.read(aave.address, "FLASHLOAN_PREMIUM_TOTAL()")

    assert balancer.available == int.from_bytes(held, "big") > 0
    assert aave.fee_bps == int.from_bytes(premium, "big") > 0
    assert (aave.available > 0, balancer.fee_bps) == (True, 0)


async def test_state_from_events_is_the_chains_after_swaps_mints_burns_and_syncs() -> None:
    async with chain() as local, aclosing(local.feed()) as feed:
        positions, kinds = await approved_positions(local), Counter[str]()
        follower = Follower(chain=local, feed=feed, tracker=local.tracker(), kinds=kinds)
        market = await follower.catch_up()
        for step in range(ROUNDS):
            await local.traders.trade(local.rpc)
            await open_range(local, positions, pool=ranged(market, step), step=step)
            await disturb(local, positions, step)
            market = await follower.catch_up()

    assert kinds.keys() == {"ReservesSet", "PriceSet", "Mint", "Burn"}


async def test_state_from_events_is_the_chains_after_reorgs() -> None:
    async with chain() as local, aclosing(local.feed()) as feed:
        positions, kinds = await approved_positions(local), Counter[str]()
        follower = Follower(chain=local, feed=feed, tracker=local.tracker(), kinds=kinds)
        market = await follower.catch_up()
        for depth in (1, 3, 2):
            traders = await open_traders(local.rpc, local.deployment, seed=depth, noise=Noise())
            for step in range(4):
                await traders.trade(local.rpc)
                await open_range(local, positions, pool=ranged(market, step), step=step)
                market = await follower.catch_up()
            await local.rpc.call("anvil_reorg", depth, [])
            await local.provider.mine()
            market = await follower.catch_up()

    assert kinds.keys() == {"ReservesSet", "PriceSet", "Mint"}


async def test_own_transaction_is_found_in_its_block_with_its_receipt() -> None:
    async with chain() as local, aclosing(local.feed()) as feed:
        account = local.deployment.trading_account
        sent = {"from": account, "to": account, "gas": "0x5208"}
        tx_hash = await local.rpc.call("eth_sendTransaction", sent)
        await local.provider.mine()
        await local.provider.mine()
        mined, empty = await anext(feed), await anext(feed)

    (receipt,) = mined.receipts
    assert (receipt.tx_hash, receipt.succeeded, receipt.gas_used_gas) == (tx_hash, True, 21_000)
    assert (mined.account.nonce, empty.account.nonce) == (1, 1)
    assert empty.receipts == ()


@dataclass(frozen=True, kw_only=True)
class Follower:
    """A tracker that follows the feed and is compared with the chain."""

    chain: Chain
    feed: AsyncIterator[Block]
    tracker: Tracker
    kinds: Counter[str]

    async def catch_up(self) -> Market:
        """Apply blocks until the chain's head; its market must be what discovery finds there."""
        head = await latest(self.chain.rpc)
        while True:
            block = await anext(self.feed)
            self.kinds.update(kind(update) for update in block.updates)
            market = self.tracker.apply(block).market
            if block.hash == head.hash:
                fresh = await discover(self.chain.rpc, self.chain.survey, block=head)
                assert {pool_id: fresh.pools[pool_id] for pool_id in market.pools} == market.pools
                return market


def known_of(pool: Pool) -> tuple[int, int]:
    if isinstance(pool, ConcentratedPool):
        return pool.sqrt_price_x96, pool.tick
    assert isinstance(pool, ConstantProductPool)
    return pool.reserve0, pool.reserve1


def kind(update: PoolUpdate) -> str:
    if isinstance(update, LiquidityChanged):
        return "Mint" if update.liquidity_delta > 0 else "Burn"
    return type(update).__name__


def ranged(market: Market, step: int) -> ConcentratedPool:
    """A concentrated pool, another one at each step."""
    pools = [pool for pool in market.pools.values() if isinstance(pool, ConcentratedPool)]
    return pools[step % len(pools)]


async def disturb(local: Chain, positions: Address, step: int) -> None:
    """Close half or all of an earlier range, or donate to a pair."""
    provider, weth = local.provider, local.deployment.weth
    if step % 2:
        token_id = step // 2 + 1
        whole = await liquidity_of(local, positions, token_id)
        part = whole if step % 3 else whole // 2
        await provider.call(positions, DECREASE, (token_id, part, 0, 0, FOREVER))
        return
    pair = next(pool for pool in local.deployment.pools if weth in pool.tokens)
    await provider.send(
        Call(to=weth, signature="transfer(address,uint256)", arguments=(pair.address, 10**9)),
        Call(to=pair.address, signature="sync()"),
    )
