"""What a ledger says of bundles that an earlier run has sent: the beginning of every start.

Read once, before anything is written. What cannot be read stops the bot, since bundles may be on
their way that nobody would account for.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from searcher.errors import LedgerError
from searcher.model import Inclusion, Outcome
from searcher.settlement import Intent

_INTENTS: Final = """
    SELECT bundle_id, uuid, block_number, target_block, nonce, own_tx_hashes, max_fee_per_gas_wei
    FROM bundles ORDER BY seq"""

_INCLUSIONS: Final = """
    SELECT bundle_id, block_number, outcome, reason, gross_profit_wei, tip_wei, gas_used_gas,
        gas_cost_wei
    FROM inclusions WHERE ?1 IS NULL OR bundle_id = ?1 ORDER BY seq"""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The intents of earlier runs, oldest first."""

    open: tuple[Intent, ...]
    """Without a verdict, or with one that a reorg took back."""

    decided: tuple[tuple[Intent, Inclusion], ...]
    """With the verdict that stands."""


def read_history(path: Path, *, since_block: int) -> History:
    """All that is open, and what was decided for a target since a block; nothing of a new file.

    What is open may share transactions with what was decided for the same target, so that is given
    however old it is.

    Raises:
        LedgerError: the file is no ledger of this program.
    """
    if not path.exists():
        return History(open=(), decided=())
    try:
        with closing(sqlite3.connect(path)) as connection:
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return History(open=(), decided=())
            verdicts = {verdict.bundle_id: verdict for verdict in inclusions_in(connection)}
            # After a reorg the very same bundle may have been sent, and so recorded, twice.
            intents = list({one.bundle_id: one for one in _intents(connection)}.values())
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise LedgerError(
            f"the ledger {path} cannot be read: {error}; choose another ledger.folder"
        ) from None
    final = {
        bundle_id: verdict
        for bundle_id, verdict in verdicts.items()
        if verdict.outcome is not Outcome.REORGED
    }
    still_open = tuple(intent for intent in intents if intent.bundle_id not in final)
    since_block = min([since_block, *(intent.target_block for intent in still_open)])
    return History(
        open=still_open,
        decided=tuple(
            (intent, final[intent.bundle_id])
            for intent in intents
            if intent.bundle_id in final and intent.target_block >= since_block
        ),
    )


def _intents(connection: sqlite3.Connection) -> Iterator[Intent]:
    for row in connection.execute(_INTENTS):
        bundle_id, uuid, block_number, target_block, nonce, tx_hashes, max_fee_wei = row
        yield Intent(
            bundle_id=bundle_id,
            uuid=uuid,
            block_number=block_number,
            target_block=target_block,
            nonce=nonce,
            tx_hashes=tuple(json.loads(tx_hashes)),
            max_fee_per_gas_wei=int(max_fee_wei),
        )


def inclusions_in(
    connection: sqlite3.Connection, bundle_id: str | None = None
) -> Iterator[Inclusion]:
    """All verdicts of a ledger, or those of one bundle, oldest first."""
    for row in connection.execute(_INCLUSIONS, (bundle_id,)):
        bundle_id, block_number, outcome, reason, gross_wei, tip_wei, gas, cost_wei = row
        yield Inclusion(
            bundle_id=bundle_id,
            block_number=block_number,
            outcome=Outcome(outcome),
            reason=reason,
            gross_profit_wei=int(gross_wei),
            tip_wei=int(tip_wei),
            gas_used_gas=gas,
            gas_cost_wei=int(cost_wei),
        )
