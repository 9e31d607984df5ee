"""Sources of pending transactions at a node that misbehaves: nothing forged, no loss uncounted."""

from contextlib import aclosing
from random import Random

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.mempool import MempoolEndpoint, MempoolSource
from searcher.adapters.pending_frames import Frame, FrameQueue
from searcher.adapters.rpc import open_rpc
from searcher.feed_health import FeedState
from searcher.pending import PendingTransaction
from searcher.settings.mempool import PendingMethod
from searcher.transactions import Transaction, decode_transaction
from tests.searcher.adapters.pending_node import Fault, PendingNode
from tests.searcher.fakes import HandClock
from tests.searcher.transaction_bodies import body_of

KEY = "0x" + "33" * 32
SCHEDULES = 200
PER_BATCH = 20
FAULTS: tuple[Fault, ...] = (None, None, None, "twice", "late", "garbage", "forged")
ENDINGS: tuple[Fault, ...] = ("hangup", "stall")
SUBSCRIBED = (PendingMethod.FULL, PendingMethod.HASHES, PendingMethod.ALCHEMY, PendingMethod.ERIGON)


def transaction(nonce: int, *, priority: int = 1) -> Transaction:
    fields = {
        "type": 2,
        "chainId": 1,
        "nonce": nonce,
        "to": "0x5555555555555555555555555555555555555555",
        "value": nonce,
        "gas": 21_000,
        "data": bytes([nonce]) * nonce,
        "maxFeePerGas": 10,
        "maxPriorityFeePerGas": priority,
    }
    return decode_transaction(bytes(Account.sign_transaction(fields, KEY).raw_transaction))


TXS = tuple(transaction(nonce) for nonce in range(12))
BODIES = tuple(body_of(tx.raw) for tx in TXS)
LAST = TXS[-1]


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a schedule, no secret


async def at_once(_seconds: float) -> None:
    return None


async def heard(
    node: PendingNode, method: PendingMethod, *, reads_content: bool = False
) -> tuple[list[PendingTransaction], MempoolSource]:
    """All that a source yields until the last transaction."""
    async with open_rpc(node.http_url) as rpc:
        endpoint = MempoolEndpoint(
            name="node",
            method=method,
            ws_url=node.ws_url,
            rpc=rpc,
            reads_content=reads_content,
            silence_seconds=0.05,
        )
        source = MempoolSource(endpoint, clock=HandClock(), random=seeded(1), sleep=at_once)
        return await until_last(source), source


async def until_last(source: MempoolSource) -> list[PendingTransaction]:
    found = []
    async with aclosing(source.transactions()) as txs:
        async for pending in txs:
            found.append(pending)
            if pending.transaction.hash == LAST.hash:
                break
    return found


def schedule(random: Random) -> list[list[tuple[dict[str, object], Fault]]]:
    """Up to three connections with the transactions in any order; the last always arrives."""
    bodies = random.sample(BODIES[:-1], k=len(BODIES) - 1)
    cuts = sorted(random.sample(range(1, len(bodies)), k=random.randint(0, 2)))
    sessions = [
        [(body, random.choice(FAULTS)) for body in bodies[begin:end]]
        for begin, end in zip([0, *cuts], [*cuts, len(bodies)], strict=True)
    ]
    for session in sessions[:-1]:
        body, _ = session[-1]
        session[-1] = (body, random.choice(ENDINGS))
    sessions[-1].append((BODIES[-1], "late"))
    return sessions


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SCHEDULES, PER_BATCH))
async def test_whatever_goes_wrong_nothing_is_forged_and_losses_are_counted(first: int) -> None:
    truth = {tx.hash: tx for tx in TXS}
    for seed in range(first, first + PER_BATCH):
        random = seeded(seed)
        method = random.choice(SUBSCRIBED)
        node = PendingNode(script=schedule(random))
        async with node.serving():
            found, source = await heard(node, method, reads_content=random.random() < 0.5)

        seen = {pending.transaction.hash for pending in found}
        assert all(pending.transaction == truth[pending.transaction.hash] for pending in found)
        health = source.health()
        assert seen == set(truth) or health.gaps > 0, (seed, method)
        if health.state is FeedState.LIVE and not health.gaps:
            assert seen == set(truth), (seed, method)


@pytest.mark.parametrize("method", SUBSCRIBED)
async def test_every_method_tells_the_same(method: PendingMethod) -> None:
    node = PendingNode(script=[[(body, None) for body in BODIES]])
    async with node.serving():
        found, source = await heard(node, method)

    assert tuple(pending.transaction for pending in found) == TXS
    assert (source.health().state, source.health().gaps) == (FeedState.LIVE, 0)


async def test_filter_is_polled() -> None:
    node = PendingNode(script=[[(body, None)] for body in BODIES])
    async with node.serving():
        found, source = await heard(node, PendingMethod.FILTER)

    assert tuple(pending.transaction for pending in found) == TXS
    assert source.health().gaps == 0


async def test_content_of_the_pool_comes_after_every_connection() -> None:
    sessions: list[list[tuple[dict[str, object], Fault]]] = [
        [(BODIES[0], "hangup")],
        [(BODIES[-1], None)],
    ]
    node = PendingNode(script=sessions, pool={str(BODIES[1]["hash"]): BODIES[1]})
    async with node.serving():
        found, source = await heard(node, PendingMethod.FULL, reads_content=True)

    assert {pending.transaction.nonce for pending in found} == {0, 1, 11}
    assert (source.health().gaps, source.health().reconnects) == (1, 1)


@given(bound=st.integers(1, 5), count=st.integers(0, 12))
async def test_full_queue_loses_the_oldest_frames_and_counts_them(bound: int, count: int) -> None:
    frames = [Frame(content=str(number), received_ns=number) for number in range(count)]
    queue = FrameQueue(bound=bound)

    for frame in frames:
        queue.put(frame)
    queue.close()

    assert await queue.take(count) == frames[max(0, count - bound) :]
    assert queue.dropped == max(0, count - bound)
