"""What every benchmark prints: a row for each measure with its target, for people or as JSON."""

import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure."""

    measure: str
    """What was measured."""

    value: float
    """The median, or the ratio."""

    unit: str
    """Of the value."""

    target: float | None
    """At most this; None where there is none."""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        return None if self.target is None else self.value <= self.target


def machine() -> str:
    """Processor, cores in use and interpreter."""
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    processor = models[0] if models else platform.machine()
    return f"{processor}, {len(models)} cores, Python {platform.python_version()}"


def report(benchmark: str, rows: list[Row]) -> None:
    """Print the rows: one JSON object with --json, else a line each."""
    if "--json" in sys.argv:
        entries = [{**asdict(row), "met": row.is_met} for row in rows]
        print(json.dumps({"benchmark": benchmark, "machine": machine(), "rows": entries}))
        return
    print(f"{benchmark} on {machine()}")
    for row in rows:
        verdict = {None: "", True: "met", False: "MISSED"}[row.is_met]
        limit = "" if row.target is None else f"target <= {row.target:g} {row.unit}"
        print(f"  {row.measure:<58} {row.value:10.3f} {row.unit:<4} {limit} {verdict}")
