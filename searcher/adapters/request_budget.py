"""How many requests of a method an endpoint still takes within the minute."""

from collections import deque
from collections.abc import Callable
from typing import Final

from searcher.ports import Clock

WINDOW_NS: Final = 60_000_000_000
"""Limits are documented by the minute."""


class RequestBudget:
    """Of one endpoint: a window that slides, so that no minute holds more than the limit."""

    def __init__(self, clock: Clock, limit: Callable[[str], int]) -> None:
        self._clock = clock
        self._limit = limit
        self._spent: dict[str, deque[int]] = {}

    def take(self, method: str) -> bool:
        """Whether one more request may be sent now; a yes counts it."""
        now_ns = self._clock.now_ns()
        spent = self._spent.setdefault(method, deque())
        while spent and spent[0] <= now_ns - WINDOW_NS:
            spent.popleft()
        if len(spent) >= self._limit(method):
            return False
        spent.append(now_ns)
        return True
