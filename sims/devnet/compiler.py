"""Compiles the executor and the local chain's own contracts, offline.

Separate from forge because a set-up needs artifacts and not a test runner. The settings are those
of `contracts/foundry.toml`, so the bytecode that tests prove is the bytecode that is deployed.
"""

import hashlib
import json
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import solcx
from solcx.exceptions import SolcError

from sims.errors import SimsError

_MULTICALL: Final = Path(
    "node_modules/@chainlink/contracts/src/v0.8/vendor/multicall/ebd8b64/src/Multicall3.sol"
)
_PACKAGES: Final = ("solc", "@openzeppelin/contracts", "@chainlink/contracts")
_NODE_REMEDY: Final = "install Node.js 20 or later"
_PACKAGE_REMEDY: Final = "run `npm ci` in contracts/"
_OUTPUTS: Final = ("abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode.object")


class CompilerError(SimsError):
    """The contracts cannot be compiled."""


class CompilerMissingError(CompilerError):
    """Something that the compiler consists of is not installed."""

    def __init__(self, missing: str, *, remedy: str) -> None:
        super().__init__(f"the Solidity compiler needs {missing}: {remedy}")
        self.missing = missing
        self.remedy = remedy


class CompilationError(CompilerError):
    """The compiler refused a source."""

    def __init__(self, diagnosis: str) -> None:
        super().__init__(diagnosis)
        self.diagnosis = diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One compiled contract."""

    contract_name: str
    """As declared in the source, which is also the name of its file."""

    abi: tuple[dict[str, Any], ...]
    """The entries of its interface."""

    bytecode: str
    """What a deployment sends before the constructor's arguments, hex with 0x."""

    deployed_bytecode: str
    """What the chain holds, with zeros for immutables, hex with 0x."""

    metadata: str
    """What the compiler says of its input, as JSON: settings, and a hash of each source."""

    source_hash: str
    """Of all sources, the compiler and its settings, hex without 0x."""


def compile_contracts(root: Path) -> Mapping[str, Artifact]:
    """Compile what is not up to date in `contracts/artifacts` of the checkout at `root`, by name.

    Raises:
        CompilerMissingError: node or an npm package is not installed.
        CompilationError: a source does not compile.
    """
    contracts = root / "contracts"
    _require_compiler(contracts)
    source_hash = _source_hash(contracts)
    names = [path.stem for path in _targets(contracts)]
    folder = contracts / "artifacts"
    stored = {name: _read(folder / f"{name}.json", source_hash) for name in names}
    current = {name: artifact for name, artifact in stored.items() if artifact is not None}
    if len(current) == len(names):
        return current
    compiled = _compile(contracts, source_hash)
    folder.mkdir(exist_ok=True)
    for name, artifact in compiled.items():
        _write(folder / f"{name}.json", artifact)
    return compiled


def _require_compiler(contracts: Path) -> None:
    if shutil.which("node") is None:
        raise CompilerMissingError("node", remedy=_NODE_REMEDY)
    for package in _PACKAGES:
        if not (contracts / "node_modules" / package / "package.json").is_file():
            raise CompilerMissingError(package, remedy=_PACKAGE_REMEDY)


def _targets(contracts: Path) -> list[Path]:
    """The sources whose contract of the same name is wanted, in a stable order."""
    own = [*contracts.glob("src/*.sol"), *contracts.glob("devnet/*.sol")]
    return [*sorted(own), contracts / _MULTICALL]


def _inputs(contracts: Path) -> Iterator[Path]:
    """Every file that the output depends on; a package is pinned by its own package.json."""
    yield contracts / "foundry.toml"
    yield contracts / "bin" / "solc"
    yield from sorted({*contracts.glob("src/**/*.sol"), *_targets(contracts)})
    yield from (contracts / "node_modules" / package / "package.json" for package in _PACKAGES)


def _source_hash(contracts: Path) -> str:
    digest = hashlib.sha256(" ".join(_OUTPUTS).encode())
    for path in _inputs(contracts):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(contracts)}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


def _compile(contracts: Path, source_hash: str) -> Mapping[str, Artifact]:
    with (contracts / "foundry.toml").open("rb") as file:
        profile = tomllib.load(file)["profile"]["default"]
    targets = {str(path.relative_to(contracts)): path for path in _targets(contracts)}
    request = {
        "language": "Solidity",
        "sources": {unit: {"content": path.read_text()} for unit, path in targets.items()},
        "settings": {
            "remappings": profile["remappings"],
            "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
            "viaIR": profile["via_ir"],
            "evmVersion": profile["evm_version"],
            "outputSelection": {unit: {path.stem: _OUTPUTS} for unit, path in targets.items()},
        },
    }
    try:
        output = solcx.compile_standard(
            request,
            base_path=contracts,
            # Packages may be linked in from elsewhere.
            allow_paths=(contracts / "node_modules").resolve(),
            solc_binary=contracts / profile["solc"],
        )
    except SolcError as error:
        raise CompilationError(error.message) from error
    return {
        path.stem: _artifact(path.stem, output["contracts"][unit][path.stem], source_hash)
        for unit, path in targets.items()
    }


def _artifact(name: str, compiled: Mapping[str, Any], source_hash: str) -> Artifact:
    return Artifact(
        contract_name=name,
        abi=tuple(compiled["abi"]),
        bytecode="0x" + compiled["evm"]["bytecode"]["object"],
        deployed_bytecode="0x" + compiled["evm"]["deployedBytecode"]["object"],
        metadata=compiled["metadata"],
        source_hash=source_hash,
    )


def _read(path: Path, source_hash: str) -> Artifact | None:
    """The stored artifact, or None when it is absent, damaged or of other sources."""
    try:
        stored = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(stored, dict) or stored.get("sourceHash") != source_hash:
        return None
    return Artifact(
        contract_name=stored["contractName"],
        abi=tuple(stored["abi"]),
        bytecode=stored["bytecode"],
        deployed_bytecode=stored["deployedBytecode"],
        metadata=stored["metadata"],
        source_hash=source_hash,
    )


def _write(path: Path, artifact: Artifact) -> None:
    """Replace the file in one step, so that a reader sees the old artifact or the new one."""
    content = {
        "contractName": artifact.contract_name,
        "abi": artifact.abi,
        "bytecode": artifact.bytecode,
        "deployedBytecode": artifact.deployed_bytecode,
        "metadata": artifact.metadata,
        "sourceHash": artifact.source_hash,
    }
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=path.name, suffix=".tmp", delete=False
    ) as file:
        json.dump(content, file, indent=1)
    Path(file.name).replace(path)
