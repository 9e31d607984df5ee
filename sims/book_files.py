"""Recorded order books into one Market, out of any number of files and folders.

Separate from `pool_files.py` because a book is no pool that a transaction can trade at: who wants
books says so, and who does not gets none.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from graphs.tokens import Token
from graphs.units import Address
from sims.recorded_states.document import document
from sims.recorded_states.order_books import order_books
from sims.recorded_states.states import (
    Entry,
    PoolFileError,
    PoolStates,
    RecordedPool,
    Refusal,
    collected,
)

SUFFIXES: Final = (".json", ".json.gz")
"""Of what is read in a folder."""


def read_books(paths: Sequence[Path], *, known: Mapping[Address, Token]) -> PoolStates:
    """Read every order book of these files, and of all files in these folders and below.

    A book that gives a token other decimals than `known` or an earlier book does is refused: its
    prices would be wrong by a power of ten.

    Raises:
        PoolFileError: there is no usable book.
    """
    entries = chain.from_iterable(map(_entries_of, paths))
    return collected(paths[0], _agreeing(entries, dict(known)), chain=None)


def _entries_of(path: Path) -> Iterator[Entry]:
    """Yield the books of a file or a folder; a file of which nothing can be used is refused."""
    files = (
        sorted(file for file in path.rglob("*") if file.name.endswith(SUFFIXES))
        if path.is_dir()
        else [path]
    )
    if not files:
        remedy = "name a JSON document of books, or a folder that has one"
        yield Refusal(path=path, place="", reason="no JSON in this folder", remedy=remedy)
    for file in files:
        try:
            yield from order_books(file, document(file))
        except PoolFileError as error:
            yield error.refusal


def _agreeing(entries: Iterator[Entry], known: dict[Address, Token]) -> Iterator[Entry]:
    """Refuse books whose tokens have other decimals than was said before."""
    for entry in entries:
        if not isinstance(entry, RecordedPool):
            yield entry
            continue
        others = [
            f"{token.address} has {token.decimals} decimals here and {before.decimals} elsewhere"
            for token in entry.tokens
            if (before := known.setdefault(token.address, token)).decimals != token.decimals
        ]
        if others:
            remedy = "record those of the contract"
            yield Refusal(path=entry.path, place=entry.place, reason=others[0], remedy=remedy)
        else:
            yield entry
