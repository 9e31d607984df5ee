"""A websocket subscription as bare frames, each with the time at which it was read.

Nodes cut off subscribers that read slowly. So one task only reads, looks at the clock and queues;
whoever decodes takes from the queue, and what it is too slow for is dropped, the oldest first.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import msgspec

from searcher.adapters.rpc import (
    HEARTBEAT_SECONDS,
    MAX_MESSAGE_BYTES,
    REQUEST_TIMEOUT_SECONDS,
    masked,
)
from searcher.errors import RpcError, SearcherError
from searcher.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One message, unread."""

    content: bytes | str
    """As it came."""

    received_ns: int
    """When, on the injected clock."""


class FrameQueue:
    """Holds the newest frames up to a bound, until they are taken."""

    def __init__(self, *, bound: int) -> None:
        self._frames: deque[Frame] = deque(maxlen=bound)
        self._is_changed = asyncio.Event()
        self._is_closed = False
        self.dropped = 0
        """Frames that nobody took in time."""

    def put(self, frame: Frame) -> None:
        """Append without waiting; a full queue loses its oldest frame."""
        if len(self._frames) == self._frames.maxlen:
            self.dropped += 1
        self._frames.append(frame)
        self._is_changed.set()

    def close(self) -> None:
        """Note that nothing more comes."""
        self._is_closed = True
        self._is_changed.set()

    async def take(self, limit: int) -> list[Frame]:
        """Wait for frames and take the oldest; none once it is closed and empty."""
        while not self._frames and not self._is_closed:
            self._is_changed.clear()
            await self._is_changed.wait()
        return [self._frames.popleft() for _ in range(min(limit, len(self._frames)))]


@asynccontextmanager
async def open_frames(
    url: str, params: Sequence[object], *, bound: int, clock: Clock
) -> AsyncIterator[FrameQueue]:
    """Ask for a subscription and read into a queue; the answer to the request comes first.

    Raises:
        RpcError: unreachable.
    """
    problem: GeneratorExit | SearcherError | None = None
    async with _connected(url, params) as socket, asyncio.TaskGroup() as group:
        queue = FrameQueue(bound=bound)
        reader = group.create_task(_read(socket, queue, clock))
        try:
            yield queue
        except (GeneratorExit, SearcherError) as error:
            # The group would wrap it; it is raised as it was, once the reader is gone.
            problem = error
        finally:
            reader.cancel()
    if problem is not None:
        raise problem


@asynccontextmanager
async def _connected(
    url: str, params: Sequence[object]
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=REQUEST_TIMEOUT_SECONDS)
    request = {"jsonrpc": "2.0", "id": 0, "method": "eth_subscribe", "params": params}
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            socket = await session.ws_connect(
                url, max_msg_size=MAX_MESSAGE_BYTES, heartbeat=HEARTBEAT_SECONDS
            )
            await socket.send_bytes(msgspec.json.encode(request))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            reason = f"no answer ({type(error).__name__}); check that the node runs and its URL"
            raise RpcError(method="eth_subscribe", node=masked(url), reason=reason) from None
        async with socket:
            yield socket


async def _read(socket: aiohttp.ClientWebSocketResponse, queue: FrameQueue, clock: Clock) -> None:
    """Queue every frame until the other side hangs up."""
    async for message in socket:
        if message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            queue.put(Frame(content=message.data, received_ns=clock.now_ns()))
    queue.close()
