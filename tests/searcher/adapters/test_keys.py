"""Keys sign as eth-account does, and never show: a canary key is looked for in everything said."""

import secrets
import traceback
from dataclasses import replace

import pytest
from coincurve import PublicKey
from coincurve.utils import GROUP_ORDER_INT
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.units import Address
from searcher.adapters.keys import IdentityKey, TradingKey, assert_native_signing, load_secret
from searcher.errors import KeyMissingError
from searcher.flashbots import address_of, signed_digest
from searcher.ports import Signer, UnsignedTransaction
from tests.searcher.fakes import LegibleSigner
from tests.searcher.records import EXECUTOR

REFERENCE = "env:CANARY_KEY"
CANARY = secrets.token_bytes(32)
SECRETS = st.integers(min_value=1, max_value=GROUP_ORDER_INT - 1).map(lambda key: key.to_bytes(32))
UINT64_MAX = 2**64 - 1
FEES = st.integers(min_value=0, max_value=2**256 - 1) | st.sampled_from([0, 127, 128, 255, 256])
TRANSACTIONS = st.builds(
    UnsignedTransaction,
    nonce=st.integers(min_value=0, max_value=UINT64_MAX - 1) | st.sampled_from([0, 127, 128]),
    to=st.binary(min_size=20, max_size=20).map(lambda raw: Address("0x" + raw.hex())),
    data=st.binary(max_size=600) | st.integers(0, 70_000).map(bytes),
    gas_limit_gas=st.integers(min_value=0, max_value=UINT64_MAX),
    max_fee_per_gas_wei=FEES,
    max_priority_fee_per_gas_wei=FEES,
)
BLANK = UnsignedTransaction(
    nonce=0,
    to=EXECUTOR,
    data=b"",
    gas_limit_gas=21_000,
    max_fee_per_gas_wei=1,
    max_priority_fee_per_gas_wei=0,
)
SIGNERS: list[Signer] = [TradingKey(CANARY, chain_id=1), LegibleSigner()]


def spellings(secret: bytes) -> list[str]:
    """How a key would look if something showed it."""
    number = int.from_bytes(secret)
    return [secret.hex(), secret.hex().upper(), str(number), repr(secret)[2:-1], str(list(secret))]


def shows(text: str, secret: bytes) -> bool:
    return any(spelling in text for spelling in spellings(secret))


def refused(value: str | None) -> KeyMissingError:
    variables = {} if value is None else {"CANARY_KEY": value}
    with pytest.raises(KeyMissingError) as caught:
        load_secret(REFERENCE, variables)
    return caught.value


@pytest.mark.parametrize("signer", SIGNERS, ids=["real", "fake"])
@given(first=TRANSACTIONS, second=TRANSACTIONS)
def test_every_signer_is_deterministic_and_tells_transactions_apart(
    signer: Signer, first: UnsignedTransaction, second: UnsignedTransaction
) -> None:
    assert signer.sign(first) == signer.sign(first)
    assert (signer.sign(first) == signer.sign(second)) == (first == second)
    assert signer.address == signer.address.lower()


@given(secret=SECRETS, transaction=TRANSACTIONS, chain_id=st.integers(1, UINT64_MAX))
@example(secret=b"\x01" * 32, transaction=BLANK, chain_id=1)
@example(secret=b"\x01" * 32, transaction=replace(BLANK, data=b"\x7f"), chain_id=128)
@example(secret=b"\x01" * 32, transaction=replace(BLANK, data=b"\x80"), chain_id=255)
def test_signed_transaction_equals_the_one_of_eth_account(
    secret: bytes, transaction: UnsignedTransaction, chain_id: int
) -> None:
    raw = TradingKey(secret, chain_id=chain_id).sign(transaction)

    fields = {
        "type": 2,
        "chainId": chain_id,
        "nonce": transaction.nonce,
        "to": to_checksum_address(transaction.to),
        "value": 0,
        "data": transaction.data,
        "gas": transaction.gas_limit_gas,
        "maxFeePerGas": transaction.max_fee_per_gas_wei,
        "maxPriorityFeePerGas": transaction.max_priority_fee_per_gas_wei,
    }
    assert raw == bytes(Account.sign_transaction(fields, secret).raw_transaction)


@given(secret=SECRETS, body=st.binary(max_size=300))
def test_header_recovers_to_the_identity_by_either_library(secret: bytes, body: bytes) -> None:
    address, signature = IdentityKey(secret).header(body).split(":")

    raw = bytes.fromhex(signature.removeprefix("0x"))
    compact = raw[:64] + bytes([raw[64] - 27])
    recovered = PublicKey.from_signature_and_message(compact, signed_digest(body), hasher=None)
    message = encode_defunct(text="0x" + keccak(body).hex())
    assert address_of(recovered) == address.lower()
    assert Account.recover_message(message, signature=raw) == address


@given(secret=SECRETS, prefix=st.sampled_from(["", "0x"]), suffix=st.sampled_from(["", "\n"]))
def test_key_is_read_with_or_without_its_prefix(secret: bytes, prefix: str, suffix: str) -> None:
    variables = {"CANARY_KEY": prefix + secret.hex() + suffix}

    assert load_secret(REFERENCE, variables) == secret


def test_no_object_shows_the_key_it_holds() -> None:
    trading, identity = TradingKey(CANARY, chain_id=1), IdentityKey(CANARY)

    said = f"{trading!r}{trading}{identity!r}{identity}{[trading, identity]}{trading.sign!r}"
    assert not shows(said + identity.header(b"body") + trading.address, CANARY)


@pytest.mark.parametrize("value", [None, "", "0x"])
def test_missing_key_is_named_with_the_remedy(value: str | None) -> None:
    assert str(refused(value)) == (
        "no key at env:CANARY_KEY: export CANARY_KEY with a 0x private key"
    )


@pytest.mark.parametrize(
    "value",
    [
        CANARY.hex()[:-2],
        CANARY.hex()[:-1],
        CANARY.hex() + "00",
        "z" + CANARY.hex()[1:],
        CANARY.hex()[:-2] + "é",
        "00" * 32,
        "ff" * 32,
        f"{GROUP_ORDER_INT:064x}",
    ],
    ids=["short", "odd", "long", "not hex", "not ascii", "zero", "beyond", "order"],
)
def test_malformed_key_is_named_and_never_quoted(value: str) -> None:
    error = refused("0x" + value)

    said = "".join(traceback.format_exception(error)) + repr(error)
    assert str(error) == "no key at env:CANARY_KEY: CANARY_KEY must be 0x and 64 hex digits"
    assert (error.__cause__, error.__context__) == (None, None)
    assert value not in said
    assert CANARY.hex()[:32] not in said


@given(text=st.text(max_size=80))
def test_any_text_is_a_key_or_an_error_without_its_value(text: str) -> None:
    try:
        said = f"{len(load_secret(REFERENCE, {'CANARY_KEY': text}))} bytes"
    except KeyMissingError as error:
        said = str(error)

    assert said in {"32 bytes", str(refused("")), str(refused("0x1"))}


@pytest.mark.parametrize("data", ["not bytes", None])
def test_error_of_a_transaction_that_cannot_be_signed_hides_the_key(data: bytes) -> None:
    transaction = replace(BLANK, data=data)

    with pytest.raises((TypeError, ValueError)) as caught:
        TradingKey(CANARY, chain_id=1).sign(transaction)

    assert not shows("".join(traceback.format_exception(caught.value)), CANARY)


def test_native_curve_is_the_one_in_use() -> None:
    assert_native_signing()
