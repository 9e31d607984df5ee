"""What chain state costs: heads, logs and blocks decoded, beside web3's subscriptions.

The same stream of notifications is served by one process to both clients, one after the other, in
this run. Figures are processor time of the client, since the server and other work share the
machine.
"""

import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec
from aiohttp import WSMsgType, web
from typing_extensions import override
from web3 import AsyncWeb3, WebSocketProvider

from benchmarks.report import Direction, Row, report
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.tick_math import get_sqrt_ratio_at_tick
from graphs.token_graph import TokenGraph
from graphs.units import Address, PoolId
from searcher.adapters.created_pools import CreatedPool
from searcher.adapters.decoding import HeaderJson, decode_header
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.multicall import Multicall
from searcher.adapters.pool_events import SWAP, SYNC
from searcher.adapters.rpc import Rpc, open_subscription
from searcher.errors import RpcError
from searcher.model import Account, Block
from searcher.pool_updates import PoolUpdate
from searcher.tracker import Tracker

RUNS: Final = 21
CALLS: Final = 2_000
LOGS: Final = 400
POOLS: Final = 2_000
NOTIFICATIONS: Final = 10_000
RATIO: Final = 25
US: Final = 1_000_000.0
MS: Final = 1_000.0
LIQUIDITY: Final = 10**21
PAIR: Final = PoolId("0x" + "ab" * 20)
FACTORY: Final = Address("0x" + "fa" * 20)
TOKENS: Final = (Address("0x" + "01" * 20), Address("0x" + "ff" * 20))
Result = TypeVar("Result")
BLOCK_HASH: Final = "0x" + "b1" * 32
HEAD: Final = {
    "number": "0x112a880",
    "hash": BLOCK_HASH,
    "parentHash": "0x" + "cd" * 32,
    "timestamp": "0x6553f100",
    "gasUsed": "0xe4e1c0",
    "gasLimit": "0x1c9c380",
    "baseFeePerGas": "0x3b9aca00",
    "logsBloom": "0x" + "00" * 256,
    "sha3Uncles": "0x" + "11" * 32,
    "miner": "0x" + "22" * 20,
    "stateRoot": "0x" + "33" * 32,
    "transactionsRoot": "0x" + "44" * 32,
    "receiptsRoot": "0x" + "55" * 32,
    "extraData": "0x",
    "difficulty": "0x0",
    "mixHash": "0x" + "66" * 32,
    "nonce": "0x0000000000000000",
}


class Silence(Rpc):
    """The node of a benchmark in which nothing has to be read."""

    @override
    async def call(self, method: str, *params: object) -> object:
        raise RpcError(method=method, node="nobody", reason="nothing was to be read")

    @override
    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        return [await self.call(method, *params) for method, params in calls]


def at_once(coroutine: Coroutine[object, None, Result]) -> Result:
    """What a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: Result = ended.value
        return result
    raise RuntimeError("it waits")


def swap_log(pool_id: str, index: int) -> dict[str, object]:
    """A swap of a concentrated pool that leaves it where it is."""
    words = (1, 2**256 - 1, get_sqrt_ratio_at_tick(0), LIQUIDITY, 0)
    topics = [SWAP, "0x" + "00" * 32, "0x" + "00" * 32]
    return _log(pool_id, index, topics=topics, words=words)


def sync_log(pool_id: str, index: int) -> dict[str, object]:
    """New reserves of a pair."""
    return _log(pool_id, index, topics=[SYNC], words=(10**21 + index, 10**21))


def _log(
    pool_id: str, index: int, *, topics: list[str], words: tuple[int, ...]
) -> dict[str, object]:
    return {
        "address": pool_id,
        "topics": topics,
        "data": "0x" + b"".join(word.to_bytes(32, "big") for word in words).hex(),
        "blockNumber": "0x112a880",
        "transactionHash": "0x" + "12" * 32,
        "transactionIndex": "0x1",
        "blockHash": BLOCK_HASH,
        "logIndex": hex(index),
        "removed": False,
    }


def notification(result: object) -> bytes:
    """As a node sends it."""
    event = {"subscription": "0x1", "result": result}
    return json.dumps({"jsonrpc": "2.0", "method": "eth_subscription", "params": event}).encode()


def cpu_s(action: Callable[[], object], calls: int) -> float:
    """Processor seconds of one call: the median of many rounds."""
    action()
    taken = []
    for _ in range(RUNS):
        begun = time.process_time()
        for _ in range(calls):
            action()
        taken.append((time.process_time() - begun) / calls)
    return statistics.median(taken)


def decoding() -> Iterator[Row]:
    """One notification, from bytes to a record."""
    known = followed([concentrated(PAIR, TOKENS)])
    head, log = notification(HEAD), notification(swap_log(PAIR, 1))

    def decode_head() -> object:
        return decode_header(msgspec.json.decode(head)["params"]["result"])

    def decode_swap() -> object:
        return known.decode(msgspec.json.decode(log)["params"]["result"])

    yield _row("head: bytes to record", cpu_s(decode_head, CALLS) * US, "us", target=8)
    yield _row("log of a swap: bytes to record", cpu_s(decode_swap, CALLS) * US, "us", target=8)


def block() -> Iterator[Row]:
    """A block's logs, from bytes to the Market and graph after it."""
    market = _market()
    ids = list(market.pools)
    logs = [
        (sync_log if index % 2 else swap_log)(ids[(index * 7 // 2 * 2 + index % 2) % POOLS], index)
        for index in range(LOGS)
    ]
    content = json.dumps({"jsonrpc": "2.0", "id": 0, "result": logs}).encode()
    graph, known = TokenGraph.from_market(market), followed(market.pools.values())
    nobody = Multicall(rpc=Silence(), address=FACTORY)

    def follow() -> object:
        value = msgspec.json.decode(content)["result"]
        updates = at_once(known.updates(value, nobody, BLOCK_HASH))
        return Tracker(market, graph).apply(_block(updates))

    yield _row(f"block with {LOGS} logs: bytes to Market", cpu_s(follow, 5) * MS, "ms", target=3)


def _market() -> Market:
    pools: dict[PoolId, Pool] = {}
    for index in range(POOLS):
        pool_id = PoolId(f"0x{index + 1:040x}")
        tokens = (Address(f"0x{2**80 + index // 4:040x}"), TOKENS[1])
        pools[pool_id] = pair(pool_id, tokens) if index % 2 else concentrated(pool_id, tokens)
    return Market(block_number=1, block_hash="0xparent", tokens={}, pools=pools)


def pair(pool_id: PoolId, tokens: tuple[Address, Address]) -> ConstantProductPool:
    """A balanced pair of Uniswap V2."""
    return ConstantProductPool(
        id=pool_id,
        venue="v2",
        token0=tokens[0],
        token1=tokens[1],
        reserve0=10**21,
        reserve1=10**21,
        fee_pips=3_000,
    )


def concentrated(pool_id: PoolId, tokens: tuple[Address, Address]) -> ConcentratedPool:
    """A pool of Uniswap V3 with one position around its price."""
    return ConcentratedPool(
        id=pool_id,
        venue="v3",
        token0=tokens[0],
        token1=tokens[1],
        fee_pips=3_000,
        tick_spacing=60,
        sqrt_price_x96=get_sqrt_ratio_at_tick(0),
        tick=0,
        liquidity=LIQUIDITY,
        ticks=(-600, 600),
        liquidity_nets=(LIQUIDITY, -LIQUIDITY),
        liquidity_grosses=(LIQUIDITY, LIQUIDITY),
    )


def followed(pools: Iterable[Pool]) -> KnownPools:
    """What the feed knows when it follows these pools, and no factory."""
    created = [
        CreatedPool(
            kind="uniswap_v2" if isinstance(pool, ConstantProductPool) else "uniswap_v3",
            venue=pool.venue,
            id=pool.id,
            factory=FACTORY,
            keeper=Address(pool.id),
            tokens=(pool.tokens[0], pool.tokens[1]),
        )
        for pool in pools
    ]
    known = KnownPools([])
    known.learn(created, live=[pool.id for pool in created])
    return known


def _block(updates: tuple[PoolUpdate, ...]) -> Block:
    return Block(
        number=2,
        hash=BLOCK_HASH,
        parent_hash="0xparent",
        timestamp_s=1,
        gas_used_gas=1,
        gas_limit_gas=2,
        base_fee_wei=1,
        updates=updates,
        lenders=(),
        account=Account(address=Address("0x" + "01" * 20), nonce=0, balance_wei=0),
        receipts=(),
        received_ns=0,
    )


def subscriptions() -> Iterator[Row]:
    """The same stream of heads and of logs, heard by web3 and by us."""
    known = followed([concentrated(PAIR, TOKENS)])
    kinds = (
        ("heads", "newHeads", HEAD, _hear_heads),
        ("logs", "logs", swap_log(PAIR, 1), partial(_hear_logs, known=known)),
    )
    for name, kind, result, hear in kinds:
        ours_s = _heard(result, hear)
        theirs_s = _heard(result, partial(_hear_web3, kind=kind))
        yield _row(f"{name} over a websocket: ours", ours_s * US, "us", target=None)
        yield _row(f"{name} over a websocket: web3", theirs_s * US, "us", target=None)
        yield Row(
            measure=f"{name} over a websocket: web3 / ours",
            value=theirs_s / ours_s,
            unit="x",
            target=RATIO,
            direction=Direction.AT_LEAST,
        )


def _heard(result: object, hear: Callable[[str], Coroutine[object, None, None]]) -> float:
    """Client's processor seconds per notification, against a server in a process of its own."""
    context = multiprocessing.get_context("spawn")
    parent, child = context.Pipe()
    server = context.Process(target=_serve, args=(child, notification(result)), daemon=True)
    server.start()
    url = f"ws://127.0.0.1:{parent.recv()}"
    begun = time.process_time()
    asyncio.run(hear(url))
    taken = time.process_time() - begun
    server.terminate()
    server.join()
    return taken / NOTIFICATIONS


async def _hear_heads(url: str) -> None:
    heard = 0
    async with open_subscription(url, "newHeads", kind=HeaderJson) as notifications:
        async for value in notifications:
            decode_header(value)
            heard += 1
            if heard == NOTIFICATIONS:
                return


async def _hear_logs(url: str, *, known: KnownPools) -> None:
    heard = 0
    async with open_subscription(url, "logs", kind=object) as notifications:
        async for value in notifications:
            known.decode(value)
            heard += 1
            if heard == NOTIFICATIONS:
                return


async def _hear_web3(url: str, *, kind: str) -> None:
    heard = 0
    async with AsyncWeb3(WebSocketProvider(url)) as web3:
        await web3.eth.subscribe(kind)
        async for _ in web3.socket.process_subscriptions():
            heard += 1
            if heard == NOTIFICATIONS:
                return


def _serve(pipe: object, content: bytes) -> None:
    asyncio.run(_serving(pipe, content))


async def _serving(pipe: object, content: bytes) -> None:
    """Answer one subscription, then send the same notification as often as is asked for."""

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        message = await socket.receive()
        answer = {"jsonrpc": "2.0", "id": json.loads(message.data)["id"], "result": "0x1"}
        await socket.send_str(json.dumps(answer))
        for _ in range(NOTIFICATIONS):
            await socket.send_str(content.decode())
        while (await socket.receive()).type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            pass
        return socket

    app = web.Application()
    app.router.add_get("/", talk)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pipe.send(runner.addresses[0][1])  # type: ignore[attr-defined]  # multiprocessing's
    await asyncio.Event().wait()


def _row(measure: str, value: float, unit: str, *, target: float | None) -> Row:
    return Row(measure=measure, value=value, unit=unit, target=target)


def rows() -> list[Row]:
    """All measures of this area."""
    return [*decoding(), *block(), *subscriptions()]


if __name__ == "__main__":
    report("feeds_chain", rows())
