"""Websockets and plain requests: the only module here that touches a socket.

Three methods carry a protocol: connect, frames, send. Text frames arrive as bytes where the library
can leave them so, since the decoders read bytes.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Literal

import aiohttp
from yarl import URL

from searcher.errors import FeedError

MAX_FRAME_BYTES: Final = 32 * 2**20
"""A snapshot of Coinbase measures 4.8 MB; the library's own limit is 4 MiB."""

CONNECT_SECONDS: Final = 10.0
"""For the handshake, and for a request."""

HEARTBEAT_SECONDS: Final = 20.0
"""Between pings of ours; a peer that misses one is taken for gone. Its own are answered."""

TOO_BIG: Final = 1_009
"""The code with which a socket is closed for a frame beyond its limit (RFC 6455, 7.4.1)."""

_BROKEN: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


class Websocket:
    """One connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[Literal[False]], venue: str) -> None:
        self._socket = socket
        self._venue = venue

    async def frames(self, take: Callable[[bytes], None]) -> None:
        """Hand over every frame in order, until the connection ends.

        Raises:
            FeedError: it ended; says how.
        """
        receive = self._socket.receive
        while True:
            message = await receive()
            if message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
                take(message.data)
                continue
            code = self._socket.close_code
            reason = "a frame was too big" if code == TOO_BIG else "the connection ended"
            raise FeedError(self._venue, f"{reason} ({code})")

    async def send(self, frame: bytes) -> None:
        """Send text.

        Raises:
            FeedError: the connection is gone.
        """
        try:
            await self._socket.send_str(frame.decode())
        except (aiohttp.ClientError, OSError, RuntimeError):
            raise FeedError(self._venue, "nothing can be sent any more") from None


class Transport:
    """Connections of one exchange."""

    def __init__(
        self, session: aiohttp.ClientSession, venue: str, tls: ssl.SSLContext | None = None
    ) -> None:
        """Take a context for certificates that the system does not know."""
        self._session = session
        self._venue = venue
        self._tls: ssl.SSLContext | bool = True if tls is None else tls

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[Websocket]:
        """Open a websocket, closed on exit.

        Raises:
            FeedError: unreachable.
        """
        try:
            socket = await self._session.ws_connect(
                url,
                max_msg_size=MAX_FRAME_BYTES,
                heartbeat=HEARTBEAT_SECONDS,
                decode_text=False,
                ssl=self._tls,
                timeout=aiohttp.ClientWSTimeout(ws_close=CONNECT_SECONDS),
            )
        except _BROKEN as error:
            reason = f"no connection ({type(error).__name__}); check the network and the URL"
            raise FeedError(self._venue, reason) from None
        async with socket:
            yield Websocket(socket, self._venue)

    async def fetch(self, url: str) -> bytes:
        """The body of an answer.

        Raises:
            FeedError: unreachable, refused, or too big.
        """
        timeout = aiohttp.ClientTimeout(total=CONNECT_SECONDS)
        try:
            async with self._session.get(
                URL(url, encoded=True), timeout=timeout, allow_redirects=False, ssl=self._tls
            ) as response:
                body = await response.content.read(MAX_FRAME_BYTES)
                if response.ok and response.content.at_eof():
                    return body
                reason = f"HTTP status {response.status} for a snapshot"
        except _BROKEN as error:
            reason = f"no snapshot ({type(error).__name__})"
        raise FeedError(self._venue, reason)
