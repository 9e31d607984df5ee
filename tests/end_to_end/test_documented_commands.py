"""Every command that the README and the guide show is one that a test runs."""

import re
from pathlib import Path

import pytest

from tests.end_to_end.commands import ROOT, run

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
STARTS = ("npx -y rust-just", ".venv/bin/", "sqlite3 ", "just ")
SHOWN = re.compile(r"`([^`\n]+)`|^ {4,}(\S.*)$", re.MULTILINE)

RECIPE = re.compile(r"^([a-z][a-z-]*)[^:=\n]*:(?!=)", re.MULTILINE)

CI = ".ci/run"
BOT = "tests/end_to_end/test_bot.py"
DEMO = "tests/end_to_end/test_demo.py"
REHEARSAL = "tests/end_to_end/test_sepolia_rehearsal.py"
RELAY = "tests/sims/test_relay_command.py"
WATCH = "tests/end_to_end/test_watch.py"
SEARCH = "tests/sims/test_search.py"
SIGNALS = "tests/sims/test_signal_search.py"

RUN_ELSEWHERE = {
    "npx -y rust-just demo": DEMO,
    "npx -y rust-just test": CI,
    "npx -y rust-just check": CI,
    ".venv/bin/sims demo --json": DEMO,
    ".venv/bin/sims demo --rivals 2": DEMO,
    "npx -y rust-just sepolia-rehearsal": REHEARSAL,
    ".venv/bin/sims devnet": BOT,
    ".venv/bin/sims relay --node http://127.0.0.1:8545 --port 9000": RELAY,
    ".venv/bin/searcher run --network devnet": BOT,
    ".venv/bin/searcher run --network devnet --live": BOT,
    ".venv/bin/searcher watch --network devnet": WATCH,
    ".venv/bin/searcher watch --network devnet --once --json": WATCH,
    ".venv/bin/searcher doctor --network devnet": "tests/end_to_end/test_doctor.py",
    ".venv/bin/searcher why --network devnet --last 10": BOT,
    ".venv/bin/searcher why --network devnet BUNDLE --json": BOT,
    ".venv/bin/searcher deploy --network devnet": BOT,
    ".venv/bin/searcher deploy --network sepolia --verify-input input.json": BOT,
    ".venv/bin/searcher run --network fork": BOT,
    ".venv/bin/searcher run --network fork --of mainnet --live": BOT,
    ".venv/bin/sims search --pools FILE --base ADDRESS --max-hops 3": SEARCH,
    ".venv/bin/sims search --pools FILE --base ADDRESS --draw cycles.svg": (
        "tests/sims/test_cycle_drawing.py"
    ),
    ".venv/bin/sims search --books FILE --base ADDRESS": SIGNALS,
    ".venv/bin/sims search --pools FILE --books FILE --base ADDRESS": SIGNALS,
    ".venv/bin/sims search --pools FILE --base ADDRESS --base ADDRESS --weth ADDRESS": SEARCH,
    ".venv/bin/sims search --pools FILE --base ADDRESS --together 5": "tests/sims/test_together.py",
    ".venv/bin/sims search --known FILE": "tests/sims/test_known_arbitrages.py",
    "just bench start": "benchmarks/start.py",
    "just bench search": "benchmarks/search.py",
    "just bench peers": "benchmarks/peers.py",
    "just bench selection": "benchmarks/selection.py",
    "just bench gas": "benchmarks/gas.py",
    "just bench feeds": "benchmarks/feeds.py",
    "just bench submit": "benchmarks/submit.py",
    "just setup-ccxt": "tests/searcher/adapters/exchanges/test_ccxt.py",
    "just contracts": CI,
    "just coverage": CI,
    "just slither": CI,
    "just halmos": CI,
    "just mutate": "bin/mutate",
    "just arch": CI,
    "just protos": "bin/protos",
    "just demo": DEMO,
    "just sepolia-rehearsal": REHEARSAL,
    ".venv/bin/sims sepolia-rehearsal": REHEARSAL,
}
"""Commands that need a local chain or a recording, and the file that runs them there."""

NEEDS_A_NETWORK = {
    ".venv/bin/searcher deploy --network sepolia": "SEPOLIA_HTTP_URL is not set",
    ".venv/bin/searcher deploy --network sepolia --live": "SEPOLIA_HTTP_URL is not set",
    ".venv/bin/searcher run --network sepolia": "SEPOLIA_HTTP_URL is not set",
    ".venv/bin/searcher run --network sepolia --live": "SEPOLIA_HTTP_URL is not set",
    ".venv/bin/searcher signer --network sepolia --socket .cache/signer.sock": (
        "SEPOLIA_HTTP_URL is not set"
    ),
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


@pytest.mark.parametrize("file", sorted(set(RUN_ELSEWHERE.values())))
def test_file_that_runs_commands_is_there(file: str) -> None:
    assert (ROOT / file).is_file()


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
