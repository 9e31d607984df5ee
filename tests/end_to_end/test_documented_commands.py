"""Every command that the README and the guide show is one that a test runs."""

import re
from pathlib import Path

import pytest

from tests.end_to_end.commands import ROOT, run

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
STARTS = ("npx -y rust-just", ".venv/bin/", "sqlite3 ", "just ")
SHOWN = re.compile(r"`([^`\n]+)`|^ {4}(.+)$", re.MULTILINE)

RECIPE = re.compile(r"^([a-z][a-z-]*)[^:=\n]*:(?!=)", re.MULTILINE)

RUN_ELSEWHERE = {
    "npx -y rust-just demo": "test_demo.py",
    "npx -y rust-just test": "this run",
    "npx -y rust-just check": "continuous integration",
    ".venv/bin/sims demo --json": "test_demo.py",
    ".venv/bin/sims devnet": "test_bot.py",
    ".venv/bin/searcher run --network devnet": "test_bot.py",
    ".venv/bin/searcher run --network devnet --live": "test_bot.py",
    ".venv/bin/searcher run --network fork": "test_bot.py",
    ".venv/bin/searcher run --network fork --of mainnet --live": "test_bot.py",
    ".venv/bin/sims search --pools FILE --base ADDRESS --max-hops 3": "test_search.py",
    "just bench start": "benchmarks",
    "just arch": "continuous integration",
    "just demo": "test_demo.py",
}
"""Commands that end with a local chain, and who runs them there."""

NEEDS_A_NETWORK = {
    ".venv/bin/searcher run --network sepolia": "SEPOLIA_HTTP_URL is not set",
    ".venv/bin/searcher run --network mainnet --live --i-understand-mainnet": (
        "MAINNET_HTTP_URL is not set"
    ),
}
"""Commands that can only be run to the point where they ask for an endpoint."""


def documented(page: Path) -> list[str]:
    """The commands of a page, without the comments behind them."""
    shown = [inline or block for inline, block in SHOWN.findall(page.read_text(encoding="utf-8"))]
    return [text.split("  ")[0].strip() for text in shown if text.startswith(STARTS)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_documented_command_is_run_somewhere(page: Path) -> None:
    known = RUN_ELSEWHERE.keys() | NEEDS_A_NETWORK.keys()

    assert [
        command
        for command in documented(page)
        if command not in known and not command.startswith("sqlite3 ")
    ] == []


@pytest.mark.slow
@pytest.mark.parametrize(("command", "line"), NEEDS_A_NETWORK.items())
def test_public_network_asks_for_its_endpoint(command: str, line: str) -> None:
    program, *arguments = command.removeprefix(".venv/bin/").split()

    finished = run(program, *arguments)

    assert finished.returncode == 2
    assert line in finished.stderr


def test_documented_recipes_exist() -> None:
    recipes = RECIPE.findall((ROOT / "Justfile").read_text(encoding="utf-8"))
    shown = [command for page in PAGES for command in documented(page) if "just " in command]

    assert {re.sub(r".*just ", "", command).split()[0] for command in shown} <= set(recipes)
