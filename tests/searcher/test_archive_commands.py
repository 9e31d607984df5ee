"""`searcher archive` compacts a folder and answers questions about it."""

from pathlib import Path

from typer.testing import CliRunner

from searcher.adapters.archive.writer import writing
from searcher.archive_commands import app
from tests.searcher.adapters.archive.samples import health, quote
from tests.searcher.fakes import HandClock


def test_archive_is_compacted_and_questioned(tmp_path: Path) -> None:
    with writing(tmp_path, clock=HandClock()) as writer:
        writer.record(quote(4))
        writer.record(health(5, 2))

    compacted = CliRunner().invoke(app, ["compact", str(tmp_path)])
    answered = CliRunner().invoke(app, ["query", str(tmp_path), "SELECT bid, ask FROM quotes"])

    assert (compacted.exit_code, answered.exit_code) == (0, 0)
    assert "node: 2 gaps" in compacted.output
    assert "3010.12" in answered.output
