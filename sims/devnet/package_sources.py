"""Contracts that are compiled when somebody asks for them: doubles, and packages without bytecode.

Separate from the set-up's compiler, because the demonstration needs none of them and some take half
a minute. What is compiled is kept under the hash of everything that it follows from.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import solcx
from solcx.exceptions import SolcError

from sims.devnet.anvil import ROOT
from sims.devnet.artifacts import ContractCode, constructor_types
from sims.devnet.compiler import CompilationError
from sims.devnet.storage import write_atomically

CONTRACTS: Final = ROOT / "contracts"
DOUBLES: Final = ("devnet/doubles", "test/doubles")
"""Folders of contracts of ours that stand in for others."""

CACHE: Final = ROOT / ".cache" / "compiled"
"""Of all compilations; every file in it can be deleted at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSet:
    """Contracts that are compiled together."""

    paths: tuple[str, ...]
    """Their files inside `contracts/`, each with a contract of its own name."""

    remappings: tuple[str, ...] = ("@openzeppelin/=node_modules/@openzeppelin/",)
    """Where imports point."""

    optimizer_runs: int = 200
    """The fewer, the smaller the code."""

    via_ir: bool = False
    """Whether to compile by way of Yul: slow, and some sources need it."""


def compile_sources(sources: SourceSet) -> Mapping[str, ContractCode]:
    """Compile the set, or read what was kept of it, by name.

    Raises:
        CompilationError: a source does not compile.
    """
    path = CACHE / f"{_key(sources)}.json"
    if not path.exists():
        write_atomically(path, msgspec.json.encode(_compile(sources)))
    return msgspec.json.decode(path.read_bytes(), type=dict[str, ContractCode])


def _key(sources: SourceSet) -> str:
    """Packages are pinned by the lock file; of ours, every double is read."""
    own = [path for folder in DOUBLES for path in sorted((CONTRACTS / folder).glob("*.sol"))]
    inputs = [CONTRACTS / "package-lock.json", CONTRACTS / "foundry.toml", *own]
    digest = hashlib.sha256(msgspec.json.encode(asdict(sources)))
    for path in inputs:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _compile(sources: SourceSet) -> dict[str, ContractCode]:
    profile = tomllib.loads((CONTRACTS / "foundry.toml").read_text())["profile"]["default"]
    names = {path: Path(path).stem for path in sources.paths}
    settings: dict[str, Any] = {
        "remappings": list(sources.remappings),
        "optimizer": {"enabled": True, "runs": sources.optimizer_runs},
        "evmVersion": profile["evm_version"],
        "outputSelection": {
            path: {name: ["abi", "evm.bytecode.object"]} for path, name in names.items()
        },
    }
    if sources.via_ir:
        settings["viaIR"] = True
    contents = {path: {"content": (CONTRACTS / path).read_text()} for path in sources.paths}
    try:
        output = solcx.compile_standard(
            {"language": "Solidity", "sources": contents, "settings": settings},
            base_path=CONTRACTS,
            allow_paths=(CONTRACTS / "node_modules").resolve(),
            solc_binary=CONTRACTS / profile["solc"],
        )
    except SolcError as error:
        raise CompilationError(error.message) from error
    return {name: _code(name, output["contracts"][path][name]) for path, name in names.items()}


def _code(name: str, compiled: Mapping[str, Any]) -> ContractCode:
    return ContractCode(
        name=name,
        creation_code=bytes.fromhex(compiled["evm"]["bytecode"]["object"]),
        constructor_types=constructor_types(compiled["abi"]),
    )
