"""The relay over HTTP: transport and envelope rules of the public relay's server library.

Nearly everything is answered with status 200 and a JSON-RPC envelope. The signature is checked on
the raw bytes before they are parsed, so its refusals carry a null id.
"""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import web

from graphs.units import Address
from searcher.adapters.decoding import quantity
from searcher.adapters.rpc import open_rpc
from searcher.flashbots import SIGNATURE_HEADER
from sims.errors import (
    RelayPortInUseError,
    RelayPortRefusedError,
    RequestRefusedError,
    SignatureRefusedError,
)
from sims.relay.builder import COINBASE, SLOT_SECONDS, Builder, BuilderIdentity
from sims.relay.bundle_pool import BundlePool
from sims.relay.methods import RelayMethods
from sims.relay.signature import verify
from sims.relay.simulation import BundleSimulator

MAX_BODY_BYTES: Final = 30 * 2**20
"""Of a request (go-utils default)."""

MAX_ORIGIN_CHARACTERS: Final = 255
"""Of the optional origin header."""

ORIGIN_HEADER: Final = "X-Flashbots-Origin"
PARSE_ERROR_CODE: Final = -32700
INVALID_REQUEST_CODE: Final = -32600
METHOD_NOT_ALLOWED: Final = 405
UNSUPPORTED_MEDIA_TYPE: Final = 415
FORBIDDEN: Final = 403

GONE_METHODS: Final = frozenset(
    {
        "flashbots_getUserStats",
        "flashbots_getUserStatsV2",
        "flashbots_getBundleStats",
        "flashbots_getBundleStatsV2",
        "flashbots_getSbundleStats",
    }
)
"""The public relay answers them with status 403 since June 2025."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayOptions:
    """What distinguishes one local relay from another."""

    node_url: str
    """HTTP URL of an anvil that mines only when told, in order of arrival."""

    host: str = "127.0.0.1"
    """Where to listen."""

    port: int = 0
    """Where to listen; 0 for any free port."""

    coinbase: Address = COINBASE
    """Who is paid in every block."""

    slot_seconds: int = SLOT_SECONDS
    """Between a block and its parent, on the chain's own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRelay:
    """A relay that listens, and the builder behind it."""

    url: str
    """For requests."""

    builder: Builder
    """Builds one block per call."""


class _Request(msgspec.Struct):
    jsonrpc: str = ""
    id: object = None
    method: str = ""
    params: list[object] | None = None


_REQUEST: Final = msgspec.json.Decoder(_Request)


@asynccontextmanager
async def running_relay(options: RelayOptions) -> AsyncIterator[RunningRelay]:
    """Serve bundles for the node's next blocks until the context is left.

    Raises:
        RelayPortInUseError: somebody else listens there.
        RpcError: the node does not answer.
    """
    identity = BuilderIdentity(coinbase=options.coinbase, slot_seconds=options.slot_seconds)
    async with open_rpc(options.node_url) as rpc:
        chain_id = quantity(await rpc.call("eth_chainId"), "chain id")
        pool = BundlePool()
        simulator = BundleSimulator(rpc, chain_id=chain_id)
        methods = RelayMethods(rpc, pool, simulator=simulator, identity=identity)
        builder = Builder(rpc, pool, simulator=simulator, identity=identity)
        async with listening(relay_app(methods), options) as url:
            yield RunningRelay(url=url, builder=builder)


def relay_app(methods: RelayMethods) -> web.Application:
    """Return the relay's web application."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_route("*", "/{path:.*}", _Handler(methods).handle)
    return app


class _Handler:
    def __init__(self, methods: RelayMethods) -> None:
        self._methods = methods

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "GET" and request.path == "/livez":
            return web.Response()
        if request.method != "POST":
            return web.Response(text="only POST method is allowed", status=METHOD_NOT_ALLOWED)
        if request.headers.get("Content-Type") != "application/json":
            text = "header Content-Type must be application/json"
            return web.Response(text=text, status=UNSUPPORTED_MEDIA_TYPE)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            answer = f"request body is too big, max size: {MAX_BODY_BYTES}"
            return _failed(None, _invalid(answer))
        try:
            signer = verify(request.headers.get(SIGNATURE_HEADER), body)
        except SignatureRefusedError as error:
            return _failed(None, _invalid(error.fault))
        return await self._answered(request, body, signer=signer)

    async def _answered(
        self, request: web.Request, body: bytes, *, signer: Address
    ) -> web.Response:
        try:
            parsed = _REQUEST.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return _failed(None, _unparsable(str(error)))
        try:
            _check_envelope(parsed, origin=request.headers.get(ORIGIN_HEADER, ""))
            if parsed.method in GONE_METHODS:
                return web.Response(status=FORBIDDEN)
            result = await self._methods.answer(parsed.method, parsed.params, signer=signer)
        except RequestRefusedError as error:
            return _failed(parsed.id, error)
        return _reply({"jsonrpc": "2.0", "id": parsed.id, "result": result})


def _check_envelope(request: _Request, *, origin: str) -> None:
    if request.jsonrpc != "2.0":
        raise _unparsable("invalid jsonrpc version")
    is_boolean = isinstance(request.id, bool)
    if is_boolean or not isinstance(request.id, str | int | float | None):
        raise _unparsable("invalid id type")
    if len(origin) > MAX_ORIGIN_CHARACTERS:
        raise _invalid("x-flashbots-origin header is too long")


def _unparsable(answer: str) -> RequestRefusedError:
    return RequestRefusedError(code=PARSE_ERROR_CODE, answer=answer)


def _invalid(answer: str) -> RequestRefusedError:
    return RequestRefusedError(code=INVALID_REQUEST_CODE, answer=answer)


def _failed(request_id: object, error: RequestRefusedError) -> web.Response:
    content: dict[str, object] = {"code": error.code, "message": error.answer}
    if error.detail is not None:
        content["data"] = error.detail
    return _reply({"jsonrpc": "2.0", "id": request_id, "error": content})


def _reply(envelope: dict[str, object]) -> web.Response:
    return web.Response(body=msgspec.json.encode(envelope), content_type="application/json")


@asynccontextmanager
async def listening(app: web.Application, options: RelayOptions) -> AsyncIterator[str]:
    """Serve the application where the options say; yield its URL.

    Raises:
        RelayPortInUseError: somebody else listens there.
        RelayPortRefusedError: the system does not let us.
    """
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port)
        try:
            await site.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise RelayPortInUseError(options.host, options.port) from None
            raise RelayPortRefusedError(options.host, options.port) from None
        port = runner.addresses[0][1]
        yield f"http://{options.host}:{port}"
    finally:
        await runner.cleanup()
