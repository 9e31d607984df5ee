"""The protocol's hashes and signature against recorded vectors, and against eth-account."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.crypto import keccak
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.units import Address
from searcher.dynamic_fee import sign_dynamic_fee
from searcher.flashbots import (
    address_of,
    bundle_hash,
    sign_body,
    signed_digest,
    transaction_hash,
)
from searcher.ports import UnsignedTransaction

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "relay_vectors.json").read_text())
IDENTITY = PrivateKey(bytes.fromhex(VECTORS["keys"]["K2"][0][2:]))

TRANSFER = UnsignedTransaction(
    nonce=0,
    to=Address("0x" + "33" * 20),
    data=b"",
    gas_limit_gas=21_000,
    max_fee_per_gas_wei=10,
    max_priority_fee_per_gas_wei=1,
)


@pytest.mark.parametrize(("name", "nonce"), [("A", 0), ("B", 1)])
def test_signed_transfer_is_the_recorded_one(name: str, nonce: int) -> None:
    key = PrivateKey(bytes.fromhex(VECTORS["keys"]["K1"][0][2:]))

    raw = sign_dynamic_fee(replace(TRANSFER, nonce=nonce), chain_id=1, key=key, value_wei=1)

    assert "0x" + raw.hex() == VECTORS["txs"][name]["raw"]


@pytest.mark.parametrize("vector", VECTORS["signature"], ids=lambda vector: vector["bodyKeccak"])
def test_signature_of_a_recorded_body_is_the_recorded_header(vector: dict[str, str]) -> None:
    body = vector["body"].encode()

    assert signed_digest(body).hex() == vector["eip191Digest"][2:]
    assert sign_body(body, IDENTITY) == vector["header"]


@pytest.mark.parametrize("name", list("ABCD"))
def test_hash_of_a_recorded_transaction_is_the_recorded_hash(name: str) -> None:
    vector = VECTORS["txs"][name]

    assert transaction_hash(bytes.fromhex(vector["raw"][2:])) == vector["hash"]


@pytest.mark.parametrize("names", sorted(VECTORS["bundleHash"]))
def test_bundle_hash_of_recorded_transactions_is_the_recorded_hash(names: str) -> None:
    hashes = [VECTORS["txs"][name]["hash"] for name in names.split("+") if name in VECTORS["txs"]]

    assert bundle_hash(hashes) == VECTORS["bundleHash"][names]


@pytest.mark.parametrize("name", ["K1", "K2", "K3"])
def test_address_of_a_recorded_key_is_the_recorded_address(name: str) -> None:
    secret, address = VECTORS["keys"][name]

    assert address_of(PrivateKey(bytes.fromhex(secret[2:])).public_key) == address.lower()


@given(body=st.binary(max_size=500), secret=st.integers(min_value=1, max_value=2**255))
@example(body=b"", secret=1)
def test_signature_equals_the_one_of_eth_account(body: bytes, secret: int) -> None:
    key = secret.to_bytes(32, "big")
    message = encode_defunct(text="0x" + keccak(body).hex())

    signed = Account.sign_message(message, key)

    expected = f"{Account.from_key(key).address}:0x{bytes(signed.signature).hex()}"
    assert sign_body(body, PrivateKey(key)) == expected
