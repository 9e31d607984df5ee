"""Sepolia's own profile, deployed and run live on a local chain, as the guide promises."""

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from searcher.adapters.keys import load_secret
from tests.end_to_end.commands import ROOT, run

pytestmark = pytest.mark.anvil

GUIDE = ROOT / "docs" / "sepolia.md"
NOT_PLACED = {
    "balancer_weighted",
    "balancer_composable",
    "balancer_v3",
    "swap_router_02",
    "universal_router_v1",
    "universal_router",
}
"""What the guide says is missing."""


def test_bundle_lands_with_the_profile_of_the_repository() -> None:
    finished = run("sims", "sepolia-rehearsal", "--pace", "0.5")

    assert finished.returncode == 0, finished.stderr
    said = finished.stdout
    assert said.startswith("chain 11155111 at block 50000")
    assert set(re.findall(r"^not placed +\w+ +(\w+)", said, re.MULTILINE)) == NOT_PLACED
    assert "deployed, and its code is the expected one" in said
    ledger = said.splitlines()[-1].removeprefix("ledger ")
    with closing(sqlite3.connect(ledger)) as connection:
        landed = connection.execute(
            "SELECT count(*) FROM inclusions WHERE outcome = 'landed'"
        ).fetchone()
        relays = connection.execute(
            "SELECT DISTINCT relay FROM submissions WHERE accepted"
        ).fetchall()
    assert said.count("landed in block") == landed[0] >= 1
    assert relays == [("flashbots",)]


def test_rehearsal_without_a_bundle_fails_and_says_so(tmp_path: Path) -> None:
    profile = (ROOT / "config.toml").read_text(encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(
        re.sub("min_net_profit_wei = [0-9_]+", f"min_net_profit_wei = {10**30}", profile)
    )

    command = ("sims", "sepolia-rehearsal", "--pace", "0.3", "--blocks", "2")
    finished = run(*command, "--config", str(config))

    assert finished.returncode == 2
    assert "no bundle landed in 2 blocks" in finished.stderr


def test_keys_are_made_as_the_guide_shows() -> None:
    lines = [
        line.strip()
        for line in GUIDE.read_text(encoding="utf-8").splitlines()
        if "$(openssl" in line
    ]
    script = "\n".join([*lines, "env"])

    made = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

    variables = dict(line.split("=", 1) for line in made.stdout.splitlines() if "=" in line)
    names = ("SEARCHER_TRADING_KEY", "SEARCHER_IDENTITY_KEY")
    keys = {load_secret(f"env:{name}", variables) for name in names}
    assert len(keys) == len(names)
