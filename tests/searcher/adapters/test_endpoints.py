"""Nodes that stand in for each other: failover, budgets, and what counts as an answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.blocks import BlockFeed, FeedTerms
from searcher.adapters.decoding import HEADER_ONLY
from searcher.adapters.endpoints import Budget, Endpoints, Node
from searcher.adapters.rpc import open_rpc
from searcher.errors import RpcError
from searcher.feed_health import FeedState
from searcher.settings.endpoints import EndpointSettings
from tests.searcher.adapters.fake_node import FakeBlock, FakeNode, Handler, RefusedError
from tests.searcher.adapters.passing_time import Turn, VirtualTime, at_once, repeatable
from tests.searcher.adapters.test_block_reader import reader_of
from tests.searcher.fakes import HandClock

SECOND_NS = 10**9
START_S = 1_700_000_000 + 12 * 100


@asynccontextmanager
async def both(
    first: FakeNode, second: FakeNode, *, per_second: int | None = None
) -> AsyncIterator[tuple[Endpoints, VirtualTime]]:
    """Two nodes without websockets, the first with a budget."""
    time = VirtualTime(START_S)

    async def pass_time(seconds: float) -> None:
        time.time_ns += int(seconds * SECOND_NS) + 1

    async with (
        first.serving(),
        second.serving(),
        open_rpc(first.http_url) as one,
        open_rpc(second.http_url) as other,
    ):
        nodes = [
            Node(
                rpc,
                EndpointSettings.model_validate(
                    {"http_url": node.http_url, "requests_per_second": per_second}
                ),
                name=name,
                clock=time,
                random=repeatable(),
            )
            for name, rpc, node in (("first", one, first), ("second", other, second))
        ]
        yield Endpoints(nodes, sleep=pass_time), time


def refuse(code: int, message: str = "no", data: str | None = None) -> Handler:
    def handler(_params: Sequence[object]) -> object:
        raise RefusedError({"code": code, "message": message, "data": data})

    return handler


async def test_first_node_answers_while_it_works() -> None:
    first, second = FakeNode(), FakeNode()
    first.grow("0")
    async with both(first, second) as (endpoints, _):
        await endpoints.call("eth_getBlockByNumber", "latest", HEADER_ONLY)

    assert (len(first.methods), len(second.methods)) == (1, 0)


@pytest.mark.parametrize("status", [200, 429, 500])
async def test_second_node_answers_when_the_first_fails_and_is_asked_first_then(
    status: int,
) -> None:
    first, second = FakeNode(), FakeNode()
    second.grow("0")
    first.http_answer = web.Response(body=b"busy", status=status)
    async with both(first, second) as (endpoints, _):
        await endpoints.call("eth_getBlockByNumber", "latest", HEADER_ONLY)
        reason = endpoints.nodes[0].avoided_because
        first.http_answer = None
        await endpoints.call("eth_getBlockByNumber", "latest", HEADER_ONLY)

    assert (len(first.methods), len(second.methods)) == (0, 2)
    assert reason


async def test_block_that_the_first_node_does_not_know_yet_is_asked_of_the_second() -> None:
    first, second = FakeNode(), FakeNode()
    block = second.grow("0")
    async with both(first, second) as (endpoints, _):
        header = await endpoints.call("eth_getBlockByHash", block.hash, HEADER_ONLY)
        balance = await endpoints.batch([("eth_getBalance", ("0x1", {"blockHash": block.hash}))])

    assert header == block.header()
    assert balance == [hex(block.balance)]


async def test_revert_is_an_answer_that_nobody_else_is_asked_for() -> None:
    first, second = FakeNode(), FakeNode()
    first.overrides["eth_call"] = refuse(3, "execution reverted", "0x")
    async with both(first, second) as (endpoints, _):
        with pytest.raises(RpcError, match="reverted"):
            await endpoints.call("eth_call", {}, "latest")

    assert second.methods == []


async def test_nodes_that_all_fail_are_an_error_with_a_refusal_before_silence() -> None:
    first, second = FakeNode(), FakeNode()
    first.http_answer = web.Response(status=500)
    second.overrides["eth_call"] = refuse(-32_000, "header not found")
    async with both(first, second) as (endpoints, _):
        with pytest.raises(RpcError, match="header not found"):
            await endpoints.call("eth_call", {}, "latest")


async def test_requests_beyond_the_budget_go_to_the_next_node_then_wait() -> None:
    first, second = FakeNode(), FakeNode()
    for node in (first, second):
        node.grow("0")
    async with both(first, second, per_second=2) as (endpoints, time):
        for _ in range(5):
            await endpoints.call("eth_getBlockByNumber", "latest", HEADER_ONLY)

    assert (len(first.methods), len(second.methods)) == (3, 2)
    assert time.time_ns > START_S * SECOND_NS


@given(
    per_second=st.integers(1, 50),
    steps=st.lists(st.tuples(st.integers(0, 3 * SECOND_NS), st.integers(1, 80)), max_size=40),
)
def test_budget_never_exceeds_its_rate_by_more_than_a_second_and_a_batch(
    per_second: int, steps: list[tuple[int, int]]
) -> None:
    clock = HandClock()
    budget = Budget(per_second, clock)
    sent = []
    for passed_ns, requests in steps:
        clock.time_ns += passed_ns
        if not budget.wait_s(requests):
            budget.spend(requests)
            sent.append(requests)

    allowed = per_second * (1 + clock.time_ns / SECOND_NS)
    assert sum(sent) <= allowed + max(sent, default=0)


@asynccontextmanager
async def following(
    first: FakeNode, second: FakeNode, *, start: FakeBlock
) -> AsyncIterator[tuple[BlockFeed, list[str]]]:
    """A feed on two nodes, and the hashes that it has emitted so far."""
    hashes: list[str] = []
    async with both(first, second) as (endpoints, time), asyncio.TaskGroup() as tasks:
        reader = reader_of(endpoints)
        block = await reader.read(start.hash, parent_nonce=None, received_ns=0)
        terms = FeedTerms(
            slot_seconds=12, max_head_age_seconds=36, random=repeatable(), sleep=at_once
        )
        feed = BlockFeed(reader, endpoints, clock=time, terms=terms, start=block)
        listening = tasks.create_task(listen(feed, into=hashes))
        yield feed, hashes
        listening.cancel()


async def listen(feed: BlockFeed, *, into: list[str]) -> None:
    async with aclosing(feed.blocks()) as blocks:
        async for block in blocks:
            into += [block.hash]


async def reached(feed: BlockFeed, state: FeedState, *, tip: FakeBlock) -> str:
    """The reason, once the verdict on that block is this state."""
    while feed.health()[0].state is not state or feed.tip.hash != tip.hash:
        await Turn()
    return feed.health()[0].reason


def shared_chain() -> tuple[FakeNode, FakeNode, FakeBlock, FakeBlock]:
    """Two nodes that hold the same two blocks."""
    first, second = FakeNode(), FakeNode()
    start = first.grow("0")
    one = first.grow("1", start)
    second.blocks, second.latest = first.blocks, one.hash
    return first, second, start, one


async def test_failing_first_node_loses_no_block() -> None:
    first, second, start, one = shared_chain()
    async with following(first, second, start=start) as (feed, hashes):
        await reached(feed, FeedState.LIVE, tip=one)
        first.http_answer = web.Response(status=503)
        two = second.grow("2", one)
        await reached(feed, FeedState.LIVE, tip=two)

    assert hashes == [one.hash, two.hash]


async def test_nodes_that_contradict_each_other_make_the_feed_stale_until_one_wins() -> None:
    first, second, start, one = shared_chain()
    async with following(first, second, start=start) as (feed, hashes):
        await reached(feed, FeedState.LIVE, tip=one)
        rival = second.grow("1x", start)
        reason = await reached(feed, FeedState.STALE, tip=one)
        winner = second.grow("2x", rival)
        first.latest = winner.hash
        await reached(feed, FeedState.LIVE, tip=winner)

    assert "first" in reason
    assert "second" in reason
    assert hashes == [one.hash, rival.hash, winner.hash]


async def test_node_of_another_chain_makes_the_feed_stale_and_nothing_of_it_is_emitted() -> None:
    first, second, start, one = shared_chain()
    async with following(first, second, start=start) as (feed, hashes):
        await reached(feed, FeedState.LIVE, tip=one)
        second.blocks = {}
        second.grow("2y", second.grow("1y", second.grow("0y")))
        reason = await reached(feed, FeedState.STALE, tip=one)

    assert "does not build on the blocks of" in reason
    assert hashes == [one.hash]


async def test_node_that_hangs_hours_behind_makes_the_feed_stale() -> None:
    first, second, start, one = shared_chain()
    async with following(first, second, start=start) as (feed, _):
        await reached(feed, FeedState.LIVE, tip=one)
        assert isinstance(feed._clock, VirtualTime)
        feed._clock.pass_s(3_600)
        reason = await reached(feed, FeedState.STALE, tip=one)

    assert "s old" in reason
