"""When a slot began, whether a bundle comes too late in it, and whether the slot is ours at all.

Measured on an injected clock, so that tests move the time by hand.
"""

import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from searcher.ports import Clock

NS_PER_MS: Final = 1_000_000
"""Nanoseconds in a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRules:
    """How slots go."""

    cutoff_ms: int | None = None
    """After which a bundle is late for the slot's block; None for never."""

    won_share: Fraction = Fraction(1)
    """Of slots whose block the builder builds; the others contain no bundle."""

    seed: int = 0
    """Of the slots that are won."""


class Slots:
    """The slot that is running."""

    def __init__(self, rules: SlotRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._random = random.Random(rules.seed)  # noqa: S311 - repeatable, not a secret
        self._began_ns: int | None = None
        self._next_block: int | None = None

    def begin(self, *, next_block: int) -> None:
        """Begin the slot that ends with that block."""
        self._began_ns = self._clock.now_ns()
        self._next_block = next_block

    def elapsed_ms(self) -> int | None:
        """Return how far the slot has come; None before the first one."""
        if self._began_ns is None:
            return None
        return (self._clock.now_ns() - self._began_ns) // NS_PER_MS

    def late_for(self) -> int | None:
        """Return the block that a bundle comes too late for; None for none."""
        elapsed, cutoff = self.elapsed_ms(), self._rules.cutoff_ms
        if elapsed is None or cutoff is None or elapsed <= cutoff:
            return None
        return self._next_block

    def is_won(self) -> bool:
        """Draw whether the next block is ours."""
        share = self._rules.won_share
        return self._random.randrange(share.denominator) < share.numerator
