"""`searcher watch` as its own process, on a local chain and local exchanges."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.commands import read_until, run, running
from tests.end_to_end.local_world import LocalWorld, local_world

pytestmark = pytest.mark.anvil


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorld]:
    """One for all tests of the module: nothing here changes it."""
    with local_world(tmp_path_factory.mktemp("watch")) as both:
        yield both


def test_once_shows_every_source_live(world: LocalWorld) -> None:
    finished = run("searcher", "watch", "--network", "devnet", "--once", cwd=world.folder)

    assert finished.returncode == 0, finished.stdout + finished.stderr
    for source in ("blocks", "node 1", "anvil", "binance", "coinbase", "kraken"):
        assert re.search(rf"^ *{source}.* live ", finished.stdout, re.MULTILINE), finished.stdout


def test_stream_counts_messages_and_covers_blocks(world: LocalWorld) -> None:
    command = ("searcher", "watch", "--network", "devnet", "--json")
    with running(*command, cwd=world.folder) as process:
        printed = read_until(process, '"coverage": [{')

    last = json.loads(printed.splitlines()[-1])
    rates = {source["source"]: source["rate"] for source in last["sources"]}
    assert last["head"]["number"] >= last["coverage"][-1]["block"]
    assert last["coverage"][-1]["seen"] <= last["coverage"][-1]["transactions"]
    assert rates["binance"] > 0
    assert rates["kraken"] > 0


def test_source_that_is_not_there_is_named_and_fails(world: LocalWorld, tmp_path: Path) -> None:
    content = (world.folder / "devnet.toml").read_text()
    broken = content + '\n[[mempool]]\nname = "gone"\nws_url = "ws://127.0.0.1:1"\n'
    (tmp_path / "broken.toml").write_text(broken)
    (tmp_path / "config.toml").write_text('[networks.broken]\nfile = "broken.toml"\n')
    command = ("searcher", "watch", "--network", "broken", "--once", "--patience", "3", "--json")

    finished = run(*command, cwd=tmp_path)

    assert finished.returncode == 1
    sources = {source["source"]: source for source in json.loads(finished.stdout)["sources"]}
    assert sources["gone"]["state"] == "connecting"
    assert "check that the node runs" in sources["gone"]["reason"]
    assert sources["anvil"]["state"] == "live"
