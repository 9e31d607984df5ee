"""Where recorded market data lies when it lies anywhere: beside the repository, never in it."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def recorded_file(name: str) -> Path:
    """The path of a recording; skips the test where it is absent."""
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"recorded data is absent: ../shared/data/{name}")
    return path


def recorded_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a recorded table; skips the test where it is absent."""
    with recorded_file(name).open(newline="") as file:
        yield from csv.DictReader(file)
