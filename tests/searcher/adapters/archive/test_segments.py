"""Segments: whatever is torn or turned, what was complete before it is read back."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.archive.entries import VERSION, ArchiveEntry
from searcher.adapters.archive.segments import (
    SegmentHeader,
    encode_frames,
    next_segment,
    read_segment,
    repair,
)
from searcher.errors import ArchiveError
from tests.searcher.adapters.archive.rows import ROWS
from tests.searcher.adapters.archive.samples import quote

HEADER = SegmentHeader(version=VERSION, opened_ns=0)


@given(rows=st.lists(ROWS, max_size=5), data=st.data())
def test_torn_segment_is_read_up_to_its_last_whole_frame(
    rows: list[ArchiveEntry], data: st.DataObject
) -> None:
    content = encode_frames([HEADER, *rows])
    cut = data.draw(st.integers(0, len(content)))
    ends = [len(encode_frames([HEADER, *rows[:count]])) for count in range(len(rows) + 1)]
    whole = sum(end <= cut for end in ends)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "1.segment"
        path.write_bytes(content[:cut])

        assert list(read_segment(path)) == rows[: max(0, whole - 1)]
        assert repair(path) == cut - (ends[whole - 1] if whole else 0)
        assert repair(path) == 0
        assert list(read_segment(path)) == rows[: max(0, whole - 1)]


@given(rows=st.lists(ROWS, min_size=1, max_size=4), data=st.data())
def test_turned_bit_ends_the_segment_before_its_frame(
    rows: list[ArchiveEntry], data: st.DataObject
) -> None:
    content = bytearray(encode_frames([HEADER, *rows]))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "1.segment"
        path.write_bytes(content)

        found = list(read_segment(path))

    assert found == rows[: len(found)]
    assert len(found) < len(rows)
    assert len(encode_frames([HEADER, *found])) <= at or not found


@given(content=st.binary(max_size=200))
def test_any_bytes_are_no_records(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "1.segment"
        path.write_bytes(content)

        assert list(read_segment(path)) == []


def test_records_of_another_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "1.segment"
    path.write_bytes(encode_frames([SegmentHeader(version=99, opened_ns=0), quote(1)]))

    with pytest.raises(ArchiveError, match="version 99"):
        list(read_segment(path))


def test_number_of_a_compacted_segment_is_not_used_again(tmp_path: Path) -> None:
    (tmp_path / "000000007-quotes.parquet").touch()
    (tmp_path / "manifest.json").touch()

    assert next_segment(tmp_path).name == "000000008.segment"
