"""One request from bytes to answer: transport rules, signature, limits, envelope, method.

The signature is checked on the raw bytes before they are parsed, so its refusals carry no id.
Faults that were asked for take the place of what would have been answered.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import web

from graphs.units import Address
from sims.errors import RefusalStage, RequestRefusedError, SignatureRefusedError
from sims.relay.faults import FaultKind, FaultPlan, InjectedFault
from sims.relay.limits import RateLimits
from sims.relay.methods import STATUS_RESULT, Call, Method
from sims.relay.profiles import (
    BAD_REQUEST,
    STATISTICS_METHODS,
    Envelope,
    ErrorAnswer,
    Profile,
    SignatureRules,
)
from sims.relay.signature import claimed_signer, verify, verify_legacy
from sims.relay.simulation import NO_ADDRESS
from sims.relay.words import Fault

MAX_BODY_BYTES: Final = 30 * 2**20
"""Of a request (go-utils default)."""

MAX_ORIGIN_CHARACTERS: Final = 255
"""Of the optional origin header."""

ORIGIN_HEADER: Final = "X-Flashbots-Origin"
METHOD_NOT_ALLOWED: Final = 405
UNSUPPORTED_MEDIA_TYPE: Final = 415
BAD_GATEWAY: Final = 502
FORBIDDEN: Final = 403

Sleep = Callable[[float], Awaitable[None]]
"""Waits that many seconds."""


class _Request(msgspec.Struct):
    jsonrpc: str = ""
    id: object = msgspec.UNSET
    method: str = ""
    params: list[object] | None = None

    def told_id(self) -> object:
        return None if self.id is msgspec.UNSET else self.id


_REQUEST: Final = msgspec.json.Decoder(_Request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What stands behind the transport."""

    profile: Profile
    """Whose manners it has."""

    methods: Mapping[str, Method]
    """By name; those that the profile does not know are not reached."""

    limits: RateLimits
    """Of requests."""

    faults: FaultPlan
    """On demand."""

    sleep: Sleep
    """For faults that take time."""


class Endpoint:
    """Answers POST requests."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._profile = dispatch.profile

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Return the answer to whatever was sent."""
        if request.method != "POST":
            return web.Response(text="only POST method is allowed", status=METHOD_NOT_ALLOWED)
        content_type = request.headers.get("Content-Type")
        if self._profile.needs_exact_content_type and content_type != "application/json":
            text = "header Content-Type must be application/json"
            return web.Response(text=text, status=UNSUPPORTED_MEDIA_TYPE)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            words = f"request body is too big, max size: {MAX_BODY_BYTES}"
            return self._failed(_Request(), RequestRefusedError(RefusalStage.REQUEST, words))
        parsed = _parsed(body)
        method = parsed.method if isinstance(parsed, _Request) else ""
        faults = self._dispatch.faults.draw(method)
        early = await self._broken_transport(request, faults)
        if early is not None:
            return early
        response = await self._answered(request, body, parsed=parsed, faults=faults)
        return await self._slowly(request, response, faults.get(FaultKind.SLOW_HEADERS))

    async def _broken_transport(
        self, request: web.Request, faults: Mapping[FaultKind, InjectedFault]
    ) -> web.Response | None:
        if FaultKind.LATENCY in faults:
            await self._dispatch.sleep(faults[FaultKind.LATENCY].delay_s)
        if FaultKind.RESET in faults:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if FaultKind.SERVER_ERROR in faults:
            page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
            return web.Response(text=page, content_type="text/html", status=BAD_GATEWAY)
        if FaultKind.MALFORMED in faults:
            return web.Response(text='{"jsonrpc":"2.0","id":', content_type="application/json")
        return None

    async def _slowly(
        self, request: web.Request, response: web.Response, fault: InjectedFault | None
    ) -> web.StreamResponse:
        """Send the status line at once, the body when the delay is over."""
        if fault is None:
            return response
        stream = web.StreamResponse(status=response.status)
        stream.content_type = "application/json"
        await stream.prepare(request)
        await self._dispatch.sleep(fault.delay_s)
        await stream.write(response.body if isinstance(response.body, bytes) else b"")
        return stream

    async def _answered(
        self,
        request: web.Request,
        body: bytes,
        *,
        parsed: "_Request | str",
        faults: Mapping[FaultKind, InjectedFault],
    ) -> web.Response:
        told = parsed if isinstance(parsed, _Request) else _Request()
        try:
            signer = self._signer(request, body)
        except SignatureRefusedError as error:
            return self._unsigned(told, error, request)
        try:
            self._check(parsed, request, faults)
            if told.method in STATISTICS_METHODS:
                return self._statistics(told)
            result = await self._result(told, signer=signer, faults=faults)
        except RequestRefusedError as error:
            return self._failed(told, error)
        return _reply({"jsonrpc": "2.0", "id": told.told_id(), "result": result})

    def _signer(self, request: web.Request, body: bytes) -> Address:
        names = self._profile.signature_headers
        header = next((value for name in names if (value := request.headers.get(name))), None)
        match self._profile.signature_rules:
            case SignatureRules.GO_UTILS:
                return verify(header, body)
            case SignatureRules.LEGACY:
                return verify_legacy(header, body)
            case SignatureRules.NONE:
                return NO_ADDRESS if header is None else verify(header, body)

    def _check(
        self,
        parsed: _Request | str,
        request: web.Request,
        faults: Mapping[FaultKind, InjectedFault],
    ) -> None:
        if isinstance(parsed, str):
            raise RequestRefusedError(RefusalStage.PARSE, parsed)
        self._check_envelope(parsed, origin=request.headers.get(ORIGIN_HEADER, ""))
        admits = self._dispatch.limits.admits(request.remote or "", parsed.method)
        if FaultKind.RATE_LIMIT in faults or not admits:
            raise RequestRefusedError(RefusalStage.RATE, "rate limit exceeded")
        if FaultKind.REFUSAL in faults:
            raise RequestRefusedError(RefusalStage.INTERNAL, faults[FaultKind.REFUSAL].words)

    def _check_envelope(self, parsed: _Request, *, origin: str) -> None:
        if self._profile.envelope is not Envelope.JSON_RPC:
            _check_legacy(parsed)
            return
        if parsed.jsonrpc != "2.0":
            raise RequestRefusedError(RefusalStage.PARSE, "invalid jsonrpc version")
        request_id = parsed.told_id()
        if isinstance(request_id, bool) or not isinstance(request_id, str | int | float | None):
            raise RequestRefusedError(RefusalStage.PARSE, "invalid id type")
        if self._profile.needs_id and parsed.id is msgspec.UNSET:
            raise RequestRefusedError(RefusalStage.REQUEST, "missing id")
        if len(origin) > MAX_ORIGIN_CHARACTERS:
            words = "x-flashbots-origin header is too long"
            raise RequestRefusedError(RefusalStage.REQUEST, words)

    def _statistics(self, parsed: _Request) -> web.Response:
        status = self._profile.statistics_status
        if status is None:
            raise RequestRefusedError(RefusalStage.METHOD, parsed.method)
        if status == FORBIDDEN:
            return web.Response(status=status)
        words = f"{parsed.method} Not implemented on this network"
        raise RequestRefusedError(RefusalStage.PARAMETERS, words)

    async def _result(
        self, parsed: _Request, *, signer: Address, faults: Mapping[FaultKind, InjectedFault]
    ) -> object:
        method = self._dispatch.methods.get(parsed.method)
        if method is None or parsed.method not in self._profile.methods:
            raise RequestRefusedError(RefusalStage.METHOD, parsed.method)
        call = Call(
            method=parsed.method,
            params=parsed.params,
            signer=signer,
            is_withheld=FaultKind.NEVER_INCLUDED in faults,
        )
        result = await method(call)
        if FaultKind.BARE_STRING in faults and isinstance(result, dict):
            return result.get("bundleHash", result)
        if FaultKind.STATUS_RESULT in faults:
            return STATUS_RESULT
        return None if FaultKind.NULL_RESULT in faults else result

    def _unsigned(
        self, told: _Request, error: SignatureRefusedError, request: web.Request
    ) -> web.Response:
        names = self._profile.signature_headers
        header = next((value for name in names if (value := request.headers.get(name))), None)
        if header is None and self._profile.missing_signature is not None:
            answer = ErrorAnswer(status=200, code=-32600, has_id=False)
            return self._error(told, answer, words=self._profile.missing_signature, detail=None)
        answer = self._profile.errors[RefusalStage.SIGNATURE]
        words = str(error)
        if answer.words is not None:
            words = answer.words.format(subject=claimed_signer(header))
        return self._error(told, answer, words=words, detail=None)

    def _failed(self, told: _Request, error: RequestRefusedError) -> web.Response:
        answer = self._profile.errors[error.stage]
        if error.stage is RefusalStage.PARSE and self._profile.envelope is not Envelope.JSON_RPC:
            return web.Response(
                text="<!DOCTYPE html><pre>SyntaxError</pre>",
                content_type="text/html",
                status=BAD_REQUEST,
            )
        words = error.answer if answer.words is None else answer.words.format(subject=error.answer)
        if answer.words is None and isinstance(error.answer, Fault):
            words = self._profile.words.get(error.answer, error.answer)
        detail = error.detail if answer.words is None else None
        return self._error(told, answer, words=words, detail=detail)

    def _error(
        self, told: _Request, answer: ErrorAnswer, *, words: str, detail: str | None
    ) -> web.Response:
        match self._profile.envelope:
            case Envelope.LEGACY:
                return _reply({"error": {"message": words}}, status=answer.status)
            case Envelope.OLDER_LEGACY:
                return _reply({"error": words}, status=answer.status)
            case Envelope.JSON_RPC:
                error: dict[str, object] = {"code": answer.code, "message": words}
                if detail is not None:
                    error["data"] = detail
                request_id = told.told_id() if answer.has_id else None
                envelope = {"jsonrpc": "2.0", "id": request_id, "error": error}
                return _reply(envelope, status=answer.status)


def _check_legacy(parsed: _Request) -> None:
    if not parsed.method:
        raise RequestRefusedError(RefusalStage.PARAMETERS, "missing method")


def _parsed(body: bytes) -> _Request | str:
    """Return the request, or what the decoder says against it."""
    try:
        return _REQUEST.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return str(error)


def _reply(envelope: Mapping[str, object], *, status: int = 200) -> web.Response:
    body = msgspec.json.encode(envelope)
    return web.Response(body=body, content_type="application/json", status=status)
