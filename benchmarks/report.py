"""What every benchmark prints: a row for each measure with its target, for people or as JSON."""

import json
import multiprocessing
import platform
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Direction(StrEnum):
    """Which side of its target a value has to be on."""

    AT_MOST = "<="
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure."""

    measure: str
    """What was measured."""

    value: float | None
    """The median, or the ratio; None where the data to measure with is absent."""

    unit: str
    """Of the value."""

    target: float | None
    """None where there is none."""

    direction: Direction = Direction.AT_MOST
    """Whether the target is the most or the least."""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None without one, or without a value."""
        if self.target is None or self.value is None:
            return None
        if self.direction is Direction.AT_LEAST:
            return self.value >= self.target
        return self.value <= self.target


def machine() -> str:
    """Processor, cores in use and interpreter."""
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    processor = models[0] if models else platform.machine()
    return f"{processor}, {len(models)} cores, Python {platform.python_version()}"


class Area(Protocol):
    """A module that measures a part of a benchmark."""

    __name__: str

    def rows(self) -> list[Row]:
        """Measure."""


def joined(areas: Iterable[Area]) -> list[Row]:
    """Measure one area after the other, each in a fresh process."""
    context = multiprocessing.get_context("spawn")
    rows: list[Row] = []
    for area in areas:
        print(f"measuring {area.__name__}", file=sys.stderr)
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as process:
            rows += process.submit(area.rows).result()
    return rows


def report(benchmark: str, rows: list[Row]) -> None:
    """Print the rows: one JSON object with --json, else a line each."""
    if "--json" in sys.argv:
        entries = [{**asdict(row), "met": row.is_met} for row in rows]
        print(json.dumps({"benchmark": benchmark, "machine": machine(), "rows": entries}))
        return
    print(f"{benchmark} on {machine()}")
    for row in rows:
        verdict = {None: "", True: "met", False: "MISSED"}[row.is_met]
        limit = "" if row.target is None else f"target {row.direction} {row.target:g} {row.unit}"
        value = f"{'absent':>10}" if row.value is None else f"{row.value:10.4g}"
        print(f"  {row.measure:<66} {value} {row.unit:<6} {limit} {verdict}")
