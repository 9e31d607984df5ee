"""Where raw pending transactions and hints come from, besides the node: gRPC and MEV-Share."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from searcher.settings.fields import ENV_PREFIX, Endpoint, HexAddress, Section

SELECTOR: Final = re.compile(r"0x[0-9a-fA-F]{8}")
TARGET: Final = re.compile(r"[^\s/:]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5}")


def _selector(text: str) -> str:
    if SELECTOR.fullmatch(text) is None:
        message = "a method is 0x and 8 hex digits, the first four bytes of its calldata"
        raise ValueError(message)
    return text.lower()


def _target(value: SecretStr) -> SecretStr:
    if TARGET.fullmatch(value.get_secret_value()) is None:
        message = "write host:port, without a scheme"
        raise ValueError(message)
    return value


def _referenced(value: object) -> object:
    if isinstance(value, str) and not value.startswith(ENV_PREFIX):
        raise PydanticCustomError("auth", "write env:NAME, never the credential itself")
    return value


Selector = Annotated[str, AfterValidator(_selector)]
Target = Annotated[Endpoint, AfterValidator(_target)]
Credential = Annotated[Endpoint, BeforeValidator(_referenced)]


class GrpcSourceSettings(Section):
    """A gRPC source of raw pending transactions."""

    kind: Literal["bloxroute", "fiber", "erigon"]
    """The protocol."""

    name: str
    """Its name wherever it is shown."""

    target: Target
    """Host and port."""

    auth: Credential | None = None
    """A reference to the account's header or key; None where none is needed, as on Erigon."""

    tls: bool = False
    """Whether the connection is encrypted; gateways on this machine are not."""

    pending_only: bool = False
    """For bloxroute: only what a node's pool has accepted, instead of everything at once."""

    filters: str = ""
    """For bloxroute: an expression that its gateway evaluates; empty for all."""

    to: tuple[HexAddress, ...] = ()
    """Called contracts; any when empty."""

    methods: tuple[Selector, ...] = ()
    """Called methods; any when empty."""

    silence_seconds: Annotated[float, Field(gt=0)] = 60.0
    """Without a message before the connection is given up."""

    audit_seconds: Annotated[float, Field(gt=0)] = 30.0
    """For erigon: between two readings of the whole pool."""

    queue_frames: Annotated[int, Field(ge=1)] = 4_096
    """Received and not decoded yet; the oldest are dropped beyond, and counted."""


class MevShareSettings(Section):
    """A MEV-Share node."""

    name: str = "mev-share"
    """Its name wherever it is shown."""

    url: Endpoint
    """Of the event stream."""
