"""The main job as a newcomer runs it, and its promises checked against the ledger it leaves."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.commands import run

pytestmark = pytest.mark.anvil


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "ledger.sqlite"


@pytest.fixture(scope="module")
def demo(ledger: Path) -> dict[str, object]:
    finished = run("sims", "demo", "--json", "--pace", "0.5", "--ledger", str(ledger))
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout))


def test_demo_lands_bundles_through_four_lenders(demo: dict[str, object], ledger: Path) -> None:
    query = (
        "SELECT lenders.value, count(*) FROM inclusions"
        " JOIN bundles USING (bundle_id), json_each(bundles.lenders) AS lenders"
        " WHERE outcome = 'landed' GROUP BY lenders.value"
    )
    with closing(sqlite3.connect(ledger)) as connection:
        landed = dict(connection.execute(query).fetchall())

    assert sum(landed.values()) == demo["transactions_landed"]
    assert set(landed) == {"aave_v3", "balancer_v2", "uniswap_v3", "uniswap_v4"}


def test_a_bundle_with_a_strangers_transaction_before_ours_landed(
    demo: dict[str, object], ledger: Path
) -> None:
    query = (
        "SELECT tx_hashes, own_tx_hashes, target FROM bundles JOIN inclusions USING (bundle_id)"
        " WHERE outcome = 'landed' AND target IS NOT NULL"
    )
    with closing(sqlite3.connect(ledger)) as connection:
        landed = connection.execute(query).fetchall()

    assert len(landed) == demo["backruns_landed"]
    assert landed
    for all_hashes, own, target in landed:
        assert json.loads(all_hashes) == [target, *json.loads(own)]


def test_every_bid_says_why_it_passed_the_other_lenders_over(
    demo: dict[str, object], ledger: Path
) -> None:
    query = (
        "SELECT bid_seq, count(DISTINCT lender), min(length(reason)) FROM passed_over GROUP BY 1"
    )
    with closing(sqlite3.connect(ledger)) as connection:
        rows = connection.execute(query).fetchall()
        (bids,) = connection.execute("SELECT count(*) FROM bids").fetchone()

    assert len(rows) == bids >= demo["bundles_sent"]
    assert all(lenders == 3 and shortest > 0 for _, lenders, shortest in rows)


def test_expected_simulated_and_realised_profit_are_one_number(
    demo: dict[str, object], ledger: Path
) -> None:
    query = (
        "SELECT bundles.gross_profit_wei, simulations.gross_profit_wei, inclusions.gross_profit_wei"
        " FROM inclusions JOIN bundles USING (bundle_id) JOIN simulations USING (bundle_hash)"
        " WHERE outcome = 'landed'"
    )
    with closing(sqlite3.connect(ledger)) as connection:
        profits = connection.execute(query).fetchall()

    assert len(profits) == demo["bundles_landed"]
    assert all(expected == simulated == realised for expected, simulated, realised in profits)
    assert demo["expected_profit_wei"] == demo["realised_profit_wei"]


def test_nothing_reverts_on_chain(demo: dict[str, object]) -> None:
    assert demo["reverted_on_chain"] == 0


def test_demo_prints_every_promised_figure(demo: dict[str, object]) -> None:
    assert set(demo) == {
        "blocks", "opportunities", "exchange_signals", "bundles_simulated", "bundles_sent",
        "bundles_landed",
        "transactions_landed", "backruns_landed",
        "reverted_on_chain", "expected_profit_wei", "simulated_profit_wei", "realised_profit_wei",
        "gas_used", "block_to_bundle_ms", "elapsed_s",
    }  # fmt: skip
    assert demo["blocks"] == 20


def test_first_pool_lends_where_flash_swaps_are_allowed() -> None:
    finished = run("sims", "demo", "--blocks", "2", "--pace", "0.3", "--flash-swaps")

    assert finished.returncode == 0, finished.stderr
    assert "with first pool; passed over: " in finished.stdout


def test_demo_for_people_ends_with_totals_and_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    finished = run("sims", "demo", "--blocks", "2", "--pace", "0.3", "--ledger", str(path))

    assert finished.returncode == 0, finished.stderr
    assert "equal to the wei for each" in finished.stdout
    assert str(path) in finished.stdout.replace("\n", "")


def test_demo_with_rivals_lands_some_and_says_of_each_other_why_it_missed(tmp_path: Path) -> None:
    path = tmp_path / "rivals.sqlite"
    finished = run(
        "sims", "demo", "--rivals", "2", "--blocks", "6", "--json", "--ledger", str(path)
    )
    assert finished.returncode == 0, finished.stderr
    with closing(sqlite3.connect(path)) as connection:
        ended = connection.execute("SELECT outcome, reason FROM inclusions").fetchall()

    outcomes = {outcome for outcome, _ in ended}
    assert "missed" in outcomes
    assert all(reason for outcome, reason in ended if outcome == "missed")
    assert "reverted" not in outcomes
