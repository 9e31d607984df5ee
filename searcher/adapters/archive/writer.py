"""Writes the archive from a thread, so that the event loop never waits for a disk.

Recording appends to a bounded queue. When the disk is too slow, new records are dropped and
counted: an archive with a known hole beats a bot that waits.
"""

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from searcher.adapters.archive.entries import VERSION, ArchivedHealth, ArchiveEntry
from searcher.adapters.archive.segments import (
    SegmentHeader,
    encode_frames,
    lock,
    next_segment,
    repair,
    segments_of,
    sync_folder,
)
from searcher.errors import ArchiveError
from searcher.feed_health import FeedState
from searcher.ports import Clock

SYNC_NS: Final = 10**9
"""Between fsyncs: what a power cut may cost."""

IDLE_SECONDS: Final = 0.1
"""How long the thread sleeps when there is nothing to write."""

FEED: Final = "archive"
"""Its name in its own health records."""

BATCH: Final = 4_096
"""Records written by one call of the operating system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """When segments end and what may wait."""

    segment_bytes: int = 256 * 2**20
    """A segment that reaches this size is followed by another."""

    segment_ns: int = 3_600 * 10**9
    """So is one of this age."""

    waiting: int = 200_000
    """Records that are not written yet; more are dropped."""


class ArchiveWriter:
    """Appends records to the newest segment of a folder. Use as `with writing(...)`."""

    def __init__(self, folder: Path, *, clock: Clock, limits: ArchiveLimits) -> None:
        self._folder = folder
        self._clock = clock
        self._limits = limits
        self._waiting: deque[ArchiveEntry] = deque()
        self._is_wanted = threading.Event()
        self._is_closed = False
        self._error: OSError | None = None
        self._file: FileIO | None = None
        self._opened_ns = 0
        self._synced_ns = 0
        self._is_synced = True
        self._told = 0
        self.dropped = 0
        """Records that found the queue full."""
        self.written = 0
        """Records handed to the operating system."""

    def record(self, entry: ArchiveEntry) -> None:
        """Queue a record without waiting.

        Raises:
            ArchiveError: the folder cannot be written any more.
        """
        if self._error is not None:
            raise ArchiveError(f"{self._folder} cannot be written: {self._error.strerror}")
        if len(self._waiting) >= self._limits.waiting:
            self.dropped += 1
            return
        self._waiting.append(entry)
        if not self._is_wanted.is_set():
            self._is_wanted.set()

    def run(self) -> None:
        """Write until it is closed; the body of the thread."""
        try:
            while self._waiting or not self._is_closed:
                if not self._waiting:
                    self._is_wanted.wait(IDLE_SECONDS)
                    self._is_wanted.clear()
                self._write()
                self._sync(at_once=False)
            self._sync(at_once=True)
        except OSError as error:
            self._error = error
        finally:
            if self._file is not None:
                self._file.close()

    def close(self) -> None:
        """Ask the thread to write what waits, and to end."""
        self._is_closed = True
        self._is_wanted.set()

    def _write(self) -> None:
        count = min(BATCH, len(self._waiting))
        if count == 0:
            return
        entries = [self._waiting.popleft() for _ in range(count)]
        if self.dropped != self._told:
            self._told = self.dropped
            entries.append(self._hole())
        _append(self._segment(), encode_frames(entries))
        self.written += count
        self._is_synced = False

    def _hole(self) -> ArchivedHealth:
        """The archive is a feed of its own: what it dropped are its gaps."""
        return ArchivedHealth(
            at_ns=self._clock.now_ns(),
            feed=FEED,
            state=FeedState.STALE.value,
            reason="the disk is too slow",
            messages=self.written,
            gaps=self._told,
            reconnects=0,
        )

    def _segment(self) -> FileIO:
        """The newest segment, or the next one where that is full or old."""
        now_ns = self._clock.now_ns()
        file = self._file
        if file is not None:
            is_full = file.tell() >= self._limits.segment_bytes
            if not is_full and now_ns - self._opened_ns < self._limits.segment_ns:
                return file
            self._sync(at_once=True)
            file.close()
        self._file = file = FileIO(next_segment(self._folder), "xb")
        lock(file)
        _append(file, encode_frames([SegmentHeader(version=VERSION, opened_ns=now_ns)]))
        sync_folder(self._folder)
        self._opened_ns = self._synced_ns = now_ns
        return file

    def _sync(self, *, at_once: bool) -> None:
        now_ns = self._clock.now_ns()
        if self._file is None or self._is_synced:
            return
        if at_once or now_ns - self._synced_ns >= SYNC_NS:
            os.fsync(self._file.fileno())
            self._synced_ns = now_ns
            self._is_synced = True


@contextmanager
def writing(
    folder: Path, *, clock: Clock, limits: ArchiveLimits | None = None
) -> Iterator[ArchiveWriter]:
    """An archive that is written while the block runs; repairs first what a kill has torn.

    Raises:
        ArchiveError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in segments_of(folder):
            repair(path)
    except OSError as error:
        raise ArchiveError(f"{folder} cannot be written: {error.strerror}") from None
    writer = ArchiveWriter(folder, clock=clock, limits=limits or ArchiveLimits())
    thread = threading.Thread(target=writer.run, name="archive")
    thread.start()
    try:
        yield writer
    finally:
        writer.close()
        thread.join()


def _append(file: FileIO, content: bytes) -> None:
    """Write all of it: one call may write less."""
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]
