"""The compiled executor: what is published was compiled, and stale artifacts are refused."""

import json
import shutil
from pathlib import Path

import pytest
import solcx

from searcher.errors import DeployError
from searcher.executor_artifact import (
    CONTRACTS,
    NAME,
    load_executor,
    verification_input,
    write_verification_input,
)

pytestmark = pytest.mark.slow


@pytest.fixture(name="copied")
def _copied(tmp_path: Path) -> Path:
    """The sources and the artifact, apart from the checkout."""
    shutil.copytree(CONTRACTS / "src", tmp_path / "src")
    (tmp_path / "artifacts").mkdir()
    shutil.copy(CONTRACTS / "artifacts" / f"{NAME}.json", tmp_path / "artifacts")
    (tmp_path / "node_modules").symlink_to(CONTRACTS / "node_modules")
    return tmp_path


def test_verification_input_alone_compiles_to_the_deployed_bytecode() -> None:
    artifact = load_executor()
    request = json.loads(verification_input(artifact))

    output = solcx.compile_standard(request, solc_binary=CONTRACTS / "bin" / "solc")

    (unit,) = artifact.metadata["settings"]["compilationTarget"]
    compiled = output["contracts"][unit][NAME]["evm"]["bytecode"]["object"]
    assert bytes.fromhex(compiled) == artifact.creation_code


def test_verification_input_names_every_source_and_no_folder() -> None:
    request = json.loads(verification_input(load_executor()))

    assert f"src/{NAME}.sol" in request["sources"]
    assert all(not unit.startswith("/") for unit in request["sources"])
    assert str(CONTRACTS) not in json.dumps(request)


def test_changed_source_is_refused_by_name(copied: Path) -> None:
    source = copied / "src" / f"{NAME}.sol"
    source.write_text(source.read_text() + "\n")

    with pytest.raises(DeployError, match=f"src/{NAME}.sol has changed since .*; run"):
        load_executor(copied)


def test_missing_source_is_refused_by_name(copied: Path) -> None:
    (copied / "src" / f"{NAME}.sol").unlink()

    with pytest.raises(DeployError, match=rf"{NAME}.sol is missing; run"):
        load_executor(copied)


@pytest.mark.parametrize("content", [None, "", "{}", '{"bytecode": "0xzz"}'])
def test_missing_or_damaged_artifact_names_the_remedy(copied: Path, content: str | None) -> None:
    path = copied / "artifacts" / f"{NAME}.json"
    path.unlink()
    if content is not None:
        path.write_text(content)

    with pytest.raises(DeployError, match=r"the executor is not compiled .*sims compile"):
        load_executor(copied)


def test_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="cannot be written"):
        write_verification_input(load_executor(), tmp_path / "absent" / "input.json")
