"""The real time, for the live composition root. Everything else takes a Clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from typing_extensions import override

from searcher.ports import Clock

NS_PER_SECOND: Final = 1_000_000_000

Sleep = Callable[[float], Awaitable[None]]
"""Lets seconds pass between two attempts; tests pass them without waiting."""


async def sleep(seconds: float) -> None:
    """Let real seconds pass."""
    await asyncio.sleep(seconds)


class SystemClock(Clock):
    """The machine's clock."""

    @override
    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch, as the operating system believes."""
        return time.time_ns()

    async def wait_until_ns(self, when_ns: int) -> None:
        """Return at that time, or at once when it has passed."""
        await asyncio.sleep(max(0, when_ns - self.now_ns()) / NS_PER_SECOND)
