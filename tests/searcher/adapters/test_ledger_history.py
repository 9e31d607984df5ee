"""What a restart reads back of the bundles that were sent, whatever state a ledger is in."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.ledger import open_ledger
from searcher.adapters.ledger_history import History, read_history
from searcher.errors import LedgerError
from searcher.model import Outcome
from searcher.settlement import intent_of
from tests.searcher.records import BID, INCLUSION, bundle

TARGET = BID.target_block
VERDICTS = st.lists(st.sampled_from(list(Outcome)), max_size=4)


def test_without_a_ledger_nothing_was_sent(tmp_path: Path) -> None:
    assert read_history(tmp_path / "none.sqlite", since_block=0) == History(open=(), decided=())


@given(verdicts=st.lists(VERDICTS, min_size=1, max_size=5))
def test_a_bundle_is_open_until_a_verdict_that_no_reorg_took_back(
    tmp_path_factory: pytest.TempPathFactory, verdicts: list[list[Outcome]]
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    sent = [bundle(number) for number in range(len(verdicts))]
    with open_ledger(path) as ledger:
        for one, outcomes in zip(sent, verdicts, strict=True):
            ledger.record(one)
            for outcome in outcomes:
                ledger.record(replace(INCLUSION, bundle_id=one.id, outcome=outcome))

    history = read_history(path, since_block=TARGET)

    standing = [bool(outcomes) and outcomes[-1] is not Outcome.REORGED for outcomes in verdicts]
    pairs = list(zip(map(intent_of, sent), standing, strict=True))
    assert list(history.open) == [intent for intent, stands in pairs if not stands]
    assert [intent for intent, _ in history.decided] == [i for i, stands in pairs if stands]


NEXT = bundle(2, bid=replace(BID, target_block=TARGET + 1))


def test_what_was_decided_long_ago_is_left_out_and_what_is_open_never(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path) as ledger:
        ledger.record(bundle(1))
        ledger.record(NEXT)
        ledger.record(replace(INCLUSION, bundle_id=bundle(1).id))

    history = read_history(path, since_block=TARGET + 2)

    assert history == History(open=(intent_of(NEXT),), decided=())


def test_what_may_share_a_transaction_with_something_open_is_given(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    verdict = replace(INCLUSION, bundle_id=bundle(1).id)
    with open_ledger(path) as ledger:
        ledger.record(bundle(1))
        ledger.record(bundle(2))
        ledger.record(verdict)

    history = read_history(path, since_block=TARGET + 2)

    assert history.decided == ((intent_of(bundle(1)), verdict),)


def test_bundle_that_was_sent_again_after_a_reorg_is_one_intent(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path) as ledger:
        ledger.record(bundle(1))
        ledger.record(bundle(1))

    assert read_history(path, since_block=0).open == (intent_of(bundle(1)),)


def test_a_file_that_is_no_ledger_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("not a database, and long enough to be read as one" * 10)

    with pytest.raises(LedgerError, match="cannot be read"):
        read_history(path, since_block=0)
