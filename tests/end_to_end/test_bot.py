"""The bot as its own process against a local chain, and against a fork of that chain."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.commands import read_until, running

pytestmark = pytest.mark.anvil

CONFIG = """
[ledger]
folder = "ledgers"
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

    assert '"sending"' in printed


def test_dry_run_simulates_and_sends_nothing(devnet_keys: dict[str, str], tmp_path: Path) -> None:
    command = ("searcher", "run", "--network", "devnet")
    with running(*command, cwd=tmp_path, variables=devnet_keys) as bot:
        printed = read_until(bot, '"simulated"') + read_until(bot, '"simulated"')

    assert '"sending"' not in printed
    assert '"submitted"' not in printed


def test_bot_lands_a_bundle_on_a_fork_of_a_local_chain(
    devnet_keys: dict[str, str], tmp_path: Path
) -> None:
    command = ("searcher", "run", "--network", "fork", "--of", "devnet", "--live")
    with running(*command, cwd=tmp_path, variables=devnet_keys) as bot:
        read_until(bot, '"landed"')

    assert not (tmp_path / "fork.toml").exists()
