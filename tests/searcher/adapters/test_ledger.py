"""The record of decisions: exact, durable, free of raw transactions, and loud when it fails."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from searcher.adapters.ledger import cycle_json, open_ledger
from searcher.errors import LedgerError
from searcher.flash_lenders import LenderKind, PassedOver
from searcher.model import LedgerRecord
from searcher.ports import Ledger
from tests.searcher.fakes import ListLedger
from tests.searcher.records import (
    AAVE,
    BALANCER,
    BID,
    CUT_SEARCH,
    CYCLE,
    INCLUSION,
    OPPORTUNITY,
    REJECTION,
    WETH,
    bundle,
    simulated,
    submission,
)

AMOUNTS = st.integers(min_value=0, max_value=2**256 - 1)
BUNDLE = bundle()
RECORDS: dict[str, LedgerRecord] = {
    "bids": BID,
    "rejections": REJECTION,
    "cut_searches": CUT_SEARCH,
    "bundles": BUNDLE,
    "simulations": simulated(BUNDLE),
    "submissions": submission(BUNDLE),
    "inclusions": INCLUSION,
}
ROOT = Path(__file__).parents[3]
NAMES = count()
WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from searcher.adapters.ledger import open_ledger
from tests.searcher.records import REJECTION
with open_ledger(Path(sys.argv[1])) as ledger:
    for _ in range(5):
        ledger.record(REJECTION)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def rows(path: Path, table: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        statement = f"SELECT * FROM {table} ORDER BY seq"  # noqa: S608 - a name of ours
        return [dict(row) for row in connection.execute(statement)]


def written(folder: Path, *records: LedgerRecord) -> Path:
    path = folder / f"ledger{next(NAMES)}.sqlite"
    with open_ledger(path) as ledger:
        for record in records:
            ledger.record(record)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledgers")


@contextmanager
def ledgers(folder: Path) -> Iterator[tuple[Ledger, ...]]:
    """The real one and the fake."""
    with open_ledger(folder / f"ledger{next(NAMES)}.sqlite") as ledger:
        yield ledger, ListLedger()


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_every_ledger_takes_every_record_twice(folder: Path, record: LedgerRecord) -> None:
    with ledgers(folder) as all_ledgers:
        for ledger in all_ledgers:
            ledger.record(record)
            ledger.record(record)


@pytest.mark.parametrize("table", RECORDS)
def test_record_goes_to_its_own_table_only(folder: Path, table: str) -> None:
    path = written(folder, RECORDS[table])

    assert {name: len(rows(path, name)) for name in RECORDS} == {
        name: int(name == table) for name in RECORDS
    }


@given(amount=AMOUNTS)
@example(amount=2**63)
@example(amount=2**256 - 1)
def test_amounts_of_a_bid_are_exact(folder: Path, amount: int) -> None:
    opportunity = replace(
        OPPORTUNITY, amounts=(amount, 0, amount), flash_fee_wei=amount, gross_profit_wei=amount
    )
    bid = replace(BID, opportunity=opportunity, tip_wei=amount, min_profit_wei=amount)

    (row,) = rows(written(folder, replace(bid, net_profit_wei=-amount)), "bids")

    named = ("flash_fee_wei", "gross_profit_wei", "tip_wei", "min_profit_wei")
    assert [int(str(row[name])) for name in named] == [amount] * len(named)
    assert int(str(row["net_profit_wei"])) == -amount
    assert json.loads(str(row["amounts"])) == [str(amount), "0", str(amount)]


def test_bid_names_the_lenders_that_it_passed_over(folder: Path) -> None:
    others = (
        PassedOver(lender=AAVE, reason="costs more", by=2**255),
        PassedOver(lender=replace(BALANCER, kind=LenderKind.UNISWAP_V4), reason="paused"),
    )
    bid = replace(BID, opportunity=replace(OPPORTUNITY, passed_over=others))
    path = written(folder, BID, bid)

    named = [tuple(row.values())[1:] for row in rows(path, "passed_over")]

    assert named == [
        (2, "aave_v3", AAVE.address, "costs more", str(2**255)),
        (2, "uniswap_v4", BALANCER.address, "paused", "0"),
    ]


@given(amount=AMOUNTS)
def test_amounts_of_what_follows_a_bid_are_exact(folder: Path, amount: int) -> None:
    opportunity = replace(OPPORTUNITY, gross_profit_wei=amount)
    made = bundle(bid=replace(BID, opportunity=opportunity, tip_wei=amount))
    ended = replace(INCLUSION, gross_profit_wei=amount, tip_wei=amount, gas_cost_wei=amount)

    path = written(folder, made, simulated(made), ended)

    (first,), (second,), (third,) = (
        rows(path, table) for table in ("bundles", "simulations", "inclusions")
    )
    assert first["gross_profit_wei"] == second["gross_profit_wei"] == str(amount)
    assert second["coinbase_diff_wei"] == third["gas_cost_wei"] == str(amount)
    assert third["tip_wei"] == third["gross_profit_wei"] == str(amount)


@given(bound_wei=st.one_of(st.none(), AMOUNTS))
def test_bound_of_what_was_left_out_is_exact_or_open(folder: Path, bound_wei: int | None) -> None:
    path = written(folder, replace(CUT_SEARCH, bound_wei=bound_wei))

    (row,) = rows(path, "cut_searches")

    assert row["bound_wei"] == (None if bound_wei is None else str(bound_wei))
    assert (row["nominated"], row["left_out"], row["base"]) == (1_000, 12_345, WETH)


def test_names_of_a_record_survive(folder: Path) -> None:
    path = written(folder, *RECORDS.values())

    (sent,), (made,), (refused,), (ended,) = (
        rows(path, table) for table in ("submissions", "bundles", "rejections", "inclusions")
    )
    assert (sent["bundle_id"], sent["relay"], sent["accepted"]) == (BUNDLE.id, "fake", 1)
    assert (made["bundle_hash"], made["nonce"]) == (BUNDLE.bundle_hash, BUNDLE.nonce)
    assert json.loads(str(made["tx_hashes"])) == list(BUNDLE.tx_hashes)
    assert (refused["cycle"], refused["stage"]) == (cycle_json(CYCLE), "bid")
    assert (ended["outcome"], ended["block_number"]) == ("landed", INCLUSION.block_number)


def test_rows_stay_in_the_order_of_decisions_across_reopening(folder: Path) -> None:
    path = written(folder, replace(REJECTION, reason="first"))
    with open_ledger(path) as ledger:
        ledger.record(replace(REJECTION, reason="second"))

    assert [row["reason"] for row in rows(path, "rejections")] == ["first", "second"]


def test_committed_rows_survive_the_death_of_the_process(folder: Path) -> None:
    path = folder / f"ledger{next(NAMES)}.sqlite"

    child = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(path)], cwd=ROOT, check=False)

    assert child.returncode == -9
    assert len(rows(path, "rejections")) == 5
    with open_ledger(path) as ledger:
        ledger.record(REJECTION)
    assert len(rows(path, "rejections")) == 6


def test_row_is_visible_to_another_reader_before_record_returns(folder: Path) -> None:
    path = folder / f"ledger{next(NAMES)}.sqlite"
    with open_ledger(path) as ledger:
        ledger.record(BUNDLE)

        assert len(rows(path, "bundles")) == 1


def test_raw_transactions_appear_nowhere_in_the_files(folder: Path) -> None:
    path = written(folder, *RECORDS.values())

    content = b"".join(file.read_bytes() for file in folder.glob(f"{path.name}*"))
    assert BUNDLE.tx_hashes[0].encode() in content
    for raw in BUNDLE.txs:
        assert raw not in content
        assert raw.hex().encode() not in content.lower()


def refusal(path: Path) -> str:
    with pytest.raises(LedgerError) as caught, open_ledger(path) as ledger:
        ledger.record(REJECTION)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_folder_of_the_ledger_is_made(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "a" / "b" / "ledger.sqlite") as ledger:
        ledger.record(REJECTION)

    assert (tmp_path / "a" / "b" / "ledger.sqlite").exists()


def test_folder_in_place_of_the_ledger_is_one_line(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith("; choose another ledger.folder")


def test_file_in_place_of_the_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert "choose another ledger.folder" in refusal(tmp_path / "file" / "ledger.sqlite")


def test_file_that_is_not_a_ledger_is_one_line_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"not a database, but somebody's notes" * 100)

    assert "is not a ledger" in refusal(path)
    assert path.read_bytes() == b"not a database, but somebody's notes" * 100


def test_ledger_of_another_layout_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE rejections (other)")

    assert "is of version 0, this program writes 3" in refusal(path)


def test_ledger_that_turns_unwritable_is_one_line(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger._connection.execute("PRAGMA query_only = ON")

        with pytest.raises(LedgerError, match="cannot be written: attempt to write a readonly"):
            ledger.record(REJECTION)


@pytest.mark.parametrize(
    "record",
    [replace(INCLUSION, gas_used_gas=2**63), replace(REJECTION, reason="\ud800")],
    ids=["integer", "text"],
)
def test_value_that_the_file_cannot_hold_is_a_ledger_error(
    tmp_path: Path, record: LedgerRecord
) -> None:
    with open_ledger(tmp_path / "ledger.sqlite") as ledger, pytest.raises(LedgerError):
        ledger.record(record)


def test_bundle_keeps_the_calls_of_our_own_transactions_alone(folder: Path) -> None:
    followed = bundle(3).txs[0]
    backrun = replace(BUNDLE, txs=(followed, *BUNDLE.txs))

    (row,) = rows(written(folder, backrun), "bundles")

    assert json.loads(str(row["calldata"])) == ["0x00000001"]
