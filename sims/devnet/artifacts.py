"""Contract bytecode as the npm packages ship it, in its three shapes, made ready to deploy.

The packages put it at `bytecode`, `bytecode.object` or `evm.bytecode.object`, with or without 0x,
and leave holes where the addresses of libraries belong.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple

from graphs.units import Address
from sims.devnet.compiler import Artifact
from sims.errors import ArtifactError

NODE_MODULES: Final = Path(__file__).parents[2] / "contracts" / "node_modules"
"""Where `npm ci` puts the packages."""

ADDRESS_BYTES: Final = 20
NAMED_HOLE: Final = re.compile(r"__([A-Za-z][A-Za-z0-9]*)_+")
"""A library's name, filled up with underscores to the length of an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCode:
    """What a deployment sends."""

    name: str
    """For people."""

    creation_code: bytes
    """Before the constructor's arguments; zeros where a library's address is missing."""

    constructor_types: tuple[str, ...]
    """The ABI types of the constructor's arguments."""

    holes: tuple[tuple[str, int], ...] = ()
    """The libraries that it calls, each with an offset at which its address belongs."""

    def linked(self, libraries: Mapping[str, Address]) -> "ContractCode":
        """Fill in the addresses of its libraries; others are ignored."""
        code = bytearray(self.creation_code)
        for library, start in self.holes:
            code[start : start + ADDRESS_BYTES] = bytes.fromhex(libraries[library][2:])
        return replace(self, creation_code=bytes(code), holes=())

    def replaced(self, old: bytes, new: bytes) -> "ContractCode":
        """Exchange a constant of the same length that occurs once.

        Raises:
            ArtifactError: it does not occur once.
        """
        if self.creation_code.count(old) != 1 or len(old) != len(new):
            raise ArtifactError(Path(self.name), "does not hold the constant to exchange once")
        return replace(self, creation_code=self.creation_code.replace(old, new))

    def init_code(self, *arguments: object) -> bytes:
        """The creation code with its constructor's arguments."""
        return self.creation_code + encode(self.constructor_types, arguments)


def load_code(path: str, *, node_modules: Path = NODE_MODULES) -> ContractCode:
    """Read an artifact, by its path inside the packages.

    Raises:
        ArtifactError: not installed, or without bytecode.
    """
    full = node_modules / path
    try:
        artifact = json.loads(full.read_bytes())
    except FileNotFoundError:
        raise ArtifactError(full, "is missing") from None
    except ValueError:
        raise ArtifactError(full, "is not JSON") from None
    digits = _digits(artifact)
    if not digits:
        raise ArtifactError(full, "holds no bytecode")
    holes = tuple(sorted([*_holes(artifact), *_named_holes(digits)]))
    try:
        creation_code = _bytes(digits, holes)
    except ValueError:
        raise ArtifactError(full, "holds bytecode that is not hex") from None
    return ContractCode(
        name=full.stem,
        creation_code=creation_code,
        constructor_types=constructor_types(artifact["abi"]),
        holes=holes,
    )


def compiled_code(artifact: Artifact) -> ContractCode:
    """What to deploy of a contract that was compiled here."""
    return ContractCode(
        name=artifact.contract_name,
        creation_code=bytes.fromhex(artifact.bytecode.removeprefix("0x")),
        constructor_types=constructor_types(artifact.abi),
    )


def _digits(artifact: Mapping[str, Any]) -> str:
    shape = artifact.get("bytecode") or artifact.get("evm", {}).get("bytecode", "")
    digits = shape if isinstance(shape, str) else shape.get("object", "")
    return str(digits).removeprefix("0x")


def _holes(artifact: Mapping[str, Any]) -> list[tuple[str, int]]:
    references = artifact.get("linkReferences") or {}
    return [
        (library, position["start"])
        for libraries in references.values()
        for library, positions in libraries.items()
        for position in positions
    ]


def _named_holes(digits: str) -> list[tuple[str, int]]:
    """Truffle's, which name the library and have no list."""
    return [
        (match.group(1), match.start() // 2)
        for match in NAMED_HOLE.finditer(digits)
        if len(match.group()) == 2 * ADDRESS_BYTES
    ]


def _bytes(digits: str, holes: tuple[tuple[str, int], ...]) -> bytes:
    filled = digits
    for _, start in holes:
        filled = filled[: 2 * start] + "00" * ADDRESS_BYTES + filled[2 * (start + ADDRESS_BYTES) :]
    return bytes.fromhex(filled)


def constructor_types(abi: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """The ABI types of a constructor's arguments; none without a constructor."""
    constructors = [entry for entry in abi if entry["type"] == "constructor"]
    return tuple(
        collapse_if_tuple(argument) for entry in constructors for argument in entry["inputs"]
    )
