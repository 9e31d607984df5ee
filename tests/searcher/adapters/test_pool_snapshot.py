"""The file of pools: what was written is read, and nothing else is taken for it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.pools.base import Pool
from graphs.pools.curve import CurvePool
from graphs.units import Address, PoolId
from searcher.adapters.created_pools import CreatedPool, Refusal
from searcher.adapters.pool_snapshot import (
    PoolColumns,
    PoolSnapshot,
    previous,
    read_snapshot,
    write_snapshot,
)
from searcher.errors import SnapshotError
from tests.searcher.adapters.known_pairs import FACTORY, TOKENS
from tests.searcher.records import GAP, concentrated

CURVE = CurvePool(
    id=PoolId("0x" + "c0" * 20),
    venue="curve",
    tokens=TOKENS,
    balances=(2**120, 1),
    rates=(10**18, 10**30),
    amplification=20_000,
    a_precision=100,
    reverts_unsettled=True,
    fee=4_000_000,
    admin_fee=5 * 10**9,
)


def snapshot(number: int = 5) -> PoolSnapshot:
    pools: list[Pool] = [CURVE, *GAP, concentrated()]
    created = CreatedPool(
        kind="curve", venue="curve", id=CURVE.id, factory=FACTORY, keeper=Address(CURVE.id)
    )
    return PoolSnapshot(
        block_number=number,
        block_hash="0x" + "b1" * 32,
        created=(created,),
        pending=(created,),
        pools=PoolColumns.of(pools),
        tokens=(),
        refused=(Refusal(pool_id=PoolId("0xrefused"), reason="it is paused"),),
        restless=(CURVE.id,),
    )


def write(path: Path, number: int = 5) -> None:
    write_snapshot(path, snapshot(number), chain_id=1, settings="s")


def read(path: Path) -> PoolSnapshot | None:
    return read_snapshot(path, chain_id=1, settings="s")


def test_snapshot_is_read_as_it_was_written_in_order(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "pools.snapshot"

    write(path)

    found = read(path)
    assert found == snapshot()
    assert found is not None
    assert found.pools.in_order() == [CURVE, *GAP, concentrated()]


def test_file_that_was_there_is_kept_behind_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "pools.snapshot"

    write(path, 5)
    write(path, 6)

    numbers = [found.block_number for name in (path, previous(path)) if (found := read(name))]
    assert numbers == [6, 5]


def test_no_file_is_no_snapshot(tmp_path: Path) -> None:
    assert read(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("chain_id", "settings", "reason"),
    [(2, "s", "is of chain 1, not 2"), (1, "other", "was made with other factories")],
)
def test_foreign_file_is_refused_in_one_line(
    tmp_path: Path, *, chain_id: int, settings: str, reason: str
) -> None:
    path = tmp_path / "pools.snapshot"
    write(path)

    with pytest.raises(SnapshotError, match=reason):
        read_snapshot(path, chain_id=chain_id, settings=settings)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("snapshot") / "pools.snapshot"
    write(path)
    return path.read_bytes()


@given(data=st.data())
def test_damaged_file_is_refused_wherever_it_is_damaged(
    written: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.snapshot"
    place = data.draw(st.integers(0, len(written) - 1))
    flipped = bytes([written[place] ^ data.draw(st.integers(1, 255))])
    path.write_bytes(written[:place] + flipped + written[place + 1 :])

    with pytest.raises(SnapshotError):
        read(path)


@given(data=st.data())
def test_truncated_file_is_refused(
    written: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "truncated.snapshot"
    path.write_bytes(written[: data.draw(st.integers(0, len(written) - 1))])

    with pytest.raises(SnapshotError):
        read(path)
