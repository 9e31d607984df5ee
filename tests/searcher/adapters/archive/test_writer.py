"""The writer: in order, rotated, bounded, and unharmed by kills."""

from multiprocessing import get_context
from pathlib import Path
from random import Random

import pytest

from searcher.adapters.archive.entries import ArchivedHealth, ArchiveEntry
from searcher.adapters.archive.segments import read_segment, segments_of
from searcher.adapters.archive.writer import ArchiveLimits, ArchiveWriter, writing
from searcher.errors import ArchiveError
from tests.searcher.adapters.archive.endless_writer import archive_for_ever
from tests.searcher.adapters.archive.samples import quote
from tests.searcher.fakes import HandClock

KILLS = 20
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload([archive_for_ever.__module__])
SECOND_NS = 10**9


def read_all(folder: Path) -> list[ArchiveEntry]:
    return [entry for path in segments_of(folder) for entry in read_segment(path)]


def test_records_are_read_back_in_order(tmp_path: Path) -> None:
    rows = [quote(number) for number in range(10_000)]

    with writing(tmp_path, clock=HandClock()) as writer:
        for row in rows:
            writer.record(row)

    assert read_all(tmp_path) == rows
    assert (writer.written, writer.dropped) == (len(rows), 0)


def test_full_segment_is_followed_by_another(tmp_path: Path) -> None:
    limits = ArchiveLimits(segment_bytes=1)

    for number in range(3):
        with writing(tmp_path, clock=HandClock(), limits=limits) as writer:
            writer.record(quote(number))

    assert [path.name for path in segments_of(tmp_path)] == [
        f"00000000{number}.segment" for number in (1, 2, 3)
    ]
    assert read_all(tmp_path) == [quote(0), quote(1), quote(2)]


def test_what_finds_the_queue_full_is_dropped_and_told_as_a_gap(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path, clock=HandClock(), limits=ArchiveLimits(waiting=2))
    for number in range(5):
        writer.record(quote(number))
    writer.close()

    writer.run()

    *rows, hole = read_all(tmp_path)
    assert rows == [quote(0), quote(1)]
    assert isinstance(hole, ArchivedHealth)
    assert (hole.feed, hole.gaps, writer.dropped) == ("archive", 3, 3)


def test_disk_is_made_to_keep_it_once_a_second(tmp_path: Path) -> None:
    clock = HandClock()
    writer = ArchiveWriter(tmp_path, clock=clock, limits=ArchiveLimits())
    writer.record(quote(0))
    writer._write()

    safe = []
    for clock.time_ns in (SECOND_NS - 1, SECOND_NS):
        writer._sync(at_once=False)
        safe.append(writer._is_synced)
    writer.close()
    writer.run()

    assert safe == [False, True]


def test_old_segment_is_followed_by_another(tmp_path: Path) -> None:
    clock = HandClock()
    writer = ArchiveWriter(tmp_path, clock=clock, limits=ArchiveLimits(segment_ns=5))
    for clock.time_ns in (0, 4, 5):
        writer.record(quote(clock.time_ns))
        writer._write()
    writer.close()
    writer.run()

    first, second = segments_of(tmp_path)
    assert list(read_segment(first)) == [quote(0), quote(4)]
    assert list(read_segment(second)) == [quote(5)]


def test_folder_that_cannot_be_written_is_an_error_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(ArchiveError, match="cannot be written"),
        writing(tmp_path / "file", clock=HandClock()),
    ):
        pass


def test_disk_that_fails_later_is_told_to_who_records(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    writer = ArchiveWriter(folder, clock=HandClock(), limits=ArchiveLimits())
    writer.record(quote(0))
    writer.close()

    writer.run()

    with pytest.raises(ArchiveError, match="No such file"):
        writer.record(quote(1))


@pytest.mark.slow
def test_kill_at_any_moment_loses_at_most_the_last_second(tmp_path: Path) -> None:
    random = Random(7)  # noqa: S311 - the moments of the kills
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        told = killed_after(folder, messages=random.randint(1, 1_000))

        with writing(folder, clock=HandClock()):
            rows = read_all(folder)
        assert rows == [quote(number) for number in range(len(rows))]
        last_number, last_ns = told[-1]
        late = [number for number, at_ns in told if at_ns < last_ns - SECOND_NS]
        assert len(rows) > max(late, default=-1), last_number


def killed_after(folder: Path, *, messages: int) -> list[tuple[int, int]]:
    """What the writer told before it was killed: how many rows, and when."""
    receiving, sending = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=archive_for_ever, args=(folder, sending))
    process.start()
    sending.close()
    told = [receiving.recv() for _ in range(messages)]
    process.kill()
    process.join()
    receiving.close()
    process.close()
    return told
