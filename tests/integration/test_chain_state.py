"""The auditor, and both ways to hear of heads, against real contracts on a local chain."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from searcher.adapters.blocks import BlockFeed, FeedTerms
from searcher.adapters.pool_audit import PoolAuditor
from searcher.model import Block
from tests.integration.test_feed_on_devnet import Chain, StoppedClock, chain, latest, opened
from tests.searcher.adapters.passing_time import Turn, repeatable

pytestmark = pytest.mark.anvil

NEVER_S = 10**6
ENOUGH_S = 30.0


def market_of(local: Chain, *changed: Pool) -> Market:
    market = Market(
        block_number=local.start.number,
        block_hash=local.start.hash,
        tokens=local.found.tokens,
        pools=local.found.pools,
    )
    return market.with_pools(changed)


def missed_an_event(pool: Pool) -> Pool:
    """The pool as it would be without its last event."""
    if isinstance(pool, ConstantProductPool):
        return pool.with_reserves(pool.reserve0 + 1, pool.reserve1)
    assert isinstance(pool, ConcentratedPool)
    return replace(pool, liquidity=pool.liquidity + 1)


async def test_audit_names_exactly_the_pools_that_missed_an_event_and_reads_them_again() -> None:
    async with chain() as local:
        auditor = PoolAuditor(
            multicall=local.reader.multicall,
            known=local.found.known,
            random=repeatable(),
            pools_per_block=10**6,
        )
        pools = list(local.found.pools.values())
        wrong = [missed_an_event(pool) for pool in pools[::3]]
        found = await auditor.audit(market_of(local, *wrong), ())
        again = await auditor.audit(market_of(local), {pool.id for pool in wrong})

    assert set(found.differing) == {pool.id for pool in wrong}
    assert found.checked == len(pools)
    assert set(again.restored) == set(pools[::3])
    assert again.differing == ()


async def test_audit_of_a_block_that_is_gone_is_no_answer() -> None:
    async with chain() as local:
        auditor = PoolAuditor(
            multicall=local.reader.multicall, known=local.found.known, random=repeatable()
        )
        gone = replace(market_of(local), block_hash="0x" + "77" * 32)
        found = await auditor.audit(gone, ())

    assert found.failure
    assert (found.checked, found.differing) == (0, ())


async def test_websocket_alone_and_polling_alone_give_the_same_blocks_through_reorgs() -> None:
    async with (
        chain() as local,
        opened(local.anvil) as with_socket,
        opened(local.anvil, with_socket=False) as without,
        asyncio.timeout(ENOUGH_S),
        asyncio.TaskGroup() as tasks,
    ):
        feeds = [
            BlockFeed(
                local.reader,
                endpoints,
                clock=StoppedClock(),
                terms=FeedTerms(slot_seconds=slot_s, max_head_age_seconds=36, random=repeatable()),
                start=local.start,
            )
            for endpoints, slot_s in ((with_socket, NEVER_S), (without, 1))
        ]
        heard: list[list[str]] = [[], []]
        listening = [
            tasks.create_task(listen(feed, into=hashes))
            for feed, hashes in zip(feeds, heard, strict=True)
        ]
        await arrive(local, feeds)
        for depth in (0, 1, 3, 0, 5):
            for _ in range(3):
                await local.provider.mine()
                await arrive(local, feeds)
            if depth:
                await local.rpc.call("anvil_reorg", depth, [])
                await arrive(local, feeds)
        for task in listening:
            task.cancel()

    assert heard[0] == heard[1]
    assert len(heard[0]) > len(set(heard[0])) - 1 >= 15


async def listen(feed: BlockFeed, *, into: list[str]) -> None:
    async with aclosing(feed.blocks()) as blocks:
        async for block in blocks:
            into += [block.hash]


async def arrive(local: Chain, feeds: Sequence[BlockFeed]) -> Block:
    """Wait until every feed has emitted the chain's head."""
    head = await latest(local.rpc)
    while any(feed.tip.hash != head.hash for feed in feeds):
        await Turn()
    return feeds[0].tip
