"""Frames between the task that listens and the one that decodes.

A full queue drops its oldest frame: a pending transaction loses its worth with age, and a reader
that does not keep up is cut off by the other side.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from searcher.adapters.mempool_grpc.raw_stream import RawCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One answer as it came."""

    data: bytes = field(repr=False)
    """Undecoded."""

    call: RawCall
    """What it answers."""

    received_ns: int
    """When it came, on the injected clock."""

    is_audit: bool = False
    """Whether it is a snapshot that should show nothing new."""


class FrameQueue:
    """Bounded, in order, without waiting on the side that puts."""

    def __init__(self, *, bound: int) -> None:
        self._frames: deque[Frame] = deque(maxlen=bound)
        self._filled = asyncio.Event()

    def put(self, frame: Frame) -> bool:
        """Append; True when the oldest frame was dropped for it."""
        is_dropping = len(self._frames) == self._frames.maxlen
        self._frames.append(frame)
        self._filled.set()
        return is_dropping

    async def get(self) -> Frame:
        """Wait for the oldest frame and take it."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        return self._frames.popleft()
