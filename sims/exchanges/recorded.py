"""A recorded session as the changes of a local exchange's book, so that real markets can be played.

The recordings are of older protocols: what happened to the book is taken from them, and a local
exchange says it in the words of its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from sims.exchanges.true_book import BookChange, BookLevel, TrueBook
from sims.recorded_states.book_recording import LINE
from sims.recorded_states.document import lines, parsed
from sims.recorded_states.exchange_messages import READERS, Message, Update, pair

NS_PER_SECOND: Final = 1_000_000_000


def recorded_changes(
    paths: Sequence[Path], book: TrueBook, *, exchange: str, symbol: str
) -> Iterator[BookChange]:
    """Make and yield every change of a market after its first snapshot, at its recorded time.

    A level beyond the depth of a recorded book is kept as long as nothing is said of it.

    Raises:
        PoolFileError: a file cannot be read.
        FieldError: a message is none of the exchange.
    """
    is_open, last_id = False, 0
    updates = _updates(paths, exchange, symbol)
    # A numbered snapshot is asked for: changes that came before the answer can be behind it.
    for time_ns, update in sorted(updates, key=lambda one: not (one[1].is_snapshot and one[1].ids)):
        is_open |= update.is_snapshot
        if not is_open or (update.ids and not update.is_snapshot and update.ids[1] <= last_id):
            continue
        last_id = update.ids[1] if update.ids else 0
        bids, asks = _levels(book, update.bids), _levels(book, update.asks)
        if update.is_snapshot:
            bids, asks = {**_ended(book.bids), **bids}, {**_ended(book.asks), **asks}
        yield book.apply(
            [BookLevel(*item) for item in bids.items()],
            [BookLevel(*item) for item in asks.items()],
            time_ns=time_ns,
        )


class RecordedWalk:
    """Moves a book as it was recorded, one change at a time; it stands still at the end."""

    def __init__(self, book: TrueBook, changes: Iterator[BookChange]) -> None:
        self.book = book
        self._changes = changes

    def step(self, time_ns: int) -> BookChange:
        """Make the next change, at its recorded time."""
        change = next(self._changes, None)
        return self.book.apply((), (), time_ns=time_ns) if change is None else change


def _updates(paths: Iterable[Path], exchange: str, symbol: str) -> Iterator[tuple[int, Update]]:
    for path in paths:
        for number, line in enumerate(lines(path), start=1):
            match = LINE.fullmatch(line) if symbol in line else None
            if match is None:
                continue
            message = Message(match[1] or "", parsed(path, f"line {number}", match[3]))
            update = READERS[exchange](message, symbol)
            if update is not None:
                yield int(Decimal(match[2]) * NS_PER_SECOND), update


def _levels(book: TrueBook, changes: Iterable[object]) -> dict[int, int]:
    """Sizes by price: the last word about a price counts."""
    return {
        int(Decimal(level.price).scaleb(book.price_places)): int(
            Decimal(level.size).scaleb(book.size_places)
        )
        for level in (pair(change, "a change") for change in changes)
    }


def _ended(side: Mapping[int, int]) -> dict[int, int]:
    return dict.fromkeys(side, 0)
