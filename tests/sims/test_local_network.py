"""The network file says what the bot reads, and is there only while the chain runs."""

import socket
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.config import (
    Settings,
    load_network,
)
from searcher.errors import ConfigError
from searcher.settings.network import (
    NetworkSettings,
)
from sims.errors import NetworkRunningError
from sims.local_network import network_file, network_toml

ADDRESSES = st.integers(0, 2**160 - 1).map(lambda number: f"0x{number:040x}")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), min_size=1)
FACTORIES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["uniswap_v2", "uniswap_v3"]),
        "venue": TEXT,
        "address": ADDRESSES,
        "fee_pips": st.integers(0, 999_999),
    }
)
NETWORKS = st.fixed_dictionaries(
    {
        "chain_id": st.integers(1, 2**53),
        "http_url": st.just("http://127.0.0.1:1"),
        "ws_url": st.just("ws://127.0.0.1:1"),
        "weth": ADDRESSES,
        "multicall3": ADDRESSES,
        "factories": st.lists(FACTORIES, max_size=3),
        "lenders": st.lists(
            st.fixed_dictionaries(
                {"kind": st.sampled_from(["aave_v3", "balancer_v2"]), "address": ADDRESSES}
            ),
            max_size=2,
        ),
        "relays": st.just([{"name": "local", "url": "http://127.0.0.1:2"}]),
    },
    optional={
        "executor": ADDRESSES,
        "mempool": st.lists(
            st.fixed_dictionaries(
                {"name": TEXT, "method": st.sampled_from(["full", "filter"])},
                optional={"reads_content": st.booleans(), "poll_seconds": st.floats(0.1, 9.0)},
            ),
            max_size=2,
        ),
        "grpc_sources": st.just([{"kind": "fiber", "name": "fiber", "target": "127.0.0.1:4"}]),
        "assets": st.dictionaries(
            TEXT, st.fixed_dictionaries({"token": ADDRESSES, "decimals": st.integers(0, 36)})
        ),
        "start_block": st.integers(0, 2**40),
        "endpoints": st.just([{"http_url": "http://127.0.0.1:3", "requests_per_second": 9}]),
    },
).map(NetworkSettings.model_validate)
SMALL = NetworkSettings.model_validate(
    {
        "chain_id": 1,
        "http_url": "http://127.0.0.1:1",
        "ws_url": "ws://127.0.0.1:1",
        "weth": "0x" + "00" * 20,
        "multicall3": "0x" + "00" * 20,
        "factories": [],
        "lenders": [],
    }
)


@given(NETWORKS)
def test_network_survives_its_own_toml(network: NetworkSettings) -> None:
    assert NetworkSettings.model_validate(tomllib.loads(network_toml(network))) == network


@given(network=NETWORKS)
def test_network_is_found_while_its_file_is_there(
    network: NetworkSettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("network") / "network.toml"
    settings = Settings(networks={"local": {"file": str(path)}})

    with network_file(network, path):
        assert load_network(settings, "local", {}) == network
    with pytest.raises(ConfigError, match="is not running"):
        load_network(settings, "local", {})


def test_file_is_gone_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), network_file(SMALL, tmp_path / "network.toml"):
        raise KeyboardInterrupt

    assert list(tmp_path.iterdir()) == []


def test_running_chain_keeps_its_file(tmp_path: Path) -> None:
    path = tmp_path / "network.toml"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        path.write_text(f'http_url = "{url}"\n')

        with (
            pytest.raises(NetworkRunningError, match="stop that one first"),
            network_file(SMALL, path),
        ):
            pass

    assert url in path.read_text()


def test_file_of_a_killed_chain_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "network.toml"
    path.write_text('http_url = "http://127.0.0.1:9"\n')

    with network_file(SMALL, path):
        assert tomllib.loads(path.read_text())["chain_id"] == SMALL.chain_id


def test_file_of_a_successor_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "network.toml"

    with network_file(SMALL, path):
        path.write_text("of somebody else")

    assert path.read_text() == "of somebody else"
