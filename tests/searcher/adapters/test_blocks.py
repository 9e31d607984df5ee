"""The feed against a node in memory: order, gaps, reorgs, vanished heads, garbage, disconnects."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest
from typing_extensions import override

from searcher.adapters.blocks import MAX_BACKFILL_BLOCKS, BlockFeed, FeedTerms
from searcher.adapters.endpoints import Endpoints, open_endpoints
from searcher.errors import FeedError
from searcher.feed_health import FeedState
from searcher.model import Block
from searcher.ports import Clock
from searcher.settings.endpoints import EndpointSettings
from tests.searcher.adapters.fake_node import FakeBlock, FakeNode, RefusedError, block_hash
from tests.searcher.adapters.passing_time import at_once, repeatable
from tests.searcher.adapters.test_block_reader import reader_of

GENESIS_S = 1_700_000_000 + 12 * 100
"""The timestamp of a fake node's first block."""


class CountingClock(Clock):
    """Says later each time that it is asked, by a nanosecond."""

    def __init__(self, start_s: int = GENESIS_S) -> None:
        self.time_ns = start_s * 10**9

    @override
    def now_ns(self) -> int:
        """Count this question."""
        self.time_ns += 1
        return self.time_ns


def settings_of(*nodes: FakeNode, with_sockets: bool = True) -> list[EndpointSettings]:
    return [
        EndpointSettings.model_validate(
            {"http_url": node.http_url, "ws_url": node.ws_url if with_sockets else None}
        )
        for node in nodes
    ]


async def feed_of(endpoints: Endpoints, start: FakeBlock, clock: Clock) -> BlockFeed:
    reader = reader_of(endpoints)
    first = await reader.read(start.hash, parent_nonce=None, received_ns=0)
    terms = FeedTerms(slot_seconds=12, max_head_age_seconds=36, random=repeatable(), sleep=at_once)
    return BlockFeed(reader, endpoints, clock=clock, terms=terms, start=first)


@asynccontextmanager
async def feeding(
    node: FakeNode, start: FakeBlock, *, with_sockets: bool = True
) -> AsyncIterator[BlockFeed]:
    clock = CountingClock()
    async with (
        node.serving(),
        open_endpoints(
            settings_of(node, with_sockets=with_sockets), clock=clock, random=repeatable()
        ) as endpoints,
    ):
        yield await feed_of(endpoints, start, clock)


async def followed(node: FakeNode, start: FakeBlock, *, until: FakeBlock) -> list[str]:
    """The hashes of everything that the feed emits up to a block."""
    async with feeding(node, start) as feed:
        return [block.hash for block in await emitted(feed, until)]


async def stepped(node: FakeNode, start: FakeBlock, *, heads: Sequence[FakeBlock]) -> list[str]:
    """What is emitted while the node has one head after the other, each until it is emitted."""
    hashes: list[str] = []
    node.latest = start.hash
    async with feeding(node, start, with_sockets=False) as feed, aclosing(feed.blocks()) as stream:
        for head in heads:
            node.latest = head.hash
            while not hashes or hashes[-1] != head.hash:
                hashes.append((await anext(stream)).hash)
    return hashes


async def emitted(feed: BlockFeed, until: FakeBlock) -> list[Block]:
    blocks: list[Block] = []
    async with aclosing(feed.blocks()) as stream:
        async for block in stream:
            blocks.append(block)
            if block.hash == until.hash:
                break
    return blocks


async def ending(node: FakeNode, start: FakeBlock) -> tuple[list[Block], str]:
    """Everything that is emitted until the feed ends, and why it ended."""
    blocks: list[Block] = []
    async with feeding(node, start) as feed:
        with pytest.raises(FeedError) as caught:
            await drain(feed.blocks(), into=blocks)
    return blocks, caught.value.reason


async def drain(feed: AsyncIterator[Block], *, into: list[Block]) -> None:
    while True:
        into.append(await anext(feed))


async def test_announced_blocks_are_emitted_in_order() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)
    node.latest = start.hash
    node.script = [one.header(), two.header()]

    assert await followed(node, start, until=two) == [one.hash, two.hash]


async def test_blocks_between_discovery_and_subscription_are_filled_in() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)

    assert await followed(node, start, until=two) == [one.hash, two.hash]


async def test_polled_node_needs_no_websocket() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)

    async with feeding(node, start, with_sockets=False) as feed:
        blocks = await emitted(feed, two)

    assert [block.hash for block in blocks] == [one.hash, two.hash]
    assert node.subscriptions == 0


async def test_gap_between_heads_is_filled_in_and_counted() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)
    three = node.grow("3", two)
    node.latest = start.hash
    node.script = [three.header()]

    async with feeding(node, start) as feed:
        blocks = await emitted(feed, three)

    assert [block.hash for block in blocks] == [one.hash, two.hash, three.hash]
    assert feed.health()[0].gaps == 1


async def test_duplicate_and_shorter_heads_are_not_emitted_again() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)
    three = node.grow("3", two)
    node.latest = start.hash
    heads = (two, one, start, two, three)
    node.script = [head.header() for head in heads]

    assert await followed(node, start, until=three) == [one.hash, two.hash, three.hash]


@pytest.mark.parametrize("height", [1, 2, 3])
async def test_reorg_emits_the_new_branch_from_the_common_ancestor(height: int) -> None:
    node = FakeNode()
    start = new = node.grow("0")
    old = node.grow("2a", node.grow("1a", start))
    for number in range(1, height + 1):
        new = node.grow(f"{number}b", new)

    hashes = await stepped(node, start, heads=[old, new])

    assert hashes == [block_hash(label) for label in ("1a", "2a", "1b", "2b", "3b")[: 2 + height]]


async def test_return_to_the_old_branch_emits_it_again() -> None:
    node = FakeNode()
    start = node.grow("0")
    old = node.grow("1a", start)
    new = node.grow("1b", start)
    older = node.grow("2a", old)

    hashes = await stepped(node, start, heads=[old, new, older])

    assert hashes == [block_hash(label) for label in ("1a", "1b", "1a", "2a")]


async def test_late_head_of_an_abandoned_branch_is_not_followed() -> None:
    node = FakeNode()
    start = node.grow("0")
    late = node.grow("1a", start)
    one = node.grow("1b", start)
    two = node.grow("2b", one)
    del node.blocks[late.hash]
    node.latest = one.hash
    node.script = [late.header(), two.header()]

    assert await followed(node, start, until=two) == [one.hash, two.hash]


async def test_head_that_vanished_is_skipped() -> None:
    node = FakeNode()
    start = node.grow("0")
    ghost = node.grow("1a", start)
    one = node.grow("1b", start)
    del node.blocks[ghost.hash]
    node.latest = start.hash
    node.script = [ghost.header(), one.header()]

    assert await followed(node, start, until=one) == [one.hash]


async def test_branch_that_vanished_is_skipped() -> None:
    node = FakeNode()
    start = node.grow("0")
    ghost = node.grow("1a", start)
    child = node.grow("2a", ghost)
    one = node.grow("1b", start)
    del node.blocks[ghost.hash]
    node.latest = start.hash
    node.script = [child.header(), one.header()]

    assert await followed(node, start, until=one) == [one.hash]


async def test_gap_is_filled_in_up_to_its_bound() -> None:
    node = FakeNode()
    start = block = node.grow("0")
    for number in range(1, MAX_BACKFILL_BLOCKS + 1):
        block = node.grow(f"n{number}", block)

    assert len(await followed(node, start, until=block)) == MAX_BACKFILL_BLOCKS


async def test_longer_gap_ends_the_feed() -> None:
    node = FakeNode()
    start = block = node.grow("0")
    for number in range(1, MAX_BACKFILL_BLOCKS + 2):
        block = node.grow(f"n{number}", block)

    blocks, reason = await ending(node, start)

    assert blocks == []
    assert "recent block" in reason


async def test_reorg_as_deep_as_the_bound_is_followed() -> None:
    node = FakeNode()
    start = old = new = node.grow("0")
    for number in range(1, MAX_BACKFILL_BLOCKS + 1):
        old, new = node.grow(f"a{number}", old), node.grow(f"b{number}", new)

    hashes = await stepped(node, start, heads=[old, new])

    assert len(hashes) == 2 * MAX_BACKFILL_BLOCKS


async def test_chain_that_never_contained_our_start_ends_the_feed() -> None:
    node = FakeNode()
    start = node.grow("0")
    node.grow("1x", node.grow("0x"))

    blocks, reason = await ending(node, start)

    assert blocks == []
    assert "does not build on a recent block of ours" in reason


@pytest.mark.parametrize(
    "said", [b"{", b'{"params":{"subscription":"0x1","result":{}}}', {"number": "0x1"}], ids=repr
)
async def test_subscription_that_says_nonsense_is_opened_again(said: object) -> None:
    node = FakeNode()
    start = node.grow("0")
    node.script = [said]

    async with feeding(node, start) as feed, aclosing(feed.blocks()) as stream:
        one = node.grow("1", start)
        block = await anext(stream)
        while node.subscriptions < 2:
            await at_once(0)

    assert block.hash == one.hash
    assert feed.health()[1].gaps == 1


async def test_block_that_cannot_be_decoded_ends_the_feed() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    node.grow("2", one)
    one.logs = [{"address": "0x1"}]

    blocks, reason = await ending(node, start)

    assert blocks == []
    assert "cannot decode" in reason


async def test_refused_block_is_tried_again_and_not_live_meanwhile() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    served, states = node.balance_of, []
    async with feeding(node, start) as feed:

        def refuse_twice(params: Sequence[object]) -> object:
            states.append(feed.health()[0].state)
            if len(states) > 2:
                return served(params)
            raise RefusedError({"code": -32005, "message": "limit exceeded"})

        node.overrides["eth_getBalance"] = refuse_twice
        blocks = await emitted(feed, one)

    assert [block.hash for block in blocks] == [one.hash]
    assert set(states) == {FeedState.SYNCING}


async def test_received_time_is_that_of_the_announcing_head() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)
    three = node.grow("3", two)
    node.latest = two.hash
    async with feeding(node, start) as feed, aclosing(feed.blocks()) as stream:
        first, second = await anext(stream), await anext(stream)
        node.latest = three.hash
        third = await anext(stream)

    assert first.received_ns == second.received_ns < third.received_ns


async def test_no_reason_shows_the_key_of_an_endpoint() -> None:
    node = FakeNode()
    start = node.grow("0")
    async with feeding(node, start) as feed:
        async with aclosing(feed.blocks()) as stream:
            node.script = [b"{"]
            node.grow("1", start)
            await anext(stream)
        shown = repr(feed.health())

    assert "127.0.0.1" in shown
    assert "secret-key" not in shown
