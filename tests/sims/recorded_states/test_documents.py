"""Tests of the readers of JSON: every kind is read to the unit, whatever is broken is named."""

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.pools.curve import CurvePool
from graphs.pools.stable import StablePool
from graphs.pools.weighted import WeightedPool
from sims.pool_files import read_pools
from sims.recorded_states.states import PoolFileError
from tests.sims.recorded_states.documents import (
    DOCUMENTS,
    E18,
    LONG_ID,
    ONE,
    PLAIN_CURVE,
    SUBGRAPH_POOL,
    TWO,
    document_of,
)

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**90), max_value=10**90),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["1/0", "-1", "1e3", "0x", ONE, TWO, "9" * 5_000, [], {}, [None], 2**112]),
)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_valid_document_of_every_kind_is_read_without_a_refusal(
    tmp_path: Path, document: object
) -> None:
    states = read_pools(document_of(tmp_path, document))

    assert states.refusals == ()
    assert states.pools_left_out == 0
    for pool in states.market.pools.values():
        assert pool.amount_out(pool.tokens[0], pool.tokens[1], 10**15) > 0
        assert set(states.market.tokens) >= set(pool.tokens)


def test_decimals_of_a_subgraph_become_raw_units_and_weights_shares_of_their_sum(
    tmp_path: Path,
) -> None:
    states = read_pools(document_of(tmp_path, DOCUMENTS["subgraph list"]))

    weighted, stable = states.market.pools.values()
    assert isinstance(weighted, WeightedPool)
    assert isinstance(stable, StablePool)
    assert weighted.tokens == (ONE, TWO)
    assert weighted.balances == stable.balances == (5 * E18, 5_000_001)
    assert weighted.weights == (E18 // 4, 3 * E18 // 4)
    assert weighted.swap_fee == 3 * 10**15
    assert stable.scaling_factors == (15 * 10**17, 10**30)
    assert stable.amplification == 50_000


def test_stable_pool_is_read_without_its_own_share(tmp_path: Path) -> None:
    states = read_pools(document_of(tmp_path, DOCUMENTS["stable"]))

    (pool,) = states.market.pools.values()
    assert pool.tokens == (ONE, TWO)


def test_metapool_is_read_with_its_cached_prices(tmp_path: Path) -> None:
    (pool,) = read_pools(document_of(tmp_path, DOCUMENTS["metapool"])).market.pools.values()

    assert isinstance(pool, CurvePool)
    assert pool.rates == (3 * E18, 10**30)
    assert (pool.amplification, pool.a_precision) == (4000, 100)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"use_lending": [False, True]}, "lends its coins"),
        ({"offpeg_fee_multiplier": 2}, "fee depends on the balance"),
        ({"future_a_time": 10}, "amplification changes until 10"),
        ({"gamma": 1, "price_scale": [1]}, "crypto invariant"),
        ({"fee": None}, "fee is missing"),
        ({"balances": [1, -1]}, r"balances\[1\] '-1' is not in range"),
    ],
)
def test_curve_pool_that_is_not_plain_is_refused(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    with pytest.raises(PoolFileError, match=reason):
        read_pools(document_of(tmp_path, {**PLAIN_CURVE, **change}))


def test_pool_of_another_kind_is_refused_by_its_place_and_the_rest_is_read(tmp_path: Path) -> None:
    pools = [
        {**SUBGRAPH_POOL, "poolType": "Element", "id": "0x"},
        {**SUBGRAPH_POOL, "poolType": "Weighted"},
    ]

    states = read_pools(document_of(tmp_path, {"pools": pools}))

    (refusal,) = states.refusals
    assert refusal.place == "pools[0]"
    assert "Element" in refusal.reason
    assert list(states.market.pools) == [LONG_ID]


def test_pool_that_may_not_swap_is_left_out(tmp_path: Path) -> None:
    still = {**SUBGRAPH_POOL, "poolType": "Weighted", "swapEnabled": False, "id": "0x"}

    states = read_pools(document_of(tmp_path, [still, {**SUBGRAPH_POOL, "poolType": "Weighted"}]))

    assert states.pools_left_out == 1


def test_last_snapshot_of_a_packed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "snapshots.jsonl.gz"
    old: dict[str, list[object]] = {"pools": []}
    new = DOCUMENTS["snapshot"]
    path.write_bytes(gzip.compress(f"{json.dumps(old)}\n{json.dumps(new)}\n".encode()))

    states = read_pools(path)

    assert list(states.market.pools) == [LONG_ID]


def test_folder_is_read_file_by_file_and_names_those_that_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    good = document_of(tmp_path / "1", DOCUMENTS["v3"])
    (tmp_path / "note.json").write_text("{}")
    (tmp_path / "torn.json").write_text('{"a":')
    (tmp_path / "read.me").write_text("not a pool")

    states = read_pools(tmp_path)

    assert good.exists()
    assert len(states.market.pools) == 1
    assert [refusal.path.name for refusal in states.refusals] == ["note.json", "torn.json"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 5_000, "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"[]", "no pool"),
        (b"{}", "no pool state of a kind that is read"),
    ],
)
def test_file_without_a_state_is_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "pools.json"
    path.write_bytes(content)

    with pytest.raises(PoolFileError, match=reason) as caught:
        read_pools(path)

    assert str(caught.value).startswith(str(path))


def places(value: object) -> Iterator[list[str | int]]:
    """The path to every value inside a document."""
    children = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]  # lists
    for key, child in children:
        yield [key]
        if isinstance(child, dict | list):
            yield from ([key, *rest] for rest in places(child))


def broken(document: object, place: list[str | int], junk: object) -> object:
    """A copy of a document with one value replaced."""
    copied = copy.deepcopy(document)
    inner = copied
    for key in place[:-1]:
        inner = inner[key]  # type: ignore[index]  # a place of the document
    inner[place[-1]] = junk  # type: ignore[index]  # a place of the document
    return copied


@given(data=st.data(), junk=JUNK)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_with_any_value_replaced_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, *, name: str, data: st.DataObject, junk: object
) -> None:
    place = data.draw(st.sampled_from(list(places(DOCUMENTS[name]))))
    path = document_of(tmp_path_factory.mktemp("broken"), broken(DOCUMENTS[name], place, junk))

    try:
        shown = [str(refusal) for refusal in read_pools(path).refusals]
    except PoolFileError as error:
        shown = [str(error)]

    assert all("\n" not in line for line in shown)
