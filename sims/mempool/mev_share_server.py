"""A MEV-Share node as its searchers see it: the stream with its heartbeat, and the history."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from aiohttp import web

from searcher.adapters.clock import sleep
from searcher.adapters.mev_share import HEARTBEAT_SECONDS, HISTORY_PATH
from sims.mempool.mev_share_events import EventSource, SharedEvent
from sims.mempool.steps import Fault, Step, stall

MAX_LIMIT: Final = 500
"""Entries in one answer of the history."""

SHUTDOWN_SECONDS: Final = 0.1
"""For listeners that are still there."""

BAD_REQUEST: Final = 400
GARBAGE: Final = b"data: {\n\ndata: []\n\n"
FORGED: Final = b'data: {"hash":"0x5e","logs":[{}]}\n\n'


def mev_share_app(
    source: EventSource, *, heartbeat_s: float = HEARTBEAT_SECONDS
) -> web.Application:
    """Return the web application of a node that tells of this source."""
    handler = _Handler(source, heartbeat_s)
    app = web.Application()
    app.router.add_get("/", handler.stream)
    app.router.add_get(HISTORY_PATH, handler.history)
    app.router.add_get(HISTORY_PATH + "/info", handler.info)
    return app


@asynccontextmanager
async def serving_mev_share(
    source: EventSource, *, port: int = 0, heartbeat_s: float = HEARTBEAT_SECONDS
) -> AsyncIterator[str]:
    """Serve on this machine until the context is left; yields the URL."""
    app = mev_share_app(source, heartbeat_s=heartbeat_s)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        (address,) = runner.addresses
        yield f"http://127.0.0.1:{address[1]}"
    finally:
        await runner.cleanup()


class _Handler:
    def __init__(self, source: EventSource, heartbeat_s: float) -> None:
        self._source = source
        self._heartbeat_s = heartbeat_s

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Tell of every event, with comments between them."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(self._beat(response))
            try:
                await self._tell(response, beating)
            except ConnectionError:
                # The listener went away, which is its right.
                pass
            finally:
                beating.cancel()
        return response

    async def _beat(self, response: web.StreamResponse) -> None:
        while True:
            await sleep(self._heartbeat_s)
            await response.write(b":ping\n\n")

    async def _tell(self, response: web.StreamResponse, beating: asyncio.Task[None]) -> None:
        held = b""
        async for step in self._source.played():
            if step.fault is Fault.DISCONNECT:
                return
            if step.fault is Fault.STALL:
                beating.cancel()
                await stall()
            if step.fault is Fault.REORDER:
                held += _frame(step.item)
                continue
            await response.write(_told(step) + held)
            held = b""

    async def info(self, _: web.Request) -> web.Response:
        """What the history reaches."""
        events = self._source.happened()
        blocks = [event.block for event in events] or [0]
        times = [event.timestamp_s for event in events] or [0]
        return web.json_response(
            {
                "count": len(events),
                "minBlock": min(blocks),
                "maxBlock": max(blocks),
                "minTimestamp": min(times),
                "maxTimestamp": max(times),
                "maxLimit": MAX_LIMIT,
            }
        )

    async def history(self, request: web.Request) -> web.Response:
        """The events of a range, oldest first."""
        try:
            query = {name: int(value) for name, value in request.query.items()}
        except ValueError:
            return web.Response(status=BAD_REQUEST)
        offset = max(0, query.get("offset", 0))
        limit = min(MAX_LIMIT, max(0, query.get("limit", MAX_LIMIT)))
        matching = [event for event in self._source.happened() if _is_within(event, query)]
        return web.json_response(
            [
                {"block": event.block, "timestamp": event.timestamp_s, "hint": event.event}
                for event in matching[offset : offset + limit]
            ]
        )


def _is_within(event: SharedEvent, query: dict[str, int]) -> bool:
    return query.get("blockStart", event.block) <= event.block <= query.get(
        "blockEnd", event.block
    ) and query.get("timestampStart", event.timestamp_s) <= event.timestamp_s <= query.get(
        "timestampEnd", event.timestamp_s
    )


def _told(step: Step[SharedEvent]) -> bytes:
    frame = _frame(step.item)
    match step.fault:
        case Fault.DROP:
            return b""
        case Fault.DUPLICATE:
            return frame + frame
        case Fault.GARBAGE:
            return GARBAGE
        case Fault.FORGE:
            return FORGED + frame
        case _:
            return frame


def _frame(event: SharedEvent) -> bytes:
    return b"data: " + msgspec.json.encode(event.event) + b"\n\n"
