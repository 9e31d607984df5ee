"""A seeded market: a book that follows a reference price at random, one change at a time.

The reference can be moved from outside, so that whoever watches finds the exchange and the chain
apart.
"""

from random import Random
from typing import Final

from sims.exchanges.true_book import BookChange, BookLevel, TrueBook

LEVELS: Final = 30
"""Of each side, about."""

TICKS_BETWEEN_BEST: Final = 2
"""From the reference to the best price, at least."""

MOST_CHANGES: Final = 6
"""Of one step."""

MAX_SIZE: Final = 50
"""Whole units of base at one level."""


class BookWalk:
    """Moves one book."""

    def __init__(self, book: TrueBook, random: Random, *, reference: int) -> None:
        """Take a reference in units of a price's last place; well above the number of levels."""
        self.book = book
        self.reference = reference
        self._random = random

    def step(self, time_ns: int) -> BookChange:
        """Change a few levels; those that the reference has overtaken end first."""
        self.reference = max(4 * LEVELS, self.reference + self._random.randint(-1, 1))
        bids, asks = self._overtaken()
        for _ in range(self._random.randint(1, MOST_CHANGES)):
            changes, is_bid = self._random.choice(((bids, True), (asks, False)))
            distance = TICKS_BETWEEN_BEST + self._random.randrange(LEVELS)
            price = self.reference - distance if is_bid else self.reference + distance
            changes[price] = self._size()
        if self.book.number == 0:
            for distance in range(TICKS_BETWEEN_BEST, TICKS_BETWEEN_BEST + LEVELS):
                bids[self.reference - distance] = 1 + self._size()
                asks[self.reference + distance] = 1 + self._size()
        return self.book.apply(_levels(bids), _levels(asks), time_ns=time_ns)

    def cross(self, time_ns: int) -> BookChange:
        """Bid what others ask, as a broken exchange does; the next step ends it."""
        best = min(self.book.asks, default=self.reference)
        return self.book.apply([BookLevel(best, 1 + self._size())], [], time_ns=time_ns)

    def _overtaken(self) -> tuple[dict[int, int], dict[int, int]]:
        """Removals of what crosses the reference or is far behind it."""
        near, far = TICKS_BETWEEN_BEST, 2 * LEVELS
        bids = {p: 0 for p in self.book.bids if not near <= self.reference - p <= far}
        asks = {p: 0 for p in self.book.asks if not near <= p - self.reference <= far}
        return bids, asks

    def _size(self) -> int:
        """Of a level; none in one of five."""
        if self._random.randrange(5) == 0:
            return 0
        return self._random.randrange(1, MAX_SIZE * 10**self.book.size_places)


def _levels(sizes: dict[int, int]) -> list[BookLevel]:
    return [BookLevel(price, size) for price, size in sizes.items()]
