"""From a decision to bytes on the wire: signing, writing, and the fan-out to many builders.

The package `flashbots` 2.0.0 does the same bundle beside it, in an environment of its own, without
its network. All figures are medians.
"""

import asyncio
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp
import coincurve

from benchmarks.report import Direction, Row, report
from graphs.units import Address
from searcher.adapters.clock import SystemClock
from searcher.adapters.flashbots_rpc import FlashbotsEndpoint, open_relay_session
from searcher.adapters.keys import IdentityKey, TradingKey
from searcher.adapters.relays import BuilderRelay, RequestDesk
from searcher.builder_table import BY_NAME
from searcher.bundles import Offer, assemble
from searcher.flashbots import bundle_hash, transaction_hash
from searcher.model import AdmittedBundle
from searcher.ports import UnsignedTransaction
from searcher.relay_requests import BundleRequest, send_bundle
from tests.searcher.records import BID, EXECUTOR, START, admitted, bundle

RUNS: Final = 301
FAN_OUTS: Final = 101
ENDPOINTS: Final = 8
MS: Final = 1_000.0
TRADER: Final = b"\x11" * 32
IDENTITY: Final = b"\x22" * 32
BLOCK: Final = 21_000_000
INTERPRETER: Final = Path(__file__).parents[1] / ".venv-interop" / "bin" / "python"
CLIENT: Final = Path(__file__).parent / "flashbots_requests.py"
ANSWER: Final = b'{"jsonrpc":"2.0","id":1,"result":{"bundleHash":"0x' + b"ab" * 32 + b'"}}'
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
TXS: Final = tuple(
    UnsignedTransaction(
        nonce=nonce,
        to=Address("0x" + "33" * 20),
        data=b"\x05" * 400,
        gas_limit_gas=400_000,
        max_fee_per_gas_wei=10**10,
        max_priority_fee_per_gas_wei=10**9,
    )
    for nonce in range(2)
)


def median_s(action: Callable[[], object]) -> float:
    """Seconds of the median run."""
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def requested(
    txs: tuple[UnsignedTransaction, ...], trader: TradingKey, identity: IdentityKey
) -> bytes:
    """Sign transactions, name the bundle, write the request and sign that."""
    raws = tuple(trader.sign(transaction) for transaction in txs)
    bundle_hash([transaction_hash(raw) for raw in raws])
    request = BundleRequest(
        txs=raws, block_number=BLOCK, uuid="9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"
    )
    body = send_bundle(BY_NAME["flashbots"], request)
    identity.header(body)
    return body


def from_opportunity(trader: TradingKey, identity: IdentityKey) -> None:
    """Encode the plan too: what stands between a sized opportunity and its bytes."""
    offer = Offer(bids=(BID,), market=START)
    made = assemble(offer, executor=EXECUTOR, signer=trader, nonce=7, max_timestamp_s=2**32)
    desk = RequestDesk(identity.header)
    request = desk.request(made)
    profile = BY_NAME["flashbots"]
    desk.headers(profile, desk.submission(profile, request), "")


def flashbots_seconds(ours: bytes) -> float | None:
    """What the package needs for the same transactions; None where it is not installed."""
    if not INTERPRETER.exists():
        return None
    asked = {
        "identity": "0x" + IDENTITY.hex(),
        "trader": "0x" + TRADER.hex(),
        "block": BLOCK,
        "txs": [
            {
                "type": 2,
                "chainId": 1,
                "nonce": tx.nonce,
                "to": tx.to,
                "value": 0,
                "data": "0x" + tx.data.hex(),
                "gas": tx.gas_limit_gas,
                "maxFeePerGas": tx.max_fee_per_gas_wei,
                "maxPriorityFeePerGas": tx.max_priority_fee_per_gas_wei,
            }
            for tx in TXS
        ],
    }
    with tempfile.TemporaryDirectory() as lent:
        # Without coincurve the package signs in pure Python: not the comparison that is meant.
        (Path(lent) / "coincurve").symlink_to(Path(coincurve.__file__).parent)
        command = ["env", f"PYTHONPATH={lent}", INTERPRETER, CLIENT, json.dumps(asked), str(RUNS)]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if answer["curve"] != "CoinCurveECCBackend":
        raise RuntimeError("the package signs without the native curve")
    theirs = json.loads(answer["body"])["params"][0]["txs"]
    if theirs != json.loads(ours)["params"][0]["txs"]:
        raise RuntimeError("the two clients sign different bytes")
    return float(answer["seconds"])


class Builder(asyncio.Protocol):
    """Notes when a request's last byte came, and acknowledges it; keeps its connection."""

    def __init__(self, noted: list[float]) -> None:
        self._noted = noted
        self._text = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the body is whole."""
        self._text += data
        head, found, body = self._text.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
        if found and len(body) == length:
            self._noted.append(time.perf_counter())
            self._text = b""
            self._transport.write(HEAD % len(ANSWER) + ANSWER)


async def send(builders: list[BuilderRelay], offer: AdmittedBundle) -> None:
    """As the pipeline does: everything is written before the first byte leaves."""
    for builder in builders:
        builder.prepare(offer)
    async with asyncio.TaskGroup() as tasks:
        for builder in builders:
            tasks.create_task(builder.submit(offer))


async def fan_out_seconds() -> float:
    """From the decision until the last of the builders, on this core too, has every byte."""
    loop = asyncio.get_running_loop()
    noted: list[float] = []
    taken = []
    servers = [
        await loop.create_server(partial(Builder, noted), "127.0.0.1", 0) for _ in range(ENDPOINTS)
    ]
    urls = [f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/" for server in servers]
    async with open_relay_session() as session:
        builders = relays(session, urls)
        for run in range(FAN_OUTS):
            offer = admitted(bundle(run))
            noted.clear()
            begun = time.perf_counter()
            await send(builders, offer)
            taken.append(max(noted) - begun)
    for server in servers:
        server.close()
    return statistics.median(taken[1:])


def relays(session: aiohttp.ClientSession, urls: list[str]) -> list[BuilderRelay]:
    """Eight endpoints of four dialects."""
    identity = IdentityKey(IDENTITY)
    desk = RequestDesk(identity.header)
    names = ("flashbots", "titan", "rsync", "beaverbuild") * 2
    return [
        BuilderRelay(
            FlashbotsEndpoint(session, name=f"{name}-{index}", url=url, sign=identity.header),
            SystemClock(),
            profile=BY_NAME[name],
            desk=desk,
        )
        for index, (name, url) in enumerate(zip(names, urls, strict=True))
    ]


def rows() -> list[Row]:
    """Measure the client side of a submission."""
    trader, identity = TradingKey(TRADER, chain_id=1), IdentityKey(IDENTITY)
    whole = median_s(partial(from_opportunity, trader, identity))
    ours = median_s(partial(requested, TXS, trader, identity))
    theirs = flashbots_seconds(requested(TXS, trader, identity))
    return [
        Row(
            measure="opportunity to signed request, one transaction",
            value=whole * MS,
            unit="ms",
            target=0.3,
        ),
        Row(
            measure="bundle of two transactions to signed request",
            value=ours * MS,
            unit="ms",
            target=0.3,
        ),
        Row(
            measure="the same with flashbots 2.0.0 and the native curve",
            value=None if theirs is None else theirs * MS,
            unit="ms",
            target=None,
        ),
        Row(
            measure="flashbots 2.0.0 / ours",
            value=None if theirs is None else theirs / ours,
            unit="x",
            target=7,
            direction=Direction.AT_LEAST,
        ),
        Row(
            measure=f"decision to last byte at the last of {ENDPOINTS} builders",
            value=asyncio.run(fan_out_seconds()) * MS,
            unit="ms",
            target=3,
        ),
    ]


if __name__ == "__main__":
    report("submit_client", rows())
