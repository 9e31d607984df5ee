"""The chain as Blocks, followed through disconnects, gaps and reorgs by parent hashes alone.

Any node may announce a head, whoever answers reads its block, and nothing is lost while one of
them works: what was missed is found from the next head backwards. What a reorg means for state is
the tracker's affair.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Final

from searcher.adapters.block_reader import BlockReader
from searcher.adapters.chain_view import ChainView
from searcher.adapters.clock import Sleep, sleep
from searcher.adapters.decoding import Header
from searcher.adapters.endpoints import Endpoints
from searcher.adapters.feed_record import Backoff
from searcher.adapters.heads import Announcement, Heads, Listener, Waits
from searcher.errors import FeedError, RpcError, WireError
from searcher.feed_health import FeedHealth, FeedState
from searcher.model import Block
from searcher.ports import Clock

MAX_BACKFILL_BLOCKS: Final = 64
"""Two epochs: deeper than any reorg before finality, and about 13 minutes of missed heads."""

MAX_UNDECODABLE: Final = 8
"""Attempts in a row, by any node, that end in nonsense: then it is the block, not a node."""

_FEED: Final = "blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTerms:
    """How the feed judges and waits."""

    slot_seconds: int
    """Between blocks."""

    max_head_age_seconds: int
    """How old the head may be, by its timestamp, while it counts as live."""

    random: Random
    """Spreads attempts to connect."""

    sleep: Sleep = sleep
    """Lets seconds pass."""


class BlockFeed:
    """The live Feed. It ends only with a FeedError; a lost node is tried again for good.

    A head that nobody knows any more is skipped: the next head's branch is followed back to the
    last block that was emitted, so nothing canonical is lost.
    """

    def __init__(
        self,
        reader: BlockReader,
        endpoints: Endpoints,
        *,
        clock: Clock,
        terms: FeedTerms,
        start: Block,
    ) -> None:
        self._reader = reader
        self._endpoints = endpoints
        self._clock = clock
        self._terms = terms
        self._heads = Heads(clock)
        waits = Waits(slot_seconds=terms.slot_seconds, random=terms.random, sleep=terms.sleep)
        self._listeners = {
            node.name: Listener(node, self._heads, clock=clock, waits=waits)
            for node in endpoints.nodes
        }
        self._emitted = [start]
        self._followed = endpoints.nodes[0].name
        self._detached: frozenset[str] = frozenset()
        self._trouble = ""
        self._backfilled = 0

    @property
    def tip(self) -> Block:
        """The block that was emitted last, which `health` judges; the start block at first."""
        return self._emitted[-1]

    @property
    def waiting(self) -> int:
        """Announcements that nobody has followed yet."""
        return self._heads.waiting

    async def blocks(self) -> AsyncGenerator[Block, None]:
        """Every canonical block after the start block; see the port. To be iterated once.

        Raises:
            FeedError: undecodable, or a branch that left ours too long ago.
        """
        ending: FeedError | GeneratorExit | None = None
        async with asyncio.TaskGroup() as tasks:
            channels = [
                tasks.create_task(channel)
                for listener in self._listeners.values()
                for channel in listener.channels()
            ]
            canonical = self._canonical()
            try:
                async for block in canonical:
                    yield block
            except (FeedError, GeneratorExit) as error:
                ending = error
            finally:
                await canonical.aclose()
                for channel in channels:
                    channel.cancel()
        if ending is not None:
            raise ending

    def health(self) -> tuple[FeedHealth, ...]:
        """The verdict on the block that was emitted last, then each node as a source of heads."""
        nodes = self._endpoints.health()
        state, reason = self._view().verdict()
        if self._trouble and state is not FeedState.STALE:
            state, reason = FeedState.SYNCING, self._trouble
        received = [node.last_received_ns for node in nodes if node.last_received_ns is not None]
        whole = FeedHealth(
            source=_FEED,
            state=state,
            reason=reason,
            last_received_ns=max(received, default=None),
            messages=sum(node.messages for node in nodes),
            gaps=self._backfilled,
            reconnects=sum(node.reconnects for node in nodes),
        )
        return (whole, *nodes)

    def _view(self) -> ChainView:
        return ChainView(
            tail=self._emitted,
            followed=self._followed,
            views=self._heads.views,
            detached=self._detached,
            now_ns=self._clock.now_ns(),
            max_age_seconds=self._terms.max_head_age_seconds,
        )

    async def _canonical(self) -> AsyncGenerator[Block, None]:
        """Follow one announcement after the other; what fails is tried again after a wait."""
        backoff, undecodable = Backoff(self._terms.random), 0
        while True:
            announcement = await self._heads.next()
            try:
                if not await self._is_to_follow(announcement):
                    continue
                async for block in self._follow(announcement):
                    undecodable = 0
                    yield block
            except (RpcError, WireError) as error:
                undecodable = undecodable + 1 if isinstance(error, WireError) else 0
                if undecodable == MAX_UNDECODABLE:
                    raise FeedError(_FEED, str(error)) from error
                await self._recover(announcement, error, backoff)
            else:
                self._trouble = ""
                backoff.reset()

    async def _recover(
        self, announcement: Announcement, error: RpcError | WireError, backoff: Backoff
    ) -> None:
        """Wait, then let the announcement wait again, with another node to ask first."""
        self._trouble = str(error)
        if isinstance(error, WireError):
            self._endpoints.distrust(self._trouble)
        await self._terms.sleep(backoff.next_s())
        self._heads.again(announcement)

    async def _is_to_follow(self, announcement: Announcement) -> bool:
        """Whether a head replaces ours: a higher one does, another of the node that we follow too.

        One that is not higher may be late, so its node is asked again before it counts.
        """
        head, tip = announcement.head, self._emitted[-1]
        if head.number > tip.number:
            return True
        if head.hash == tip.hash:
            return False
        if not await self._listeners[announcement.node].refresh(announcement):
            return False
        view = self._view()
        is_free = self._heads.view(self._followed) is None or announcement.node == self._followed
        is_known = view.is_shared_by(announcement) or head.number < self._emitted[0].number
        return is_free and not is_known

    async def _follow(self, announcement: Announcement) -> AsyncIterator[Block]:
        """Emit from the common ancestor to the head, keeping the canonical tail."""
        for header in await self._branch(announcement):
            parent = _index(self._emitted, header.parent_hash)
            block = await self._reader.read(
                header.hash,
                parent_nonce=self._emitted[parent].account.nonce,
                received_ns=announcement.received_ns,
            )
            self._emitted[parent + 1 :] = [block]
            del self._emitted[: -MAX_BACKFILL_BLOCKS - 1]
            self._followed = announcement.node
            yield block

    async def _branch(self, announcement: Announcement) -> list[Header]:
        """The headers to emit, oldest first.

        Raises:
            RpcError: nobody knows a block of it, or no longer.
        """
        known = {block.hash for block in self._emitted}
        branch = [announcement.head]
        while branch[-1].parent_hash not in known:
            if len(branch) == MAX_BACKFILL_BLOCKS or branch[-1].number <= self._emitted[0].number:
                self._detach(announcement)
                return []
            branch.append(await self._reader.header(branch[-1].parent_hash))
        self._backfilled += len(branch) > 1
        return branch[::-1]

    def _detach(self, announcement: Announcement) -> None:
        """Hold a head against its node while another shares our blocks; alone, it is the end.

        Raises:
            FeedError: nobody shares them.
        """
        view = self._view()
        if not any(view.is_shared_by(other) for other in view.views):
            number = announcement.head.number
            reason = f"block {number} does not build on a recent block of ours; restart"
            raise FeedError(_FEED, reason)
        heads = {other.head.hash for other in view.views}
        self._detached = (self._detached & heads) | {announcement.head.hash}


def _index(emitted: list[Block], block_hash: str) -> int:
    return next(index for index, block in enumerate(emitted) if block.hash == block_hash)
