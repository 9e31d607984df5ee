"""How fast the archive is written, and how large it is afterwards."""

import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.report import Direction, Row, report
from searcher.adapters.archive.compaction import compact
from searcher.adapters.archive.entries import ArchivedQuote
from searcher.adapters.archive.segments import segments_of
from searcher.adapters.archive.writer import ArchiveLimits, writing
from searcher.adapters.clock import SystemClock

QUOTES: Final = 1_000_000


def rows() -> list[Row]:
    """The rows of the archive: quotes, the most frequent record."""
    quotes = [quote(number) for number in range(QUOTES)]
    limits = ArchiveLimits(waiting=QUOTES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        with writing(folder, clock=SystemClock(), limits=limits) as writer:
            for one in quotes:
                writer.record(one)
            recorded = time.perf_counter()
        written = time.perf_counter()
        segment_bytes = sum(path.stat().st_size for path in segments_of(folder))
        manifest = compact(folder)
        compacted = time.perf_counter()
        parquet_bytes = sum((folder / file.name).stat().st_size for file in manifest.files)
    if writer.dropped:
        raise RuntimeError(f"{writer.dropped} rows were dropped")
    return [
        Row(
            measure="archive: written and synced",
            value=QUOTES / (written - begun),
            unit="rows/s",
            target=300_000,
            direction=Direction.AT_LEAST,
        ),
        row("archive: the event loop's part of a row", (recorded - begun) / QUOTES * 1e6, "us"),
        row("archive: segment", segment_bytes / QUOTES, "B/row"),
        row("archive: compacted", QUOTES / (compacted - written), "rows/s"),
        row("archive: Parquet", parquet_bytes / QUOTES, "B/row"),
    ]


def quote(number: int) -> ArchivedQuote:
    """A quote that differs from the one before as quotes do."""
    return ArchivedQuote(
        at_ns=1_700_000_000_000_000_000 + number * 1_000_003,
        exchange_ns=1_700_000_000_000_000_000 + number * 1_000_000,
        venue=("binance", "coinbase", "kraken")[number % 3],
        symbol=("ETH/USD", "BTC/USD")[number % 2],
        bid=f"{3_000 + number % 997}.{number % 89:02}",
        bid_size=f"{number % 31}.{number % 83:02}",
        ask=f"{3_001 + number % 997}.{number % 89:02}",
        ask_size=f"{number % 29}.{number % 79:02}",
    )


def row(measure: str, value: float, unit: str) -> Row:
    """A measure without a target."""
    return Row(measure=measure, value=value, unit=unit, target=None)


if __name__ == "__main__":
    report("feeds_archive", rows())
