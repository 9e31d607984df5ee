"""Which of the books that exchanges show may price anything, and why the others may not.

Pure: the same books and limits give the same verdict. Only books of the very same two assets are
compared, for a dollar of one kind is no dollar of another. Where two exchanges contradict each
other and no third decides, both are refused.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from graphs.units import BPS, Address
from searcher.exchange_books import ShownBook


class BookFlaw(StrEnum):
    """Why a book is refused."""

    CROSSED = "its best bid meets its best ask"
    JUMPED = "far from the median of the other exchanges"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedBook:
    """A book that prices nothing at this moment."""

    book: ShownBook
    """As the exchange shows it."""

    flaw: BookFlaw
    """Why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBooks:
    """All books of a moment, each on one side."""

    accepted: tuple[ShownBook, ...]
    """In the order in which they were given."""

    refused: tuple[RefusedBook, ...]
    """In the order in which they were given."""


def judge(books: Sequence[ShownBook], *, max_jump_bps: int) -> JudgedBooks:
    """Refuse crossed books, and those whose middle is too far from the others' median.

    A book that is crossed or conflated is no witness against another. A book without one of its
    sides has no middle: it is accepted and witnesses nothing.
    """
    mids: defaultdict[tuple[Address, Address], dict[str, Fraction]] = defaultdict(dict)
    for book in books:
        if book.mid is not None and not book.is_crossed and not book.market.is_conflated:
            mids[_pair(book)][book.market.id] = book.mid
    refused = tuple(
        RefusedBook(book=book, flaw=flaw)
        for book in books
        if (flaw := _flaw(book, mids[_pair(book)], max_jump_bps)) is not None
    )
    ids = {one.book.market.id for one in refused}
    accepted = tuple(book for book in books if book.market.id not in ids)
    return JudgedBooks(accepted=accepted, refused=refused)


def _pair(book: ShownBook) -> tuple[Address, Address]:
    return book.market.base.address, book.market.quote.address


def _flaw(book: ShownBook, mids: dict[str, Fraction], max_jump_bps: int) -> BookFlaw | None:
    if book.is_crossed:
        return BookFlaw.CROSSED
    others = sorted(mid for name, mid in mids.items() if name != book.market.id)
    if book.mid is None or not others:
        return None
    median = (others[(len(others) - 1) // 2] + others[len(others) // 2]) / 2
    is_far = abs(book.mid - median) * BPS > max_jump_bps * median
    return BookFlaw.JUMPED if is_far else None
