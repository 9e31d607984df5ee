"""Signed JSON-RPC to a Flashbots-style endpoint: the bytes that are signed are the bytes sent.

Shared by the relay and the simulator adapters, which differ only in method and result. Whatever
happens on the wire comes back as a value, with the endpoint's words shortened.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from searcher.flashbots import SIGNATURE_HEADER
from searcher.relay_answers import (
    Answer,
    StatsUnavailable,
    read_answer,
    read_stats,
    unreachable,
)
from searcher.relay_requests import rpc_request

ANSWER_LIMIT: Final = 4 * 2**20
"""Bytes read of an answer; a bundle simulation stays far below."""

KEEP_ALIVE_SECONDS: Final = 60.0
"""Five slots: a connection that one bundle warmed is there for the next."""

LONGEST_REQUEST_SECONDS: Final = 2.0
"""For one request to any endpoint; a slot has no time for more."""

_JSON: Final = {"Content-Type": "application/json"}

Sign = Callable[[bytes], str]
"""From a body to the value of its signature header."""


class FlashbotsEndpoint:
    """One endpoint, and how its requests are signed: body bytes to `X-Flashbots-Signature`."""

    def __init__(
        self, session: aiohttp.ClientSession, *, name: str, url: str, sign: Sign | None
    ) -> None:
        """Requests go unsigned where `sign` is None, as a node of one's own wants them."""
        self.name = name
        self._session = session
        self._url = url
        self._sign = sign

    async def call(self, method: str, parameters: Mapping[str, object]) -> Answer:
        """POST one request. Never raises for what the endpoint or the network does."""
        body = rpc_request(method, [parameters])
        return await self.post(body, self._signature(body))

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST exactly these bytes with these headers besides the content's type."""
        answer = await self._exchange(body, headers)
        return answer if isinstance(answer, Answer) else read_answer(*answer)

    async def stats(self, body: bytes) -> Answer | StatsUnavailable:
        """POST a question for statistics, which most endpoints answer no more."""
        answer = await self._exchange(body, self._signature(body))
        return answer if isinstance(answer, Answer) else read_stats(*answer)

    def _signature(self, body: bytes) -> Mapping[str, str]:
        return {} if self._sign is None else {SIGNATURE_HEADER: self._sign(body)}

    async def _exchange(
        self, body: bytes, headers: Mapping[str, str]
    ) -> Answer | tuple[int, bytes]:
        try:
            # A redirect would carry the raw transactions to a host that nobody configured.
            async with self._session.post(
                self._url, data=body, headers={**_JSON, **headers}, allow_redirects=False
            ) as response:
                text = await _read(response)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return unreachable(type(error).__name__)
        if len(text) > ANSWER_LIMIT:
            return unreachable(f"HTTP {response.status}: more than {ANSWER_LIMIT} bytes")
        return response.status, text


@asynccontextmanager
async def open_relay_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections that stay warm between blocks, without cookies and without a proxy's help."""
    connector = aiohttp.TCPConnector(
        keepalive_timeout=KEEP_ALIVE_SECONDS, limit=0, ttl_dns_cache=300
    )
    timeout = aiohttp.ClientTimeout(total=LONGEST_REQUEST_SECONDS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body up to one byte beyond the limit, however many packets it takes."""
    text = bytearray()
    while len(text) <= ANSWER_LIMIT and (chunk := await response.content.readany()):
        text += chunk
    return bytes(text)
