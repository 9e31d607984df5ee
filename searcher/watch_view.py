"""What somebody who watches sees: a table for people, an object for programs."""

from collections import deque
from typing import Final

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from searcher.adapters.clock import NS_PER_SECOND
from searcher.feed_health import FeedHealth, FeedState
from searcher.watching import Sight

RATE_SECONDS: Final = 10
"""Of the newest past, over which messages are counted."""

SECONDS_PER_MINUTE: Final = 60
PERCENT: Final = 100
NOTHING: Final = "—"
STYLES: Final = {
    FeedState.LIVE: "green",
    FeedState.SYNCING: "yellow",
    FeedState.CONNECTING: "red",
    FeedState.STALE: "bold red",
}


class Rates:
    """Messages a second of each source, over the newest seconds."""

    def __init__(self) -> None:
        self._past: deque[Sight] = deque()

    def note(self, sight: Sight) -> None:
        """Remember a sight; one older than the window stays, as its beginning."""
        self._past.append(sight)
        while len(self._past) > 1 and self._age_ns(1) >= RATE_SECONDS * NS_PER_SECOND:
            self._past.popleft()

    def per_second(self, source: FeedHealth) -> float | None:
        """Of this source; None before it was watched for a second."""
        before = next((one for one in self._past[0].sources if one.source == source.source), None)
        if before is None or self._age_ns(0) < NS_PER_SECOND:
            return None
        return (source.messages - before.messages) * NS_PER_SECOND / self._age_ns(0)

    def _age_ns(self, index: int) -> int:
        return self._past[-1].at_ns - self._past[index].at_ns


def sight_object(network: str, sight: Sight, rates: Rates) -> dict[str, object]:
    """The sight as JSON has it: ages in milliseconds, rates a second, null for what is unknown."""
    head = sight.head
    return {
        "network": network,
        "is_live": sight.is_live,
        "head": None
        if head is None
        else {"number": head.number, "hash": head.hash, "age_ms": _age_ms(sight, head.received_ns)},
        "sources": [
            {
                "source": source.source,
                "state": source.state,
                "reason": source.reason,
                "age_ms": _age_ms(sight, source.last_received_ns),
                "rate": rates.per_second(source),
                "messages": source.messages,
                "gaps": source.gaps,
                "reconnects": source.reconnects,
            }
            for source in sight.sources
        ],
        "coverage": [
            {
                "block": block.number,
                "transactions": block.coverage.transactions,
                "seen": block.coverage.seen,
            }
            for block in sight.covered
        ],
    }


def sight_table(network: str, sight: Sight, rates: Rates) -> Group:
    """A row for each source, and a line each for the head, what is wrong and the coverage."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
    table.add_column("source", overflow="fold")
    table.add_column("state", no_wrap=True)
    for name in ("age", "msg/s", "messages", "gaps", "reconnects"):
        table.add_column(name, justify="right", no_wrap=True)
    for source in sight.sources:
        rate = rates.per_second(source)
        table.add_row(
            Text(source.source),
            Text(source.state, style=STYLES[source.state]),
            _age(sight, source.last_received_ns),
            NOTHING if rate is None else f"{rate:.1f}",
            f"{source.messages:,}",
            _count(source.gaps),
            _count(source.reconnects),
        )
    return Group(_head(network, sight), table, *_reasons(sight), _coverage(sight))


def _head(network: str, sight: Sight) -> Text:
    if sight.head is None:
        return Text.assemble((network, "bold"), "  no block yet")
    number, age = f"{sight.head.number:,}", _age(sight, sight.head.received_ns)
    return Text.assemble((network, "bold"), f"  head {number}, heard of {age} ago")


def _reasons(sight: Sight) -> list[Text]:
    """A line for each source that is not live."""
    return [
        Text.assemble((source.source, STYLES[source.state]), f"  {source.reason}")
        for source in sight.sources
        if source.state is not FeedState.LIVE
    ]


def _coverage(sight: Sight) -> Text:
    """How much of the newest block and of all that are remembered had been announced."""
    if not sight.covered:
        return Text("coverage  no block was compared with the mempool yet", style="dim")
    newest = sight.covered[-1]
    seen = sum(block.coverage.seen for block in sight.covered)
    total = sum(block.coverage.transactions for block in sight.covered)
    share = f"{PERCENT * seen // total} %" if total else NOTHING
    return Text(
        f"coverage  {newest.coverage.seen} of {newest.coverage.transactions} transactions of block "
        f"{newest.number:,} were announced before it, {share} of those of "
        f"{len(sight.covered)} blocks"
    )


def _count(number: int) -> Text:
    return Text(f"{number:,}", style="yellow" if number else "dim")


def _age(sight: Sight, at_ns: int | None) -> str:
    if at_ns is None:
        return NOTHING
    seconds = max(0, sight.at_ns - at_ns) / NS_PER_SECOND
    if seconds < SECONDS_PER_MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), SECONDS_PER_MINUTE)
    return f"{minutes} min {rest} s"


def _age_ms(sight: Sight, at_ns: int | None) -> int | None:
    return None if at_ns is None else max(0, sight.at_ns - at_ns) * 1_000 // NS_PER_SECOND
