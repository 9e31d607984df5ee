"""Signed JSON-RPC to a Flashbots-style endpoint: the bytes that are signed are the bytes sent.

Shared by the relay and the simulator adapters, which differ only in method and result. Whatever
happens on the wire comes back as a value, with the endpoint's words shortened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import msgspec

ANSWER_LIMIT = 4 * 2**20
"""Bytes read of an answer; a bundle simulation stays far below."""

WORDS_LIMIT = 200
"""Characters kept of an endpoint's words."""

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a stranger's JSON can raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint said."""

    result: object
    """The JSON-RPC result; None when refused."""

    refusal: str | None
    """Its words, or what went wrong on the wire; None when it answered with a result."""


class FlashbotsEndpoint:
    """One endpoint, and how its requests are signed: body bytes to `X-Flashbots-Signature`."""

    def __init__(
        self, session: aiohttp.ClientSession, *, name: str, url: str, sign: Callable[[bytes], str]
    ) -> None:
        self.name = name
        self._session = session
        self._url = url
        self._sign = sign
        self._encoder = msgspec.json.Encoder()

    async def call(self, method: str, parameters: Mapping[str, object]) -> Answer:
        """POST one request. Never raises for what the endpoint or the network does."""
        body = self._encoder.encode(
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": [parameters]}
        )
        headers = {
            "Content-Type": "application/json",
            "X-Flashbots-Signature": self._sign(body),
        }
        try:
            # A redirect would carry the raw transactions to a host that nobody configured.
            async with self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return _answer(response.status, await _read(response))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(result=None, refusal=f"unreachable: {type(error).__name__}")


def shown(words: object) -> str:
    """A stranger's words, fit for a ledger and a log: printable, one line, short."""
    text = words if isinstance(words, str) else "no words"
    return "".join(char if char.isprintable() else " " for char in text[:WORDS_LIMIT])


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body up to one byte beyond the limit, however many packets it takes."""
    text = bytearray()
    while len(text) <= ANSWER_LIMIT and (chunk := await response.content.readany()):
        text += chunk
    return bytes(text)


def _answer(status: int, text: bytes) -> Answer:
    if len(text) > ANSWER_LIMIT:
        return Answer(result=None, refusal=f"HTTP {status}: more than {ANSWER_LIMIT} bytes")
    try:
        envelope = msgspec.json.decode(text)
    except UNDECODABLE:
        return Answer(result=None, refusal=f"HTTP {status}: not JSON")
    if not isinstance(envelope, dict):
        return Answer(result=None, refusal=f"HTTP {status}: not a JSON-RPC answer")
    error = envelope.get("error")
    if error is not None:
        words = error.get("message") if isinstance(error, dict) else error
        return Answer(result=None, refusal=shown(words))
    if "result" not in envelope or status != HTTPStatus.OK:
        return Answer(result=None, refusal=f"HTTP {status}: no result")
    return Answer(result=envelope["result"], refusal=None)
