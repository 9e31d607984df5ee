"""What the sources have in common: raw transactions announced in frames of some protocol.

A frame is kept as bytes until it is its turn, so that listening costs next to nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from google.protobuf.message import DecodeError, Message

from graphs.units import Address
from searcher.errors import WireError

ADDRESS_BYTES: Final = 20

Kind = TypeVar("Kind", bound=Message)
Metadata: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A transaction as a source tells of it; nothing of it is believed yet."""

    raw: bytes = field(repr=False)
    """What should be an EIP-2718 envelope."""

    sender: Address | None = None
    """Who signed it, by the source's word; None when it does not say."""

    heard_ns: int | None = None
    """When the source heard of it, on the source's clock; None when it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where to call and as whom."""

    name: str
    """What the configuration calls it."""

    target: str = field(repr=False)
    """Host and port."""

    metadata: Metadata = field(default=(), repr=False)
    """Sent with every call: keys."""

    is_tls: bool = False
    """Whether the connection is encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCall:
    """One method and how to read its answers."""

    path: str
    """`/package.Service/Method`."""

    request: bytes
    """Encoded."""

    decode: Callable[[bytes], tuple[Announced, ...]]
    """One answer to what it announces; raises WireError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawStream:
    """A protocol: what is announced as it happens, and all at once where that can be asked for."""

    updates: RawCall
    """Answered for ever."""

    snapshot: RawCall | None = None
    """Answered once with the whole pool; None where what was missed stays unknown."""


def read_message(kind: type[Kind], frame: bytes) -> Kind:
    """Decode a frame.

    Raises:
        WireError: it is no message of that kind.
    """
    try:
        message: Kind = kind.FromString(frame)
    except DecodeError:
        raise WireError(kind.DESCRIPTOR.full_name, "not a message of this kind") from None
    return message


def sender_of(encoded: bytes, source: str) -> Address | None:
    """The sender in the 20 bytes of a message; None for none.

    Raises:
        WireError: another number of bytes.
    """
    if not encoded:
        return None
    if len(encoded) != ADDRESS_BYTES:
        raise WireError(f"{source} sender", f"{len(encoded)} bytes of {ADDRESS_BYTES}")
    return Address("0x" + encoded.hex())
