"""JSON out of a file: one document, or the last of one a line, packed or plain.

Separate from the readers because a file is opened before anybody knows whose it is.
"""

import gzip
import json
import re
import zlib
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

from sims.recorded_states.states import PoolFileError, Refusal

PACKED_SUFFIX: Final = ".gz"
"""Of a file that gzip packed."""

LINES_SUFFIX: Final = ".jsonl"
"""Of a file with a document on each line, before the suffix of gzip."""

BRACKETS: Final = re.compile(r"[\[\]{}]")
"""What nests, or stands in a text, which is counted all the same."""

OPENING: Final = "[{"
"""Those that begin a level."""

MAX_DEPTH: Final = 100
"""Levels: ten times what any recording has."""

REMEDY: Final = "name a CSV table, or JSON in UTF-8"


class Document(NamedTuple):
    """What a file holds."""

    place: str
    """In the file: `line 4`; empty where the document is all of it."""

    value: object
    """As the parser of JSON makes it."""


def lines(path: Path) -> list[str]:
    """Read a text, unpacked, as lines.

    Raises:
        PoolFileError: the file cannot be read as text.
    """
    try:
        packed = path.read_bytes()
        content = gzip.decompress(packed) if path.suffix == PACKED_SUFFIX else packed
        return content.decode("utf-8").removesuffix("\n").split("\n")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _unreadable(path, "", "not packed by gzip") from error
    except OSError as error:
        raise _unreadable(path, "", (error.strerror or "cannot be read").lower()) from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "", "not UTF-8 text") from error


def document(path: Path) -> Document:
    """Read the document; of one a line the last, since each is a snapshot of the same pools.

    Raises:
        PoolFileError: the file cannot be read, or that is no JSON.
    """
    texts = lines(path)
    if path.name.removesuffix(PACKED_SUFFIX).endswith(LINES_SUFFIX):
        return Document(f"line {len(texts)}", parsed(path, f"line {len(texts)}", texts[-1]))
    return Document("", parsed(path, "", "\n".join(texts)))


def parsed(path: Path, place: str, text: str) -> object:
    """Parse one document.

    Raises:
        PoolFileError: it is no JSON, is nested without end, or has numbers without end.
    """
    # The parser recurses, and what it may recurse to is for any library to set.
    steps = (1 if bracket in OPENING else -1 for bracket in BRACKETS.findall(text))
    if max(accumulate(steps), default=0) > MAX_DEPTH:
        raise _unreadable(path, place, "not JSON that can be held")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = place or f"line {error.lineno}"
        raise _unreadable(path, where, f"not JSON: {error.msg.lower()}") from error
    except ValueError as error:
        raise _unreadable(path, place, "not JSON that can be held") from error


def _unreadable(path: Path, place: str, reason: str) -> PoolFileError:
    return PoolFileError(Refusal(path=path, place=place, reason=reason, remedy=REMEDY))
