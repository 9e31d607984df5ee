"""What a person sees of a search: the figures, the best cycles, and what could not be used.

Amounts are raw units of the base, every digit: a table of strangers' tokens has no trusted scale.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graphs.market import Market
from graphs.sizing import SizedCycle
from sims.demo_view import path
from sims.known_arbitrages import KnownReport
from sims.recorded_states.states import Refusal
from sims.search import SearchReport
from sims.together import Together

SHOWN_REFUSALS: Final = 10
"""Refusals that are named; the JSON names all."""

HASH_CHARACTERS: Final = 10
"""Of a transaction's hash."""


def say_search(report: SearchReport, console: Console, *, as_json: bool) -> None:
    """Print a report: one JSON object and nothing else, or what a person reads."""
    if as_json:
        console.file.write(f"{report.as_json()}\n")
        return
    console.print(cycles_table(report.best, report.market, report.worths))
    _say_lines(console, [*refusal_lines(report.refusals), figures(report)])
    if report.together:
        chosen = report.together.selection.cycles
        console.print(cycles_table(chosen, report.market, [one.gross_profit for one in chosen]))
        _say_lines(console, [together_figures(report.together)])


def say_known(report: KnownReport, console: Console, *, as_json: bool) -> None:
    """Print a report: one JSON object and nothing else, or what a person reads."""
    if as_json:
        console.file.write(f"{report.as_json()}\n")
        return
    console.print(known_table(report))
    _say_lines(console, [*refusal_lines(report.refusals), known_figures(report)])


def _say_lines(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def figures(report: SearchReport) -> str:
    """One line about what was searched and how long it took."""
    return (
        f"{report.cycles:,} profitable cycles among {report.pools:,} pools of "
        f"{report.tokens:,} tokens ({report.pools_left_out:,} pools without reserves left out, "
        f"{len(report.refusals):,} refused); "
        f"built in {report.build_ms:.1f} ms, searched in {report.search_ms:.1f} ms, "
        f"sized in {report.size_ms:.1f} ms"
    )


def refusal_lines(refusals: Sequence[Refusal]) -> Iterator[str]:
    """Name what cannot be used, one line each, the first ten."""
    for refusal in refusals[:SHOWN_REFUSALS]:
        yield f"refused: {''.join(c for c in str(refusal) if c.isprintable())}"
    if len(refusals) > SHOWN_REFUSALS:
        yield f"refused: {len(refusals) - SHOWN_REFUSALS:,} more; --json names all"


def together_figures(together: Together) -> str:
    """One line about what the cycles above earn in that order, and what each would alone."""
    return (
        f"{len(together.selection.cycles):,} cycles executed in this order earn "
        f"{together.selection.gross_profit}; sized alone they would seem to earn "
        f"{together.profit_alone}, shared pools counted more than once; "
        f"chosen in {together.select_ms:.1f} ms"
    )


def cycles_table(cycles: Sequence[SizedCycle], market: Market, worths: Sequence[int]) -> Table:
    """Cycles in the order given, before gas and the fee of a loan, with what each is worth."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("cycle\nvenues", min_width=24)
    table.add_column("input\noutput", justify="right", no_wrap=True)
    table.add_column("profit\nworth", justify="right", no_wrap=True)
    for sized, worth in zip(cycles, worths, strict=True):
        table.add_row(
            "\n".join(path(sized.cycle, market)),
            f"{sized.amounts[0]}\n{sized.amounts[-1]}",
            f"{sized.gross_profit}" + (f"\n{worth}" if worth != sized.gross_profit else ""),
        )
    return table


def known_table(report: KnownReport) -> Table:
    """Each recorded arbitrage beside what the search makes of the same states."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("block\ntransaction", no_wrap=True)
    table.add_column("hops", justify="right")
    table.add_column("listed")
    table.add_column("recorded input\nours", justify="right", no_wrap=True)
    table.add_column("recorded profit\nours", justify="right", no_wrap=True)
    table.add_column("met")
    for check in report.checks:
        known, sized = check.known, check.sized
        ours = ("-", "-") if sized is None else (str(sized.amounts[0]), str(sized.gross_profit))
        table.add_row(
            f"{known.block_number}\n{escape(known.tx_hash[:HASH_CHARACTERS])}",
            str(len(known.cycle.hops)),
            "yes" if check.is_listed else "[red]NO[/red]",
            f"{known.amount_in}\n{ours[0]}",
            f"{known.profit}\n{ours[1]}",
            "yes" if check.is_met else "[red]NO[/red]",
        )
    return table


def known_figures(report: KnownReport) -> str:
    """One line about how many were found."""
    met = sum(check.is_met for check in report.checks)
    return (
        f"{met} of {len(report.checks)} known arbitrages listed and sized to at least the "
        f"recorded profit; {len(report.refusals)} lines refused"
    )
