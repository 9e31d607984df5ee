"""What `searcher deploy` notes of a network, for `searcher run` to find.

Nothing is lost with the file: the address follows from the code, so deploying again finds it.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import msgspec

from graphs.units import Address
from searcher.errors import ConfigError


class DeploymentNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The executor of a network."""

    chain_id: int
    """The chain's own."""

    executor: Annotated[Address, msgspec.Meta(pattern=r"\A0x[0-9a-f]{40}\Z")]
    """The contract's address, in lower case."""

    code_hash: str
    """keccak256 of its code, hex with 0x."""


def read_deployment(path: Path) -> DeploymentNote | None:
    """Read the note; None when there is none.

    Raises:
        ConfigError: it is not a note.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=DeploymentNote)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError):
        raise ConfigError(
            f"{path} is no note of a deployment; remove it and deploy again"
        ) from None


def write_deployment(path: Path, note: DeploymentNote) -> None:
    """Replace the note in one step.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=path.name, suffix=".tmp", delete=False
        ) as file:
            file.write(msgspec.json.encode(note))
        Path(file.name).replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}; choose another deployments.folder"
        ) from None
