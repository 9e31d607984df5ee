"""Archives numbered quotes as fast as it can, and says how far it came, until it is killed."""

from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from searcher.adapters.archive.writer import writing
from searcher.adapters.clock import SystemClock
from tests.searcher.adapters.archive.samples import quote

STRIDE = 100
AHEAD = 10_000


def archive_for_ever(folder: Path, told: "Connection[tuple[int, int], None]") -> None:
    """Tell each hundredth number with its time; never more than a queue ahead of the disk."""
    clock = SystemClock()
    with writing(folder, clock=clock) as writer:
        for number in count():
            if number % STRIDE == 0:
                told.send((number, clock.now_ns()))
            while number - writer.written > AHEAD:
                pass
            writer.record(quote(number))
