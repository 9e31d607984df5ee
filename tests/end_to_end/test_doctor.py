"""`searcher doctor` as its own process: all is well on a local chain, and each fault is named."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.end_to_end.commands import run
from tests.end_to_end.local_world import LocalWorld, local_world

pytestmark = pytest.mark.anvil

NOBODY = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorld]:
    """One for all tests of the module: nothing here changes it."""
    with local_world(tmp_path_factory.mktemp("doctor")) as both:
        yield both


def examined(
    world: LocalWorld, folder: Path, *, changes: Mapping[str, str], added: str = ""
) -> CompletedProcess[str]:
    """Run it on the local chain with lines of its file replaced, or left out where empty."""
    lines = (world.folder / "devnet.toml").read_text().splitlines()
    changed = [
        f"{key} = {changes[key]}" if (key := line.partition(" = ")[0]) in changes else line
        for line in lines
    ]
    kept = [line for line in changed if not line.endswith(" = ")]
    (folder / "broken.toml").write_text("\n".join(kept) + "\n" + added)
    (folder / "config.toml").write_text('[networks.broken]\nfile = "broken.toml"\n')
    return run("searcher", "doctor", "--network", "broken", cwd=folder, variables=world.keys)


def test_everything_is_well_on_a_local_chain(world: LocalWorld) -> None:
    command = ("searcher", "doctor", "--network", "devnet", "--json")

    finished = run(*command, cwd=world.folder, variables=world.keys)

    report = json.loads(finished.stdout)
    names = {finding["name"] for finding in report["findings"]}
    assert report["is_well"], report
    assert finished.returncode == 0
    assert {finding["name"] for finding in report["findings"] if finding["verdict"] != "ok"} <= {
        "search"
    }
    assert names >= {
        "node 1: chain",
        "node 1: eth_simulateV1",
        "executor",
        "account",
        "relay local",
        "relay local: clock",
        "mempool anvil: full",
        "exchange binance",
        "exchange coinbase",
        "exchange kraken",
    }


def test_no_key_is_ever_shown(world: LocalWorld) -> None:
    command = ("searcher", "doctor", "--network", "devnet")

    finished = run(*command, cwd=world.folder, variables=world.keys)

    for key in world.keys.values():
        assert key.removeprefix("0x") not in finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"chain_id": "1"}, ("is on chain 31337, the configuration says 1", "or chain_id")),
        ({"http_url": f'"{NOBODY}/secret"'}, (f"{NOBODY}: no answer", "correct http_url")),
        ({"ws_url": '"ws://127.0.0.1:1"'}, ("ws://127.0.0.1:1: no answer", "correct ws_url")),
        ({"multicall3": f'"0x{"ab" * 20}"'}, (f"no contract at 0x{'ab' * 20}", "multicall3")),
        ({"executor": f'"0x{"cd" * 20}"'}, (f"no contract at 0x{'cd' * 20}", "searcher deploy")),
        ({"url": f'"{NOBODY}/secret"'}, (f"{NOBODY}: ", "the relay's url")),
        ({"method": '"alchemy"'}, ("mempool anvil: alchemy", "choose its method")),
    ],
)
def test_fault_of_the_network_is_named_with_its_remedy(
    world: LocalWorld, tmp_path: Path, *, changes: dict[str, str], said: tuple[str, str]
) -> None:
    finished = examined(world, tmp_path, changes=changes)

    failures = finished.stdout.split("✗")[1:]
    assert finished.returncode == 1, finished.stdout
    assert any(all(words in one for words in said) for one in failures), finished.stdout
    assert "secret" not in finished.stdout


def test_stream_that_is_not_there_is_named(world: LocalWorld, tmp_path: Path) -> None:
    added = '[[grpc_sources]]\nkind = "fiber"\nname = "far"\ntarget = "127.0.0.1:1"\n'

    finished = examined(world, tmp_path, changes={"grpc_sources": ""}, added=added)

    assert finished.returncode == 1
    assert "✗ grpc far" in finished.stdout


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ('chain_id = 1\nhttp_url = "env:NO_SUCH_URL"', "NO_SUCH_URL is not set\n  → export it"),
        ('chain_id = 0\nhttp_url = "http://127.0.0.1:1"', "chain_id"),
    ],
)
def test_fault_of_the_configuration_is_named(tmp_path: Path, config: str, named: str) -> None:
    (tmp_path / "config.toml").write_text(
        f"[networks.there]\n{config}\nweth = '0x{'11' * 20}'\nmulticall3 = '0x{'11' * 20}'\n"
        "factories = []\nlenders = []\n"
    )

    finished = run("searcher", "doctor", "--network", "there", cwd=tmp_path)

    assert finished.returncode == 1
    assert named in finished.stdout
    assert "no key at env:SEARCHER_TRADING_KEY" in finished.stdout


def test_ledger_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "config.toml").write_text('[ledger]\nfolder = "file/ledgers"\n')

    finished = run("searcher", "doctor", "--network", "none", cwd=tmp_path)

    assert finished.returncode == 1
    assert "file is no folder" in finished.stdout
    assert "another folder under [ledger]" in finished.stdout
