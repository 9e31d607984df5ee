"""A local chain and local exchanges as processes, and a configuration that names both."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.commands import read_until, running

CHAIN = """
[ledger]
folder = "ledgers"
[deployments]
folder = "deployments"
[networks.devnet]
file = "devnet.toml"
"""
MARKETS = {"binance": "ETH/USDC", "coinbase": "ETH/USD", "kraken": "ETH/USDC"}
SPEAKS = re.compile(r"^(\w+): (ws_url = \S+), (rest_url = \S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWorld:
    """What runs."""

    folder: Path
    """Where its files are, and commands are run."""

    keys: dict[str, str]
    """The exports that `sims devnet` printed."""


@contextmanager
def local_world(folder: Path) -> Iterator[LocalWorld]:
    """Run both until the end of the block."""
    with (
        running("sims", "exchanges", cwd=folder) as exchanges,
        _chain(folder) as keys,
    ):
        venues = SPEAKS.findall(read_until(exchanges, "kraken: "))
        tables = [
            f'[[exchanges.venues]]\nkind = "{kind}"\nmarkets = ["{MARKETS[kind]}"]\n'
            f"fee_pips = 1_000\n{ws_url}\n{rest_url}\n"
            for kind, ws_url, rest_url in venues
        ]
        (folder / "config.toml").write_text(CHAIN + "".join(tables))
        yield LocalWorld(folder=folder, keys=keys)


@contextmanager
def _chain(folder: Path) -> Iterator[dict[str, str]]:
    (folder / "config.toml").write_text(CHAIN)
    with running("sims", "devnet", "--pace", "1", cwd=folder) as chain:
        printed = read_until(chain, "searcher run --network devnet")
        exports = [line.split()[1] for line in printed.splitlines() if "export " in line]
        yield dict(export.split("=") for export in exports)
