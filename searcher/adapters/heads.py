"""Heads of the chain from every node: over websocket, by polling, or both at once.

A channel never ends: what fails is tried again after a wait. Nothing here decides which head is
right; what a node said last is kept, and every change of it waits to be followed.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Final

from searcher.adapters.clock import Sleep
from searcher.adapters.decoding import HEADER_ONLY, Header, HeaderJson, decode_header
from searcher.adapters.endpoints import Node
from searcher.adapters.feed_record import Backoff
from searcher.adapters.rpc import open_subscription
from searcher.errors import RpcError, WireError
from searcher.ports import Clock

MAX_WAITING: Final = 64
"""Announcements that may wait; the oldest is dropped, since its blocks are found as parents."""

POLLS_PER_SLOT: Final = 12
"""Where nobody announces heads: once a second on Ethereum."""

_WEBSOCKET: Final = "websocket"
_POLL: Final = "poll"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A head as one node has it."""

    node: str
    """Whose."""

    head: Header
    """What it says is the newest block."""

    received_ns: int
    """When it said so first."""


class Heads:
    """What each node said last, and the announcements that nobody has followed yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._views: dict[str, Announcement] = {}
        self._waiting: deque[Announcement] = deque(maxlen=MAX_WAITING)
        self._arrived = asyncio.Event()

    @property
    def views(self) -> tuple[Announcement, ...]:
        """What each connected node said last."""
        return tuple(self._views.values())

    @property
    def waiting(self) -> int:
        """How many announcements wait; never more than MAX_WAITING."""
        return len(self._waiting)

    def view(self, node: str) -> Announcement | None:
        """What this node said last; None where it is not connected."""
        return self._views.get(node)

    def announce(self, node: str, head: Header) -> None:
        """Note a node's head; it waits to be followed unless the node has said so already."""
        known = self._views.get(node)
        if known is not None and known.head == head:
            return
        announcement = Announcement(node=node, head=head, received_ns=self._clock.now_ns())
        self._views[node] = announcement
        self._wait(announcement)

    def again(self, announcement: Announcement) -> None:
        """Let it wait once more, unless the node has said something else since."""
        is_newest = self._views.get(announcement.node) is announcement
        if is_newest and all(waiting is not announcement for waiting in self._waiting):
            self._wait(announcement)

    def lost(self, node: str) -> None:
        """Forget what a node said, and look again at what the others say."""
        if self._views.pop(node, None) is not None:
            for announcement in self.views:
                self.again(announcement)

    async def next(self) -> Announcement:
        """Wait for the oldest announcement that waits, and take it."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()

    def _wait(self, announcement: Announcement) -> None:
        self._waiting.append(announcement)
        self._arrived.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How the channels spend the time between two attempts."""

    slot_seconds: int
    """Between blocks."""

    random: Random
    """Spreads attempts to connect."""

    sleep: Sleep
    """Passes time."""


class Listener:
    """Hears one node's heads on every channel that it has."""

    def __init__(self, node: Node, heads: Heads, *, clock: Clock, waits: Waits) -> None:
        self._node = node
        self._heads = heads
        self._clock = clock
        self._waits = waits
        self._open: set[str] = set()

    def channels(self) -> list[Coroutine[None, None, None]]:
        """What has to run: the subscription, where the node has one, and the polling.

        Polling goes on at a slot's pace beside a subscription, because a node may keep a
        connection open and say nothing on it.
        """
        slot_s = float(self._waits.slot_seconds)
        if self._node.ws_url is None:
            return [self._poll(slot_s / POLLS_PER_SLOT)]
        return [self._subscribe(self._node.ws_url), self._poll(slot_s)]

    async def latest(self) -> Header:
        """Ask the node for its head, within its budget.

        Raises:
            RpcError, WireError: no usable answer.
        """
        return decode_header(await self._ask("eth_getBlockByNumber", "latest", HEADER_ONLY))

    async def refresh(self, announcement: Announcement) -> bool:
        """Ask whether a head is still the node's; what it has instead is announced.

        Raises:
            RpcError, WireError: no usable answer.
        """
        latest = await self.latest()
        if self._heads.view(self._node.name) is not announcement:
            return False
        self._heads.announce(self._node.name, latest)
        return latest == announcement.head

    async def _ask(self, method: str, *params: object) -> object:
        while wait_s := self._node.budget.wait_s(1):
            await self._waits.sleep(wait_s)
        self._node.budget.spend(1)
        return await self._node.rpc.call(method, *params)

    async def _subscribe(self, ws_url: str) -> None:
        """Announce what the node says until the program ends."""
        backoff = Backoff(self._waits.random)
        while True:
            try:
                async for head in self._subscribed(ws_url):
                    self._heard(head)
                    backoff.reset()
            except (RpcError, WireError) as error:
                self._failed(_WEBSOCKET, str(error))
            await self._waits.sleep(backoff.next_s())

    async def _subscribed(self, ws_url: str) -> AsyncGenerator[Header, None]:
        """The node's head, then each one that it announces, until it hangs up.

        The head is asked for after subscribing, so that no block falls between the two.
        """
        async with open_subscription(ws_url, "newHeads", kind=HeaderJson) as notifications:
            self._connected(_WEBSOCKET)
            yield await self.latest()
            async for notification in notifications:
                yield decode_header(notification)

    async def _poll(self, interval_s: float) -> None:
        """Ask for the head at intervals until the program ends.

        What was announced while an answer was on its way is newer than the answer.
        """
        backoff = Backoff(self._waits.random)
        while True:
            before = self._heads.view(self._node.name)
            wait_s = interval_s
            try:
                head = await self.latest()
            except (RpcError, WireError) as error:
                self._failed(_POLL, str(error))
                wait_s = max(interval_s, backoff.next_s())
            else:
                backoff.reset()
                self._connected(_POLL)
                if self._heads.view(self._node.name) is before:
                    self._heard(head)
            await self._waits.sleep(wait_s)

    def _connected(self, channel: str) -> None:
        if channel not in self._open:
            self._open.add(channel)
            self._node.heads.connected()

    def _heard(self, head: Header) -> None:
        self._node.heads.received(self._clock.now_ns())
        self._node.heads.live()
        self._heads.announce(self._node.name, head)

    def _failed(self, channel: str, reason: str) -> None:
        """A node is lost when no channel to it is left; until then its head may be old."""
        if channel in self._open:
            self._node.heads.gap()
        self._open.discard(channel)
        if not self._open:
            self._node.heads.connecting(reason)
            self._heads.lost(self._node.name)
