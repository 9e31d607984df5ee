"""The bot as its own process against a local chain, and against a fork of that chain."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sims.devnet.plan import BENEFICIARY
from tests.end_to_end.commands import read_until, run, running

pytestmark = pytest.mark.anvil

CONFIG = """
[ledger]
folder = "ledgers"
[deployments]
folder = "deployments"
[networks.devnet]
file = "devnet.toml"
[networks.fork]
file = "fork.toml"
"""


@pytest.fixture
def devnet_keys(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The two exports that a running `sims devnet` prints; its files are in the test's folder."""
    (tmp_path / "config.toml").write_text(CONFIG)
    with running("sims", "devnet", "--pace", "1", cwd=tmp_path) as process:
        printed = read_until(process, "searcher run --network devnet")
        exports = [line.split()[1] for line in printed.splitlines() if "export " in line]
        yield dict(export.split("=") for export in exports)


def test_live_bot_lands_a_bundle_on_a_local_chain(
    devnet_keys: dict[str, str], tmp_path: Path
) -> None:
    command = ("searcher", "run", "--network", "devnet", "--live")
    with running(*command, cwd=tmp_path, variables=devnet_keys) as bot:
        printed = read_until(bot, '"landed"')
        why = ("searcher", "why", "--network", "devnet")
        told = run(*why, "--last", "10", cwd=tmp_path)
        explained = json.loads(run(*why, "--last", "10", "--json", cwd=tmp_path).stdout)
        bundle = explained[0]["bundle_id"]
        (one,) = json.loads(run(*why, bundle[:12], "--json", cwd=tmp_path).stdout)

    assert '"sending"' in printed
    assert "It landed: " in told.stdout, told.stderr
    assert one["bundle_id"] == bundle


def test_dry_run_simulates_and_sends_nothing(devnet_keys: dict[str, str], tmp_path: Path) -> None:
    command = ("searcher", "run", "--network", "devnet")
    with running(*command, cwd=tmp_path, variables=devnet_keys) as bot:
        printed = read_until(bot, '"simulated"') + read_until(bot, '"simulated"')

    assert '"sending"' not in printed
    assert '"submitted"' not in printed


def test_deployment_finds_the_executor_that_the_local_chain_came_with(
    devnet_keys: dict[str, str], tmp_path: Path
) -> None:
    command = ("searcher", "deploy", "--network", "devnet", "--beneficiary", BENEFICIARY)

    finished = run(*command, cwd=tmp_path, variables=devnet_keys)

    assert finished.returncode == 0, finished.stderr
    assert "already deployed, with this code" in finished.stdout


def test_executor_of_ones_own_is_deployed_verified_and_published(
    devnet_keys: dict[str, str], tmp_path: Path
) -> None:
    command = ("searcher", "deploy", "--network", "devnet", "--verify-input", "input.json")
    promised = run(*command, cwd=tmp_path, variables=devnet_keys).stdout

    finished = run(*command, "--live", cwd=tmp_path, variables=devnet_keys)

    assert finished.returncode == 0, finished.stderr
    assert "dry run: nothing was sent" in promised
    assert "deployed, and its code is the expected one" in finished.stdout
    assert finished.stdout.splitlines()[1] == promised.splitlines()[1]
    assert json.loads((tmp_path / "input.json").read_text())["language"] == "Solidity"


def test_bot_lands_a_bundle_on_a_fork_of_a_local_chain(
    devnet_keys: dict[str, str], tmp_path: Path
) -> None:
    command = ("searcher", "run", "--network", "fork", "--of", "devnet", "--live")
    with running(*command, cwd=tmp_path, variables=devnet_keys) as bot:
        read_until(bot, '"landed"')

    assert not (tmp_path / "fork.toml").exists()
