"""The compiled executor, as the set-up leaves it, and the compiler's input that led to it.

Read from the checkout: `sims compile` writes it. The sources are checked against the hashes that
the compiler left, so that nobody deploys or publishes something else than what they read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple
from eth_utils.crypto import keccak

from searcher.errors import DeployError

CONTRACTS: Final = Path(__file__).parents[1] / "contracts"
"""Of the checkout."""

NAME: Final = "ArbitrageExecutor"
REMEDY: Final = "run `.venv/bin/sims compile`"
VERIFIED_OUTPUTS: Final = ("abi", "metadata", "evm.bytecode", "evm.deployedBytecode")
"""What block explorers ask the compiler for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorArtifact:
    """What a deployment needs to know of the executor."""

    creation_code: bytes
    """Before the constructor's arguments."""

    constructor_types: tuple[str, ...]
    """The ABI types of its arguments."""

    metadata: Mapping[str, Any]
    """The compiler's account of its input: version, settings, the hash of each source."""

    def init_code(self, *arguments: object) -> bytes:
        """The creation code with its constructor's arguments."""
        return self.creation_code + self.encoded_arguments(*arguments)

    def encoded_arguments(self, *arguments: object) -> bytes:
        """The constructor's arguments as block explorers ask for them."""
        return encode(self.constructor_types, arguments)

    @property
    def compiler_version(self) -> str:
        """As block explorers name it."""
        return f"v{self.metadata['compiler']['version']}"


def load_executor(contracts: Path = CONTRACTS) -> ExecutorArtifact:
    """Read the artifact; its sources must be those that are there.

    Raises:
        DeployError: not compiled, or the sources have changed since.
    """
    path = contracts / "artifacts" / f"{NAME}.json"
    try:
        stored = json.loads(path.read_bytes())
        abi, metadata = stored["abi"], json.loads(stored["metadata"])
        code = bytes.fromhex(stored["bytecode"].removeprefix("0x"))
    except (OSError, ValueError, KeyError, TypeError):
        raise DeployError(f"the executor is not compiled ({path}); {REMEDY}") from None
    inputs = [entry["inputs"] for entry in abi if entry["type"] == "constructor"]
    artifact = ExecutorArtifact(
        creation_code=code,
        constructor_types=tuple(collapse_if_tuple(one) for group in inputs for one in group),
        metadata=metadata,
    )
    _sources(artifact, contracts)
    return artifact


def verification_input(artifact: ExecutorArtifact, contracts: Path = CONTRACTS) -> bytes:
    """The standard JSON from which the same compiler makes the same bytecode, alone.

    Raises:
        DeployError: the sources have changed since the compilation.
    """
    settings = dict(artifact.metadata["settings"])
    del settings["compilationTarget"]
    settings["outputSelection"] = {"*": {"*": VERIFIED_OUTPUTS}}
    request = {
        "language": artifact.metadata["language"],
        "sources": {
            unit: {"content": content} for unit, content in _sources(artifact, contracts).items()
        },
        "settings": settings,
    }
    return json.dumps(request, indent=1).encode()


def write_verification_input(
    artifact: ExecutorArtifact, path: Path, contracts: Path = CONTRACTS
) -> None:
    """Leave that input in a file.

    Raises:
        DeployError: the sources have changed, or the file cannot be written.
    """
    content = verification_input(artifact, contracts)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise DeployError(f"{path} cannot be written: {error.strerror}; name another") from None


def _sources(artifact: ExecutorArtifact, contracts: Path) -> dict[str, str]:
    """Every source by its name in the compiler."""
    sources = {}
    for unit, facts in artifact.metadata["sources"].items():
        try:
            content = (contracts / unit).read_bytes()
        except OSError:
            raise DeployError(f"{contracts / unit} is missing; {REMEDY}") from None
        if "0x" + keccak(content).hex() != facts["keccak256"]:
            raise DeployError(f"{unit} has changed since the executor was compiled; {REMEDY}")
        sources[unit] = content.decode()
    return sources
