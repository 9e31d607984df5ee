"""The stream of hints of a MEV-Share node: reconnects by itself and fills what it missed.

The stream repeats nothing, so that after every reconnection the history is read from shortly
before the last sign of life, and what was heard already is left out by its hash.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import aiohttp
import msgspec

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.decoding import array, member
from searcher.adapters.event_stream import EventParser
from searcher.adapters.feed_record import Backoff, FeedRecord
from searcher.adapters.mev_share_hints import Hint, decode_event, decode_hint
from searcher.adapters.surroundings import Surroundings
from searcher.errors import FeedError, WireError
from searcher.feed_health import FeedHealth

HEARTBEAT_SECONDS: Final = 15.0
"""Between two comments of a silent stream."""

SILENCE_SECONDS: Final = 2.5 * HEARTBEAT_SECONDS
"""After two missed heartbeats the connection is given up."""

OVERLAP_SECONDS: Final = 24
"""Two slots of the history are read again, for what it lists late and for clocks that differ."""

MAX_HISTORY_PAGES: Final = 20
"""Read after a reconnection, of 500 hints at most each; what is older is a gap."""

DEFAULT_PAGE: Final = 500
REMEMBERED: Final = 65_536
"""Hashes: more than a day of hints."""

HTTP_OK: Final = 200
HISTORY_PATH: Final = "/api/v1/history"
LOST: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardHint:
    """A hint, with where and when it was first heard of."""

    hint: Hint
    """What is shared."""

    source: str
    """What the configuration calls the stream."""

    first_seen_ns: int
    """When, on the injected clock."""

    is_late: bool
    """Whether it was read from the history."""


class MevShareFeed:
    """Hints of one node, for ever."""

    def __init__(
        self,
        name: str,
        *,
        url: str,
        surroundings: Surroundings,
        silence_s: float = SILENCE_SECONDS,
    ) -> None:
        self.name = name
        """What the configuration calls it."""
        self._url = url.rstrip("/")
        self._outside = surroundings
        self._silence_s = silence_s
        silence_ns = round(silence_s * NS_PER_SECOND)
        self._record = FeedRecord(name, surroundings.clock, silence_ns=silence_ns)
        self._known: OrderedDict[str, None] = OrderedDict()
        self._last_ns: int | None = None
        self._backoff = Backoff(surroundings.random)

    def health(self) -> FeedHealth:
        """How far it can be believed at this moment."""
        return self._record.health()

    async def hints(self) -> AsyncGenerator[HeardHint, None]:
        """Every hint once; never ends. Close it to hang up."""
        while True:
            async with aclosing(self._attempt()) as attempt:
                async for heard in attempt:
                    yield heard
            await self._outside.sleep(self._backoff.next_s())

    async def _attempt(self) -> AsyncGenerator[HeardHint, None]:
        try:
            async with aclosing(self._connection()) as connection:
                async for heard in connection:
                    yield heard
        except (FeedError, WireError) as error:
            self._record.connecting(str(error))
        except LOST as error:
            self._record.connecting(f"disconnected ({type(error).__name__})")

    async def _connection(self) -> AsyncGenerator[HeardHint, None]:
        headers = {"Accept": "text/event-stream"}
        limits = aiohttp.ClientTimeout(total=None, sock_read=self._silence_s)
        async with (
            aiohttp.ClientSession(timeout=limits) as session,
            session.get(self._url, headers=headers, allow_redirects=False) as response,
        ):
            if response.status != HTTP_OK:
                raise FeedError(self.name, f"answered with status {response.status}")
            self._record.connected()
            # Connected first and then read, so that nothing falls between history and stream.
            for heard in await self._missed(session):
                yield heard
            self._alive()
            self._record.live()
            self._backoff.reset()
            parser = EventParser()
            async for chunk in response.content.iter_any():
                self._alive()
                for heard in filter(None, map(self._decoded, parser.feed(chunk))):
                    yield heard
        raise FeedError(self.name, "the stream ended")

    def _alive(self) -> None:
        self._last_ns = self._outside.clock.now_ns()
        self._record.received(self._last_ns)

    def _decoded(self, data: bytes) -> HeardHint | None:
        try:
            hint = decode_event(data)
        except WireError:
            self._record.gap()
            return None
        return self._new(hint)

    def _new(self, hint: Hint, *, is_late: bool = False) -> HeardHint | None:
        if hint.hash in self._known:
            return None
        self._known[hint.hash] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return HeardHint(
            hint=hint,
            source=self.name,
            first_seen_ns=self._outside.clock.now_ns(),
            is_late=is_late,
        )

    async def _missed(self, session: aiohttp.ClientSession) -> list[HeardHint]:
        """What came between two connections; nothing before the first."""
        if self._last_ns is None:
            return []
        self._record.syncing("reading the history")
        since_s = max(0, self._last_ns // NS_PER_SECOND - OVERLAP_SECONDS)
        hints = await self._history(session, since_s)
        return [heard for hint in hints if (heard := self._new(hint, is_late=True)) is not None]

    async def _history(self, session: aiohttp.ClientSession, since_s: int) -> list[Hint]:
        """What the history holds since then; a gap where it cannot be read to its end."""
        hints: list[Hint] = []
        try:
            limit = await self._page_size(session)
            for page in range(MAX_HISTORY_PAGES):
                query = {"timestampStart": since_s, "limit": limit, "offset": page * limit}
                entries = array(await self._get(session, HISTORY_PATH, query), "history")
                hints += self._readable(entries)
                if len(entries) < limit:
                    return hints
        except (*LOST, FeedError, WireError):
            # What could not be read is as lost as what is too old to be listed.
            self._record.gap()
            return hints
        self._record.gap()
        return hints

    async def _page_size(self, session: aiohttp.ClientSession) -> int:
        info = await self._get(session, HISTORY_PATH + "/info", {})
        limit = member(info, "maxLimit")
        if not isinstance(limit, int) or not 0 < limit <= DEFAULT_PAGE:
            return DEFAULT_PAGE
        return limit

    def _readable(self, entries: Sequence[object]) -> list[Hint]:
        hints = []
        for entry in entries:
            try:
                hints.append(decode_hint(member(entry, "hint")))
            except WireError:
                self._record.gap()
        return hints

    async def _get(
        self, session: aiohttp.ClientSession, path: str, query: dict[str, int]
    ) -> object:
        async with session.get(self._url + path, params=query, allow_redirects=False) as response:
            if response.status != HTTP_OK:
                raise FeedError(self.name, f"the history answered with status {response.status}")
            content = await response.read()
        try:
            return msgspec.json.decode(content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise WireError("history", "not JSON") from None
