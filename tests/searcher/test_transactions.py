"""Raw transactions: recorded ones decode, every one of eth-account's, and nothing malformed."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from searcher import rlp
from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.flashbots import HALF_CURVE_ORDER
from searcher.transactions import BLOB_TYPE, decode_transaction

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "relay_vectors.json").read_text())
KEY = "0x" + "33" * 32
ACCOUNT = Account.from_key(KEY)
CURVE_ORDER = 2 * HALF_CURVE_ORDER + 1
GAS = st.integers(min_value=0, max_value=2**64 - 1)
WEI = st.integers(min_value=0, max_value=2**128)
TO = "0x5555555555555555555555555555555555555555"
RECORDED = Path(__file__).parents[3] / "shared/data/raw_txs/mainnet_signed_txs.csv.gz"
COMMON = {
    "nonce": GAS,
    "to": st.just(TO),
    "value": WEI,
    "gas": GAS,
    "data": st.binary(max_size=300),
}
ACCESS = st.lists(
    st.fixed_dictionaries(
        {
            "address": st.just(TO),
            "storageKeys": st.lists(
                st.binary(min_size=32, max_size=32).map(lambda key: "0x" + key.hex()), max_size=2
            ),
        }
    ),
    max_size=2,
)
LEGACY = {**COMMON, "gasPrice": WEI, "chainId": st.integers(min_value=1, max_value=2**32)}
LISTED = {**LEGACY, "type": st.just(1), "accessList": ACCESS}
DYNAMIC = {
    **COMMON,
    "type": st.just(2),
    "chainId": st.integers(min_value=1, max_value=2**32),
    "maxFeePerGas": WEI,
    "maxPriorityFeePerGas": WEI,
    "accessList": ACCESS,
}
SET_CODE = {
    **DYNAMIC,
    "type": st.just(4),
    "authorizationList": st.lists(
        st.builds(
            lambda nonce: ACCOUNT.sign_authorization({"chainId": 1, "address": TO, "nonce": nonce}),
            GAS,
        ),
        min_size=1,
        max_size=2,
    ),
}
BLOBS = {
    **DYNAMIC,
    "type": st.just(3),
    "maxFeePerBlobGas": WEI,
    "blobVersionedHashes": st.lists(
        st.binary(min_size=31, max_size=31).map(lambda tail: "0x01" + tail.hex()),
        min_size=1,
        max_size=6,
    ),
}
KINDS = (LEGACY, LISTED, DYNAMIC, BLOBS, SET_CODE)


def raw_of(name: str) -> bytes:
    return bytes.fromhex(VECTORS["txs"][name]["raw"][2:])


@pytest.mark.parametrize("name", list("ABCD"))
def test_recorded_transaction_has_its_recorded_hash_and_sender(name: str) -> None:
    tx = decode_transaction(raw_of(name))

    assert tx.hash == VECTORS["txs"][name]["hash"]
    assert tx.sender == VECTORS["txs"][name]["from"].lower()


def test_recorded_dynamic_fee_transaction_has_its_fields() -> None:
    tx = decode_transaction(raw_of("B"))

    assert (tx.chain_id, tx.nonce, tx.to) == (1, 1, "0x" + "33" * 20)
    assert (tx.value_wei, tx.gas_limit_gas) == (1, 21_000)
    assert (tx.max_fee_per_gas_wei, tx.max_priority_fee_per_gas_wei) == (10, 1)


def test_recorded_access_list_has_its_keys() -> None:
    (entry,) = decode_transaction(raw_of("D")).access_list

    assert entry.address == "0x" + "66" * 20
    assert entry.storage_keys == ("0x" + "01".rjust(64, "0"),)


@pytest.mark.slow
@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded transactions beside the project")
def test_every_recorded_mainnet_transaction_has_its_hash_and_sender() -> None:
    csv.field_size_limit(2**24)
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    txs = [decode_transaction(bytes.fromhex(row["raw"][2:])) for row in rows]

    assert len(txs) == 8_665
    for tx, row in zip(txs, rows, strict=True):
        assert (tx.hash, tx.sender) == (row["hash"], row["from"])
        assert (str(tx.type), tx.to or "") == (row["tx_type"], row["to"])
        assert tx.value_wei == int(row["value_wei"])


@given(fields=st.one_of(*(st.fixed_dictionaries(kind) for kind in KINDS)))
def test_transaction_of_eth_account_decodes_to_its_fields(fields: dict[str, Any]) -> None:
    signed = Account.sign_transaction(fields, KEY)

    tx = decode_transaction(bytes(signed.raw_transaction))

    assert tx.hash == "0x" + bytes(signed.hash).hex()
    assert tx.sender == ACCOUNT.address.lower()
    assert (tx.chain_id, tx.nonce) == (fields["chainId"], fields["nonce"])
    assert (tx.value_wei, tx.gas_limit_gas) == (fields["value"], fields["gas"])
    assert tx.data == fields["data"]
    assert tx.max_fee_per_gas_wei == fields.get("maxFeePerGas", fields.get("gasPrice"))
    assert tx.max_fee_per_blob_gas_wei == fields.get("maxFeePerBlobGas", 0)
    assert list(tx.blob_hashes) == fields.get("blobVersionedHashes", [])
    assert [(a.nonce, a.address, a.s) for a in tx.authorizations] == [
        (a.nonce, "0x" + a.address.hex(), a.s) for a in fields.get("authorizationList", [])
    ]
    assert tx.is_bundleable() == (tx.type != BLOB_TYPE)


@pytest.mark.parametrize(
    ("raw", "flaw"),
    [
        (b"", TransactionFlaw.EMPTY),
        (b"\x03\xc0", TransactionFlaw.SHAPE),
        (b"\x04\xc0", TransactionFlaw.SHAPE),
        (b"\x05\xc0", TransactionFlaw.TYPE),
        (b"\x7f", TransactionFlaw.TYPE),
        (b"\x02\xc0", TransactionFlaw.SHAPE),
        (b"\x02\x01", TransactionFlaw.SHAPE),
        (b"\xc1", TransactionFlaw.TRUNCATED),
        (raw_of("A")[:-1], TransactionFlaw.TRUNCATED),
        (raw_of("A") + b"\0", TransactionFlaw.TRAILING),
        (b"\xc4" * 5, TransactionFlaw.TRUNCATED),
    ],
    ids=lambda value: value.name if isinstance(value, TransactionFlaw) else value[:4].hex() or "-",
)
def test_malformed_transaction_is_refused(raw: bytes, flaw: TransactionFlaw) -> None:
    with pytest.raises(UndecodableTransactionError) as refusal:
        decode_transaction(raw)

    assert refusal.value.flaw is flaw


def test_signature_with_the_other_s_is_refused() -> None:
    fields = rlp.decode(raw_of("B")[1:])
    assert isinstance(fields, tuple)
    *unsigned, y_parity, r, s = fields
    other = rlp.encode_integer(CURVE_ORDER - int.from_bytes(s, "big"))
    raw = b"\x02" + rlp.encode((*unsigned, b"" if y_parity else b"\1", r, other))

    with pytest.raises(UndecodableTransactionError, match="v, r, s"):
        decode_transaction(raw)


@given(raw=st.binary(max_size=300))
def test_any_bytes_are_refused_and_never_crash(raw: bytes) -> None:
    with pytest.raises(UndecodableTransactionError):
        decode_transaction(b"\x02" + raw)


def items(depth: int) -> st.SearchStrategy[rlp.Item]:
    string = st.binary(max_size=80)
    if depth == 0:
        return string
    return st.one_of(string, st.lists(items(depth - 1), max_size=3).map(tuple))


@given(item=items(rlp.MAX_DEPTH))
def test_decoding_undoes_encoding(item: rlp.Item) -> None:
    assert rlp.decode(rlp.encode(item)) == item


def test_lists_that_no_transaction_has_are_too_deep() -> None:
    item: rlp.Item = b""
    for _ in range(rlp.MAX_DEPTH + 1):
        item = (item,)

    with pytest.raises(UndecodableTransactionError, match="nested too deeply"):
        rlp.decode(rlp.encode(item))


@given(data=st.binary(max_size=80))
def test_what_decodes_has_one_encoding(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except UndecodableTransactionError:
        return

    assert rlp.encode(item) == data
