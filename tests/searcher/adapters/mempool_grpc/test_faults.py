"""Each gRPC source through random schedules of everything that can go wrong with its server."""

import asyncio
from contextlib import aclosing
from random import Random

import pytest
from eth_account import Account

from searcher.adapters.mempool_grpc.bloxroute import bloxroute_stream
from searcher.adapters.mempool_grpc.erigon import erigon_stream
from searcher.adapters.mempool_grpc.fiber import fiber_stream
from searcher.adapters.mempool_grpc.raw_stream import Endpoint, RawStream
from searcher.adapters.mempool_grpc.screening import Wanted
from searcher.adapters.mempool_grpc.source import GrpcTransactions, Patience
from searcher.adapters.surroundings import Surroundings
from sims.mempool.grpc_services import serving_grpc
from sims.mempool.steps import Fault, drawn
from tests.searcher.fakes import HandClock

SCHEDULES = 200
STREAMS = {
    "bloxroute": bloxroute_stream(),
    "fiber": fiber_stream(),
    "erigon": erigon_stream(),
}
AUDIT_S = 1_000.0


def raw_transaction(nonce: int) -> bytes:
    fields = {
        "nonce": nonce,
        "to": "0x" + "55" * 20,
        "value": 1,
        "gas": 21_000,
        "maxFeePerGas": 10,
        "maxPriorityFeePerGas": 1,
        "chainId": 1,
        "type": 2,
    }
    return bytes(Account.sign_transaction(fields, "0x" + "33" * 32).raw_transaction)


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - schedules repeat


RAWS = [raw_transaction(nonce) for nonce in range(13)]


class Audits:
    """Sleeps of a source: short ones return at once, those before an audit when told."""

    def __init__(self) -> None:
        self.due = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Return when due."""
        if seconds == AUDIT_S:
            await self.due.wait()
            self.due.clear()


def source_of(target: str, stream: RawStream, audits: Audits) -> GrpcTransactions:
    return GrpcTransactions(
        Endpoint(name="local", target=target),
        stream=stream,
        wanted=Wanted(chain_id=1),
        surroundings=Surroundings(clock=HandClock(), sleep=audits.sleep, random=seeded(0)),
        patience=Patience(silence_s=0.05, audit_s=AUDIT_S),
    )


async def heard(source: GrpcTransactions, audits: Audits, *, is_audited: bool) -> set[bytes]:
    """Everything up to the last transaction; where there are audits, up to completeness."""
    seen: list[bytes] = []
    async with asyncio.timeout(20), aclosing(source.transactions()) as transactions:
        async for pending in transactions:
            seen.append(pending.transaction.raw)
            is_last = RAWS[-1] in seen
            if is_last:
                audits.due.set()
            if is_last and (not is_audited or len(seen) == len(RAWS)):
                break
    assert len(seen) == len(set(seen))
    return set(seen)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(STREAMS))
async def test_what_is_heard_is_the_truth_or_a_gap_is_counted(name: str) -> None:
    for seed in range(SCHEDULES):
        script = drawn(RAWS, seeded(seed))
        audits = Audits()
        async with serving_grpc(script, random=seeded(seed)) as server:
            source = source_of(server.target, STREAMS[name], audits)
            seen = await heard(source, audits, is_audited=name == "erigon")

        untold = {step.item for step in script.steps if step.fault is Fault.DROP}
        missed = set(RAWS) - seen
        assert seen <= set(RAWS), seed
        assert not missed or name != "erigon", seed
        assert missed <= untold or source.health().gaps > 0, seed
