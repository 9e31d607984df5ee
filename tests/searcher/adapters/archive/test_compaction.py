"""Compaction: the same rows in Parquet, whenever it is killed, and the gaps of every feed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from searcher.adapters.archive.compaction import compact
from searcher.adapters.archive.entries import KINDS, ArchiveEntry
from searcher.adapters.archive.manifest import Gap, Manifest, read_manifest, verify
from searcher.adapters.archive.segments import segments_of
from searcher.adapters.archive.views import query
from searcher.adapters.archive.writer import writing
from searcher.errors import ArchiveError
from tests.searcher.adapters.archive.rows import ROWS
from tests.searcher.adapters.archive.samples import health, quote
from tests.searcher.fakes import HandClock


def write(folder: Path, rows: list[ArchiveEntry]) -> None:
    with writing(folder, clock=HandClock()) as writer:
        for row in rows:
            writer.record(row)


def compacted_rows(folder: Path, manifest: Manifest) -> dict[str, list[ArchiveEntry]]:
    found: dict[str, list[ArchiveEntry]] = {}
    for file in manifest.files:
        kind = KINDS[file.kind]
        rows = parquet.read_table(folder / file.name).to_pylist()
        assert len(rows) == file.rows
        found.setdefault(file.kind, []).extend(kind(**row) for row in rows)
    return found


@given(sessions=st.lists(st.lists(ROWS, min_size=1, max_size=5), max_size=3))
def test_compacted_rows_are_those_that_were_written(sessions: list[list[ArchiveEntry]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for rows in sessions:
            write(folder, rows)

        manifest = compact(folder)

        verify(folder, manifest)
        assert segments_of(folder) == []
        assert read_manifest(folder) == manifest
        found = compacted_rows(folder, manifest)
        for kind, record in KINDS.items():
            written = [row for rows in sessions for row in rows if isinstance(row, record)]
            assert found.get(kind, []) == written


def test_compaction_that_was_killed_is_done_again(tmp_path: Path) -> None:
    write(tmp_path, [quote(1)])
    (tmp_path / "000000001-quotes.parquet.tmp").write_bytes(b"torn")
    (tmp_path / "000000001-quotes.parquet").write_bytes(b"whole, but not in the manifest")

    manifest = compact(tmp_path)

    verify(tmp_path, manifest)
    assert compacted_rows(tmp_path, manifest) == {"quotes": [quote(1)]}


def test_segment_that_outlived_its_compaction_is_not_compacted_twice(tmp_path: Path) -> None:
    write(tmp_path, [quote(1)])
    (path,) = segments_of(tmp_path)
    content = path.read_bytes()
    manifest = compact(tmp_path)
    path.write_bytes(content)

    assert compact(tmp_path) == manifest
    assert not path.exists()


def test_segment_that_is_written_is_left_alone(tmp_path: Path) -> None:
    with writing(tmp_path, clock=HandClock()) as writer:
        writer.record(quote(1))
        while writer.written == 0:
            pass

        assert compact(tmp_path) == Manifest()

    assert [file.rows for file in compact(tmp_path).files] == [1]


def test_gaps_of_a_feed_are_listed_over_restarts(tmp_path: Path) -> None:
    write(tmp_path, [health(1, 0), health(2, 2), health(3, 2)])
    compact(tmp_path)
    write(tmp_path, [health(4, 3), health(5, 1)])

    manifest = compact(tmp_path)

    assert manifest.gaps == {
        "node": (Gap(at_ns=2, count=2), Gap(at_ns=4, count=1), Gap(at_ns=5, count=1))
    }


def test_damaged_file_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, [quote(1)])
    manifest = compact(tmp_path)
    (tmp_path / manifest.files[0].name).write_bytes(b"")

    with pytest.raises(ArchiveError, match="damaged"):
        verify(tmp_path, manifest)


def test_damaged_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")

    with pytest.raises(ArchiveError, match="damaged"):
        compact(tmp_path)


def test_tables_answer_questions_also_where_they_are_empty(tmp_path: Path) -> None:
    write(tmp_path, [quote(1), quote(5)])
    write(tmp_path, [quote(7)])
    compact(tmp_path)

    assert query(tmp_path, "SELECT venue, max(at_ns) AS last FROM quotes GROUP BY venue") == (
        ["venue", "last"],
        [("kraken", 7)],
    )
    assert query(tmp_path, "SELECT count(*) FROM pending")[1] == [(0,)]
    with pytest.raises(ArchiveError, match="query failed"):
        query(tmp_path, "SELECT nothing FROM nowhere")
