"""The MEV-Share event stream: what was told about pending bundles, live and as history.

Every subscriber has a bounded queue; one that falls behind loses the oldest events. There are no
event ids and no replay, as on the public stream; the history answers for the past.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Final

import msgspec
from aiohttp import web

Event = Mapping[str, object]

PING_SECONDS: Final = 15.0
"""Of silence before a comment keeps the connection alive."""

QUEUED_EVENTS: Final = 1_000
"""For each subscriber."""

KEPT_EVENTS: Final = 10_000
"""In the history."""

MAX_HISTORY: Final = 500
"""Entries in one answer."""

FILTERS: Final = {
    "blockStart": ("block", False),
    "blockEnd": ("block", True),
    "timestampStart": ("timestamp", False),
    "timestampEnd": ("timestamp", True),
}
"""Query parameters: the field, and whether it is an upper bound."""


class EventHub:
    """Publishes events to whoever listens."""

    def __init__(self, *, ping_seconds: float = PING_SECONDS) -> None:
        self._ping_seconds = ping_seconds
        self._queues: set[asyncio.Queue[Event]] = set()
        self._history: deque[Mapping[str, object]] = deque(maxlen=KEPT_EVENTS)

    def publish(self, event: Event, *, block: int, timestamp_s: int) -> None:
        """Tell everybody, and remember it under the newest block."""
        self._history.append({"block": block, "timestamp": timestamp_s, "hint": event})
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Answer a subscriber until it leaves."""
        response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        async for frame in self.frames():
            await response.write(frame)
        return response

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield the stream's bytes; a ping after each stretch of silence."""
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUED_EVENTS)
        self._queues.add(queue)
        try:
            yield b":ping\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), self._ping_seconds)
                except TimeoutError:
                    yield b":ping\n\n"
                else:
                    yield b"data: " + msgspec.json.encode(event) + b"\n\n"
        finally:
            self._queues.discard(queue)

    async def history(self, request: web.Request) -> web.Response:
        """Answer with past events, oldest first, within what the query asks for."""
        query = {name: int(text) for name, text in request.query.items() if text.isdecimal()}
        chosen = [entry for entry in self._history if _matches(entry, query)]
        offset = query.get("offset", 0)
        limit = min(query.get("limit", MAX_HISTORY), MAX_HISTORY)
        return _json(chosen[offset : offset + limit])

    async def info(self, _request: web.Request) -> web.Response:
        """Answer with what the history covers."""
        blocks = [_integer(entry, "block") for entry in self._history] or [0]
        times = [_integer(entry, "timestamp") for entry in self._history] or [0]
        return _json(
            {
                "count": len(self._history),
                "minBlock": min(blocks),
                "maxBlock": max(blocks),
                "minTimestamp": min(times),
                "maxTimestamp": max(times),
                "maxLimit": MAX_HISTORY,
            }
        )


def _matches(entry: Mapping[str, object], query: Mapping[str, int]) -> bool:
    for name, (field, is_upper) in FILTERS.items():
        if name in query:
            value = _integer(entry, field)
            if value > query[name] if is_upper else value < query[name]:
                return False
    return True


def _integer(entry: Mapping[str, object], field: str) -> int:
    value = entry[field]
    return value if isinstance(value, int) else 0


def _json(content: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), content_type="application/json")
