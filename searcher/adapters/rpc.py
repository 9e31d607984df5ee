"""JSON-RPC 2.0 to a node: calls and batches over HTTP, subscriptions over websocket.

Raw on purpose: a library round trip costs several times the node's own. Results are plain JSON
values of type `object`; `decoding` turns them into records. No error or traceback shows more of a
URL than scheme, host and port, because providers put their keys into the path.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
from typing_extensions import override

from searcher.errors import RpcError

REQUEST_TIMEOUT_SECONDS: Final = 20.0
"""For one round trip, however large; callers with a deadline set a shorter one around it."""

MAX_MESSAGE_BYTES: Final = 64 * 2**20
"""Of one answer or notification: a mainnet block with all receipts is under 10 MiB."""

HEARTBEAT_SECONDS: Final = 20.0
"""Between websocket pings; a node that misses one is taken for gone."""

MAX_REASON_CHARACTERS: Final = 200
"""Of a node's own words in an error."""

HTTP_OK: Final = 200


Result = TypeVar("Result")


class _Failure(msgspec.Struct):
    code: int
    message: str = ""
    data: object = None


class _Answer(msgspec.Struct):
    id: int | str | None = None
    result: object = msgspec.UNSET
    error: _Failure | None = None


class _Event(msgspec.Struct, Generic[Result]):
    subscription: str
    result: Result


class _Message(_Answer, Generic[Result]):
    params: _Event[Result] | None = None


class _Receive(Protocol[Result]):
    async def __call__(self, *, timeout_seconds: float | None) -> _Message[Result]:
        """The next message of a connection."""


_ANSWER: Final = msgspec.json.Decoder(_Answer)
_BATCH: Final = msgspec.json.Decoder(list[_Answer] | _Answer)
_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Rpc(Protocol):
    """Somebody who answers JSON-RPC: one node, or several that stand in for each other."""

    async def call(self, method: str, *params: object) -> object:
        """The result of one call; None where the protocol answers null.

        Raises:
            RpcError: unreachable, refused, or not JSON-RPC.
        """

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        """All results, in the order of the calls, in one round trip.

        Raises:
            RpcError: as `call`; one refused call fails the batch and is the one named.
        """


class HttpRpc(Rpc):
    """One node over HTTP. Holds no state of its own, so calls may overlap."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
    ) -> None:
        self._session = session
        self._url = url
        self._node = masked(url)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    @override
    async def call(self, method: str, *params: object) -> object:
        content, status = await self._post(method, _request(0, method, params))
        try:
            answer = _ANSWER.decode(content)
        except _UNDECODABLE:
            raise self._not_json_rpc(method, status) from None
        return _result(answer, method=method, node=self._node)

    @override
    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        if not calls:
            return []
        label = f"batch of {len(calls)}"
        body = [_request(index, method, params) for index, (method, params) in enumerate(calls)]
        content, status = await self._post(label, body)
        try:
            answers = _BATCH.decode(content)
        except _UNDECODABLE:
            raise self._not_json_rpc(label, status) from None
        if isinstance(answers, _Answer):
            _result(answers, method=label, node=self._node)
            raise self._not_json_rpc(label, status)
        by_id = {answer.id: answer for answer in answers}
        if len(answers) != len(calls) or set(by_id) != set(range(len(calls))):
            raise RpcError(method=label, node=self._node, reason="answers do not match the calls")
        return [
            _result(by_id[index], method=method, node=self._node)
            for index, (method, _) in enumerate(calls)
        ]

    async def _post(self, method: str, body: object) -> tuple[bytes, int]:
        try:
            async with self._session.post(
                self._url,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                return await self._limited(response, method), response.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _unreachable(error, method=method, node=self._node) from None

    async def _limited(self, response: aiohttp.ClientResponse, method: str) -> bytes:
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > MAX_MESSAGE_BYTES:
                reason = f"the answer exceeds {MAX_MESSAGE_BYTES} bytes"
                raise RpcError(method=method, node=self._node, reason=reason)
        return bytes(content)

    def _not_json_rpc(self, method: str, status: int) -> RpcError:
        reason = "the answer is not JSON-RPC" if status == HTTP_OK else f"HTTP status {status}"
        return RpcError(method=method, node=self._node, reason=reason)


@asynccontextmanager
async def open_rpc(
    url: str, *, timeout_seconds: float = REQUEST_TIMEOUT_SECONDS
) -> AsyncIterator[Rpc]:
    """An Rpc with a connection pool of its own, closed on exit."""
    async with aiohttp.ClientSession() as session:
        yield HttpRpc(session, url, timeout_seconds=timeout_seconds)


@asynccontextmanager
async def open_subscription(
    url: str, *params: object, kind: type[Result]
) -> AsyncIterator[AsyncIterator[Result]]:
    """Subscribe (`eth_subscribe`) and iterate over the notifications until the node hangs up.

    Of a notification only what its kind has is built; `object` stands for all of it.

    Nothing is resubscribed: notifications are lost while disconnected, and only the caller knows
    what to do about that.

    Raises:
        RpcError: unreachable, refused, disconnected or not JSON-RPC; also from the iterator.
    """
    node, decoder = masked(url), msgspec.json.Decoder(_Message[kind])  # type: ignore[valid-type]
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=REQUEST_TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            socket = await session.ws_connect(
                url, max_msg_size=MAX_MESSAGE_BYTES, heartbeat=HEARTBEAT_SECONDS
            )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _unreachable(error, method="eth_subscribe", node=node) from None
        async with socket:
            receive = partial(_receive, socket, decoder, node)
            await socket.send_bytes(msgspec.json.encode(_request(0, "eth_subscribe", params)))
            subscription = await _subscribed(receive, node)
            yield _notifications(receive, subscription)


def masked(url: str) -> str:
    """Scheme, host and port: what may be shown of a URL that can hold a key."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "an invalid URL"
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else "an invalid URL"


async def _subscribed(receive: _Receive[Result], node: str) -> str:
    while True:
        message = await receive(timeout_seconds=REQUEST_TIMEOUT_SECONDS)
        if message.params is None:
            subscription = _result(message, method="eth_subscribe", node=node)
            if isinstance(subscription, str):
                return subscription
            reason = "the subscription id is not a string"
            raise RpcError(method="eth_subscribe", node=node, reason=reason)


async def _notifications(receive: _Receive[Result], subscription: str) -> AsyncIterator[Result]:
    while True:
        message = await receive(timeout_seconds=None)
        if message.params is not None and message.params.subscription == subscription:
            yield message.params.result


async def _receive(
    socket: aiohttp.ClientWebSocketResponse,
    decoder: msgspec.json.Decoder[_Message[Result]],
    node: str,
    *,
    timeout_seconds: float | None,
) -> _Message[Result]:
    try:
        frame = await socket.receive(timeout_seconds)
    except TimeoutError as error:
        raise _unreachable(error, method="eth_subscribe", node=node) from None
    if frame.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
        raise RpcError(method="eth_subscribe", node=node, reason="the node hung up")
    try:
        return decoder.decode(frame.data)
    except _UNDECODABLE:
        reason = "the notification is not JSON-RPC"
        raise RpcError(method="eth_subscribe", node=node, reason=reason) from None


def _request(request_id: int, method: str, params: Sequence[object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def _result(answer: _Answer, *, method: str, node: str) -> object:
    if answer.error is not None:
        data = answer.error.data
        raise RpcError(
            method=method,
            node=node,
            reason=_foreign(answer.error.message),
            code=answer.error.code,
            data=data if isinstance(data, str) else None,
        )
    if answer.result is msgspec.UNSET:
        raise RpcError(method=method, node=node, reason="neither a result nor an error")
    return answer.result


def _foreign(words: str) -> str:
    """Make a stranger's words fit for a log: printable, one line, short."""
    shown = "".join(character if character.isprintable() else " " for character in words)
    return shown[:MAX_REASON_CHARACTERS]


def _unreachable(error: Exception, *, method: str, node: str) -> RpcError:
    reason = f"no answer ({type(error).__name__}); check that the node runs and its URL"
    return RpcError(method=method, node=node, reason=reason)
