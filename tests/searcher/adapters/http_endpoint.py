"""A local HTTP server that answers every request alike and keeps what it received.

Shared by the tests of everything that posts to a relay: real sockets, no network.
"""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import coincurve
import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from searcher.adapters.flashbots_rpc import FlashbotsEndpoint
from searcher.adapters.keys import IdentityKey

IDENTITY = b"\x02" * 32
TIMEOUT_SECONDS = 5.0
SHORT_TIMEOUT_SECONDS = 0.05

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What the server got."""

    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[tuple[str, Received]]:
    """A server on a free port; its URL and what it received."""
    received = Received()

    async def keep(request: web.Request) -> web.StreamResponse:
        received.bodies.append(await request.read())
        received.headers.append(dict(request.headers))
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", keep)
    async with TestServer(application) as server:
        yield str(server.make_url("/")), received


@asynccontextmanager
async def endpoint(
    url: str, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> AsyncIterator[FlashbotsEndpoint]:
    """The client under test, signing with a key that holds nothing."""
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield FlashbotsEndpoint(session, name="local", url=url, sign=IdentityKey(IDENTITY).header)


@asynccontextmanager
async def answered(body: bytes, *, status: int = 200) -> AsyncIterator[FlashbotsEndpoint]:
    """A client of a server that always answers this."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    async with serving(answer) as (url, _), endpoint(url) as client:
        yield client


def result(value: object) -> bytes:
    """A JSON-RPC answer."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "result": value})


def closed_url() -> str:
    """An address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def identity_key() -> coincurve.PublicKey:
    """Whose signature every request carries."""
    return coincurve.PrivateKey(IDENTITY).public_key
