"""One connection of an exchange: a conversation with the tasks that read, send, fetch and watch.

It ends by itself when the connection is worth nothing any more; the feed begins another.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.exchanges.conversation import Conversation, VenueRules
from searcher.adapters.exchanges.line_process import LineProcess, LineSocket
from searcher.adapters.exchanges.rate_budget import RateBudget, Sleep
from searcher.adapters.exchanges.transport import Transport, Websocket
from searcher.errors import FeedError, WireError
from searcher.ports import Clock

WATCH_SECONDS: Final = 1.0
"""Between looks at silence, completeness and age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTools:
    """What every session of a feed shares."""

    rules: VenueRules
    """Of the exchange, with the URLs in use."""

    transport: Transport | LineProcess
    """Opens connections."""

    clock: Clock
    """Of all times."""

    sleep: Sleep
    """Waits."""

    fetches: RateBudget
    """Of snapshots, over all connections."""

    snapshot_path: Callable[[str], str]
    """What is fetched for a symbol, below the URL of REST."""

    received: Callable[[int], None]
    """Is told when each message came."""


class Session:
    """Runs one conversation on one connection."""

    def __init__(self, conversation: Conversation, tools: SessionTools) -> None:
        self.conversation = conversation
        self.replaceable = asyncio.Event()
        """Set when another session should begin: it ended, is old, or was told that it will end."""
        self.connected = asyncio.Event()
        """Set when there is a connection."""
        self.superseded = asyncio.Event()
        """To be set when another session has taken over; this one ends."""
        self.became_live = asyncio.Event()
        """Set when every book is whole for the first time."""
        self.end_reason = ""
        """Why it ended; empty while it runs."""
        self._tools = tools
        self._to_send = asyncio.Event()
        self._to_fetch = asyncio.Event()
        self._last_ns = tools.clock.now_ns()
        self._whole_ns = self._last_ns

    async def run(self) -> None:
        """Connect, and return when the connection has ended and its books are given up."""
        try:
            async with self._tools.transport.connect(self._tools.rules.ws_url) as socket:
                await self._converse(socket)
        except FeedError as error:
            self.end_reason = error.reason
        finally:
            self.conversation.lose_all(self.end_reason or "stopped")
            self.replaceable.set()

    async def _converse(self, socket: Websocket | LineSocket) -> None:
        self._last_ns = self._whole_ns = self._tools.clock.now_ns()
        self.connected.set()
        self.conversation.open()
        self._wake()
        reason = ""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(socket.frames(self._take))
                tasks.create_task(self._send(socket))
                tasks.create_task(self._fetch())
                tasks.create_task(self._watch())
                tasks.create_task(self._leave())
        except* (FeedError, WireError) as failures:
            # Before Python 3.11.4 what is raised here would be wrapped in a group of its own.
            reason = _reason(failures)
        if reason:
            raise FeedError(self._tools.rules.ws_url, reason)

    def _take(self, frame: bytes) -> None:
        now_ns = self._last_ns = self._tools.clock.now_ns()
        self._tools.received(now_ns)
        conversation = self.conversation
        conversation.receive(frame, now_ns)
        if conversation.outbox or conversation.wanted or not self.became_live.is_set():
            self._wake()

    def _wake(self) -> None:
        conversation = self.conversation
        if conversation.outbox:
            self._to_send.set()
        if conversation.wanted:
            self._to_fetch.set()
        if conversation.is_live:
            self.became_live.set()

    async def _send(self, socket: Websocket | LineSocket) -> None:
        budget = RateBudget(self._tools.rules.messages, self._tools.clock, self._tools.sleep)
        while True:
            await self._to_send.wait()
            while self.conversation.outbox:
                await budget.wait_turn()
                await socket.send(self.conversation.outbox.popleft())
            self._to_send.clear()

    async def _fetch(self) -> None:
        tools = self._tools
        while True:
            await self._to_fetch.wait()
            while self.conversation.wanted:
                symbol = self.conversation.wanted.popleft()
                await tools.fetches.wait_turn()
                body = await tools.transport.fetch(
                    f"{tools.rules.rest_url}{tools.snapshot_path(symbol)}"
                )
                self.conversation.snapshot(symbol, body, tools.clock.now_ns())
                self._wake()
            self._to_fetch.clear()

    async def _leave(self) -> None:
        await self.superseded.wait()
        raise FeedError(self._tools.rules.ws_url, "another connection took over")

    async def _watch(self) -> None:
        """Give up what is silent or stays incomplete; ask in time to be replaced.

        Raises:
            FeedError: the connection is of no use.
        """
        rules, clock = self._tools.rules, self._tools.clock
        born_ns = clock.now_ns()
        while True:
            await self._tools.sleep(WATCH_SECONDS)
            now_ns = clock.now_ns()
            if self.conversation.is_live:
                self._whole_ns = now_ns
                self.became_live.set()
            if now_ns - self._last_ns > rules.silence_seconds * NS_PER_SECOND:
                raise FeedError(rules.ws_url, "silent for too long")
            if now_ns - self._whole_ns > rules.sync_seconds * NS_PER_SECOND:
                raise FeedError(
                    rules.ws_url, f"incomplete for too long: {self.conversation.reason}"
                )
            is_old = now_ns - born_ns > rules.lifetime_seconds * NS_PER_SECOND
            if is_old or self.conversation.ending:
                self.replaceable.set()


def _reason(failures: BaseExceptionGroup) -> str:
    """The first of what ended the tasks."""
    first = failures.exceptions[0]
    if isinstance(first, BaseExceptionGroup):
        return _reason(first)
    return first.reason if isinstance(first, FeedError) else str(first)
