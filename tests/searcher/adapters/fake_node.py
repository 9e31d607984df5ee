"""A node in memory that speaks JSON-RPC over HTTP and websocket, for feeds and discovery.

It holds a tree of blocks, so reorgs, gaps and heads that vanish are a matter of which headers its
script announces. Answers are protocol-true unless a test overrides a method.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from eth_abi.abi import decode, encode

from searcher.adapters.multicall import AGGREGATE3

MULTICALL3 = "0x" + "ca" * 20
UNKNOWN_BLOCK = {"code": -32000, "message": "unknown block"}


@dataclass(kw_only=True)
class FakeBlock:
    """One block of the tree."""

    number: int
    hash: str
    parent_hash: str
    logs: list[dict[str, object]] = field(default_factory=list)
    receipts: list[dict[str, object]] = field(default_factory=list)
    nonce: int = 7
    balance: int = 10**18
    timestamp_s: int | None = None

    def header(self) -> dict[str, object]:
        """As in `eth_getBlockByHash` without transactions."""
        slotted_s = 1_700_000_000 + 12 * self.number
        return {
            "number": hex(self.number),
            "hash": self.hash,
            "parentHash": self.parent_hash,
            "timestamp": hex(slotted_s if self.timestamp_s is None else self.timestamp_s),
            "gasUsed": "0xe4e1c0",
            "gasLimit": "0x1c9c380",
            "baseFeePerGas": "0x3b9aca00",
        }


Handler = Callable[[Sequence[object]], object]


class RefusedError(Exception):
    """A JSON-RPC error object as the answer to a call."""

    def __init__(self, error: dict[str, object]) -> None:
        super().__init__(str(error))
        self.error = error


class FakeNode:
    """The node. Tests fill it, then serve it."""

    def __init__(self) -> None:
        self.blocks: dict[str, FakeBlock] = {}
        self.latest = ""
        self.script: list[object] = []
        """What the first subscription says before it hangs up: headers, or bytes as they are.

        Later ones say nothing and last.
        """
        self.subscriptions = 0
        self.views: dict[tuple[str, bytes], bytes] = {}
        self.burners: set[str] = set()
        """Contracts that leave a request of several calls no gas."""
        self.creations: list[dict[str, object]] = []
        self.max_log_span = 10**9
        self.methods: list[str] = []
        self.overrides: dict[str, Handler] = {}
        self._handlers: dict[str, Handler] = {
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getLogs": self._logs,
            "eth_getTransactionCount": self._nonce,
            "eth_getBalance": self.balance_of,
            "eth_getBlockReceipts": self._receipts,
            "eth_call": self._view,
        }
        self.http_answer: web.Response | None = None
        self.http_url = ""
        self.ws_url = ""

    def grow(self, label: str, parent: FakeBlock | None = None) -> FakeBlock:
        """Add a block on a parent; the label makes its hash."""
        block = FakeBlock(
            number=100 if parent is None else parent.number + 1,
            hash=block_hash(label),
            parent_hash=block_hash("before") if parent is None else parent.hash,
        )
        self.blocks[block.hash] = block
        self.latest = block.hash
        return block

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FakeNode"]:
        """Listen on a free local port."""
        app = web.Application()
        app.router.add_post("/{key}", self._http)
        app.router.add_get("/{key}", self._websocket)
        async with TestServer(app) as server:
            self.http_url = f"http://{server.host}:{server.port}/secret-key"
            self.ws_url = f"ws://{server.host}:{server.port}/secret-key"
            yield self

    async def _http(self, request: web.Request) -> web.Response:
        body = msgspec.json.decode(await request.read())
        if (said := self.http_answer) is not None:
            return web.Response(body=said.body, status=said.status, headers=said.headers)
        answers = [self._answer(call) for call in body] if isinstance(body, list) else None
        content = self._answer(body) if answers is None else answers[::-1]
        return web.Response(body=msgspec.json.encode(content))

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        message = await socket.receive()
        assert message.type in {WSMsgType.TEXT, WSMsgType.BINARY}
        await socket.send_json({"jsonrpc": "2.0", "id": 0, "result": "0x1"})
        self.subscriptions += 1
        if self.subscriptions > 1:
            await socket.receive()
            return socket
        for said in self.script:
            await self._say(socket, said)
        await socket.close()
        return socket

    async def _say(self, socket: web.WebSocketResponse, said: object) -> None:
        """Announce a head, which is the newest from then on while the node has it."""
        if isinstance(said, bytes):
            await socket.send_bytes(said)
            return
        if isinstance(said, dict) and str(said.get("hash")) in self.blocks:
            self.latest = str(said["hash"])
        event = {"subscription": "0x1", "result": said}
        await socket.send_json({"method": "eth_subscription", "params": event})

    def _answer(self, call: dict[str, object]) -> dict[str, object]:
        method, params = str(call["method"]), call["params"]
        assert isinstance(params, list)
        self.methods.append(method)
        handler = (self._handlers | self.overrides)[method]
        try:
            return {"jsonrpc": "2.0", "id": call["id"], "result": handler(params)}
        except RefusedError as refused:
            return {"jsonrpc": "2.0", "id": call["id"], "error": refused.error}

    def _at(self, reference: object) -> FakeBlock:
        wanted = reference["blockHash"] if isinstance(reference, dict) else reference
        block = self.blocks.get(str(wanted))
        if block is None:
            raise RefusedError(UNKNOWN_BLOCK)
        return block

    def _block_by_number(self, params: Sequence[object]) -> object:
        if params[0] == "latest":
            return self.blocks[self.latest].header()
        found = [block for block in self.blocks.values() if hex(block.number) == params[0]]
        return found[-1].header() if found else None

    def _block_by_hash(self, params: Sequence[object]) -> object:
        block = self.blocks.get(str(params[0]))
        return None if block is None else block.header()

    def _logs(self, params: Sequence[object]) -> object:
        wanted = params[0]
        assert isinstance(wanted, dict)
        if "blockHash" in wanted:
            return self._at(wanted).logs
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        if last - first >= self.max_log_span:
            raise RefusedError({"code": -32005, "message": "query exceeds range"})
        return [log for log in self.creations if first <= int(str(log["blockNumber"]), 16) <= last]

    def _nonce(self, params: Sequence[object]) -> object:
        return hex(self._at(params[1]).nonce)

    def balance_of(self, params: Sequence[object]) -> object:
        """Answer `eth_getBalance`."""
        return hex(self._at(params[1]).balance)

    def _receipts(self, params: Sequence[object]) -> object:
        return self._at(params[0]).receipts

    def _view(self, params: Sequence[object]) -> object:
        call = params[0]
        assert isinstance(call, dict)
        self._at(params[1])
        data = bytes.fromhex(call["data"][2:])
        if call["to"] != MULTICALL3:
            return "0x"
        assert data.startswith(AGGREGATE3)
        (calls,) = decode(["(address,bool,bytes)[]"], data[len(AGGREGATE3) :])
        if self.burners & {to for to, _, _ in calls}:
            raise RefusedError({"code": -32000, "message": "out of gas"})
        answers = [self.views.get((to, inner)) for to, _, inner in calls]
        results = [(answer is not None, answer or b"") for answer in answers]
        return "0x" + encode(["(bool,bytes)[]"], [results]).hex()


def block_hash(label: str) -> str:
    """A hash that names its label."""
    return "0x" + label.encode().hex().ljust(64, "0")
