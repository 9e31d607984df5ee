"""The book that a local exchange knows to be true, now and after each of its changes."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

HISTORY: Final = 5_000
"""Changes that can be looked up; older ones are forgotten."""


class BookLevel(NamedTuple):
    """A price and what is there; a size of 0 removes it."""

    price: int
    """In units of the last place of a price."""

    size: int
    """In units of the last place of a size."""


class Sides(NamedTuple):
    """Both sides, best first."""

    bids: tuple[BookLevel, ...]
    """The highest price first."""

    asks: tuple[BookLevel, ...]
    """The lowest price first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookChange:
    """What happened in one step."""

    number: int
    """Of the change; one more than the change before."""

    time_ns: int
    """When, on the exchange's clock; later than the change before."""

    bids: tuple[BookLevel, ...]
    """Levels that are new, have another size, or end."""

    asks: tuple[BookLevel, ...]
    """The same of the other side."""


class TrueBook:
    """One market of a local exchange."""

    def __init__(
        self, base: str, quote: str, *, price_places: int = 2, size_places: int = 8
    ) -> None:
        self.base = base
        self.quote = quote
        self.price_places = price_places
        self.size_places = size_places
        self.number = 0
        self.time_ns = 0
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._history: OrderedDict[int, Sides] = OrderedDict({0: Sides((), ())})

    def apply(
        self, bids: Sequence[BookLevel], asks: Sequence[BookLevel], *, time_ns: int
    ) -> BookChange:
        """Change the book, and remember how it was after it."""
        for side, levels in ((self._bids, bids), (self._asks, asks)):
            for level in levels:
                if level.size:
                    side[level.price] = level.size
                else:
                    side.pop(level.price, None)
        self.number += 1
        self.time_ns = max(time_ns, self.time_ns + 1_000_000)
        self._history[self.number] = self.sides()
        if len(self._history) > HISTORY:
            self._history.popitem(last=False)
        return BookChange(
            number=self.number, time_ns=self.time_ns, bids=tuple(bids), asks=tuple(asks)
        )

    def sides(self) -> Sides:
        """As it is now."""
        return Sides(
            tuple(BookLevel(*item) for item in sorted(self._bids.items(), reverse=True)),
            tuple(BookLevel(*item) for item in sorted(self._asks.items())),
        )

    def after(self, number: int) -> Sides:
        """As it was after a change.

        Raises:
            KeyError: the change is not remembered.
        """
        return self._history[number]

    @property
    def bids(self) -> Mapping[int, int]:
        """Sizes by price."""
        return self._bids

    @property
    def asks(self) -> Mapping[int, int]:
        """Sizes by price."""
        return self._asks

    def price_text(self, price: int) -> str:
        """As the exchange writes it."""
        return decimal_text(price, self.price_places)

    def size_text(self, size: int) -> str:
        """As the exchange writes it."""
        return decimal_text(size, self.size_places)


def decimal_text(value: int, places: int) -> str:
    """A whole number of units as a decimal with every place."""
    digits = str(value).rjust(places + 1, "0")
    return (
        f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else digits
    )
