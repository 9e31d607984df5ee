"""What the local servers are fed from: the chain's pool, and a hub that everybody can listen to."""

import asyncio
from contextlib import aclosing
from random import Random

import pytest

from searcher.adapters.mempool_grpc.erigon import erigon_stream
from searcher.adapters.mempool_grpc.raw_stream import Endpoint
from searcher.adapters.mempool_grpc.screening import Wanted
from searcher.adapters.mempool_grpc.source import GrpcTransactions, Patience
from searcher.adapters.rpc import open_rpc
from searcher.adapters.surroundings import Surroundings
from sims.devnet.accounts import public_account
from sims.devnet.anvil import running_anvil
from sims.mempool.chain_pool import ChainPool
from sims.mempool.grpc_services import serving_grpc
from sims.mempool.mev_share_events import KEPT, EventHub, SharedEvent
from sims.relay.public_pool import PublicPool
from tests.searcher.fakes import HandClock
from tests.sims.relay.requests import Order, sign

CHAIN_ID = 31_337
MINES = False


def event(number: int) -> SharedEvent:
    return SharedEvent(event={"hash": f"0x{number:064x}"}, block=number, timestamp_s=number)


@pytest.mark.anvil
async def test_transactions_of_the_local_pool_are_heard_over_grpc() -> None:
    random = Random(0)  # noqa: S311 - nothing secret
    raws = [sign(public_account(1), Order(nonce=nonce, cap_wei=10**10)) for nonce in range(3)]
    async with running_anvil() as anvil, open_rpc(anvil.http_url) as rpc:
        await rpc.call("evm_setAutomine", MINES)
        await PublicPool(rpc).send(raws[:2])
        async with serving_grpc(ChainPool(rpc), random=random) as server:
            source = GrpcTransactions(
                Endpoint(name="local", target=server.target),
                stream=erigon_stream(),
                wanted=Wanted(chain_id=CHAIN_ID),
                surroundings=Surroundings(clock=HandClock(), random=random),
                patience=Patience(),
            )
            async with asyncio.timeout(10), aclosing(source.transactions()) as heard:
                first = {(await anext(heard)).transaction.raw for _ in range(2)}
                await PublicPool(rpc).send(raws[2:])
                later = (await anext(heard)).transaction.raw

    assert first == set(raws[:2])
    assert later == raws[2]


async def test_listeners_hear_what_is_published_after_they_came() -> None:
    hub = EventHub()
    hub.publish(event(1))
    early, late = hub.played(), hub.played()
    waiting = asyncio.ensure_future(anext(early))
    await asyncio.wait([waiting], timeout=0.01)
    hub.publish(event(2))

    assert (await waiting).item == event(2)
    waiting = asyncio.ensure_future(anext(late))
    await asyncio.wait([waiting], timeout=0.01)
    hub.publish(event(3))
    assert (await waiting).item == event(3)
    assert (await anext(early)).item == event(3)
    assert hub.happened() == (event(1), event(2), event(3))


async def test_history_is_bounded_and_a_slow_listener_misses_the_oldest() -> None:
    hub = EventHub()
    slow = hub.played()
    waiting = asyncio.ensure_future(anext(slow))
    await asyncio.wait([waiting], timeout=0.01)
    for number in range(KEPT + 5):
        hub.publish(event(number))

    assert (await waiting).item == event(5)
    assert len(hub.happened()) == KEPT
