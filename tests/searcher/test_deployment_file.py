"""The note of a deployment: read back as written, and damage is named."""

from pathlib import Path

import pytest

from graphs.units import Address
from searcher.config import (
    Settings,
    load_network,
)
from searcher.deployment_file import DeploymentNote, read_deployment, write_deployment
from searcher.errors import ConfigError
from searcher.settings.bot import (
    DeploymentSettings,
)
from tests.searcher.test_config import NETWORK, VARIABLES

NOTE = DeploymentNote(chain_id=1, executor=Address("0x" + "ee" * 20), code_hash="0x" + "00" * 32)


def settings(folder: Path, **changes: object) -> Settings:
    return Settings(
        networks={"mainnet": {**NETWORK, **changes}}, deployments=DeploymentSettings(folder=folder)
    )


def test_note_is_read_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mainnet.json"

    write_deployment(path, NOTE)

    assert read_deployment(path) == NOTE
    assert [entry.name for entry in path.parent.iterdir()] == ["mainnet.json"]


def test_absent_note_is_none(tmp_path: Path) -> None:
    assert read_deployment(tmp_path / "mainnet.json") is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        '{"chain_id": 1}',
        '{"chain_id": "one"}',
        '{"chain_id": 1, "executor": "0x00", "code_hash": ""}',
    ],
)
def test_damaged_note_names_the_file_and_the_remedy(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mainnet.json"
    path.write_text(content)

    with pytest.raises(ConfigError, match=r"mainnet.json is no note .*; remove it"):
        read_deployment(path)


def test_note_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot be written"):
        write_deployment(tmp_path / "file" / "mainnet.json", NOTE)


def test_network_without_an_executor_takes_the_noted_one(tmp_path: Path) -> None:
    write_deployment(tmp_path / "mainnet.json", NOTE)

    network = load_network(settings(tmp_path), "mainnet", VARIABLES)

    assert network.executor == NOTE.executor


def test_configured_executor_comes_before_the_noted_one(tmp_path: Path) -> None:
    write_deployment(tmp_path / "mainnet.json", NOTE)
    configured = "0x" + "dd" * 20

    network = load_network(settings(tmp_path, executor=configured), "mainnet", VARIABLES)

    assert network.executor == configured


def test_note_of_another_chain_is_refused(tmp_path: Path) -> None:
    write_deployment(tmp_path / "mainnet.json", NOTE)

    with pytest.raises(ConfigError, match=r"mainnet.json is of chain 1, not 5; remove it"):
        load_network(settings(tmp_path, chain_id=5), "mainnet", VARIABLES)
