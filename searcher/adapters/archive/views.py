"""SQL over the archive: a DuckDB view for each table, over the files that the manifest names.

Needs the extra `archive`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from searcher.adapters.archive.compaction import schema_of
from searcher.adapters.archive.entries import KINDS
from searcher.adapters.archive.manifest import read_manifest
from searcher.errors import ArchiveError


@contextmanager
def open_views(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory with the views; what is not compacted yet is not in them.

    Raises:
        ArchiveError: the manifest cannot be read.
    """
    manifest = read_manifest(folder)
    with duckdb.connect(":memory:") as connection:
        for kind in KINDS:
            names = [str(folder / file.name) for file in manifest.files if file.kind == kind]
            if names:
                connection.read_parquet(names).create_view(kind)
            else:
                connection.register(kind, schema_of(kind).empty_table())
        yield connection


def query(folder: Path, sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """The columns and rows of one question.

    Raises:
        ArchiveError: the question is no SQL for these tables, or the archive cannot be read.
    """
    with open_views(folder) as connection:
        try:
            answer = connection.execute(sql)
            return [column[0] for column in answer.description or ()], answer.fetchall()
        except duckdb.Error as error:
            raise ArchiveError(f"the query failed: {str(error).splitlines()[0]}") from None
