"""Waits so that no window of time sees more than a limit allows."""

from collections import deque
from collections.abc import Awaitable, Callable

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.exchanges.conversation import RateLimit
from searcher.ports import Clock

Sleep = Callable[[float], Awaitable[object]]
"""Waits for so many seconds."""


class RateBudget:
    """One limit, spent by whoever awaits it, in order."""

    def __init__(self, limit: RateLimit, clock: Clock, sleep: Sleep) -> None:
        self._limit = limit
        self._clock = clock
        self._sleep = sleep
        self._spent_ns: deque[int] = deque(maxlen=limit.count)

    async def wait_turn(self) -> None:
        """Return when one more is within the limit, and count it."""
        window_ns = round(self._limit.seconds * NS_PER_SECOND)
        while len(self._spent_ns) == self._limit.count:
            left_ns = self._spent_ns[0] + window_ns - self._clock.now_ns()
            if left_ns <= 0:
                break
            await self._sleep(left_ns / NS_PER_SECOND)
        self._spent_ns.append(self._clock.now_ns())
