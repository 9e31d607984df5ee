"""One exchange, always connected as far as it allows: reconnects, rotates, says what it is worth.

A connection that will end soon is replaced before it does: the second one takes over when all its
books are whole, and only then is the first one closed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.exchanges.conversation import Conversation, VenueRules
from searcher.adapters.exchanges.line_process import LineProcess
from searcher.adapters.exchanges.rate_budget import RateBudget
from searcher.adapters.exchanges.session import Session, SessionTools
from searcher.adapters.exchanges.transport import Transport
from searcher.adapters.feed_record import Backoff, FeedRecord
from searcher.adapters.surroundings import Surroundings
from searcher.exchange_books import ShownBook
from searcher.feed_health import FeedHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """An exchange as a feed needs it."""

    name: str
    """What the configuration calls it."""

    rules: VenueRules
    """Limits, and the URLs in use."""

    converse: Callable[[], Conversation]
    """A new conversation about the markets that are watched."""

    snapshot_path: Callable[[str], str]
    """What is fetched for a symbol's snapshot, below the URL of REST."""


class ExchangeFeed:
    """The books of one exchange."""

    def __init__(
        self, venue: Venue, transport: Transport | LineProcess, around: Surroundings
    ) -> None:
        self._venue = venue
        self._around = around
        silence_ns = round(venue.rules.silence_seconds * NS_PER_SECOND)
        self._record = FeedRecord(venue.name, around.clock, silence_ns=silence_ns)
        self._backoff = Backoff(around.random)
        self._connects = RateBudget(venue.rules.connects, around.clock, around.sleep)
        self._current: Session | None = None
        self._tools = SessionTools(
            rules=venue.rules,
            transport=transport,
            clock=around.clock,
            sleep=around.sleep,
            fetches=RateBudget(venue.rules.fetches, around.clock, around.sleep),
            snapshot_path=venue.snapshot_path,
            received=self._record.received,
        )

    @property
    def name(self) -> str:
        """What the configuration calls the exchange."""
        return self._venue.name

    async def run(self) -> None:
        """Stay connected until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._connects.wait_turn()
                session = Session(self._venue.converse(), self._tools)
                tasks.create_task(self._serve(session))
                await session.replaceable.wait()
                if session.became_live.is_set():
                    self._backoff.reset()
                if session.end_reason:
                    await self._around.sleep(self._backoff.next_s())

    async def _serve(self, session: Session) -> None:
        """Run a session, which becomes the current one when it is whole or the only one."""
        async with asyncio.TaskGroup() as tasks:
            promotion = tasks.create_task(self._promote(session))
            await session.run()
            promotion.cancel()
        for _ in range(session.conversation.gaps):
            self._record.gap()
        if self._current in {None, session}:
            self._current = None
            self._record.connecting(session.end_reason)

    async def _promote(self, session: Session) -> None:
        await session.connected.wait()
        self._record.connected()
        if self._current is None:
            self._current = session
        await session.became_live.wait()
        former = self._current
        self._current = session
        if former not in {None, session}:
            former.superseded.set()

    def shown(self, now_ns: int, *, max_age_ns: int) -> tuple[ShownBook, ...]:
        """Every whole book that a message has confirmed no longer ago than this."""
        if self._current is None:
            return ()
        return tuple(
            book.shown()
            for book in self._current.conversation.books.values()
            if book.is_live and now_ns - book.quote.received_ns <= max_age_ns
        )

    def health(self) -> FeedHealth:
        """LIVE when every book is whole and the exchange is not silent."""
        if self._current is not None:
            conversation = self._current.conversation
            if conversation.is_live:
                self._record.live()
            else:
                self._record.syncing(conversation.reason)
        return self._record.health()
