"""Verifies the `X-Flashbots-Signature` header of a request on its raw bytes.

Refuses in the order and with the words of the public relay's server library (go-utils), because
clients are debugged by those words.
"""

import string
from typing import Final

from coincurve import PublicKey
from eth_utils.address import to_checksum_address

from graphs.units import Address
from searcher.flashbots import HALF_CURVE_ORDER, RECOVERY_ID_OFFSET, address_of, signed_digest
from sims.errors import SignatureFault, SignatureRefusedError

SIGNATURE_BYTES: Final = 65
WORD_BYTES: Final = 32
ADDRESS_BYTES: Final = 20


def verify(header: str | None, body: bytes) -> Address:
    """Return the signer of the body.

    Raises:
        SignatureRefusedError: with the text that the relay answers.
    """
    if not header:
        raise SignatureRefusedError(SignatureFault.MISSING)
    claimed, separator, encoded = header.partition(":")
    if not separator:
        raise SignatureRefusedError(SignatureFault.SEPARATOR)
    signature = _with_plain_recovery_id(_decoded(encoded))
    signer = _recovered(signature, signed_digest(body))
    if signer != _lenient_address(claimed):
        raise SignatureRefusedError(SignatureFault.MISMATCH)
    if int.from_bytes(signature[WORD_BYTES:-1], "big") > HALF_CURVE_ORDER:
        raise SignatureRefusedError(SignatureFault.NIL)
    return signer


def verify_legacy(header: str | None, body: bytes) -> Address:
    """Return the signer as the first public relay found it, which took a high s for good.

    Raises:
        SignatureRefusedError: with the text that that relay answered.
    """
    if not header:
        raise SignatureRefusedError("missing X-Flashbots-Signature header")
    claimed, *encoded = header.split(":")
    if len(encoded) != 1:
        raise SignatureRefusedError("invalid X-Flashbots-Signature header")
    try:
        signature = _with_plain_recovery_id(_decoded(encoded[0]))
    except SignatureRefusedError:
        raise SignatureRefusedError(f"error in signature check {claimed}") from None
    try:
        signer = _recovered(signature, signed_digest(body))
    except SignatureRefusedError:
        raise SignatureRefusedError(f"invalid signature for {claimed}") from None
    if signer != claimed.lower():
        found = to_checksum_address(signer)
        words = f"signer address does not equal expected, got {found}, expected {claimed}"
        raise SignatureRefusedError(words)
    return signer


def claimed_signer(header: str | None) -> str:
    """Return who a header says has signed, whether or not it is true."""
    return (header or "").partition(":")[0]


def _decoded(text: str) -> bytes:
    if not text:
        raise SignatureRefusedError(SignatureFault.EMPTY)
    if text[:2] not in {"0x", "0X"}:
        raise SignatureRefusedError(SignatureFault.PREFIX)
    digits = text[2:]
    if any(digit not in string.hexdigits for digit in digits):
        raise SignatureRefusedError(SignatureFault.DIGITS)
    if len(digits) % 2:
        raise SignatureRefusedError(SignatureFault.ODD)
    if not digits:
        raise SignatureRefusedError(SignatureFault.NIL)
    return bytes.fromhex(digits)


def _with_plain_recovery_id(signature: bytes) -> bytes:
    recovery_id = signature[-1]
    if recovery_id >= RECOVERY_ID_OFFSET:
        recovery_id -= RECOVERY_ID_OFFSET
    if recovery_id > 1:
        raise SignatureRefusedError(SignatureFault.RECOVERY_ID)
    return signature[:-1] + bytes([recovery_id])


def _recovered(signature: bytes, digest: bytes) -> Address:
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureRefusedError(SignatureFault.LENGTH)
    try:
        return address_of(PublicKey.from_signature_and_message(signature, digest, hasher=None))
    except ValueError:
        raise SignatureRefusedError(SignatureFault.RECOVERY) from None


def _lenient_address(text: str) -> Address:
    """Read an address as forgivingly as the library does: the last 20 bytes of leading hex."""
    digits = text[2:] if text[:2] in {"0x", "0X"} else text
    digits = "0" * (len(digits) % 2) + digits
    end = next((i for i, digit in enumerate(digits) if digit not in string.hexdigits), len(digits))
    value = bytes.fromhex(digits[: end - end % 2])
    return Address("0x" + value[-ADDRESS_BYTES:].rjust(ADDRESS_BYTES, b"\0").hex())
