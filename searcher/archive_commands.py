"""`searcher archive`: compact what was received, and ask about it.

Both need the extra `archive`, which the bot itself does not: it is loaded when a command runs.
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from searcher.errors import ConfigError

EXTRA: tuple[str, ...] = ("duckdb", "pyarrow")

app = typer.Typer(no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="Where the archive lies.", exists=True)]


@app.command()
def compact(folder: Folder) -> None:
    """Turn finished segments into Parquet, and say what the archive holds."""
    manifest = _loaded("compaction").compact(folder)
    table = Table("table", "files", "rows")
    for kind in sorted({file.kind for file in manifest.files}):
        rows = [file.rows for file in manifest.files if file.kind == kind]
        table.add_row(kind, str(len(rows)), f"{sum(rows):,}")
    console = Console()
    console.print(table)
    for feed, gaps in manifest.gaps.items():
        console.print(f"{feed}: {sum(gap.count for gap in gaps)} gaps", markup=False)


@app.command()
def query(
    folder: Folder,
    sql: Annotated[
        str, typer.Argument(help="About blocks, pool_updates, pending, quotes, health.")
    ],
) -> None:
    """Answer a question in SQL about everything that is compacted."""
    columns, rows = _loaded("views").query(folder, sql)
    table = Table(*columns)
    for row in rows:
        table.add_row(*(value.hex() if isinstance(value, bytes) else str(value) for value in row))
    Console().print(table)


def _loaded(module: str) -> ModuleType:
    """A module that needs the extra.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        return importlib.import_module(f"searcher.adapters.archive.{module}")
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        reason = f"{error.name} is not installed; install the project with its extra `archive`"
        raise ConfigError(reason) from None
