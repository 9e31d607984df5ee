"""What a ledger says of the bundles that were sent, to explain them: read-only, while the bot runs.

The ledger's words and amounts as `diagnosis` takes them; nothing here asks the chain.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from graphs.units import PoolId
from searcher.adapters.ledger import SCHEMA_VERSION
from searcher.adapters.ledger_history import inclusions_in
from searcher.bundle_evidence import SentBundle
from searcher.errors import ConfigError
from searcher.model import Cancellation, Submission
from searcher.settlement import Intent

_COLUMNS: Final = """seq, bundle_id, uuid, block_number, target_block, nonce, own_tx_hashes,
    max_fee_per_gas_wei, tx_hashes, cycles, gross_profit_wei, tip_wei, calldata, bundle_hash"""

_NAMED: Final = f"""
    SELECT {_COLUMNS} FROM bundles WHERE substr(bundle_id, 1, length(:name)) = :name
    OR bundle_hash = :name ORDER BY seq"""  # noqa: S608 - our own names

_NEWEST: Final = f"SELECT {_COLUMNS} FROM bundles ORDER BY seq DESC LIMIT ?"  # noqa: S608 - same

_REPLACEMENT: Final = f"""
    SELECT {_COLUMNS} FROM bundles WHERE uuid = ? AND seq > ? AND bundle_id <> ?
    ORDER BY seq DESC LIMIT 1"""  # noqa: S608 - same

_SIMULATED: Final = """
    SELECT gross_profit_wei FROM simulations WHERE bundle_hash = ? AND has_run ORDER BY seq DESC"""

_SUBMISSIONS: Final = """
    SELECT relay, accepted, answer, sent_ns FROM submissions WHERE bundle_id = ? ORDER BY seq"""

_CANCELLATIONS: Final = """
    SELECT relay, accepted, answer, reason FROM cancellations WHERE bundle_id = ? ORDER BY seq"""


def read_bundle(path: Path, name: str) -> SentBundle:
    """The bundle of this id, of an id that begins so, or of this bundle hash.

    Raises:
        ConfigError: no bundle is meant, or several; or the file is no ledger of this program.
    """
    found = _read(path, _NAMED, {"name": name.lower()})
    different = {one.intent.bundle_id for one in found}
    if len(different) > 1:
        raise ConfigError(f"{len(different)} bundles are called {name!r}…; write more of the id")
    if not found or not name:
        raise ConfigError(f"no bundle {name!r} in {path}; see --last")
    return found[-1]


def read_newest(path: Path, count: int) -> tuple[SentBundle, ...]:
    """So many bundles that were sent last, newest first.

    Raises:
        ConfigError: there is no ledger, or the file is none of this program.
    """
    return _read(path, _NEWEST, (count,))


def _read(
    path: Path, query: str, parameters: Sequence[object] | dict[str, str]
) -> tuple[SentBundle, ...]:
    if not path.is_file():
        raise ConfigError(f"there is no ledger {path}; run the bot first, or name its network")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
            (version,) = ledger.execute("PRAGMA user_version").fetchone()
            if version != SCHEMA_VERSION:
                raise ConfigError(
                    f"the ledger {path} is of version {version}, this program reads "
                    f"{SCHEMA_VERSION}; use the program that wrote it"
                )
            ledger.row_factory = sqlite3.Row
            rows = ledger.execute(query, parameters).fetchall()
            return tuple(_bundle(ledger, row) for row in rows)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise ConfigError(f"the ledger {path} cannot be read: {error}") from None


def _bundle(ledger: sqlite3.Connection, row: sqlite3.Row) -> SentBundle:
    intent = _intent(row)
    hops = [hop for cycle in json.loads(row["cycles"]) for hop in cycle]
    later = (intent.uuid, row["seq"], intent.bundle_id)
    replacement = ledger.execute(_REPLACEMENT, later).fetchone()
    simulated = ledger.execute(_SIMULATED, (row["bundle_hash"],)).fetchone()
    return SentBundle(
        intent=intent,
        followed=tuple(
            tx_hash for tx_hash in json.loads(row["tx_hashes"]) if tx_hash not in intent.tx_hashes
        ),
        calls=tuple(bytes.fromhex(call.removeprefix("0x")) for call in json.loads(row["calldata"])),
        pools=tuple(dict.fromkeys(PoolId(pool_id) for pool_id, *_ in hops)),
        predicted_wei=int(row["gross_profit_wei"]),
        offered_wei=int(row["tip_wei"]),
        simulated_wei=None if simulated is None else int(simulated[0]),
        submissions=_submissions(ledger, intent.bundle_id),
        cancellations=_cancellations(ledger, intent.bundle_id),
        inclusions=tuple(inclusions_in(ledger, intent.bundle_id)),
        replacement=None if replacement is None else _intent(replacement),
    )


def _intent(row: sqlite3.Row) -> Intent:
    return Intent(
        bundle_id=row["bundle_id"],
        uuid=row["uuid"],
        block_number=row["block_number"],
        target_block=row["target_block"],
        nonce=row["nonce"],
        tx_hashes=tuple(json.loads(row["own_tx_hashes"])),
        max_fee_per_gas_wei=int(row["max_fee_per_gas_wei"]),
    )


def _submissions(ledger: sqlite3.Connection, bundle_id: str) -> tuple[Submission, ...]:
    return tuple(
        Submission(
            bundle_id=bundle_id,
            relay=relay,
            accepted=bool(accepted),
            answer=answer,
            sent_ns=sent_ns,
        )
        for relay, accepted, answer, sent_ns in ledger.execute(_SUBMISSIONS, (bundle_id,))
    )


def _cancellations(ledger: sqlite3.Connection, bundle_id: str) -> tuple[Cancellation, ...]:
    return tuple(
        Cancellation(
            bundle_id=bundle_id, relay=relay, accepted=bool(accepted), answer=answer, reason=reason
        )
        for relay, accepted, answer, reason in ledger.execute(_CANCELLATIONS, (bundle_id,))
    )
