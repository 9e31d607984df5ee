"""Which Parquet files belong to the archive, their checksums, and where its feeds have gaps.

Only what the manifest names is read. It is replaced in one step after its files are safe, so a
compaction that is killed leaves at most files that nobody reads, and that the next one replaces.
"""

import os
from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path
from typing import Final

import msgspec

from searcher.adapters.archive.entries import VERSION, ArchivedHealth
from searcher.adapters.archive.segments import sync_folder
from searcher.errors import ArchiveError

NAME: Final = "manifest.json"


class ParquetFile(msgspec.Struct, frozen=True, kw_only=True):
    """One table's rows of one segment."""

    name: str
    """In the archive's folder."""

    kind: str
    """Its table."""

    rows: int
    """How many."""

    sha256: str
    """Of the file."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a feed noticed to have missed."""

    at_ns: int
    """When it noticed."""

    count: int
    """Gaps since it told last."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The archive's table of contents."""

    version: int = VERSION
    """Of the records."""

    segments: tuple[str, ...] = ()
    """Names of segments that are compacted, and need not exist any more."""

    files: tuple[ParquetFile, ...] = ()
    """Their rows."""

    gaps: dict[str, tuple[Gap, ...]] = {}
    """By feed."""

    counted: dict[str, int] = {}
    """The count that each feed told last; it begins again with each start of the bot."""


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder; an empty one where nothing was compacted.

    Raises:
        ArchiveError: it is damaged, or of another version.
    """
    path = folder / NAME
    if not path.exists():
        return Manifest()
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError:
        raise ArchiveError(f"{path} is damaged; restore it from a copy") from None
    if manifest.version != VERSION:
        raise ArchiveError(f"{path} is of version {manifest.version}, not {VERSION}")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    temporary = folder / f"{NAME}.tmp"
    with temporary.open("wb") as file:
        file.write(content)
    publish(temporary, folder / NAME)


def publish(temporary: Path, path: Path) -> None:
    """Give a finished file its name: it appears whole or not at all, whenever we are killed."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare every file with its checksum.

    Raises:
        ArchiveError: one is missing or has other bytes.
    """
    for entry in manifest.files:
        path = folder / entry.name
        if not path.exists() or sha256_of(path) != entry.sha256:
            raise ArchiveError(f"{path} is missing or damaged; restore it from a copy")


def sha256_of(path: Path) -> str:
    """Checksum of a file, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def with_gaps(manifest: Manifest, told: Iterable[ArchivedHealth]) -> Manifest:
    """Add the gaps that these records tell, in their order."""
    counted = dict(manifest.counted)
    gaps = dict(manifest.gaps)
    for health in told:
        before = counted.get(health.feed, 0)
        fresh = health.gaps - before if health.gaps >= before else health.gaps
        counted[health.feed] = health.gaps
        if fresh:
            gap = Gap(at_ns=health.at_ns, count=fresh)
            gaps[health.feed] = (*gaps.get(health.feed, ()), gap)
    return msgspec.structs.replace(manifest, gaps=gaps, counted=counted)
