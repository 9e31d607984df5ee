"""Blob transactions in network form: hashed without their blobs, refused with another's."""

from hashlib import sha256
from typing import Any, Final

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from searcher import rlp
from searcher.blob_sidecar import BLOB_BYTES, CELL_PROOFS, COMMITMENT_BYTES, versioned_hash
from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.transactions import decode_transaction

KEY: Final = "0x" + "33" * 32
BLOB: Final = bytes(BLOB_BYTES)
PROOF: Final = bytes(COMMITMENT_BYTES)
FIELDS: Final[dict[str, Any]] = {
    "type": 3,
    "chainId": 1,
    "nonce": 0,
    "to": "0x5555555555555555555555555555555555555555",
    "value": 0,
    "gas": 21_000,
    "maxFeePerGas": 10,
    "maxPriorityFeePerGas": 1,
    "maxFeePerBlobGas": 7,
}


def commitment(number: int) -> bytes:
    return number.to_bytes(COMMITMENT_BYTES, "big")


def signed(commitments: list[bytes]) -> bytes:
    hashes = ["0x" + versioned_hash(one).hex() for one in commitments]
    fields = {**FIELDS, "blobVersionedHashes": hashes}
    return bytes(Account.sign_transaction(fields, KEY).raw_transaction)


def wrapped(raw: bytes, *sidecar: rlp.Item) -> bytes:
    return raw[:1] + rlp.encode((rlp.decode(raw[1:]), *sidecar))


@pytest.mark.slow
def test_blobs_of_eth_account_are_not_part_of_the_hash() -> None:
    raw = bytes(Account.sign_transaction(FIELDS, KEY, blobs=[BLOB]).raw_transaction)

    tx = decode_transaction(raw)

    assert tx.has_sidecar
    assert tx.is_bundleable()
    assert tx.raw == raw
    assert tx.sender == Account.from_key(KEY).address.lower()
    body, *_ = tuple(rlp.decode(raw[1:]))
    assert isinstance(body, tuple)
    assert decode_transaction(raw[:1] + rlp.encode(body)).hash == tx.hash


@given(numbers=st.lists(st.integers(0, 2**64), min_size=1, max_size=2), versioned=st.booleans())
def test_sidecar_of_either_version_is_its_bodys(numbers: list[int], *, versioned: bool) -> None:
    commitments = [commitment(number) for number in numbers]
    raw = signed(commitments)
    proofs = [PROOF] * len(numbers) * (CELL_PROOFS if versioned else 1)
    version = (b"\1",) if versioned else ()

    tx = decode_transaction(wrapped(raw, *version, [BLOB] * len(numbers), commitments, proofs))

    plain = decode_transaction(raw)
    assert (tx.hash, tx.sender, tx.blob_hashes) == (plain.hash, plain.sender, plain.blob_hashes)
    assert tx.has_sidecar
    assert not plain.is_bundleable()


COMMITMENT: Final = commitment(1)
FOREIGN: Final[dict[str, tuple[rlp.Item, ...]]] = {
    "nothing": (),
    "another-commitment": ([BLOB], [commitment(2)], [PROOF]),
    "no-blobs": ([], [COMMITMENT], [PROOF]),
    "short-blob": ([BLOB[1:]], [COMMITMENT], [PROOF]),
    "blobs-no-list": (BLOB, [COMMITMENT], [PROOF]),
    "two-proofs": ([BLOB], [COMMITMENT], [PROOF, PROOF]),
    "cell-proofs-of-version-0": (b"", [BLOB], [COMMITMENT], [PROOF] * CELL_PROOFS),
    "one-proof-of-version-1": (b"\1", [BLOB], [COMMITMENT], [PROOF]),
    "one-field-more": (b"\1", b"", [BLOB], [COMMITMENT], [PROOF]),
    "nested-commitment": ([BLOB], [[COMMITMENT]], [PROOF]),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_sidecar_that_is_not_its_bodys_is_refused(case: str) -> None:
    raw = wrapped(signed([COMMITMENT]), *FOREIGN[case])

    with pytest.raises(UndecodableTransactionError) as refusal:
        decode_transaction(raw)

    assert refusal.value.flaw in {TransactionFlaw.SIDECAR, TransactionFlaw.SHAPE}


def test_versioned_hash_is_that_of_the_specification() -> None:
    assert versioned_hash(COMMITMENT) == b"\1" + sha256(COMMITMENT).digest()[1:]
    assert len(versioned_hash(COMMITMENT)) == len(sha256().digest())


def test_upfront_cost_counts_the_blobs() -> None:
    tx = decode_transaction(signed([COMMITMENT, commitment(2)]))

    assert tx.upfront_cost_wei() == 21_000 * 10 + 2 * 2**17 * 7
