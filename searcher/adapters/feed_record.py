"""What a feed adapter notes about itself, and when it may try again.

Every adapter that listens to the world keeps a FeedRecord, so that the bot, `searcher watch` and
the tests judge all of them by one rule: silence turns LIVE into STALE without anybody's help.
"""

from random import Random
from typing import Final

from searcher.feed_health import FeedHealth, FeedState
from searcher.ports import Clock

FIRST_DELAY_SECONDS: Final = 0.25
"""Upper bound of the first wait after a disconnect."""

LONGEST_DELAY_SECONDS: Final = 30.0
"""Upper bound of any wait."""


class FeedRecord:
    """The health of one source, kept by the task that listens to it."""

    def __init__(self, source: str, clock: Clock, *, silence_ns: int) -> None:
        """Begin as CONNECTING; `silence_ns` is how long a live source may say nothing."""
        self._source = source
        self._clock = clock
        self._silence_ns = silence_ns
        self._state = FeedState.CONNECTING
        self._reason = "not connected yet"
        self._last_ns: int | None = None
        self._messages = 0
        self._gaps = 0
        self._connections = 0

    def connecting(self, reason: str) -> None:
        """Note that there is no connection, and why."""
        self._state, self._reason = FeedState.CONNECTING, reason

    def syncing(self, reason: str) -> None:
        """Note that what was received is not complete, and what is missing."""
        self._state, self._reason = FeedState.SYNCING, reason

    def connected(self) -> None:
        """Count a connection; nothing is complete yet."""
        self._connections += 1
        self.syncing("connected")

    def live(self) -> None:
        """Note that everything up to the last message is there."""
        self._state, self._reason = FeedState.LIVE, ""

    def stale(self, reason: str) -> None:
        """Note that others contradict what was received."""
        self._state, self._reason = FeedState.STALE, reason

    def received(self, at_ns: int) -> None:
        """Count a message that came at this time."""
        self._messages += 1
        self._last_ns = at_ns

    def gap(self) -> None:
        """Count something missing or out of order."""
        self._gaps += 1

    def health(self) -> FeedHealth:
        """The record at this moment; LIVE only where the last message is recent enough."""
        state, reason = self._state, self._reason
        silent_ns = self._clock.now_ns() - (self._last_ns or 0)
        if state is FeedState.LIVE and silent_ns > self._silence_ns:
            state, reason = FeedState.STALE, "silent for too long"
        return FeedHealth(
            source=self._source,
            state=state,
            reason=reason,
            last_received_ns=self._last_ns,
            messages=self._messages,
            gaps=self._gaps,
            reconnects=max(0, self._connections - 1),
        )


class Backoff:
    """Waits between attempts: full jitter below a bound that doubles with each failure."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._bound_s = FIRST_DELAY_SECONDS

    def next_s(self) -> float:
        """Seconds to wait now, uniform below the bound, which doubles up to the longest."""
        delay_s = self._random.uniform(0.0, self._bound_s)
        self._bound_s = min(2 * self._bound_s, LONGEST_DELAY_SECONDS)
        return delay_s

    def reset(self) -> None:
        """Begin again with the first bound, after a connection that proved useful."""
        self._bound_s = FIRST_DELAY_SECONDS
