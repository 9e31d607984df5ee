"""The kinds of value that settings have, and how each is checked."""

import re
from typing import Annotated, Final

from eth_utils.address import is_checksum_address
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from graphs.units import Address

ENV_PREFIX = "env:"
KEYSTORE_PREFIX = "keystore:"
UNIX_PREFIX = "unix:"
ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")
LIKE_A_KEY = re.compile(r"(0x)?[0-9a-fA-F]{32,}")
"""What a private key looks like where somebody pasted it by mistake; never quoted."""


def address(text: str) -> Address:
    """Lower case, where it is an address and any checksum in it is right.

    Raises:
        ValueError: it is none, or its checksum is wrong.
    """
    lower = text.lower()
    if ADDRESS.fullmatch(lower) is None:
        message = "an address is 0x and 40 hex digits"
        raise ValueError(message)
    if text[2:] not in {lower[2:], lower[2:].upper()} and not is_checksum_address(text):
        message = "the address has a wrong checksum; copy it again"
        raise ValueError(message)
    return Address(lower)


def _resolved(text: object, info: ValidationInfo) -> SecretStr:
    if isinstance(text, SecretStr):
        return text
    if not isinstance(text, str):
        raise PydanticCustomError("endpoint", "an endpoint is a URL or an env:NAME reference")
    if not text.startswith(ENV_PREFIX):
        return SecretStr(text)
    name = text.removeprefix(ENV_PREFIX)
    if not name.isidentifier():
        message = "a reference is env: and the name of an environment variable"
        raise ValueError(message)
    value = (info.context or {}).get(name)
    if not value:
        message = f"the environment variable {name} is not set; export it"
        raise ValueError(message)
    return SecretStr(value)


def _key_reference(text: str) -> str:
    path = text.removeprefix(KEYSTORE_PREFIX)
    if path and path != text:
        return text
    name = text.removeprefix(ENV_PREFIX)
    looks_like_a_key = LIKE_A_KEY.fullmatch(name) is not None
    if not text.startswith(ENV_PREFIX) or not name.isidentifier() or looks_like_a_key:
        message = (
            "write env:NAME with the name of a variable that holds the key, or keystore:PATH "
            "of an encrypted file, never the key"
        )
        raise ValueError(message)
    return text


def _signer_reference(text: str) -> str:
    if not text.removeprefix(UNIX_PREFIX) or not text.startswith(UNIX_PREFIX):
        message = "write unix:PATH with the path of the socket of `searcher signer`"
        raise ValueError(message)
    return text


SignerReference = Annotated[str, AfterValidator(_signer_reference)]
KeyReference = Annotated[str, AfterValidator(_key_reference)]
HexAddress = Annotated[str, AfterValidator(address)]
Endpoint = Annotated[SecretStr, BeforeValidator(_resolved)]
Wei = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """A table of `config.toml`: frozen, without unknown keys, silent about what was given."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
