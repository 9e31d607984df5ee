"""The hashes and the header signature of the Flashbots protocol, on bare bytes.

Shared by the client, which signs, and by the local relay, which verifies: one definition of what
is signed. coincurve directly, because the path through eth-account costs several times as much.
"""

from collections.abc import Sequence
from typing import Final

from coincurve import PrivateKey, PublicKey
from eth_utils.address import to_checksum_address

from graphs.units import Address
from searcher.keccak import keccak

SIGNATURE_HEADER: Final = "X-Flashbots-Signature"
"""Carries `<checksummed address>:<0x and 65 bytes of signature>`."""

RECOVERY_ID_OFFSET: Final = 27
"""Added to the recovery id in the last byte of a signature (EIP-191 as wallets write it)."""

HALF_CURVE_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""The largest s that is not malleable (EIP-2, secp256k1)."""

_TEXT_PREFIX: Final = b"\x19Ethereum Signed Message:\n66"
"""EIP-191 version E for the 66 characters of a hash as text."""

_ADDRESS_BYTES: Final = 20
_UNCOMPRESSED_TAG_BYTES: Final = 1
_SIGNATURE_BODY_BYTES: Final = 64


def signed_digest(body: bytes) -> bytes:
    """Return what a request signature signs: the body's hash as 0x text, under EIP-191."""
    text = "0x" + keccak(body).hex()
    return keccak(_TEXT_PREFIX + text.encode("ascii"))


def sign_body(body: bytes, key: PrivateKey) -> str:
    """Return the header value for exactly these request bytes."""
    return header_prefix(key.public_key) + body_signature(body, key)


def header_prefix(public_key: PublicKey) -> str:
    """Return what every header of this key begins with, up to the signature's 0x."""
    return to_checksum_address(address_of(public_key)) + ":"


def body_signature(body: bytes, key: PrivateKey) -> str:
    """Return the signature of these bytes in hex (RFC 6979, low s, v 27 or 28)."""
    signature = key.sign_recoverable(signed_digest(body), hasher=None)
    recovery_id = signature[_SIGNATURE_BODY_BYTES] + RECOVERY_ID_OFFSET
    return "0x" + (signature[:_SIGNATURE_BODY_BYTES] + bytes([recovery_id])).hex()


def address_of(public_key: PublicKey) -> Address:
    """Return the account that a public key controls."""
    point = public_key.format(compressed=False)[_UNCOMPRESSED_TAG_BYTES:]
    return Address("0x" + keccak(point)[-_ADDRESS_BYTES:].hex())


def transaction_hash(raw: bytes) -> str:
    """Return the hash of a raw signed transaction; not for blobs with a sidecar (EIP-4844)."""
    return "0x" + keccak(raw).hex()


def bundle_hash(tx_hashes: Sequence[str]) -> str:
    """Return the bundle's identity: the keccak of its transaction hashes, in order."""
    joined = b"".join(bytes.fromhex(tx_hash.removeprefix("0x")) for tx_hash in tx_hashes)
    return "0x" + keccak(joined).hex()
