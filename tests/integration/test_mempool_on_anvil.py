"""Three ways of hearing of a real node's pending transactions, which must tell the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from random import Random

import pytest
from eth_account import Account

from searcher.adapters.clock import SystemClock
from searcher.adapters.mempool import MempoolEndpoint, MempoolSource
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.feed_health import FeedState
from searcher.settings.mempool import PendingMethod
from sims.devnet.anvil import Anvil, AnvilOptions, running_anvil

pytestmark = pytest.mark.anvil

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
CHAIN_ID = AnvilOptions().chain_id
METHODS = (PendingMethod.FULL, PendingMethod.HASHES, PendingMethod.FILTER)


async def at_once(_seconds: float) -> None:
    return None


@pytest.fixture
async def anvil() -> AsyncIterator[Anvil]:
    async with running_anvil(AnvilOptions()) as node:
        yield node


def source_of(anvil: Anvil, method: PendingMethod, rpc: Rpc) -> MempoolSource:
    endpoint = MempoolEndpoint(
        name=method.value, method=method, ws_url=anvil.ws_url, rpc=rpc, reads_content=True
    )
    random = Random(1)  # noqa: S311 - jitter is no secret
    return MempoolSource(endpoint, clock=SystemClock(), random=random, sleep=at_once)


async def signed(rpc: Rpc) -> list[bytes]:
    """One transaction of each type that needs no blobs, and one more, in the order of nonces."""
    account = Account.from_key(KEY)
    await rpc.call("anvil_setBalance", account.address, hex(10**20))
    authorization = account.sign_authorization(
        {"chainId": CHAIN_ID, "address": account.address, "nonce": 99}
    )
    common = {"to": account.address, "value": 1, "gas": 100_000, "chainId": CHAIN_ID}
    dynamic = {**common, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}
    bodies: list[dict[str, object]] = [
        {**common, "gasPrice": 10**10},
        {**common, "gasPrice": 10**10, "type": 1, "accessList": []},
        {**dynamic, "type": 2, "data": b"\1" * 60},
        {**dynamic, "type": 4, "authorizationList": [authorization]},
        {**dynamic, "type": 2},
    ]
    return [
        bytes(account.sign_transaction({**body, "nonce": nonce}).raw_transaction)
        for nonce, body in enumerate(bodies)
    ]


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A source, and what it told so far."""

    source: MempoolSource
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    heard: set[bytes] = field(default_factory=set)

    async def listen(self, count: int) -> None:
        """Until so many transactions are known."""
        async with aclosing(self.source.transactions()) as txs:
            async for pending in txs:
                self.heard.add(pending.transaction.raw)
                self.has_begun.set()
                if len(self.heard) == count:
                    return


async def test_bodies_hashes_and_filter_tell_the_same_transactions(anvil: Anvil) -> None:
    async with open_rpc(anvil.http_url) as rpc:
        raws = await signed(rpc)
        listeners = [Listener(source=source_of(anvil, method, rpc)) for method in METHODS]
        await send(rpc, raws[:2])
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for listener in listeners:
                group.create_task(listener.listen(len(raws)))
            for listener in listeners:
                await listener.has_begun.wait()
            for raw in raws[2:]:
                await send(rpc, [raw])

    assert all(listener.heard == set(raws) for listener in listeners)
    assert {listener.source.health().gaps for listener in listeners} == {0}
    assert {listener.source.health().state for listener in listeners} == {FeedState.LIVE}


async def send(rpc: Rpc, raws: list[bytes]) -> None:
    await rpc.batch([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws])
