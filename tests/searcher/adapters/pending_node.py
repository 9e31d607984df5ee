"""A node's mempool in memory, over websocket and HTTP, that can misbehave in every known way."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

Fault = str | None
"""None to announce; twice, late, garbage, forged, hangup or stall."""


@dataclass(kw_only=True)
class PendingNode:
    """The node. A test says which bodies it announces, and what goes wrong at each."""

    script: list[list[tuple[dict[str, object], Fault]]]
    """What each connection announces, in order; the last connection then stays silent."""

    pool: dict[str, dict[str, object]] = field(default_factory=dict)
    """What `txpool_content` and lookups know, by hash."""

    subscriptions: list[object] = field(default_factory=list)
    http_url: str = ""
    ws_url: str = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["PendingNode"]:
        """Listen on a free local port."""
        app = web.Application()
        app.router.add_post("/", self._http)
        app.router.add_get("/", self._websocket)
        async with TestServer(app) as server:
            self.http_url = f"http://{server.host}:{server.port}/"
            self.ws_url = f"ws://{server.host}:{server.port}/"
            yield self

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        asked = msgspec.json.decode((await socket.receive()).data)
        self.subscriptions.append(asked["params"])
        await socket.send_json({"jsonrpc": "2.0", "id": asked["id"], "result": "0x1"})
        session = self.script.pop(0) if self.script else []
        for body, fault in session:
            self.pool[str(body["hash"])] = body
            await self._announce(socket, body, fault)
            if fault in {"hangup", "stall"}:
                break
        for body in [body for body, fault in session if fault == "late"]:
            await self._say(socket, body)
        if session and session[-1][1] == "hangup":
            await socket.close()
        await socket.receive()
        return socket

    async def _announce(
        self, socket: web.WebSocketResponse, body: dict[str, object], fault: Fault
    ) -> None:
        match fault:
            case "hangup" | "stall" | "late":
                pass
            case "twice":
                await self._say(socket, body)
                await self._say(socket, body)
            case "garbage":
                await socket.send_bytes(msgspec.json.encode(body)[7:40])
            case "forged":
                await self._say(socket, {**body, "value": "0x123456789"})
            case _:
                await self._say(socket, body)

    async def _say(self, socket: web.WebSocketResponse, body: dict[str, object]) -> None:
        asked = self.subscriptions[-1]
        assert isinstance(asked, list)
        result = body["hash"] if asked == ["newPendingTransactions"] else body
        event = {"subscription": "0x1", "result": result}
        await socket.send_json({"jsonrpc": "2.0", "method": "eth_subscription", "params": event})

    async def _http(self, request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read())
        calls = asked if isinstance(asked, list) else [asked]
        answers = [
            {
                "jsonrpc": "2.0",
                "id": call["id"],
                "result": self._result(call["method"], call["params"]),
            }
            for call in calls
        ]
        return web.Response(body=msgspec.json.encode(answers if calls is asked else answers[0]))

    def _result(self, method: str, params: Sequence[object]) -> object:
        match method:
            case "eth_getTransactionByHash":
                return self.pool.get(str(params[0]))
            case "txpool_content":
                by_nonce = {str(i): body for i, body in enumerate(self.pool.values())}
                return {"pending": {"0x00": by_nonce}, "queued": {}}
            case "eth_newPendingTransactionFilter":
                return "0x7"
            case "eth_getFilterChanges":
                session = self.script.pop(0) if self.script else []
                self.pool |= {str(body["hash"]): body for body, _ in session}
                return [body["hash"] for body, _ in session]
            case _:
                raise AssertionError(method)
