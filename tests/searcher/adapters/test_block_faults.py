"""Two hundred random schedules of everything that goes wrong between nodes and the feed.

While it says LIVE, its block was canonical no longer ago than a head may be old; and once the
nodes behave, it ends at the truth. The chain reorganises meanwhile, and time passes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

import pytest

from searcher.adapters.blocks import MAX_BACKFILL_BLOCKS, BlockFeed, FeedTerms
from searcher.adapters.endpoints import open_endpoints
from searcher.adapters.heads import MAX_WAITING
from searcher.feed_health import FeedState
from searcher.model import Block
from searcher.settings.endpoints import EndpointSettings
from tests.searcher.adapters.moving_node import SLOT_SECONDS, Chain, Fault, MovingNode, serving
from tests.searcher.adapters.passing_time import Turn, VirtualTime, repeatable
from tests.searcher.adapters.test_block_reader import reader_of

pytestmark = pytest.mark.slow

SCHEDULES: Final = 200
AT_A_TIME: Final = 10
STEPS: Final = 25
START_S: Final = 1_700_000_000
MAX_AGE_S: Final = 36
TURNS_OF_A_STEP: Final = 40
ENOUGH_TURNS: Final = 20_000


@dataclass(kw_only=True)
class World:
    """A chain, its nodes, the feed that follows them, and what the feed said."""

    chain: Chain
    nodes: list[MovingNode]
    time: VirtualTime
    random: Random
    feed: BlockFeed
    start: Block
    seen: list[Block] = field(default_factory=list)
    canonical_until_s: dict[str, int] = field(default_factory=dict)
    """When each block was part of the canonical chain last."""
    live_checks: int = 0

    async def step(self) -> None:
        """The chain moves, every node says something or fails to, and some time passes."""
        now_s = self.time.time_ns // 10**9
        if self.random.random() < 0.2:
            depth = self.random.randint(1, min(6, len(self.chain.canonical) - 1))
            self.chain.reorganise(depth, now_s)
        else:
            self.chain.grow(now_s)
        for node in self.nodes:
            is_faulty = self.random.random() < 0.6
            await node.announce(self.random.choice(list(Fault)) if is_faulty else None)
        for _ in range(SLOT_SECONDS):
            await self.turns(self.random.randint(1, TURNS_OF_A_STEP // SLOT_SECONDS))
            self.time.pass_s(1)
        if self.random.random() < 0.3:
            self.random.choice(self.nodes).stands_at = None

    async def turns(self, count: int) -> None:
        """Let everybody run a little, and look at what the feed says each time."""
        for _ in range(count):
            await Turn()
            self.check()

    def check(self) -> None:
        """LIVE is never said of a block that left the canonical chain too long ago."""
        now_s = self.time.time_ns // 10**9
        for block in self.chain.canonical[-MAX_BACKFILL_BLOCKS:]:
            self.canonical_until_s[block.hash] = now_s
        if self.feed.health()[0].state is FeedState.LIVE:
            self.live_checks += 1
            tip = self.feed.tip
            assert now_s - tip.timestamp_s <= MAX_AGE_S
            assert now_s - self.canonical_until_s[tip.hash] <= MAX_AGE_S
        assert self.feed.waiting <= MAX_WAITING

    async def recover(self) -> None:
        """Everything behaves, and the feed arrives at the truth."""
        for node in self.nodes:
            await node.heal()
        self.chain.grow(self.time.time_ns // 10**9)
        for node in self.nodes:
            await node.heal()
        for turn in range(ENOUGH_TURNS):
            if self.has_arrived():
                return
            await self.turns(1)
            if turn % 100 == 99:
                self.time.pass_s(1)
        raise AssertionError(self.feed.health())

    def has_arrived(self) -> bool:
        """Whether the newest block was emitted and is believed."""
        is_live = self.feed.health()[0].state is FeedState.LIVE
        return is_live and self.feed.tip.hash == self.chain.canonical[-1].hash

    def check_emitted(self) -> None:
        """What was emitted is connected, and its last branch is the canonical chain."""
        known = {self.start.hash: self.start}
        for block in self.seen:
            assert block.parent_hash in known
            known[block.hash] = block
        branch, tip = [], self.seen[-1]
        while tip.hash != self.start.hash:
            branch.append(tip.hash)
            tip = known[tip.parent_hash]
        assert branch[::-1] == [block.hash for block in self.chain.canonical[-len(branch) :]]


@asynccontextmanager
async def world(seed: int) -> AsyncIterator[World]:
    random, time, chain = repeatable(seed), VirtualTime(START_S), Chain()
    for _ in range(8):
        chain.grow(START_S)
    nodes = [MovingNode(chain, repeatable(seed + 1)) for _ in range(1 + seed % 3)]
    async with serving(*nodes):
        settings = [
            EndpointSettings.model_validate(
                {"http_url": node.http_url, "ws_url": node.ws_url if seed % 5 else None}
            )
            for node in nodes
        ]
        async with open_endpoints(settings, clock=time, random=random) as endpoints:
            reader = reader_of(endpoints)
            start = await reader.read(
                chain.canonical[0].hash, parent_nonce=None, received_ns=time.time_ns
            )
            terms = FeedTerms(
                slot_seconds=SLOT_SECONDS,
                max_head_age_seconds=MAX_AGE_S,
                random=random,
                sleep=time.sleep,
            )
            feed = BlockFeed(reader, endpoints, clock=time, terms=terms, start=start)
            yield World(chain=chain, nodes=nodes, time=time, random=random, feed=feed, start=start)


async def listen(at: World) -> None:
    async with aclosing(at.feed.blocks()) as blocks:
        async for block in blocks:
            at.seen.append(block)


@pytest.mark.parametrize("first", range(0, SCHEDULES, AT_A_TIME))
async def test_feed_ends_at_the_truth_and_is_never_live_on_anything_else(first: int) -> None:
    for seed in range(first, first + AT_A_TIME):
        async with world(seed) as at, asyncio.TaskGroup() as tasks:
            listener = tasks.create_task(listen(at))
            for _ in range(STEPS):
                await at.step()
            await at.recover()
            listener.cancel()

        at.check_emitted()
        assert at.live_checks
