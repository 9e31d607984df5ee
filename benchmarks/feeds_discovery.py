"""How long a start takes with 50,000 pools, and what they weigh: anew, and from the file.

A node on loopback, in a process of its own, serves synthetic pairs through Multicall3 and the
factory's events; nothing of the network is in the figures. Each figure is of one run.
"""

import asyncio
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web
from eth_utils.crypto import keccak

from benchmarks.report import Direction, Row, report
from graphs.units import Address
from searcher.adapters.abi import WORD_BYTES, encode_word
from searcher.adapters.created_pools import PAIR_CREATED, Factory
from searcher.adapters.decoding import HEADER_ONLY, decode_header
from searcher.adapters.discovery import Discovered, Survey
from searcher.adapters.multicall import AGGREGATE3
from searcher.adapters.pair_states import GET_RESERVES
from searcher.adapters.pool_events import SYNC
from searcher.adapters.recalled_pools import SnapshotFile, discover_from
from searcher.adapters.rpc import open_rpc
from searcher.adapters.tokens import DECIMALS, SYMBOL

POOLS: Final = 50_000
TOKENS: Final = 20_000
LOGS_PER_BLOCK: Final = 50
BLOCKS: Final = POOLS // LOGS_PER_BLOCK
MISSED_BLOCKS: Final = 300
"""An hour of mainnet between two runs, each block with as many Sync events."""

CHUNK_BLOCKS: Final = 100
MULTICALL3: Final = Address("0x" + "ca" * 20)
FACTORY: Final = Address("0x" + "fa" * 20)
RESTART_SECONDS: Final = 10.0
MEMORY_MB: Final = 2_048.0
KB_PER_MB: Final = 1_024.0
INIT_CODE_HASH: Final = "0x" + "1c" * 32


def _token(number: int) -> bytes:
    return b"\x01" + number.to_bytes(19, "big")


def _pair(number: int) -> tuple[bytes, bytes]:
    low = number % TOKENS
    return _token(low), _token(TOKENS + number)


def _pool(number: int) -> bytes:
    salt = keccak(b"".join(_pair(number)))
    factory, code = bytes.fromhex(FACTORY[2:]), bytes.fromhex(INIT_CODE_HASH[2:])
    return keccak(b"\xff" + factory + salt + code)[-20:]


def _hash(number: int) -> str:
    return f"0x{number:064x}"


def _header(number: int) -> dict[str, str]:
    return {
        "number": hex(number),
        "hash": _hash(number),
        "parentHash": _hash(number - 1),
        "timestamp": "0x1",
        "gasUsed": "0x1",
        "gasLimit": "0x2",
        "baseFeePerGas": "0x1",
    }


def _log(number: int, index: int, *, topics: list[str], data: bytes, emitter: str) -> object:
    return {
        "address": emitter,
        "topics": topics,
        "data": "0x" + data.hex(),
        "blockNumber": hex(number),
        "blockHash": _hash(number),
        "logIndex": hex(index),
    }


def _creation(pool: int) -> object:
    words = ["0x" + token.rjust(WORD_BYTES, b"\0").hex() for token in _pair(pool)]
    data = _pool(pool).rjust(WORD_BYTES, b"\0") + encode_word(pool)
    block, index = divmod(pool, LOGS_PER_BLOCK)
    return _log(block + 1, index, topics=[PAIR_CREATED, *words], data=data, emitter=FACTORY)


def _sync(block: int, index: int) -> object:
    pool = (block * LOGS_PER_BLOCK + index) * 7 % POOLS
    data = encode_word(10**24 + block) + encode_word(10**24)
    emitter = "0x" + _pool(pool).hex()
    return _log(block, index, topics=[SYNC], data=data, emitter=emitter)


def _logs(first: int, last: int) -> list[object]:
    """Creations up to the first head, Sync events behind it."""
    created = range((first - 1) * LOGS_PER_BLOCK, min(last, BLOCKS) * LOGS_PER_BLOCK)
    later = range(max(first, BLOCKS + 1), last + 1)
    synced = [_sync(block, index) for block in later for index in range(LOGS_PER_BLOCK)]
    return [*map(_creation, created), *synced]


_ANSWERS: Final = {
    GET_RESERVES: encode_word(10**24) + encode_word(10**24) + encode_word(0),
    DECIMALS: encode_word(18),
    SYMBOL: b"TOK".ljust(WORD_BYTES, b"\0"),
}


def _aggregate(data: bytes) -> bytes:
    """Every call's answer by its selector, in the ABI of (bool,bytes)[]."""
    body = data[len(AGGREGATE3) :]
    count = int.from_bytes(body[WORD_BYTES : 2 * WORD_BYTES], "big")
    base = 2 * WORD_BYTES
    elements = []
    for index in range(count):
        start = base + WORD_BYTES * index
        element = base + int.from_bytes(body[start : start + WORD_BYTES], "big")
        question = element + 4 * WORD_BYTES
        answer = _ANSWERS[body[question : question + 4]]
        head = (encode_word(1), encode_word(2 * WORD_BYTES), encode_word(len(answer)), answer)
        elements.append(b"".join(head))
    offsets, position = [], WORD_BYTES * count
    for encoded in elements:
        offsets.append(encode_word(position))
        position += len(encoded)
    return b"".join((encode_word(WORD_BYTES), encode_word(count), *offsets, *elements))


def _answer(method: str, params: list[object], head: int) -> object:
    first = params[0] if params else None
    match method, first:
        case "eth_getBlockByNumber", "latest":
            return _header(head)
        case "eth_getBlockByNumber", str(number):
            return _header(int(number, 16))
        case "eth_getLogs", {"fromBlock": str(start), "toBlock": str(end)}:
            return _logs(int(start, 16), int(end, 16))
        case "eth_call", {"data": str(data)}:
            return "0x" + _aggregate(bytes.fromhex(data[2:])).hex()
        case _:
            return None


def serve(pipe: Connection) -> None:
    """Be the node: the head is the last number that came through the pipe."""
    asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    head = BLOCKS

    async def handle(request: web.Request) -> web.Response:
        nonlocal head
        while pipe.poll():
            head = pipe.recv()
        call = msgspec.json.decode(await request.read())
        result = _answer(call["method"], call["params"], head)
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": call["id"], "result": result})
        return web.Response(body=body)

    app = web.Application(client_max_size=2**26)
    app.router.add_post("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pipe.send(runner.addresses[0][1])
    await asyncio.Event().wait()


async def _start(url: str, path: Path) -> Discovered:
    factory = Factory(
        kind="uniswap_v2",
        venue="synthetic",
        address=FACTORY,
        fee_pips=3_000,
        init_code_hash=INIT_CODE_HASH,
    )
    survey = Survey(
        factories=[factory], multicall3=MULTICALL3, start_block=1, chunk_blocks=CHUNK_BLOCKS
    )
    async with open_rpc(url) as rpc:
        head = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
        file = SnapshotFile(path=path, chain_id=1)
        return await discover_from(rpc, survey, block=head, file=file)


def _timed(start: Callable[[], Awaitable[Discovered]]) -> float:
    began = time.perf_counter()
    found = asyncio.run(_awaited(start))
    if len(found.pools) != POOLS:
        message = f"{len(found.pools)} pools of {POOLS}"
        raise RuntimeError(message)
    return time.perf_counter() - began


async def _awaited(start: Callable[[], Awaitable[Discovered]]) -> Discovered:
    return await start()


def _measured(pipe: Connection, url: str, path: Path) -> None:
    """One start in a process of its own: seconds and peak memory in MB."""
    seconds = _timed(lambda: _start(url, path))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KB_PER_MB
    pipe.send((seconds, peak_mb))


def _run(url: str, path: Path) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measured, args=(theirs, url, path))
    process.start()
    seconds, peak_mb = ours.recv()
    process.join()
    return seconds, peak_mb


def rows() -> list[Row]:
    """Both starts and their memory."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    node = context.Process(target=serve, args=(theirs,), daemon=True)
    node.start()
    url = f"http://127.0.0.1:{ours.recv()}/"
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pools.snapshot"
            first, first_mb = _run(url, path)
            ours.send(BLOCKS + MISSED_BLOCKS)
            second, second_mb = _run(url, path)
            size_mb = path.stat().st_size / KB_PER_MB**2
    finally:
        node.terminate()
    return [
        Row(measure="first start, 50,000 pairs (local node)", value=first, unit="s", target=None),
        Row(
            measure="restart with 50,000 pools from snapshot, 15,000 events behind",
            value=second,
            unit="s",
            target=RESTART_SECONDS,
        ),
        Row(
            measure="peak memory of either start, whole process",
            value=max(first_mb, second_mb),
            unit="MB",
            target=MEMORY_MB,
            direction=Direction.AT_MOST,
        ),
        Row(measure="snapshot file", value=size_mb, unit="MB", target=None),
    ]


if __name__ == "__main__":
    report("feeds_discovery", rows())
