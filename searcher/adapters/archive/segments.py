"""Append-only files of frames: length, crc32, msgpack. What a kill tears is cut off when read.

The first frame of a segment says which version of the records follows. Bytes after the first frame
that is torn or wrong were never complete, so reading ends there and repair truncates there.
"""

import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import IO, Final
from zlib import crc32

import msgspec

from searcher.adapters.archive.entries import VERSION, ArchiveEntry
from searcher.errors import ArchiveError

MAX_PAYLOAD_BYTES: Final = 2**24
"""Of one frame; a greater length is damage."""

SUFFIX: Final = ".segment"
DIGITS: Final = 9
"""Of a segment's number, which begins its name and those of its Parquet files."""

_HEAD: Final = struct.Struct("<II")


class SegmentHeader(msgspec.Struct, frozen=True, kw_only=True, tag="segment"):
    """The first frame."""

    version: int
    """Of the records that follow."""

    opened_ns: int
    """When the segment was begun."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(SegmentHeader | ArchiveEntry)


def encode_frames(entries: Iterable[SegmentHeader | ArchiveEntry]) -> bytes:
    """The frames of these records, one after the other."""
    parts: list[bytes] = []
    encode, pack = _ENCODER.encode, _HEAD.pack
    for entry in entries:
        payload = encode(entry)
        parts.append(pack(len(payload), crc32(payload)))
        parts.append(payload)
    return b"".join(parts)


def segments_of(folder: Path) -> list[Path]:
    """The segments of a folder, the oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def next_segment(folder: Path) -> Path:
    """Where the next segment lies. Numbers of segments that are compacted are not used again."""
    names = [path.name[:DIGITS] for path in folder.iterdir()]
    number = 1 + max((int(name) for name in names if name.isdecimal()), default=0)
    return folder / f"{number:0{DIGITS}d}{SUFFIX}"


def read_segment(path: Path) -> Iterator[ArchiveEntry]:
    """All complete records of a segment, in the order in which they were written.

    Raises:
        ArchiveError: its records are of another version.
    """
    for entry, _ in _frames(path):
        if not isinstance(entry, SegmentHeader):
            yield entry
        elif entry.version != VERSION:
            raise ArchiveError(f"{path} has records of version {entry.version}, not {VERSION}")


def repair(path: Path) -> int:
    """Cut off what is torn, and return how many bytes that was; 0 while somebody still writes."""
    with path.open("r+b") as file:
        if not lock(file):
            return 0
        end = 0
        for _, frame_end in _frames(path):
            end = frame_end
        torn = path.stat().st_size - end
        if torn:
            file.truncate(end)
            os.fsync(file.fileno())
        return torn


def lock(file: IO[bytes] | FileIO) -> bool:
    """Whether the segment is ours until it is closed; a process that is killed lets it go."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make names that were added or changed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _frames(path: Path) -> Iterator[tuple[SegmentHeader | ArchiveEntry, int]]:
    """Each record with where its frame ends; the first is the header, or there is none."""
    end = 0
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            payload = file.read(length) if length <= MAX_PAYLOAD_BYTES else b""
            if len(payload) != length or crc32(payload) != checksum:
                return
            try:
                entry = _DECODER.decode(payload)
            except msgspec.MsgspecError:
                return
            if (end == 0) != isinstance(entry, SegmentHeader):
                return
            end += _HEAD.size + length
            yield entry, end
