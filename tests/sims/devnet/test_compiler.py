"""Compilation for a set-up: offline, cached by content, atomic, and clear about what is missing."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import solcx

from sims.devnet.compiler import (
    CompilationError,
    CompilerMissingError,
    compile_contracts,
)

ROOT = Path(__file__).parents[3]
SHIM = ROOT / "contracts" / "bin" / "solc"
CONTRACTS = ("Answer", "DevnetToken", "Multicall3")
SOURCE = "pragma solidity ^0.8.0; contract Answer { function f() public {} }"
INTERFACE = "pragma solidity ^0.8.0; interface IAnswer { function f() external; }"

pytestmark = pytest.mark.slow


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Path:
    """A checkout with one small contract of its own, beside the installed packages."""
    contracts = tmp_path / "contracts"
    for folder in ("bin", "devnet"):
        shutil.copytree(ROOT / "contracts" / folder, contracts / folder)
    shutil.copy(ROOT / "contracts" / "foundry.toml", contracts)
    (contracts / "node_modules").symlink_to(ROOT / "contracts" / "node_modules")
    (contracts / "src" / "interfaces").mkdir(parents=True)
    (contracts / "src" / "Answer.sol").write_text(SOURCE)
    (contracts / "src" / "interfaces" / "IAnswer.sol").write_text(INTERFACE)
    return tmp_path


@pytest.fixture(name="compiled")
def _compiled(checkout: Path) -> Path:
    """The same with its artifacts."""
    compile_contracts(checkout)
    return checkout


def test_the_executor_and_what_the_local_chain_needs_are_compiled() -> None:
    artifacts = compile_contracts(ROOT)

    assert {"ArbitrageExecutor", "DevnetToken", "Multicall3"} <= set(artifacts)
    assert all(bytes.fromhex(artifact.bytecode[2:]) for artifact in artifacts.values())


def test_every_contract_gets_an_artifact_with_code(checkout: Path) -> None:
    artifacts = compile_contracts(checkout)

    assert sorted(artifacts) == sorted(CONTRACTS)
    for name in CONTRACTS:
        stored = json.loads((checkout / f"contracts/artifacts/{name}.json").read_text())
        assert stored["contractName"] == artifacts[name].contract_name == name
        assert stored["bytecode"] == artifacts[name].bytecode
        assert bytes.fromhex(artifacts[name].deployed_bytecode.removeprefix("0x"))


def test_bytecode_does_not_depend_on_the_folder(compiled: Path) -> None:
    here = json.loads((compiled / "contracts/artifacts/DevnetToken.json").read_text())

    assert here["bytecode"] == compile_contracts(ROOT)["DevnetToken"].bytecode


def test_second_call_does_not_start_the_compiler(compiled: Path) -> None:
    first = compile_contracts(compiled)
    shim = compiled / "contracts" / "bin" / "solc"
    shim.chmod(0o600)

    assert compile_contracts(compiled) == first


@pytest.mark.parametrize(
    "path", ["src/interfaces/IAnswer.sol", "devnet/DevnetToken.sol", "foundry.toml"]
)
def test_a_changed_input_compiles_again(compiled: Path, path: str) -> None:
    first = compile_contracts(compiled)
    comment = "#\n" if path.endswith("toml") else "//\n"
    with (compiled / "contracts" / path).open("a") as file:
        file.write(comment)

    second = compile_contracts(compiled)

    assert second["DevnetToken"].source_hash != first["DevnetToken"].source_hash


@pytest.mark.parametrize("damage", ["{", '{"sourceHash": "0"}'])
def test_a_damaged_artifact_compiles_again(compiled: Path, damage: str) -> None:
    first = compile_contracts(compiled)
    (compiled / "contracts/artifacts/DevnetToken.json").write_text(damage)

    assert compile_contracts(compiled) == first


def test_only_whole_artifacts_are_left_behind(compiled: Path) -> None:
    left = sorted(path.name for path in (compiled / "contracts/artifacts").iterdir())
    assert left == sorted(f"{name}.json" for name in CONTRACTS)


def test_an_error_in_a_source_is_reported_with_its_place(checkout: Path) -> None:
    (checkout / "contracts/devnet/DevnetToken.sol").write_text("contract DevnetToken {")

    with pytest.raises(CompilationError, match=r"devnet/DevnetToken\.sol:1"):
        compile_contracts(checkout)


def test_a_missing_package_names_the_remedy(checkout: Path) -> None:
    (checkout / "contracts" / "node_modules").unlink()

    with pytest.raises(CompilerMissingError, match="npm ci"):
        compile_contracts(checkout)


def test_shim_serves_the_other_entry_points_of_solcx() -> None:
    compiled = solcx.compile_source(SOURCE, output_values=["abi", "bin"], solc_binary=SHIM)

    assert compiled["<stdin>:Answer"]["abi"][0]["name"] == "f"
    assert bytes.fromhex(compiled["<stdin>:Answer"]["bin"])


def test_shim_reads_nothing_outside_of_the_allowed_folders(tmp_path: Path) -> None:
    (tmp_path / "Outside.sol").write_text(SOURCE)
    inside = tmp_path / "inside"
    inside.mkdir()
    request = {
        "language": "Solidity",
        "sources": {"A.sol": {"content": f'import "{tmp_path}/Outside.sol";'}},
        "settings": {"outputSelection": {"*": {"*": ["abi"]}}},
    }

    with pytest.raises(solcx.exceptions.SolcError, match="outside of allowed"):
        solcx.compile_standard(request, base_path=inside, solc_binary=SHIM)


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--base-path"], []])
def test_shim_refuses_what_it_does_not_know(arguments: list[str]) -> None:
    finished = subprocess.run([SHIM, *arguments], capture_output=True, check=False, text=True)

    assert finished.returncode == 1
    assert len(finished.stderr.splitlines()) == 1
