"""A process that is talked to in lines, where other exchanges have a websocket.

It is started without this process's environment, so that no secret reaches a foreign package; when
its input closes it ends by itself, and it is killed when it is not wanted any more.
"""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from searcher.errors import FeedError

MAX_LINE_BYTES: Final = 256 * 2**10
"""A line of 500 levels on each side measures some 40 KB. Twice this is buffered, then the process
has to wait."""


class LineSocket:
    """A running process: lines in, lines out."""

    def __init__(self, process: Process, venue: str) -> None:
        self._process = process
        self._venue = venue

    async def frames(self, take: Callable[[bytes], None]) -> None:
        """Hand over every line in order, until the process ends.

        Raises:
            FeedError: it ended, or wrote a line beyond the bound.
        """
        output = self._process.stdout
        while output is not None:
            try:
                take(await output.readuntil())
            except asyncio.LimitOverrunError:
                raise FeedError(self._venue, "a line was too long") from None
            except asyncio.IncompleteReadError:
                break
        raise FeedError(self._venue, f"the process ended ({await self._process.wait()})")

    async def send(self, frame: bytes) -> None:
        """Write a line.

        Raises:
            FeedError: the process is gone.
        """
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(frame + b"\n")
                await self._process.stdin.drain()
        except ConnectionError:
            raise FeedError(self._venue, "the process reads nothing any more") from None


class LineProcess:
    """Starts one program again and again."""

    def __init__(self, venue: str, arguments: Sequence[str]) -> None:
        """Take what the interpreter is given."""
        self._venue = venue
        self._arguments = tuple(arguments)

    @asynccontextmanager
    async def connect(self, interpreter: str) -> AsyncIterator[LineSocket]:
        """Start a process, which is gone on exit.

        Raises:
            FeedError: there is no such program.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                interpreter,
                *self._arguments,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={},
                limit=MAX_LINE_BYTES,
            )
        except OSError as error:
            reason = f"{interpreter} cannot be started ({type(error).__name__})"
            raise FeedError(self._venue, reason) from None
        try:
            yield LineSocket(process, self._venue)
        finally:
            if process.returncode is None:
                process.kill()
            # Reads what is left besides, without which the pipes of a process that was held up
            # would stay open.
            await process.communicate()

    async def fetch(self, url: str) -> bytes:
        """Nothing is fetched from a process.

        Raises:
            FeedError: always.
        """
        raise FeedError(self._venue, f"{url} is not fetched from a process")
