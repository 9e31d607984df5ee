"""The network form of blob transactions: the signed body with its blobs around it (EIP-4844).

The hash of a blob transaction is that of the body alone. Commitments are bound to the body by its
versioned hashes, which is checked; whether the proofs hold is left to the nodes that know KZG.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, TypeGuard

from searcher import rlp
from searcher.errors import TransactionFlaw, UndecodableTransactionError

BLOB_BYTES: Final = 4_096 * 32
"""Field elements per blob and their size (EIP-4844)."""

COMMITMENT_BYTES: Final = 48
"""A compressed point of BLS12-381; so are proofs."""

HASH_VERSION: Final = b"\x01"
"""First byte of a versioned hash (EIP-4844, VERSIONED_HASH_VERSION_KZG)."""

CELL_PROOFS: Final = 128
"""Per blob where the wrapper has version 1 (EIP-7594, CELLS_PER_EXT_BLOB)."""

WRAPPER_VERSION: Final = b"\x01"
"""Of EIP-7594; the wrapper of EIP-4844 has no version."""

SIDECAR_FIELDS: Final = 3
VERSIONED_SIDECAR_FIELDS: Final = 4
BLOB_HASHES_FIELD: Final = 10
"""Place in the signed body."""


def is_wrapped(fields: rlp.Item) -> TypeGuard[Sequence[rlp.Item]]:
    """Whether these are the fields of the network form: the first is the body, not a chain id."""
    return isinstance(fields, tuple) and bool(fields) and isinstance(fields[0], tuple)


def body_of(wrapper: Sequence[rlp.Item]) -> rlp.Item:
    """Return the fields of the signed body, once the sidecar is known to be its own.

    Raises:
        UndecodableTransactionError: the sidecar is another's, or malformed.
    """
    body, *sidecar = wrapper
    version = sidecar.pop(0) if len(sidecar) == VERSIONED_SIDECAR_FIELDS else None
    if len(sidecar) != SIDECAR_FIELDS or version not in {None, WRAPPER_VERSION}:
        raise UndecodableTransactionError(TransactionFlaw.SIDECAR)
    blobs = _strings(sidecar[0], size=BLOB_BYTES)
    commitments = _strings(sidecar[1], size=COMMITMENT_BYTES)
    proofs = _strings(sidecar[2], size=COMMITMENT_BYTES)
    hashes = tuple(versioned_hash(commitment) for commitment in commitments)
    proofs_per_blob = 1 if version is None else CELL_PROOFS
    if (
        not isinstance(body, tuple)
        or body[BLOB_HASHES_FIELD : BLOB_HASHES_FIELD + 1] != (hashes,)
        or len(blobs) != len(hashes)
        or len(proofs) != proofs_per_blob * len(hashes)
    ):
        raise UndecodableTransactionError(TransactionFlaw.SIDECAR)
    return body


def versioned_hash(commitment: bytes) -> bytes:
    """Return how a body refers to a blob with this commitment."""
    return HASH_VERSION + sha256(commitment).digest()[1:]


def _strings(items: rlp.Item, *, size: int) -> list[bytes]:
    strings = [item for item in items if isinstance(item, bytes) and len(item) == size]
    if len(strings) != len(items):
        raise UndecodableTransactionError(TransactionFlaw.SIDECAR)
    return strings
