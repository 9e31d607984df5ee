"""Time that passes without anybody waiting, for feeds that try again."""

from collections.abc import Generator
from random import Random
from typing import Final

from typing_extensions import override

from searcher.ports import Clock

NS_PER_SECOND: Final = 1_000_000_000


class Turn:
    """Awaited, lets every other task run once."""

    def __await__(self) -> Generator[None, None, None]:
        yield


def repeatable(seed: int = 1) -> Random:
    """Chance that falls the same way each time."""
    return Random(seed)  # noqa: S311 - spreads attempts, guards nothing


async def at_once(_seconds: float) -> None:
    """A sleep that takes no time, but lets others run."""
    await Turn()


class VirtualTime(Clock):
    """A clock that a test moves, and sleeps that end when it has moved far enough."""

    def __init__(self, start_s: int) -> None:
        self.time_ns = start_s * NS_PER_SECOND

    @override
    def now_ns(self) -> int:
        """Where it was moved to."""
        return self.time_ns

    def pass_s(self, seconds: int) -> None:
        """Move on."""
        self.time_ns += seconds * NS_PER_SECOND

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved past that time."""
        until_ns = self.time_ns + int(seconds * NS_PER_SECOND)
        while self.time_ns < until_ns:
            await Turn()
