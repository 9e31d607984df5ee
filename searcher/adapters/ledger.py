"""The append-only record of decisions in SQLite, committed before anything is sent.

One table per record, one row per event, amounts as decimal text: SQLite's integers end at 2^63. A
bid has a row besides for each lender that it passed over.
Raw transactions are not kept, only their hashes and the calldata of our own, which lets nobody send
them and lets us try them again.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from typing_extensions import override

from graphs.cycles import Cycle
from searcher.errors import LedgerError
from searcher.exchange_signals import ExchangeSignal
from searcher.model import (
    Bid,
    Bundle,
    Cancellation,
    CutSearch,
    Inclusion,
    LedgerRecord,
    Rejection,
    Simulation,
    Submission,
)
from searcher.ports import Ledger
from searcher.transactions import decode_transaction
from searcher.wiring import NOWHERE

SCHEMA = """
CREATE TABLE IF NOT EXISTS bids (
    seq INTEGER PRIMARY KEY, block_number INTEGER NOT NULL, block_hash TEXT NOT NULL,
    target_block INTEGER NOT NULL, cycle TEXT NOT NULL, amounts TEXT NOT NULL,
    lender TEXT NOT NULL, flash_fee_wei TEXT NOT NULL, gross_profit_wei TEXT NOT NULL,
    tip_wei TEXT NOT NULL, net_profit_wei TEXT NOT NULL, expected_profit_wei TEXT NOT NULL,
    min_profit_wei TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS passed_over (
    seq INTEGER PRIMARY KEY, bid_seq INTEGER NOT NULL, lender TEXT NOT NULL, address TEXT NOT NULL,
    reason TEXT NOT NULL, by_how_much TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rejections (
    seq INTEGER PRIMARY KEY, block_number INTEGER NOT NULL, cycle TEXT NOT NULL,
    stage TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cut_searches (
    seq INTEGER PRIMARY KEY, block_number INTEGER NOT NULL, base TEXT NOT NULL,
    lender TEXT NOT NULL, nominated INTEGER NOT NULL, left_out INTEGER NOT NULL, bound_wei TEXT);
CREATE TABLE IF NOT EXISTS signals (
    seq INTEGER PRIMARY KEY, block_number INTEGER NOT NULL, block_hash TEXT NOT NULL,
    kind TEXT NOT NULL, asset TEXT NOT NULL, sell_venue TEXT NOT NULL, buy_venue TEXT NOT NULL,
    pools TEXT NOT NULL, venues TEXT NOT NULL, amounts TEXT NOT NULL, fees TEXT NOT NULL,
    expected_profit TEXT NOT NULL, oldest_age_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS bundles (
    seq INTEGER PRIMARY KEY, bundle_id TEXT NOT NULL, uuid TEXT NOT NULL,
    bundle_hash TEXT NOT NULL, tx_hashes TEXT NOT NULL, own_tx_hashes TEXT NOT NULL,
    block_number INTEGER NOT NULL, target_block INTEGER NOT NULL, nonce INTEGER NOT NULL,
    target TEXT, lenders TEXT NOT NULL,
    max_fee_per_gas_wei TEXT NOT NULL, cycles TEXT NOT NULL, gross_profit_wei TEXT NOT NULL,
    tip_wei TEXT NOT NULL, calldata TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS bundles_by_id ON bundles (bundle_id);
CREATE TABLE IF NOT EXISTS simulations (
    seq INTEGER PRIMARY KEY, bundle_hash TEXT NOT NULL, simulator TEXT NOT NULL,
    has_run INTEGER NOT NULL,
    state_block INTEGER NOT NULL, gas_used_gas INTEGER NOT NULL, coinbase_diff_wei TEXT NOT NULL,
    gross_profit_wei TEXT NOT NULL, revert_reason TEXT);
CREATE TABLE IF NOT EXISTS submissions (
    seq INTEGER PRIMARY KEY, bundle_id TEXT NOT NULL, relay TEXT NOT NULL,
    accepted INTEGER NOT NULL, answer TEXT NOT NULL, sent_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS cancellations (
    seq INTEGER PRIMARY KEY, bundle_id TEXT NOT NULL, relay TEXT NOT NULL,
    accepted INTEGER NOT NULL, answer TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS inclusions (
    seq INTEGER PRIMARY KEY, bundle_id TEXT NOT NULL, block_number INTEGER NOT NULL,
    outcome TEXT NOT NULL, reason TEXT NOT NULL, gross_profit_wei TEXT NOT NULL,
    tip_wei TEXT NOT NULL, gas_used_gas INTEGER NOT NULL, gas_cost_wei TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS inclusions_by_bundle ON inclusions (bundle_id);
"""

SCHEMA_VERSION: Final = 3
"""Of these tables; a file of another one is left alone."""


class SqliteLedger(Ledger):
    """A ledger file with one writer. Readers may open it at any time (WAL)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @override
    def record(self, record: LedgerRecord) -> None:
        """Append and commit to disk before returning.

        Raises:
            LedgerError: the file cannot be written.
        """
        try:
            with self._connection:
                seq = self._insert(*_row(record))
                for row in _passed_over_rows(record, seq):
                    self._insert("passed_over", row)
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            raise LedgerError(f"the ledger cannot be written: {error}") from error

    def _insert(self, table: str, row: dict[str, object]) -> int | None:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        return self._connection.execute(statement, tuple(row.values())).lastrowid


@contextmanager
def open_ledger(path: Path) -> Iterator[SqliteLedger]:
    """Open or create a ledger file and its folder, durable to the last commit.

    Raises:
        LedgerError: the path cannot be opened as a ledger.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(
            f"the ledger {path} cannot be opened: {error}; choose another ledger.folder"
        ) from None
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _check_version(connection, path)
        connection.executescript(SCHEMA)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        yield SqliteLedger(connection)
    except sqlite3.DatabaseError as error:
        raise LedgerError(
            f"{path} is not a ledger: {error}; choose another ledger.folder"
        ) from None
    finally:
        connection.close()


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse the tables of another version; a file without tables is new."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and version != SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger {path} is of version {version}, this program writes {SCHEMA_VERSION}; "
            "move the file away, or choose another ledger.folder"
        )


def _row(record: LedgerRecord) -> tuple[str, dict[str, object]]:
    match record:
        case Bid():
            return "bids", _bid_row(record)
        case Rejection():
            return "rejections", _rejection_row(record)
        case CutSearch():
            return "cut_searches", _cut_search_row(record)
        case ExchangeSignal():
            return "signals", _signal_row(record)
        case _:
            return _bundle_record_row(record)


def _bundle_record_row(
    record: Bundle | Simulation | Submission | Cancellation | Inclusion,
) -> tuple[str, dict[str, object]]:
    match record:
        case Bundle():
            return "bundles", _bundle_row(record)
        case Simulation():
            return "simulations", _simulation_row(record)
        case Submission():
            return "submissions", _submission_row(record)
        case Cancellation():
            return "cancellations", _cancellation_row(record)
        case Inclusion():
            return "inclusions", _inclusion_row(record)


def _bid_row(bid: Bid) -> dict[str, object]:
    opportunity = bid.opportunity
    return {
        "block_number": opportunity.block_number,
        "block_hash": opportunity.block_hash,
        "target_block": bid.target_block,
        "cycle": cycle_json(opportunity.cycle),
        "amounts": json.dumps([str(amount) for amount in opportunity.amounts]),
        "lender": opportunity.lender.kind.value,
        "flash_fee_wei": str(opportunity.flash_fee_wei),
        "gross_profit_wei": str(opportunity.gross_profit_wei),
        "tip_wei": str(bid.tip_wei),
        "net_profit_wei": str(bid.net_profit_wei),
        "expected_profit_wei": str(bid.expected_profit_wei),
        "min_profit_wei": str(bid.min_profit_wei),
    }


def _passed_over_rows(record: LedgerRecord, seq: int | None) -> list[dict[str, object]]:
    passed_over = record.opportunity.passed_over if isinstance(record, Bid) else ()
    return [
        {
            "bid_seq": seq,
            "lender": one.lender.kind.value,
            "address": one.lender.address,
            "reason": one.reason,
            "by_how_much": str(one.by),
        }
        for one in passed_over
    ]


def _rejection_row(rejection: Rejection) -> dict[str, object]:
    return {
        "block_number": rejection.block_number,
        "cycle": cycle_json(rejection.cycle),
        "stage": rejection.stage,
        "reason": rejection.reason,
    }


def _cut_search_row(cut: CutSearch) -> dict[str, object]:
    return {
        "block_number": cut.block_number,
        "base": cut.base,
        "lender": cut.lender.value,
        "nominated": cut.nominated,
        "left_out": cut.left_out,
        "bound_wei": None if cut.bound_wei is None else str(cut.bound_wei),
    }


def _signal_row(signal: ExchangeSignal) -> dict[str, object]:
    return {
        "block_number": signal.block_number,
        "block_hash": signal.block_hash,
        "kind": signal.kind.value,
        "asset": signal.asset,
        "sell_venue": signal.sell_venue,
        "buy_venue": signal.buy_venue,
        "pools": json.dumps(signal.pools),
        "venues": json.dumps(signal.venues),
        "amounts": json.dumps([str(amount) for amount in signal.amounts]),
        "fees": json.dumps([str(fee) for fee in signal.fees]),
        "expected_profit": str(signal.expected_profit),
        "oldest_age_ns": signal.oldest_age_ns,
    }


def _bundle_row(bundle: Bundle) -> dict[str, object]:
    return {
        "bundle_id": bundle.id,
        "uuid": bundle.uuid,
        "bundle_hash": bundle.bundle_hash,
        "tx_hashes": json.dumps(bundle.tx_hashes),
        "own_tx_hashes": json.dumps(bundle.own_tx_hashes),
        "block_number": bundle.bid.opportunity.block_number,
        "target_block": bundle.bid.target_block,
        "nonce": bundle.nonce,
        "target": None if bundle.target is None else bundle.target.transaction.hash,
        "lenders": json.dumps([bid.opportunity.lender.kind.value for bid in bundle.bids]),
        "max_fee_per_gas_wei": str(bundle.bid.max_fee_per_gas_wei),
        "cycles": json.dumps([cycle_hops(bid.opportunity.cycle) for bid in bundle.bids]),
        "gross_profit_wei": str(bundle.gross_profit_wei),
        "tip_wei": str(sum(bid.tip_wei for bid in bundle.bids)),
        "calldata": json.dumps([_calldata(raw) for raw in bundle.txs[-len(bundle.bids) :]]),
    }


def _calldata(raw: bytes) -> str:
    """The call of a transaction that we have signed, so that its sender need not be recovered."""
    return "0x" + decode_transaction(raw, sender=NOWHERE).data.hex()


def _simulation_row(simulation: Simulation) -> dict[str, object]:
    return {
        "bundle_hash": simulation.bundle_hash,
        "simulator": simulation.simulator,
        "has_run": int(simulation.has_run),
        "state_block": simulation.state_block,
        "gas_used_gas": simulation.gas_used_gas,
        "coinbase_diff_wei": str(simulation.coinbase_diff_wei),
        "gross_profit_wei": str(simulation.gross_profit_wei),
        "revert_reason": simulation.revert_reason,
    }


def _submission_row(submission: Submission) -> dict[str, object]:
    return {
        "bundle_id": submission.bundle_id,
        "relay": submission.relay,
        "accepted": int(submission.accepted),
        "answer": submission.answer,
        "sent_ns": submission.sent_ns,
    }


def _cancellation_row(cancellation: Cancellation) -> dict[str, object]:
    return {
        "bundle_id": cancellation.bundle_id,
        "relay": cancellation.relay,
        "accepted": int(cancellation.accepted),
        "answer": cancellation.answer,
        "reason": cancellation.reason,
    }


def _inclusion_row(inclusion: Inclusion) -> dict[str, object]:
    return {
        "bundle_id": inclusion.bundle_id,
        "block_number": inclusion.block_number,
        "outcome": inclusion.outcome.value,
        "reason": inclusion.reason,
        "gross_profit_wei": str(inclusion.gross_profit_wei),
        "tip_wei": str(inclusion.tip_wei),
        "gas_used_gas": inclusion.gas_used_gas,
        "gas_cost_wei": str(inclusion.gas_cost_wei),
    }


def cycle_json(cycle: Cycle) -> str:
    """A cycle as the ledger keeps it: a list of [pool, token in, token out]."""
    return json.dumps(cycle_hops(cycle))


def cycle_hops(cycle: Cycle) -> list[list[str]]:
    """The same before it is text."""
    return [[hop.pool_id, hop.token_in, hop.token_out] for hop in cycle.hops]
