"""What is read back of bundles to explain them, and how a wrong name or file is refused."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from searcher.adapters.ledger import open_ledger
from searcher.adapters.sent_bundles import read_bundle, read_newest
from searcher.errors import ConfigError
from searcher.settlement import intent_of
from tests.searcher.records import CHEAP, DEAR, INCLUSION, bundle, simulated, submission

FIRST, SECOND = bundle(1), replace(bundle(2), uuid=bundle(1).uuid)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path) as kept:
        for one in (FIRST, SECOND):
            for record in (simulated(one), one, submission(one)):
                kept.record(record)
        kept.record(INCLUSION)
    return path


def test_bundle_comes_back_with_all_that_was_recorded_of_it(ledger: Path) -> None:
    sent = read_bundle(ledger, FIRST.id)

    assert sent.intent == intent_of(FIRST)
    assert sent.calls == ((1).to_bytes(4),)
    assert sent.pools == (DEAR, CHEAP)
    assert sent.predicted_wei == sent.simulated_wei == FIRST.gross_profit_wei
    assert sent.submissions == (submission(FIRST),)
    assert sent.inclusions == (INCLUSION,)
    assert sent.replacement == intent_of(SECOND)


def test_newest_bundle_comes_first_and_nothing_replaced_it(ledger: Path) -> None:
    newest, older = read_newest(ledger, 5)

    assert (newest.intent, newest.replacement) == (intent_of(SECOND), None)
    assert older.intent == intent_of(FIRST)
    assert read_newest(ledger, 1) == (newest,)


def test_bundle_is_found_by_its_hash(ledger: Path) -> None:
    assert read_bundle(ledger, SECOND.bundle_hash).intent == intent_of(SECOND)


@pytest.mark.parametrize(
    ("name", "words"),
    [("00000000", "2 bundles are called"), ("ff", "no bundle 'ff'"), ("%", "no bundle '%'")],
)
def test_name_that_means_no_single_bundle_is_refused(ledger: Path, name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_bundle(ledger, name)


def test_file_that_is_no_ledger_of_this_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bundles (seq INTEGER)")
    broken = tmp_path / "broken.sqlite"
    broken.write_text("no database" * 100)

    for file, words in (
        (path, "of version 0"),
        (broken, "cannot be read"),
        (tmp_path, "no ledger"),
    ):
        with pytest.raises(ConfigError, match=words):
            read_newest(file, 1)
