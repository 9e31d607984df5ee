"""`searcher doctor`: checks what a network's configuration names, and says what to do."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from searcher.command_line import EXIT_BROKEN_WORLD, run_until_stopped
from searcher.config import environment, load_settings
from searcher.doctor.examination import Examination
from searcher.doctor.finding import Finding, Verdict

NAME_CHARACTERS: Final = 30
"""As wide as most names of checks."""

MARKS: Final = {Verdict.OK: "✓", Verdict.WARNING: "!", Verdict.FAILURE: "✗"}
STYLES: Final = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILURE: "bold red"}


def doctor(
    *,
    network: Annotated[str, typer.Option(help="A network of the configuration.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
    config: Annotated[Path, typer.Option(help="The settings.")] = Path("config.toml"),
) -> None:
    """Check every endpoint, key and folder of a network, and say what to fix; changes nothing."""
    examination = Examination(load_settings(config), environment())
    console = Console(soft_wrap=True, quiet=as_json)

    async def main() -> None:
        found = []
        async for finding in examination.findings(network):
            found.append(finding)
            console.print(_line(finding))
        has_failed = any(finding.verdict is Verdict.FAILURE for finding in found)
        if as_json:
            findings = [asdict(finding) for finding in found]
            typer.echo(json.dumps({"is_well": not has_failed, "findings": findings}))
        console.print(_total(found))
        if has_failed:
            raise typer.Exit(EXIT_BROKEN_WORLD)

    run_until_stopped(main())


def _line(finding: Finding) -> Text:
    line = Text.assemble(
        (MARKS[finding.verdict], STYLES[finding.verdict]),
        f" {finding.name:<{NAME_CHARACTERS}} ",
        finding.words,
    )
    if finding.remedy:
        line.append(f"\n  → {finding.remedy}", style=STYLES[finding.verdict])
    return line


def _total(found: list[Finding]) -> Text:
    counts = {verdict: sum(finding.verdict is verdict for finding in found) for verdict in Verdict}
    return Text(
        f"\n{counts[Verdict.OK]} ok, {counts[Verdict.WARNING]} to look at, "
        f"{counts[Verdict.FAILURE]} to fix"
    )
