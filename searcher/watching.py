"""The composition root of `searcher watch`: every configured source at work, and nobody trading.

Needs no key and knows no pool. What cannot be reached is tried again for good and shown meanwhile,
because to see that is why somebody watches.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final

from graphs.units import Address
from searcher.adapters.block_reader import BlockReader
from searcher.adapters.blocks import BlockFeed, FeedTerms
from searcher.adapters.clock import NS_PER_SECOND, SystemClock, sleep
from searcher.adapters.created_pools import NOWHERE
from searcher.adapters.decoding import HEADER_ONLY, array, decode_header, hash32, member
from searcher.adapters.endpoints import Endpoints, open_endpoints
from searcher.adapters.exchanges.desk import ExchangeDesk
from searcher.adapters.feed_record import Backoff, FeedRecord
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.mev_share import MevShareFeed
from searcher.adapters.multicall import Multicall
from searcher.adapters.pending_feed import Coverage, MinedBlock, PendingFeed
from searcher.adapters.sources import mev_share_feed, open_exchanges, open_pending_feed
from searcher.adapters.surroundings import Surroundings
from searcher.chain_wiring import check_chain
from searcher.config import Settings
from searcher.errors import FeedError, RpcError, WireError
from searcher.feed_health import FeedHealth, FeedState
from searcher.model import Block
from searcher.ports import Clock
from searcher.settings.network import NetworkSettings

HASHES_ONLY: Final = False
"""Of transactions, instead of bodies."""

COVERED_BLOCKS: Final = 20
"""Newest blocks whose coverage is kept."""

LOOK_SECONDS: Final = 0.2
"""Between two looks while waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredBlock:
    """A block, and how much of it was heard of before."""

    number: int
    """Height."""

    coverage: Coverage
    """Of its transactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything that is watched, at one moment."""

    at_ns: int
    """When."""

    sources: tuple[FeedHealth, ...]
    """The chain first, then what announces pending transactions, hints and books."""

    head: Block | None
    """The newest block that was followed; None before the first."""

    covered: tuple[CoveredBlock, ...]
    """Of the newest blocks, oldest first; empty where nobody announces transactions."""

    @property
    def is_live(self) -> bool:
        """Whether every source may be used."""
        return all(source.state is FeedState.LIVE for source in self.sources)


class ChainWatch:
    """Follows the chain, and says how much of each block had been announced."""

    def __init__(
        self,
        network: NetworkSettings,
        endpoints: Endpoints,
        *,
        pending: PendingFeed,
        surroundings: Surroundings,
    ) -> None:
        self._network = network
        self._endpoints = endpoints
        self._pending = pending
        self._outside = surroundings
        self._opening = FeedRecord("blocks", surroundings.clock, silence_ns=0)
        self._feed: BlockFeed | None = None
        self.covered: deque[CoveredBlock] = deque(maxlen=COVERED_BLOCKS)
        """Of the newest blocks, oldest first."""

    @property
    def head(self) -> Block | None:
        """The newest block that was followed."""
        return None if self._feed is None else self._feed.tip

    def health(self) -> tuple[FeedHealth, ...]:
        """Of the chain as a whole, then of every node."""
        if self._feed is None:
            return (self._opening.health(), *self._endpoints.health())
        return self._feed.health()

    async def run(self) -> None:
        """Follow the chain for good; what ends the bot's feed only begins another here.

        Raises:
            ConfigError: the nodes are on another chain.
        """
        backoff = Backoff(self._outside.random)
        while True:
            try:
                await self._follow(backoff)
            except (RpcError, WireError, FeedError) as error:
                self._feed = None
                self._opening.connecting(str(error))
            await self._outside.sleep(backoff.next_s())

    async def _follow(self, backoff: Backoff) -> None:
        await check_chain(self._endpoints, self._network)
        head = decode_header(
            await self._endpoints.call("eth_getBlockByNumber", "latest", HEADER_ONLY)
        )
        reader = self._reader()
        start = await reader.read(
            head.hash, parent_nonce=None, received_ns=self._outside.clock.now_ns()
        )
        self._feed = BlockFeed(
            reader,
            self._endpoints,
            clock=self._outside.clock,
            terms=FeedTerms(
                slot_seconds=self._network.slot_seconds,
                max_head_age_seconds=self._network.head_age_seconds,
                random=self._outside.random,
                sleep=self._outside.sleep,
            ),
            start=start,
        )
        async for block in self._feed.blocks():
            backoff.reset()
            await self._cover(block)

    def _reader(self) -> BlockReader:
        """Reads what the bot reads of a block, for nobody's account and without any pool."""
        return BlockReader(
            rpc=self._endpoints,
            multicall=Multicall(rpc=self._endpoints, address=Address(self._network.multicall3)),
            pools=KnownPools(()),
            desks=(),
            account=NOWHERE,
            executor=None,
        )

    async def _cover(self, block: Block) -> None:
        """Compare a block with what was announced; one that is gone already is left out."""
        if not (self._network.mempool or self._network.grpc_sources):
            return
        try:
            body = await self._endpoints.call("eth_getBlockByHash", block.hash, HASHES_ONLY)
            listed = array(member(body, "transactions"), "transactions")
            hashes = [hash32(one, "transaction hash") for one in listed]
        except (RpcError, WireError):
            return
        coverage = self._pending.seen.forget(MinedBlock(hashes=hashes, nonces={}))
        self.covered.append(CoveredBlock(number=block.number, coverage=coverage))


class Watching:
    """All sources of a network, at work."""

    def __init__(
        self,
        *,
        clock: Clock,
        chain: ChainWatch,
        pending: PendingFeed,
        exchanges: ExchangeDesk,
        hints: MevShareFeed | None,
    ) -> None:
        self._clock = clock
        self._chain = chain
        self._pending = pending
        self._exchanges = exchanges
        self._hints = hints

    def sight(self) -> Sight:
        """Everything at this moment."""
        return Sight(
            at_ns=self._clock.now_ns(),
            sources=(
                *self._chain.health(),
                *self._pending.health(),
                *(() if self._hints is None else (self._hints.health(),)),
                *self._exchanges.health(),
            ),
            head=self._chain.head,
            covered=tuple(self._chain.covered),
        )

    async def run(self) -> None:
        """Listen to everything until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._chain.run())
            tasks.create_task(self._pending.run())
            tasks.create_task(self._exchanges.run())
            if self._hints is not None:
                tasks.create_task(_drain(self._hints))


async def _drain(feed: MevShareFeed) -> None:
    async for _ in feed.hints():
        pass


@asynccontextmanager
async def watching(settings: Settings, network: NetworkSettings) -> AsyncIterator[Watching]:
    """Listen to every configured source until the end of the block.

    Raises:
        ConfigError: a source is configured that cannot be, or the nodes are on another chain.
    """
    clock, random = SystemClock(), Random()  # noqa: S311 - spreads attempts to connect
    surroundings = Surroundings(clock=clock, random=random)
    async with (
        open_endpoints(network.nodes, clock=clock, random=random) as endpoints,
        open_pending_feed(network, surroundings) as pending,
        open_exchanges(settings.exchanges, network, surroundings) as exchanges,
        asyncio.TaskGroup() as tasks,
    ):
        watch = Watching(
            clock=clock,
            chain=ChainWatch(network, endpoints, pending=pending, surroundings=surroundings),
            pending=pending,
            exchanges=exchanges,
            hints=mev_share_feed(network, surroundings),
        )
        running = tasks.create_task(watch.run())
        yield watch
        running.cancel()


async def until_live(watch: Watching, *, patience_s: float) -> Sight:
    """Look until every source is live, or for so long; return what was seen last."""
    deadline_ns = SystemClock().now_ns() + round(patience_s * NS_PER_SECOND)
    while True:
        sight = watch.sight()
        if sight.is_live or sight.at_ns >= deadline_ns:
            return sight
        await sleep(LOOK_SECONDS)
