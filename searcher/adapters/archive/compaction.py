"""Segments that nobody writes any more become Parquet: a file for each table of each segment.

Every step can be killed: files are finished before they get their names, the manifest names them
before the segment goes. Needs the extra `archive`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import msgspec
import pyarrow as pa
from pyarrow import parquet

from searcher.adapters.archive.entries import KINDS, ArchivedHealth, ArchiveEntry
from searcher.adapters.archive.manifest import (
    Manifest,
    ParquetFile,
    publish,
    read_manifest,
    sha256_of,
    with_gaps,
    write_manifest,
)
from searcher.adapters.archive.segments import lock, read_segment, segments_of

ROWS: Final = 50_000
"""Read and written at a time, so that a segment of any size fits into memory."""

_ARROW: Final[dict[object, Any]] = {int: pa.int64(), str: pa.string(), bytes: pa.binary()}


def schema_of(kind: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The columns of a table."""
    hints = get_type_hints(KINDS[kind])
    return pa.schema([(name, _ARROW[_plain(hint)]) for name, hint in hints.items()])


def compact(folder: Path) -> Manifest:
    """Compact every segment that is no longer written, and return what the archive then holds.

    Raises:
        ArchiveError: a segment or the manifest is of another version, or damaged.
    """
    manifest = read_manifest(folder)
    for path in segments_of(folder):
        with path.open("r+b") as held:
            if not lock(held):
                continue
            if path.name not in manifest.segments:
                manifest = _compacted(path, manifest)
                write_manifest(folder, manifest)
            path.unlink()
    return manifest


def _compacted(path: Path, manifest: Manifest) -> Manifest:
    told: list[ArchivedHealth] = []
    counts: dict[str, int] = defaultdict(int)
    with ExitStack() as stack:
        writers: dict[str, Any] = {}
        for kind, rows in _batches(path):
            schema = schema_of(kind)
            if kind not in writers:
                writer = parquet.ParquetWriter(_temporary(path, kind), schema, compression="zstd")
                writers[kind] = stack.enter_context(writer)
            columns = {name: [getattr(row, name) for row in rows] for name in schema.names}
            writers[kind].write_table(pa.table(columns, schema=schema))
            counts[kind] += len(rows)
            told += [row for row in rows if isinstance(row, ArchivedHealth)]
    files = tuple(_published(path, kind, rows=counts[kind]) for kind in sorted(counts))
    return msgspec.structs.replace(
        with_gaps(manifest, told),
        segments=(*manifest.segments, path.name),
        files=(*manifest.files, *files),
    )


def _batches(path: Path) -> Iterator[tuple[str, Sequence[ArchiveEntry]]]:
    entries = read_segment(path)
    while batch := list(islice(entries, ROWS)):
        by_kind: dict[str, list[ArchiveEntry]] = defaultdict(list)
        for entry in batch:
            by_kind[str(entry.__struct_config__.tag)].append(entry)
        yield from by_kind.items()


def _published(segment: Path, kind: str, *, rows: int) -> ParquetFile:
    temporary = _temporary(segment, kind)
    path = temporary.with_suffix("")
    publish(temporary, path)
    return ParquetFile(name=path.name, kind=kind, rows=rows, sha256=sha256_of(path))


def _temporary(segment: Path, kind: str) -> Path:
    return segment.with_name(f"{segment.stem}-{kind}.parquet.tmp")


def _plain(hint: object) -> object:
    """The type of a field that may be None."""
    return next((one for one in get_args(hint) if one is not type(None)), hint)
