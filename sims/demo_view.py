"""What a person sees of a demonstration: a line per step, a growing table, the totals.

Amounts are cut to six decimals for reading, by integer arithmetic; the ledger has every wei.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich import box
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from graphs.cycles import Cycle
from graphs.market import Market
from graphs.units import WEI_PER_ETHER, Address
from searcher.event_log import name
from searcher.flash_lenders import LenderKind
from searcher.live import Notice, Started
from searcher.model import Bundle, Inclusion, Outcome
from sims.demo_record import DemoRecord, Row

DECIMALS = 6
SHOWN_UNIT_WEI = WEI_PER_ETHER // 10**DECIMALS
HASH_CHARACTERS = 10
HEADER_LINES = 5
ROW_LINES = 4
"""A row takes two lines, on a narrow terminal up to four."""

LENDER_NAMES = {
    LenderKind.NONE: "first pool",
    LenderKind.AAVE_V3: "Aave V3",
    LenderKind.BALANCER_V2: "Balancer V2",
    LenderKind.BALANCER_V3: "Balancer V3",
    LenderKind.UNISWAP_V2: "Uniswap V2",
    LenderKind.UNISWAP_V3: "Uniswap V3",
    LenderKind.UNISWAP_V4: "Uniswap V4",
    LenderKind.DYDX_SOLO: "dYdX Solo",
}
OUTCOME_STYLES = {
    Outcome.LANDED: "green",
    Outcome.MISSED: "yellow",
    Outcome.REVERTED: "bold red",
    Outcome.REORGED: "yellow",
}


def ether_down(wei: int) -> str:
    """Ether with six decimals, cut towards zero."""
    whole, rest = divmod(abs(wei) // SHOWN_UNIT_WEI, 10**DECIMALS)
    return f"{'-' if wei < 0 else ''}{whole}.{rest:0{DECIMALS}d}"


def bundle_table(rows: Iterable[Row], market: Market | None) -> Table:
    """One row per bundle, oldest first; amounts in WETH."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("block", justify="right")
    table.add_column("cycle\nvenues", min_width=24)
    table.add_column("lender\ninput", justify="right", no_wrap=True)
    table.add_column("expected\nsimulated", justify="right", no_wrap=True)
    table.add_column("realised\ngas", justify="right", no_wrap=True)
    table.add_column("bundle\noutcome", min_width=HASH_CHARACTERS)
    if market is not None:
        for row in rows:
            table.add_row(*("\n".join(cell) for cell in _cells(row, market)))
    return table


def _cells(row: Row, market: Market) -> tuple[tuple[str, ...], ...]:
    """The columns of a row, two lines each."""
    bid = row.bundle.bid
    landed = row.inclusion if row.has_landed else None
    return (
        (str(bid.target_block),),
        _paths(row, market),
        (
            LENDER_NAMES[bid.opportunity.lender.kind],
            ether_down(bid.opportunity.amounts[0]),
        ),
        (
            ether_down(row.bundle.gross_profit_wei),
            ether_down(row.simulation.gross_profit_wei),
        ),
        (ether_down(landed.gross_profit_wei), f"{landed.gas_used_gas:,}") if landed else (),
        (row.bundle.bundle_hash[:HASH_CHARACTERS], _outcome(row)),
    )


def _paths(row: Row, market: Market) -> tuple[str, ...]:
    """The first cycle, and how many more the bundle holds."""
    more = len(row.bundle.sequels)
    return (
        *path(row.bundle.bid.opportunity.cycle, market),
        *(["[dim]behind a pending transaction[/dim]"] if row.bundle.target else []),
        *([f"[dim]and {more} more in the same bundle[/dim]"] if more else []),
    )


def path(cycle: Cycle, market: Market) -> tuple[str, str]:
    """The tokens of a cycle, and below them the venues of its hops."""
    tokens = [name(token, market.tokens) for token in cycle_tokens(cycle)]
    venues = [market.pools[hop.pool_id].venue for hop in cycle.hops]
    return escape(" -> ".join(tokens)), f"[dim]{escape(' · '.join(venues))}[/dim]"


def cycle_tokens(cycle: Cycle) -> tuple[Address, ...]:
    """The tokens in trading order, closed: the first again at the end."""
    return (cycle.base, *(hop.token_out for hop in cycle.hops))


def _outcome(row: Row) -> str:
    inclusion = row.inclusion
    if inclusion is None:
        return "[dim]open[/dim]"
    style = OUTCOME_STYLES[inclusion.outcome]
    reason = "" if row.is_exact else f": {inclusion.reason or 'profit differs'}"
    return f"[{style}]{inclusion.outcome.value}[/{style}]{escape(reason)}"


def totals(summary: Mapping[str, object], record: DemoRecord) -> list[str]:
    """The closing lines."""
    is_exact = all(row.is_exact for row in record.landed)
    latency = summary["block_to_bundle_ms"]
    median = latency["p50"] if isinstance(latency, dict) else None
    profits = {
        key: ether_down(int(str(summary[f"{key}_profit_wei"])))
        for key in ("expected", "simulated", "realised")
    }
    return [
        (
            f"{summary['blocks']} blocks, {summary['opportunities']} opportunities, "
            f"{summary['exchange_signals']} gaps to exchanges, "
            f"{summary['bundles_sent']} bundles sent, {summary['bundles_landed']} landed with "
            f"{summary['transactions_landed']} arbitrages, "
            f"{summary['backruns_landed']} bundles behind a stranger's pending transaction, "
            f"{summary['reverted_on_chain']} reverted on chain"
        ),
        *_lender_lines(record),
        (
            f"gross profit of what landed: expected {profits['expected']}, "
            f"simulated {profits['simulated']}, realised {profits['realised']} WETH"
            f"{', equal to the wei for each' if is_exact else ''}"
        ),
        f"from a block's arrival to the relay's acknowledgement: {median} ms (median)",
    ]


def _lender_lines(record: DemoRecord) -> list[str]:
    """Who lent how often, and why nobody else did."""
    lines = []
    for chosen, count in sorted(record.landed_by_lender().items(), key=lambda item: -item[1]):
        others = sorted(record.passed_over(chosen).items(), key=lambda item: -item[1])
        reasons = ", ".join(
            f"{LENDER_NAMES[kind]} {reason} ({times})" for (kind, reason), times in others
        )
        lines.append(f"{count} with {LENDER_NAMES[chosen]}; passed over: {reasons or 'nobody'}")
    return lines


class DemoView:
    """A table that grows while the bot works; where there is no terminal, a line per bundle."""

    def __init__(self, console: Console, record: DemoRecord) -> None:
        self._console = console
        self._record = record
        self._market: Market | None = None
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def say(self, step: str) -> None:
        """Name a step of the preparation."""
        self._console.print(f"[dim]starting: {escape(step)}[/dim]")

    def watch(self, event: Notice) -> None:
        """Show what changed; the record has taken the event in before."""
        match event:
            case Started():
                self._market = event.market
                self._console.print(
                    f"searching {len(event.market.pools)} pools of "
                    f"{len(event.market.tokens)} tokens after every block\n"
                )
                self._live.start()
            case Inclusion() if self._record.rows[event.bundle_id].was_withdrawn:
                pass
            case Inclusion() if not self._console.is_terminal:
                self._console.print(self._line(self._record.rows[event.bundle_id]), soft_wrap=True)
            case Inclusion() | Bundle():
                fitting = max(1, (self._console.height - HEADER_LINES) // ROW_LINES)
                self._live.update(self._table(last=fitting), refresh=True)
            case _:
                pass

    def close(self, summary: Mapping[str, object], ledger: Path) -> None:
        """Leave the whole table, the totals and the ledger's path."""
        self._live.stop()
        self._console.print(self._table(last=len(self._record.shown)))
        for line in totals(summary, self._record):
            self._console.print(line, highlight=False)
        self._console.print(f"every decision is in the ledger: {ledger}", highlight=False)

    def _table(self, *, last: int) -> Table:
        return bundle_table(self._record.shown[-last:], self._market)

    def _line(self, row: Row) -> str:
        if self._market is None:
            return ""
        return "  ".join(" ".join(cell) for cell in _cells(row, self._market))
