"""Pending transactions of several sources: each once, with the first of them, within bounds."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.feed_record import FeedRecord
from searcher.adapters.pending_feed import Coverage, MinedBlock, PendingFeed, SeenTransactions
from searcher.feed_health import FeedHealth
from searcher.pending import PendingTransaction
from tests.searcher.adapters.test_mempool import TXS, transaction
from tests.searcher.fakes import HandClock

SENDER = TXS[0].sender
ORDERS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=40)


def pending(number: int, source: str = "a", at_ns: int = 0) -> PendingTransaction:
    return PendingTransaction(transaction=TXS[number], source=source, first_seen_ns=at_ns)


class ListedSource:
    """Tells what it was given, then nothing any more."""

    def __init__(self, name: str, told: Sequence[PendingTransaction]) -> None:
        self.name = name
        self._told = told

    def health(self) -> FeedHealth:
        """Never connected."""
        return FeedRecord(self.name, HandClock(), silence_ns=1).health()

    async def transactions(self) -> AsyncIterator[PendingTransaction]:
        """The list, then silence."""
        for one in self._told:
            yield one
        await asyncio.Event().wait()


@given(order=ORDERS)
def test_each_transaction_is_admitted_once_with_its_first_source(
    order: list[tuple[str, int]],
) -> None:
    seen = SeenTransactions()
    told = [pending(number, source, at_ns) for at_ns, (source, number) in enumerate(order)]

    admitted = [first.pending for one in told if (first := seen.admit(one)) is not None]

    firsts: dict[str, PendingTransaction] = {}
    for one in told:
        firsts.setdefault(one.transaction.hash, one)
    assert admitted == list(firsts.values())
    assert sum(seen.first_counts.values()) == len(firsts)
    assert all(a.first_seen_ns < b.first_seen_ns for a, b in pairwise(admitted))


@given(order=ORDERS, bound=st.integers(1, 4))
def test_no_more_is_remembered_than_the_bound(order: list[tuple[str, int]], bound: int) -> None:
    seen = SeenTransactions(bound=bound)

    for source, number in order:
        seen.admit(pending(number, source))

    assert len(seen) <= bound
    assert len(seen.pending()) <= bound


@given(order=ORDERS, nonce=st.integers(0, 6))
def test_what_a_block_spent_is_no_longer_pending(order: list[tuple[str, int]], nonce: int) -> None:
    seen = SeenTransactions()
    for source, number in order:
        seen.admit(pending(number, source))
    mined = [tx.hash for tx in TXS[:nonce]]

    coverage = seen.forget(MinedBlock(hashes=mined, nonces={SENDER: nonce}))

    known = {number for _, number in order}
    assert coverage == Coverage(
        transactions=nonce, seen=len([number for number in known if number < nonce])
    )
    left = {one.transaction.nonce for one in seen.pending()}
    assert left == {number for number in known if number >= nonce}
    assert all(seen.admit(pending(number)) is None for number in known)


def test_replacement_names_what_it_replaces_and_outlives_it() -> None:
    seen = SeenTransactions(bound=2)
    better = PendingTransaction(transaction=transaction(0, priority=2), source="a", first_seen_ns=1)

    first, second = seen.admit(pending(0)), seen.admit(better)
    seen.admit(pending(1))

    assert first is not None
    assert first.replaces is None
    assert second is not None
    assert second.replaces == TXS[0].hash
    assert seen.pending() == [better, pending(1)]


def test_sources_are_merged_and_a_slow_consumer_is_counted() -> None:
    async def merged() -> tuple[list[int], int]:
        sources = [
            ListedSource("a", [pending(0, "a"), pending(1, "a"), pending(2, "a")]),
            ListedSource("b", [pending(1, "b"), pending(3, "b")]),
        ]
        feed = PendingFeed(sources, waiting=3)
        found: list[int] = []

        async def consume() -> None:
            async for first in feed.first_seen():
                found.append(first.pending.transaction.nonce)
                if len(found) == 3:
                    break
            listening.cancel()

        async with asyncio.TaskGroup() as group:
            listening = group.create_task(feed.run())
            group.create_task(consume())
        return found, feed.dropped

    assert asyncio.run(merged()) == ([1, 2, 3], 1)
