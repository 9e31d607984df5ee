"""Rows of a CSV file with their lines, whatever is in them.

Separate from the readers because all tables break in the same ways: no file, no text, no header,
a row that is not as wide as the header.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sims.recorded_states.states import PoolFileError, Refusal

WIDTH_REMEDY = "write one field for each column"


class Row(NamedTuple):
    """One row of a table."""

    place: str
    """Where it ends: `line 3`."""

    fields: Mapping[str, str]
    """By column."""


def header(path: Path) -> tuple[str, ...]:
    """Read the names of the columns; none of an empty file.

    Raises:
        PoolFileError: the file cannot be read as text.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return tuple(next(csv.reader(file), ()))
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise _unreadable(path, reason, "name a readable file") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "not UTF-8 text", "save it as UTF-8") from error
    except csv.Error as error:
        raise _unreadable(path, f"not CSV: {error}", "quote fields as RFC 4180 says") from error


def rows(path: Path, columns: Sequence[str]) -> Iterator[Row | Refusal]:
    """Yield every row, or why it is none. Columns may stand in any order among others.

    Raises:
        PoolFileError: the file cannot be read as text, or its header lacks a column.
    """
    missing = [column for column in columns if column not in header(path)]
    if missing:
        reason = f"header without {', '.join(missing)}"
        remedy = f"begin with the line {','.join(columns)}"
        raise PoolFileError(Refusal(path=path, place="line 1", reason=reason, remedy=remedy))
    try:
        with path.open(newline="", encoding="utf-8") as file:
            yield from _rows(path, csv.DictReader(file, strict=True), columns)
    except UnicodeDecodeError as error:
        raise _unreadable(path, "not UTF-8 text", "save it as UTF-8") from error


def _rows(
    path: Path, reader: "csv.DictReader[str]", columns: Sequence[str]
) -> Iterator[Row | Refusal]:
    """Go on behind a row that is not CSV, which the reader has consumed."""
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            place, remedy = f"line {reader.reader.line_num}", "quote fields as RFC 4180 says"
            yield Refusal(path=path, place=place, reason=f"not CSV: {error}", remedy=remedy)
            continue
        place = f"line {reader.reader.line_num}"
        # csv.DictReader files surplus fields under None, and gives None for those that are absent.
        if None in fields or any(fields[column] is None for column in columns):
            reason = "not as many fields as the header"
            yield Refusal(path=path, place=place, reason=reason, remedy=WIDTH_REMEDY)
            continue
        yield Row(place, fields)


def _unreadable(path: Path, reason: str, remedy: str) -> PoolFileError:
    return PoolFileError(Refusal(path=path, place="", reason=reason, remedy=remedy))
