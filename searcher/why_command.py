"""`searcher why`: explains what became of bundles, from the ledger and the chain.

Needs no key: it reads the ledger, which the bot may be writing, and asks the network's node.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from graphs.units import Address
from searcher.adapters.evidence import Witness, gather
from searcher.adapters.rpc import open_rpc
from searcher.adapters.sent_bundles import read_bundle, read_newest
from searcher.builder_identity import Recipient
from searcher.builder_table import BY_NAME
from searcher.bundle_evidence import Evidence, PoolTrade, SentBundle
from searcher.config import Settings, environment, load_network, load_settings
from searcher.diagnosis import Ending, Verdict, diagnose, ether
from searcher.errors import ConfigError
from searcher.settings.network import NetworkSettings
from searcher.submission_policy import forwarded

MAX_LAST = 1_000
"""Bundles that are explained at once."""

COLOURS = {
    Ending.LANDED: "green",
    Ending.REVERTED: "red",
    Ending.REORGED: "red",
    Ending.MISSED: "yellow",
    Ending.OPEN: "cyan",
}


def why(
    bundle: Annotated[
        str, typer.Argument(help="A bundle's id, the beginning of one, or its bundle hash.")
    ] = "",
    *,
    network: Annotated[str, typer.Option(help="The network it was sent on.")],
    last: Annotated[
        int, typer.Option(help="Explain so many, newest first.", min=0, max=MAX_LAST)
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
    config: Annotated[Path, typer.Option(help="The settings.")] = Path("config.toml"),
) -> None:
    """Say of a bundle, or of the last ones, whether it landed, and else why it did not."""
    if bool(bundle) == bool(last):
        raise ConfigError("name one bundle, or say how many with --last N")
    settings = load_settings(config)
    chosen = load_network(settings, network, environment())
    path = settings.ledger.folder / f"{network}.sqlite"
    sent = (read_bundle(path, bundle),) if bundle else read_newest(path, last)
    found = asyncio.run(_evidence(settings, chosen, sent))
    explained = [(evidence, diagnose(evidence)) for evidence in found]
    if as_json:
        typer.echo(json.dumps([as_plain(*one) for one in explained], indent=2))
        return
    console = Console()
    for evidence, verdict in explained:
        show(console, evidence, verdict)


async def _evidence(
    settings: Settings, network: NetworkSettings, sent: Sequence[SentBundle]
) -> list[Evidence]:
    if network.executor is None:
        raise ConfigError("no executor is configured; set the one that the bundles called")
    chosen = forwarded(settings.submission.policy, settings.submission.builders)
    async with open_rpc(network.http_url.get_secret_value()) as rpc:
        witness = Witness(
            rpc=rpc,
            executor=Address(network.executor),
            slot_seconds=network.slot_seconds,
            recipients={
                relay.name: Recipient(profile=BY_NAME[relay.profile], forwarded=chosen)
                for relay in network.relays
            },
        )
        return [await gather(witness, one) for one in sent]


def show(console: Console, evidence: Evidence, verdict: Verdict) -> None:
    """Print one bundle's end, its sentences and its profits."""
    sent, colour = evidence.sent, COLOURS[verdict.ending]
    console.print(
        f"[bold {colour}]{_heading(verdict)}[/]  bundle {sent.intent.bundle_id}  "
        f"for block {sent.intent.target_block}",
        highlight=False,
    )
    for sentence in verdict.sentences:
        console.print(f"  {sentence}", highlight=False, markup=False, soft_wrap=True)
    table = Table("", "predicted", "simulated", "realised", box=None, padding=(0, 2))
    simulated = "-" if sent.simulated_wei is None else ether(sent.simulated_wei)
    realised, paid = realised_wei(evidence)
    gross = "-" if realised is None else ether(realised)
    table.add_row("gross profit", ether(sent.predicted_wei), simulated, gross)
    table.add_row(
        "to the builder", ether(sent.offered_wei), "-", "-" if paid is None else ether(paid)
    )
    console.print(table)


def as_plain(evidence: Evidence, verdict: Verdict) -> dict[str, object]:
    """Write one bundle for JSON; wei are decimal text."""
    sent = evidence.sent
    realised, paid = realised_wei(evidence)
    return {
        "bundle_id": sent.intent.bundle_id,
        "target_block": sent.intent.target_block,
        "ending": verdict.ending,
        "reason": verdict.reason,
        "sentences": verdict.sentences,
        "predicted_wei": str(sent.predicted_wei),
        "simulated_wei": _text(sent.simulated_wei),
        "realised_wei": _text(realised),
        "offered_wei": str(sent.offered_wei),
        "paid_wei": _text(paid),
        "tx_hashes": sent.intent.tx_hashes,
        "into_slot_ms": evidence.into_slot_ms,
        "trades": [_plain_trade(trade) for trade in (*evidence.movers, *evidence.trades)],
    }


def realised_wei(evidence: Evidence) -> tuple[int | None, int | None]:
    """Gross profit and tip as the chain has them; None where nothing of it was mined."""
    receipts = evidence.receipts
    if not receipts:
        return None, None
    gross_wei = sum(receipt.gross_profit_wei for receipt in receipts)
    return gross_wei, sum(receipt.tip_wei for receipt in receipts)


def _plain_trade(trade: PoolTrade) -> dict[str, object]:
    return {
        "tx_hash": trade.mined.tx_hash,
        "block_number": trade.mined.block_number,
        "sender": trade.sender,
        "to": trade.recipient,
        "pools": trade.pools,
        "priority_fee_wei": str(trade.fee_wei),
        "direct_payment_wei": _text(trade.direct_wei),
        "breaks_ours": trade.breaks_ours,
        "is_rival": trade.is_rival,
    }


def _heading(verdict: Verdict) -> str:
    return f"{verdict.ending} ({verdict.reason})" if verdict.reason else str(verdict.ending)


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
