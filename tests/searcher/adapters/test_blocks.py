"""The feed against a node in memory: order, gaps, reorgs, vanished heads, garbage."""

from collections.abc import AsyncIterator, Sequence

import pytest
from eth_abi.abi import encode

from graphs.units import Address, PoolId
from searcher.adapters import decoding
from searcher.adapters.blocks import MAX_BACKFILL_BLOCKS, BlockFeed, BlockReader
from searcher.adapters.lending_desk import LendingDesk
from searcher.adapters.multicall import Multicall
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.errors import FeedError, RpcError, WireError
from searcher.model import Block
from searcher.pool_updates import ReservesSet
from tests.searcher.adapters.fake_node import (
    MULTICALL3,
    FakeBlock,
    FakeNode,
    RefusedError,
    block_hash,
)

POOL = PoolId("0x" + "ab" * 20)
STRANGER = "0x" + "5e" * 20
ACCOUNT = Address("0x" + "0a" * 20)
EXECUTOR = Address("0x" + "ec" * 20)


class CountingClock:
    """Says 1, 2, 3: how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def now_ns(self) -> int:
        """Count this question."""
        self.asked += 1
        return self.asked


def reader_of(rpc: Rpc, *desks: LendingDesk) -> BlockReader:
    return BlockReader(
        rpc=rpc,
        multicall=Multicall(rpc=rpc, address=Address(MULTICALL3)),
        pools={POOL},
        desks=desks,
        account=ACCOUNT,
        executor=EXECUTOR,
    )


async def followed(node: FakeNode, start: FakeBlock) -> tuple[list[Block], str]:
    """Everything that the feed emits until it ends, and why it ended."""
    blocks: list[Block] = []
    async with node.serving(), open_rpc(node.http_url) as rpc:
        reader = reader_of(rpc)
        first = await reader.read(start.hash, parent_nonce=None, received_ns=0)
        feed = BlockFeed(reader, ws_url=node.ws_url, clock=CountingClock(), start=first)
        with pytest.raises(FeedError) as caught:
            await drain(feed.blocks(), into=blocks)
    return blocks, caught.value.reason


async def drain(feed: AsyncIterator[Block], *, into: list[Block]) -> None:
    while True:
        into.append(await anext(feed))


async def read(node: FakeNode, block: FakeBlock, *desks: LendingDesk) -> Block:
    async with node.serving(), open_rpc(node.http_url) as rpc:
        reader = reader_of(rpc, *desks)
        return await reader.read(block.hash, parent_nonce=block.nonce - 1, received_ns=42)


def hashes(blocks: list[Block]) -> list[str]:
    return [block.hash for block in blocks]


def sync(block: FakeBlock, address: str, index: int) -> dict[str, object]:
    return {
        "address": address,
        "topics": [decoding.SYNC],
        "data": "0x" + encode(["uint112", "uint112"], [index + 1, 5]).hex(),
        "logIndex": hex(index),
        "blockHash": block.hash,
    }


async def test_announced_blocks_are_emitted_in_order() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)
    node.latest = start.hash
    node.script = [one.header(), two.header()]

    blocks, reason = await followed(node, start)

    assert hashes(blocks) == [one.hash, two.hash]
    assert "hung up" in reason


async def test_blocks_between_discovery_and_subscription_are_filled_in() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)

    blocks, _ = await followed(node, start)

    assert hashes(blocks) == [one.hash, two.hash]


async def test_gap_between_heads_is_filled_in() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)
    three = node.grow("3", two)
    node.latest = start.hash
    node.script = [three.header()]

    blocks, _ = await followed(node, start)

    assert hashes(blocks) == [one.hash, two.hash, three.hash]


async def test_duplicate_and_shorter_heads_are_not_emitted_again() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)
    node.script = [two.header(), one.header(), start.header(), two.header()]

    blocks, _ = await followed(node, start)

    assert hashes(blocks) == [one.hash, two.hash]


async def test_reorg_emits_the_new_branch_from_the_common_ancestor() -> None:
    node = FakeNode()
    start = node.grow("0")
    old = node.grow("2a", node.grow("1a", start))
    new = node.grow("3b", node.grow("2b", node.grow("1b", start)))
    node.latest = start.hash
    node.script = [old.header(), new.header()]

    blocks, _ = await followed(node, start)

    assert hashes(blocks) == [block_hash(label) for label in ("1a", "2a", "1b", "2b", "3b")]


async def test_return_to_the_old_branch_emits_it_again() -> None:
    node = FakeNode()
    start = node.grow("0")
    old = node.grow("1a", start)
    new = node.grow("1b", start)
    older = node.grow("2a", old)
    node.latest = start.hash
    node.script = [old.header(), new.header(), older.header()]

    blocks, _ = await followed(node, start)

    assert hashes(blocks) == [block_hash(label) for label in ("1a", "1b", "1a", "2a")]


async def test_head_that_vanished_is_skipped() -> None:
    node = FakeNode()
    start = node.grow("0")
    ghost = node.grow("1a", start)
    one = node.grow("1b", start)
    del node.blocks[ghost.hash]
    node.latest = start.hash
    node.script = [ghost.header(), one.header()]

    blocks, _ = await followed(node, start)

    assert hashes(blocks) == [one.hash]


async def test_branch_that_vanished_is_skipped() -> None:
    node = FakeNode()
    start = node.grow("0")
    ghost = node.grow("1a", start)
    child = node.grow("2a", ghost)
    one = node.grow("1b", start)
    del node.blocks[ghost.hash]
    node.latest = start.hash
    node.script = [child.header(), one.header()]

    blocks, _ = await followed(node, start)

    assert hashes(blocks) == [one.hash]


@pytest.mark.parametrize(("gap", "emitted"), [(MAX_BACKFILL_BLOCKS, 64), (65, 0)])
async def test_gap_is_filled_in_up_to_its_bound(gap: int, emitted: int) -> None:
    node = FakeNode()
    start = block = node.grow("0")
    for number in range(1, gap + 1):
        block = node.grow(f"n{number}", block)

    blocks, reason = await followed(node, start)

    assert len(blocks) == emitted
    assert ("recent block" in reason) == (emitted == 0)


async def test_chain_that_never_contained_our_start_ends_the_feed() -> None:
    node = FakeNode()
    start = node.grow("0")
    node.grow("1x", node.grow("0x"))

    blocks, reason = await followed(node, start)

    assert blocks == []
    assert "does not build on a recent block of ours" in reason


@pytest.mark.parametrize(
    "said", [b"{", b'{"params":{"subscription":"0x1","result":{}}}', {"number": "0x1"}], ids=repr
)
async def test_undecodable_head_ends_the_feed(said: object) -> None:
    node = FakeNode()
    start = node.grow("0")
    node.script = [said]

    blocks, reason = await followed(node, start)

    assert blocks == []
    assert "hung up" not in reason


async def test_refusing_node_ends_the_feed_when_the_block_exists() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    node.latest = start.hash
    node.script = [one.header()]
    served = node.balance_of

    def refuse(params: Sequence[object]) -> object:
        if params[1] == {"blockHash": one.hash}:
            raise RefusedError({"code": -32005, "message": "limit exceeded"})
        return served(params)

    node.overrides["eth_getBalance"] = refuse
    blocks, reason = await followed(node, start)

    assert blocks == []
    assert "limit exceeded" in reason


async def test_unreachable_websocket_ends_the_feed_without_showing_the_key() -> None:
    node = FakeNode()
    start = node.grow("0")
    async with node.serving(), open_rpc(node.http_url) as rpc:
        reader = reader_of(rpc)
        first = await reader.read(start.hash, parent_nonce=None, received_ns=0)
        feed = BlockFeed(
            reader, ws_url="ws://127.0.0.1:1/canary", clock=CountingClock(), start=first
        )
        with pytest.raises(FeedError) as caught:
            await anext(aiter(feed.blocks()))

    assert "canary" not in str(caught.value)


async def test_received_time_is_that_of_the_announcing_head() -> None:
    node = FakeNode()
    start = node.grow("0")
    one = node.grow("1", start)
    two = node.grow("2", one)
    three = node.grow("3", two)
    node.latest = start.hash
    node.script = [two.header(), three.header()]

    blocks, _ = await followed(node, start)

    assert [block.received_ns for block in blocks] == [2, 2, 3]


async def test_block_is_read_in_one_batch_of_its_hash() -> None:
    node = FakeNode()
    block = node.grow("0")
    block.logs = [sync(block, STRANGER, 0), sync(block, POOL, 1)]
    block.nonce, block.balance = 9, 77

    async with node.serving(), open_rpc(node.http_url) as rpc:
        result = await reader_of(rpc).read(block.hash, parent_nonce=9, received_ns=42)

    assert result.updates == (ReservesSet(pool_id=POOL, reserve0=2, reserve1=5),)
    assert (result.account.nonce, result.account.balance_wei) == (9, 77)
    assert (result.number, result.base_fee_wei, result.received_ns) == (100, 10**9, 42)
    assert len(node.methods) == 4


async def test_receipts_are_read_when_the_nonce_advanced_and_only_ours_kept() -> None:
    node = FakeNode()
    block = node.grow("0")
    block.receipts = [
        {
            "transactionHash": block_hash(sender[:8]),
            "from": sender,
            "blockHash": block.hash,
            "status": "0x1",
            "gasUsed": "0x1",
            "effectiveGasPrice": "0x2",
            "logs": [],
        }
        for sender in (STRANGER, ACCOUNT.upper().replace("X", "x"))
    ]

    result = await read(node, block)

    assert [receipt.gas_used_gas for receipt in result.receipts] == [1]


async def test_receipt_of_another_block_is_refused() -> None:
    node = FakeNode()
    block = node.grow("0")
    block.receipts = [{"blockHash": block_hash("elsewhere")}]

    with pytest.raises(WireError, match="of another block"):
        await read(node, block)


async def test_log_of_another_block_is_refused() -> None:
    node = FakeNode()
    block = node.grow("0")
    block.logs = [sync(node.grow("1", block), POOL, 0)]

    with pytest.raises(WireError, match="of another block"):
        await read(node, block)


async def test_header_of_another_block_is_refused() -> None:
    node = FakeNode()
    block = node.grow("0")
    other = node.grow("1", block).header()
    node.overrides["eth_getBlockByHash"] = lambda _params: other

    with pytest.raises(WireError, match="hash: of another block"):
        await read(node, block)


async def test_unknown_block_cannot_be_read() -> None:
    node = FakeNode()
    block = node.grow("0")
    del node.blocks[block.hash]

    with pytest.raises(RpcError, match="unknown block"):
        await read(node, block)
