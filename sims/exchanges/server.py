"""A local exchange on sockets: websocket clients, REST where the exchange has it, faults on demand.

The market moves when its owner says so: `publish` tells every client of one change, `keep_moving`
does it by itself. A client that does not read holds up the exchange, for nothing here is queued.
"""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

import aiohttp
from aiohttp import web

from searcher.adapters.clock import SystemClock
from sims.exchanges.binance_venue import BinanceVenue
from sims.exchanges.faults import Fault, FaultyLine, LineEndedError
from sims.exchanges.recorded import RecordedWalk
from sims.exchanges.true_book import BookChange
from sims.exchanges.venue import Frames, LocalVenue, VenueClient
from sims.exchanges.walk import BookWalk

NS_PER_SECOND: Final = 1_000_000_000
DEFAULT_LIMIT: Final = "100"
"""Levels of a snapshot that asks for no number (Binance)."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Connection:
    socket: web.WebSocketResponse
    client: VenueClient
    line: FaultyLine


@dataclass(slots=True, kw_only=True)
class LineFaults:
    """What may happen to frames; can be changed while the server runs."""

    random: Random
    """Draws them."""

    chances: dict[Fault, float] = field(default_factory=dict)
    """Of each fault for a frame, for clients that connect from now on."""


class ExchangeServer:
    """One exchange that listens."""

    def __init__(self, venue: LocalVenue, faults: LineFaults) -> None:
        self.venue = venue
        self.faults = faults
        self.port = 0
        self.connected = 0
        """Clients since the start."""
        self._connections: list[_Connection] = []

    async def publish(self, symbol: str, change: BookChange) -> None:
        """Tell every client of a change that the book has made."""
        book = self.venue.books[symbol]
        for connection in list(self._connections):
            await self._send(connection, connection.client.tell(book, change))

    async def beat(self, time_ns: int) -> None:
        """Send every client what is sent when nothing happens."""
        for connection in list(self._connections):
            await self._send(connection, connection.client.heartbeat(time_ns))

    async def announce_shutdown(self, time_ns: int) -> None:
        """Say that the connections will end; they go on until `hang_up`."""
        for connection in list(self._connections):
            await self._send(connection, connection.client.announce_shutdown(time_ns))

    async def hang_up(self, code: int = aiohttp.WSCloseCode.GOING_AWAY) -> None:
        """Close every connection, for instance with 1009, a frame too big."""
        for connection in list(self._connections):
            await connection.socket.close(code=code)

    async def keep_moving(
        self, walks: Mapping[str, BookWalk | RecordedWalk], *, pace_s: float
    ) -> None:
        """Change every market and beat, again and again, until cancelled."""
        clock = SystemClock()
        while True:
            now_ns = clock.now_ns()
            for symbol, walk in walks.items():
                await self.publish(symbol, walk.step(now_ns))
            await self.beat(now_ns)
            await clock.wait_until_ns(now_ns + round(pace_s * NS_PER_SECOND))

    async def _send(self, connection: _Connection, frames: Frames) -> None:
        try:
            for frame in connection.line.carry(frames):
                await connection.socket.send_str(frame.decode(errors="replace"))
        except LineEndedError:
            await connection.socket.close()
        except (ConnectionError, RuntimeError):
            self._forget(connection)

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = FaultyLine(self.faults.random, self.faults.chances)
        connection = _Connection(socket=socket, client=self.venue.connect(), line=line)
        self._connections.append(connection)
        self.connected += 1
        await self._send(connection, connection.client.greet())
        async for message in socket:
            if isinstance(message.data, str | bytes):
                await self._send(connection, connection.client.answer(message.data))
        self._forget(connection)
        return socket

    async def _depth(self, request: web.Request) -> web.Response:
        limit = request.query.get("limit", DEFAULT_LIMIT)
        body = None
        if isinstance(self.venue, BinanceVenue) and limit.isdecimal():
            body = self.venue.snapshot(request.query.get("symbol", ""), int(limit))
        if body is None:
            error = '{"code":-1121,"msg":"Invalid symbol."}'
            return web.Response(status=400, text=error, content_type="application/json")
        return web.Response(body=body, content_type="application/json")

    async def _information(self, _: web.Request) -> web.Response:
        if not isinstance(self.venue, BinanceVenue):
            raise web.HTTPNotFound
        return web.Response(body=self.venue.information(), content_type="application/json")

    @asynccontextmanager
    async def listening(
        self, *, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[str]:
        """Serve on loopback until the end of the block; yields host and port."""
        application = web.Application()
        application.router.add_get("/ws", self._websocket)
        application.router.add_get("/ws/{stream}", self._websocket)
        application.router.add_get("/api/v3/depth", self._depth)
        application.router.add_get("/api/v3/exchangeInfo", self._information)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
            await site.start()
            self.port = runner.addresses[0][1]
            yield f"127.0.0.1:{self.port}"
        finally:
            await self.hang_up()
            await runner.cleanup()
