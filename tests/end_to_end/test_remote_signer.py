"""A bot without the trading key, which another process holds, still lands its bundles."""

from pathlib import Path

import pytest

from tests.end_to_end.commands import read_until, run, running
from tests.end_to_end.test_bot import CONFIG

pytestmark = pytest.mark.anvil

TRADING = "SEARCHER_TRADING_KEY"
WITH_SIGNER = f'{CONFIG}\n[keys]\nsigner = "unix:signer.sock"\n'


def test_bot_without_the_trading_key_lands_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(WITH_SIGNER)
    with running("sims", "devnet", "--pace", "1", cwd=tmp_path) as chain:
        printed = read_until(chain, "searcher run --network devnet")
        exports = [line.split()[1] for line in printed.splitlines() if "export " in line]
        keys = dict(export.split("=") for export in exports)
        trading = {TRADING: keys.pop(TRADING)}
        signing = ("searcher", "signer", "--network", "devnet", "--socket", "signer.sock")
        live = ("searcher", "run", "--network", "devnet", "--live")

        early = run(*live, cwd=tmp_path, variables=keys)
        with running(*signing, cwd=tmp_path, variables=trading) as signer:
            read_until(signer, "signing for")
            with running(*live, cwd=tmp_path, variables=keys) as bot:
                landed = read_until(bot, '"landed"')

    assert TRADING not in keys
    assert early.returncode == 2
    assert "start it" in early.stderr
    assert '"sending"' in landed
