"""What a source that never ends takes from outside, so that a test owns time and chance."""

from dataclasses import dataclass
from random import Random

from searcher.adapters.clock import Sleep, sleep
from searcher.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Time and chance of one source."""

    clock: Clock
    """Of first-seen times."""

    random: Random
    """Of the jitter between two attempts."""

    sleep: Sleep = sleep
    """Between two attempts, or two questions."""
