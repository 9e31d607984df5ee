"""A start from the file equals a start from nothing, whatever happened in between."""

from pathlib import Path

from eth_abi.abi import encode

from graphs.units import Address, PoolId
from searcher.adapters.created_pools import CreatedPool, Factory
from searcher.adapters.decoding import decode_header
from searcher.adapters.discovery import Discovered, Progress, Survey, Witness, discover
from searcher.adapters.pair_states import GET_RESERVES
from searcher.adapters.pool_events import SYNC
from searcher.adapters.pool_identities import derived_address
from searcher.adapters.pool_snapshot import PoolSnapshot
from searcher.adapters.recalled_pools import SnapshotFile, discover_from
from searcher.adapters.rpc import open_rpc
from searcher.adapters.tokens import DECIMALS
from tests.searcher.adapters.fake_node import MULTICALL3, FakeNode
from tests.searcher.adapters.test_discovery import (
    HIGH,
    LOW,
    V2,
    node_with_tokens,
    pair_created,
    word,
)

CODE = "0x" + "1c" * 32
FACTORY = Factory(
    kind="uniswap_v2", venue="two", address=V2.address, fee_pips=2_500, init_code_hash=CODE
)


def pair_of(token1: Address) -> PoolId:
    pool = CreatedPool(
        kind="uniswap_v2",
        venue="two",
        id=PoolId(V2.address),
        factory=V2.address,
        keeper=V2.address,
        tokens=(LOW, token1),
    )
    return PoolId(derived_address(pool, CODE))


FIRST, SECOND = pair_of(HIGH), pair_of(Address("0x" + "03" * 20))


def node_with_a_pair() -> FakeNode:
    node = node_with_tokens()
    node.creations = [pair_created(FIRST, LOW, HIGH)]
    node.views[FIRST, GET_RESERVES] = word(7) + word(8) + word(0)
    return node


def synced(number: int, reserve0: int) -> dict[str, object]:
    data = encode(["uint112", "uint112"], [reserve0, 9])
    return {
        "address": FIRST,
        "topics": [SYNC],
        "data": "0x" + data.hex(),
        "blockNumber": hex(number),
    }


async def started(node: FakeNode, path: Path, warnings: list[str] | None = None) -> Discovered:
    told = warnings if warnings is not None else []
    async with node.serving(), open_rpc(node.http_url) as rpc:
        head = decode_header(await rpc.call("eth_getBlockByNumber", "latest"))
        survey = Survey(factories=[FACTORY], multicall3=Address(MULTICALL3), start_block=1)
        file = SnapshotFile(path=path, chain_id=1, warn=told.append)
        return await discover_from(rpc, survey, block=head, file=file)


async def test_second_start_catches_up_by_events_and_finds_new_pools(tmp_path: Path) -> None:
    path, node = tmp_path / "pools.snapshot", node_with_a_pair()
    first = await started(node, path)
    node.grow("next", node.blocks[node.latest])
    token = Address("0x" + "03" * 20)
    node.creations += [synced(101, 70), pair_created(SECOND, LOW, token, block=101)]
    node.creations += [synced(101, 71)]
    node.views[FIRST, GET_RESERVES] = word(71) + word(9) + word(0)
    node.views[SECOND, GET_RESERVES] = bytes(96)
    node.views[token, DECIMALS] = word(6)

    second = await started(node, path)

    fresh = await started(node, tmp_path / "absent.snapshot")
    assert dict(second.pools) == dict(fresh.pools)
    assert second.tokens == fresh.tokens
    assert (list(first.pools), list(second.pools)) == ([FIRST], [FIRST, SECOND])


async def test_orphaned_snapshot_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    path, node = tmp_path / "pools.snapshot", node_with_a_pair()
    await started(node, path)
    stem = node.blocks[node.latest]
    orphan = node.grow("orphan", stem)
    await started(node, path)
    del node.blocks[orphan.hash]
    node.grow("better", stem)
    warnings: list[str] = []

    found = await started(node, path, warnings)

    assert list(found.pools) == [FIRST]
    assert [line.partition(" is not used: ")[2] for line in warnings] == [
        "its block 101 was replaced"
    ]


async def test_damaged_file_costs_a_discovery_and_a_line(tmp_path: Path) -> None:
    path, node = tmp_path / "pools.snapshot", node_with_a_pair()
    path.write_bytes(b"garbage")
    warnings: list[str] = []

    found = await started(node, path, warnings)

    assert list(found.pools) == [FIRST]
    assert warnings == [f"{path} is no file of pools; delete it"]


async def test_interrupted_discovery_resumes_with_what_is_pending() -> None:
    node = node_with_a_pair()
    kept: list[PoolSnapshot] = []
    async with node.serving(), open_rpc(node.http_url) as rpc:
        head = decode_header(await rpc.call("eth_getBlockByNumber", "latest"))
        survey = Survey(factories=[FACTORY], multicall3=Address(MULTICALL3), start_block=1)
        whole = await discover(rpc, survey, block=head, witness=Witness(keep=kept.append))
        (pending,) = whole.snapshot.created
        cut = PoolSnapshot(
            block_number=head.number,
            block_hash=head.hash,
            created=(),
            pending=(pending,),
            pools=type(whole.snapshot.pools)(),
            tokens=(),
            refused=(),
            restless=(),
        )
        resumed = await discover(rpc, survey, block=head, known=cut)

    assert dict(resumed.pools) == dict(whole.pools)
    assert kept == [whole.snapshot]


async def test_progress_is_told_for_blocks_and_for_pools() -> None:
    node, told = node_with_a_pair(), list[Progress]()
    async with node.serving(), open_rpc(node.http_url) as rpc:
        head = decode_header(await rpc.call("eth_getBlockByNumber", "latest"))
        survey = Survey(factories=[FACTORY], multicall3=Address(MULTICALL3), start_block=1)
        await discover(rpc, survey, block=head, witness=Witness(watch=told.append))

    assert told[0] == Progress(stage="blocks", done=100, total=100)
    assert told[-1] == Progress(stage="pools", done=1, total=1)
