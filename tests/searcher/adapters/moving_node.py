"""A node whose chain grows and reorganises, and whose words are lost, late, doubled or garbled.

What it holds is always the truth; only what it says of it suffers. Several nodes may serve one
chain. Every fault is drawn from a seeded source, so that a schedule repeats.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final

import msgspec
from aiohttp import WSMsgType, web
from typing_extensions import override

from tests.searcher.adapters.fake_node import FakeBlock, FakeNode

SLOT_SECONDS: Final = 12
GARBAGE: Final = (b"{", b"\xff\xfe", b"[]", b"0", b'{"params":{"subscription":"0x1","result":7}}')
HALF: Final = 0.5


class Fault(StrEnum):
    """What may happen to an announcement, or to the node."""

    DROP = "drop"
    REORDER = "reorder"
    DUPLICATE = "duplicate"
    DISCONNECT = "disconnect"
    STALL = "stall"
    GARBAGE = "garbage"


@dataclass(kw_only=True)
class Chain:
    """The truth: a tree of blocks with one canonical branch."""

    blocks: dict[str, FakeBlock] = field(default_factory=dict)
    canonical: list[FakeBlock] = field(default_factory=list)
    born: int = 0

    def grow(self, timestamp_s: int) -> FakeBlock:
        """Put a block on the canonical branch."""
        self.born += 1
        parent = self.canonical[-1] if self.canonical else None
        block = FakeBlock(
            number=parent.number + 1 if parent else 100,
            hash="0x" + f"{self.born:064x}",
            parent_hash=parent.hash if parent else "0x" + "ff" * 32,
            timestamp_s=timestamp_s,
        )
        self.blocks[block.hash] = block
        self.canonical.append(block)
        return block

    def reorganise(self, depth: int, timestamp_s: int) -> FakeBlock:
        """Replace the newest blocks by as many others and one more."""
        del self.canonical[-depth:]
        for _ in range(depth):
            self.grow(timestamp_s)
        return self.grow(timestamp_s)


class MovingNode(FakeNode):
    """Serves a chain. What its subscribers hear and its callers are answered can be spoilt."""

    def __init__(self, chain: Chain, random: Random) -> None:
        super().__init__()
        self.blocks = chain.blocks
        self._chain = chain
        self._random = random
        self._sockets: list[web.WebSocketResponse] = []
        self._late: list[FakeBlock] = []
        self.is_stalled = False
        self.spoilt_answers = 0
        self.stands_at: FakeBlock | None = None
        """Where a stalled node's head stays."""

    @property
    def head(self) -> FakeBlock:
        """What the node has for its newest block."""
        return self.stands_at or self._chain.canonical[-1]

    async def announce(self, fault: Fault | None) -> None:
        """Tell the subscribers of the head, or do to the announcement what the fault says."""
        if fault is Fault.STALL:
            self.stands_at = self.stands_at or self._chain.canonical[-1]
        elif fault is Fault.DISCONNECT:
            await self.disconnect()
        elif fault is Fault.GARBAGE:
            self.spoilt_answers = self._random.randrange(4)
            await self._send_bytes(self._random.choice(GARBAGE))
        elif fault is Fault.REORDER:
            self._late.append(self.head)
        elif fault is not Fault.DROP:
            late, self._late = self._late, []
            doubled = [self.head] * (2 if fault is Fault.DUPLICATE else 1)
            for block in [*doubled, *late]:
                await self._send(block)

    async def heal(self) -> None:
        """Behave from now on, and tell everybody of the head."""
        self.stands_at, self.spoilt_answers, self._late = None, 0, []
        await self._send(self.head)

    async def disconnect(self) -> None:
        """Hang up on every subscriber."""
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            await socket.close()

    async def _send(self, block: FakeBlock) -> None:
        event = {"subscription": "0x1", "result": block.header()}
        await self._send_bytes(msgspec.json.encode({"method": "eth_subscription", "params": event}))

    async def _send_bytes(self, content: bytes) -> None:
        for socket in self._sockets:
            if not socket.closed:
                await socket.send_bytes(content)

    @override
    async def _http(self, request: web.Request) -> web.Response:
        self.latest = self.head.hash
        if self.spoilt_answers:
            self.spoilt_answers -= 1
            spoilt = self._random.random() < HALF
            return web.Response(body=b"\xffnonsense", status=200 if spoilt else 503)
        return await super()._http(request)

    @override
    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.send_json({"jsonrpc": "2.0", "id": 0, "result": "0x1"})
        self.subscriptions += 1
        self._sockets.append(socket)
        while (await socket.receive()).type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            pass
        return socket


@asynccontextmanager
async def serving(*nodes: MovingNode) -> AsyncIterator[None]:
    """All nodes listen, each on a port of its own."""
    if not nodes:
        yield
        return
    async with nodes[0].serving(), serving(*nodes[1:]):
        yield
