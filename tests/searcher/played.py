"""The pipeline on fakes, fed block by block: each is released when the one before is dealt with."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from searcher.command_line import first_leaf
from searcher.errors import FeedError
from searcher.execution import Ports, Venue
from searcher.feed_health import FeedHealth, FeedState
from searcher.model import (
    Block,
    Inclusion,
    Rejection,
)
from searcher.pipeline import Dealt, Event, Pipeline, Searched, Strategy
from searcher.pool_updates import ReservesSet
from searcher.tracker import Tracker
from tests.searcher.fakes import (
    AcceptingRelay,
    AgreeingSimulator,
    HandClock,
    LegibleSigner,
    ListedFeed,
    ListLedger,
)
from tests.searcher.records import (
    CHEAP,
    DEAR,
    EXECUTOR,
    GAP,
    RANGE,
    TERMS,
    block,
    tracker,
)

SLOT_SECONDS = 12
STRATEGY = Strategy(terms=TERMS, venue=Venue(executor=EXECUTOR, slot_seconds=SLOT_SECONDS))
FIRST = block(101, parent="0xstart")
QUIET = replace(
    block(102),
    updates=tuple(
        ReservesSet(pool_id=pool_id, reserve0=GAP[0].reserve0, reserve1=GAP[0].reserve1)
        for pool_id in (CHEAP, DEAR)
    ),
)
WRONG = ReservesSet(pool_id=RANGE, reserve0=1, reserve1=1)
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A fake for every port but the feed, and what the watcher saw."""

    simulator: AgreeingSimulator = field(default_factory=AgreeingSimulator)
    relays: tuple[AcceptingRelay, ...] = ()
    signer: LegibleSigner = field(default_factory=LegibleSigner)
    ledger: ListLedger = field(default_factory=ListLedger)
    clock: HandClock = field(default_factory=HandClock)
    tracker: Tracker = field(default_factory=tracker)
    strategy: Strategy = STRATEGY
    seen: list[Event] = field(default_factory=list)
    health: FeedState = FeedState.LIVE

    def ports(self, feed: ListedFeed) -> Ports:
        return Ports(
            feed=feed,
            simulator=self.simulator,
            relays=self.relays,
            signer=self.signer,
            ledger=self.ledger,
            clock=self.clock,
        )

    def kinds(self) -> list[type]:
        return [type(record) for record in self.ledger.records]

    def searched(self) -> list[int]:
        return [event.block.number for event in self.seen if isinstance(event, Searched)]

    def rejections(self) -> list[str]:
        return [
            f"{record.stage}: {record.reason}"
            for record in self.ledger.records
            if isinstance(record, Rejection)
        ]


def health_of(state: FeedState = FeedState.LIVE) -> FeedHealth:
    return FeedHealth(
        source="node",
        state=state,
        reason="told so",
        last_received_ns=0,
        messages=1,
        gaps=0,
        reconnects=0,
    )


async def stopped(
    world: World, *blocks: Block, together: bool = False, eager: bool = False
) -> BaseException:
    """Why the pipeline stopped: the fake's own hanging up, unless something broke before.

    Where it is eager, a block follows as soon as the one before it is searched.
    """
    feed = ListedFeed(blocks, is_released=together)
    feed.healths = (health_of(world.health),)

    def watch(event: Event) -> None:
        world.seen.append(event)
        if isinstance(event, Inclusion):
            world.simulator.gate.set()
        if isinstance(event, Dealt) and event.block.hash == blocks[-1].hash:
            feed.end()
        elif isinstance(event, Searched if eager else Dealt):
            feed.release()

    feed.release()
    pipeline = Pipeline(world.ports(feed), world.tracker, strategy=world.strategy, watch=watch)
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await pipeline.run()
    return first_leaf(caught.value)


async def played(
    world: World, *blocks: Block, together: bool = False, eager: bool = False
) -> World:
    """The world after these blocks, in which nothing broke."""
    assert isinstance(await stopped(world, *blocks, together=together, eager=eager), FeedError)
    return world
