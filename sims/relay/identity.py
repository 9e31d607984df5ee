"""What bundles are called: the builders' internal id, duplicates' key, MEV-Share's hashes.

The ids are UUIDs of version 5 with SHA-256 in the place of SHA-1 and a namespace of zeros
(go-utils). They are never told to clients; two relays that agree on them agree on a bundle.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from eth_utils.crypto import keccak

from graphs.units import Address

UUID_BYTES: Final = 16
UUID_VERSION_BYTE: Final = 6
UUID_VERSION: Final = 0x50
UUID_VERSION_MASK: Final = 0x0F
UUID_VARIANT_BYTE: Final = 8
UUID_VARIANT: Final = 0x80
UUID_VARIANT_MASK: Final = 0x3F

MAX_UINT64: Final = 2**64 - 1
"""The end of a window that has none, in version 2."""

VARINT_PAYLOAD_BITS: Final = 7
VARINT_CONTINUES: Final = 0x80
UINT64_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleIdentity:
    """Everything that tells one bundle from another."""

    block_number: int
    """0 for the next one."""

    tx_hashes: tuple[str, ...]
    """In order."""

    raws: tuple[bytes, ...]
    """In order, as they were sent."""

    sender: Address
    """Of the first transaction: who is refunded where nobody is named."""

    min_timestamp_s: int | None = None
    """None where it was not given, which is not the same as 0."""

    max_timestamp_s: int | None = None
    """None where it was not given, which is not the same as 0."""

    reverting_tx_hashes: tuple[str, ...] = ()
    """These may revert."""

    dropping_tx_hashes: tuple[str, ...] = ()
    """These may be left out."""

    replacement_uuid: str | None = None
    """As the client named it."""

    replacement_nonce: int | None = None
    """Of its replacements."""

    refund_percent: int = 0
    """Of what is paid."""

    refund_recipient: Address | None = None
    """None for the first transaction's sender."""

    refund_tx_hashes: tuple[str, ...] = ()
    """Whose payment is refunded; empty for the last one's."""

    signer: Address | None = None
    """Who signed the request."""

    def hash(self) -> str:
        """Return the public identity."""
        return _keccak_of(self.tx_hashes)

    def uuid_v1(self) -> str:
        """Return the internal id of a bundle of version 1."""
        return str(
            _uuid(
                _varint(_zigzag(self.block_number))
                + _bytes(self.hash())
                + _joined(sorted(self.reverting_tx_hashes))
            )
        )

    def uuid_v2(self) -> str:
        """Return the internal id of a bundle of version 2."""
        last_s = MAX_UINT64 if self.max_timestamp_s is None else self.max_timestamp_s
        numbers = (
            self.block_number,
            self.min_timestamp_s or 0,
            last_s,
            len(self.reverting_tx_hashes),
            len(self.dropping_tx_hashes),
        )
        hashes = (
            self.hash(),
            *sorted(self.reverting_tx_hashes),
            *sorted(self.dropping_tx_hashes),
        )
        return str(_uuid(b"".join(map(_varint, numbers)) + _joined(hashes) + self._refund()))

    def unique_key(self) -> str:
        """Return what the same bundle twice has in common (go-utils' `UniqueKey`)."""
        uuid = b"" if self.replacement_uuid is None else UUID(self.replacement_uuid).bytes
        parts = [
            _uint64(self.block_number),
            *self.raws,
            _uint64_or_nothing(self.min_timestamp_s),
            _uint64_or_nothing(self.max_timestamp_s),
            _joined(sorted(self.reverting_tx_hashes)),
            uuid,
            _uint64_or_nothing(self.replacement_nonce),
            _joined(sorted(self.dropping_tx_hashes)),
            _uint64_or_nothing(self.refund_percent or None),
            b"" if self.refund_recipient is None else _bytes(self.refund_recipient),
            "".join(self.refund_tx_hashes).encode("ascii"),
            b"" if self.signer is None else _bytes(self.signer),
        ]
        return str(_uuid(b"".join(parts)))

    def _refund(self) -> bytes:
        if not self.refund_percent:
            return b""
        refunded = self.refund_tx_hashes or self.tx_hashes[-1:]
        return (
            bytes([self.refund_percent])
            + _bytes(self.refund_recipient or self.sender)
            + _varint(len(refunded))
            + _joined(sorted(refunded))
        )


def share_hash(element_hashes: Sequence[str]) -> str:
    """Return the hash of a MEV-Share bundle from its elements'; a single one stands for itself."""
    return element_hashes[0] if len(element_hashes) == 1 else _keccak_of(element_hashes)


def matching_hash(bundle_hash: str) -> str:
    """Return how the event stream calls a bundle, which does not give its own hash away."""
    return _keccak_of([bundle_hash])


def _keccak_of(hashes: Sequence[str]) -> str:
    return "0x" + keccak(_joined(hashes)).hex()


def _uuid(content: bytes) -> UUID:
    digest = bytearray(hashlib.sha256(bytes(UUID_BYTES) + content).digest()[:UUID_BYTES])
    digest[UUID_VERSION_BYTE] = digest[UUID_VERSION_BYTE] & UUID_VERSION_MASK | UUID_VERSION
    digest[UUID_VARIANT_BYTE] = digest[UUID_VARIANT_BYTE] & UUID_VARIANT_MASK | UUID_VARIANT
    return UUID(bytes=bytes(digest))


def _zigzag(value: int) -> int:
    return value << 1


def _varint(value: int) -> bytes:
    """Little-endian groups of seven bits; the highest bit says that another follows."""
    encoded = bytearray()
    while value >= VARINT_CONTINUES:
        encoded.append(value & (VARINT_CONTINUES - 1) | VARINT_CONTINUES)
        value >>= VARINT_PAYLOAD_BITS
    return bytes(encoded) + bytes([value])


def _uint64(value: int) -> bytes:
    return value.to_bytes(UINT64_BYTES, "little")


def _uint64_or_nothing(value: int | None) -> bytes:
    return b"" if value is None else _uint64(value)


def _joined(hashes: Sequence[str]) -> bytes:
    return b"".join(map(_bytes, hashes))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
