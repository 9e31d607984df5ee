"""What a person sees of signals: every hop with its venue and sizes, and that none is ever sent."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graphs.signals import Signal
from graphs.units import Address
from searcher.event_log import name
from sims.search import SearchReport
from sims.search_view import refusal_lines, say_search
from sims.signal_search import SignalReport, whole_tokens

NEVER_SENT: Final = (
    "a signal is not atomic and is never sent: exchanges settle on their own, and transfers and "
    "withdrawal fees are not counted"
)


def say_signals(
    report: SignalReport, pools: SearchReport | None, console: Console, *, as_json: bool
) -> None:
    """Print signals, after the atomic cycles of the pools beside the books, if there are any.

    With `as_json` that is one JSON object, in which signals have their own key.
    """
    if as_json:
        atomic = pools.as_dict() if pools else {}
        shown = json.dumps({**atomic, "signals": report.as_dict()}, indent=2)
        console.file.write(f"{shown}\n")
        return
    if pools:
        say_search(pools, console, as_json=False)
    console.print(signals_table(report))
    for line in (*refusal_lines(report.refusals), figures(report), NEVER_SENT):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def figures(report: SignalReport) -> str:
    """One line about what was searched and how long it took."""
    return (
        f"{report.cycles:,} signals among {report.books:,} order books "
        f"({report.books_left_out:,} empty ones left out, {len(report.refusals):,} refused) "
        f"and {report.pools:,} pools; "
        f"built in {report.build_ms:.1f} ms, searched in {report.search_ms:.1f} ms, "
        f"sized in {report.size_ms:.1f} ms"
    )


def signals_table(report: SignalReport) -> Table:
    """The best signals, greatest profit first, after the fees of all venues."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("signal", no_wrap=True)
    table.add_column("venue", min_width=12)
    table.add_column("sold", justify="right")
    table.add_column("bought", justify="right")
    table.add_column("expected profit", justify="right")
    for signal in report.best:
        for row in _rows(report, signal):
            table.add_row(*map(escape, row))
        table.add_section()
    return table


def _rows(report: SignalReport, signal: Signal) -> Iterator[tuple[str, ...]]:
    """One row for each hop; the first says what kind of signal it is and what it earns."""
    kind, profit = signal.kind.value, _size(report, signal.gross_profit, signal.cycle.base)
    places = zip(signal.cycle.hops, signal.venues, signal.on_exchange, strict=True)
    sizes = pairwise(signal.amounts)
    for (hop, venue, is_on_exchange), (sold, bought) in zip(places, sizes, strict=True):
        yield (
            kind,
            venue if is_on_exchange else f"{venue} (chain)",
            _size(report, sold, hop.token_in),
            _size(report, bought, hop.token_out),
            profit,
        )
        kind = profit = ""


def _size(report: SignalReport, amount: int, token: Address) -> str:
    """Every digit in whole tokens, or in raw units where the decimals are not known."""
    tokens = report.market.tokens
    size = whole_tokens(amount, tokens.get(token)) or f"{amount} raw units of"
    return f"{size} {name(token, tokens)}"
