"""One block from a node in memory: what is asked, what is refused."""

import pytest
from eth_abi.abi import encode

from graphs.units import Address, PoolId
from searcher.adapters.block_reader import BlockReader
from searcher.adapters.lending_desk import LendingDesk
from searcher.adapters.multicall import Multicall
from searcher.adapters.pool_events import SYNC
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.errors import RpcError, WireError
from searcher.model import (
    Block,
)
from searcher.pool_updates import (
    ReservesSet,
)
from tests.searcher.adapters.fake_node import MULTICALL3, FakeBlock, FakeNode, block_hash
from tests.searcher.adapters.known_pairs import known_pools

POOL = PoolId("0x" + "ab" * 20)
STRANGER = "0x" + "5e" * 20
ACCOUNT = Address("0x" + "0a" * 20)
EXECUTOR = Address("0x" + "ec" * 20)


def reader_of(rpc: Rpc, *desks: LendingDesk) -> BlockReader:
    return BlockReader(
        rpc=rpc,
        multicall=Multicall(rpc=rpc, address=Address(MULTICALL3)),
        pools=known_pools(POOL),
        desks=desks,
        account=ACCOUNT,
        executor=EXECUTOR,
    )


async def read(node: FakeNode, block: FakeBlock, *desks: LendingDesk) -> Block:
    async with node.serving(), open_rpc(node.http_url) as rpc:
        reader = reader_of(rpc, *desks)
        return await reader.read(block.hash, parent_nonce=block.nonce - 1, received_ns=42)


def sync(block: FakeBlock, address: str, index: int) -> dict[str, object]:
    return {
        "address": address,
        "topics": [SYNC],
        "data": "0x" + encode(["uint112", "uint112"], [index + 1, 5]).hex(),
        "logIndex": hex(index),
        "blockHash": block.hash,
    }


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
