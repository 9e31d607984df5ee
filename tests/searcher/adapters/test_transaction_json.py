"""A node's transactions: rebuilt to their very bytes, whatever their type, or refused."""

import csv
import gzip
from typing import Any

import msgspec
import pytest
from eth_account import Account
from hypothesis import assume, given
from hypothesis import strategies as st

from searcher.adapters.transaction_json import TransactionJson, convert_transaction, from_json
from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.transactions import decode_transaction
from tests.searcher.test_transactions import KEY, KINDS, RECORDED, raw_of
from tests.searcher.transaction_bodies import body_of

BODY = body_of(raw_of("B"))
SIGNED = st.one_of(*(st.fixed_dictionaries(kind) for kind in KINDS))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
NUMERIC = ("nonce", "gas", "value", "r", "s", "chainId", "maxFeePerGas", "maxPriorityFeePerGas")


@given(fields=SIGNED)
def test_body_of_eth_account_is_rebuilt_to_its_bytes(fields: dict[str, Any]) -> None:
    raw = bytes(Account.sign_transaction(fields, KEY).raw_transaction)

    assert convert_transaction(body_of(raw)) == decode_transaction(raw)


@pytest.mark.slow
@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded transactions beside the project")
def test_recorded_mainnet_transactions_are_rebuilt_to_their_bytes() -> None:
    csv.field_size_limit(2**24)
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        raws = [bytes.fromhex(row["raw"][2:]) for row in csv.DictReader(file)]

    for raw in raws[::5]:
        assert convert_transaction(body_of(raw)) == decode_transaction(raw)


def test_sender_is_recovered_where_the_node_tells_none() -> None:
    body = {name: value for name, value in BODY.items() if name != "from"}

    assert convert_transaction(body).sender == BODY["from"]


def test_price_that_would_be_paid_is_not_signed() -> None:
    assert convert_transaction({**BODY, "gasPrice": "0x5"}) == decode_transaction(raw_of("B"))


@given(name=st.sampled_from(NUMERIC), value=st.integers(min_value=0, max_value=2**256 - 1))
def test_number_that_is_not_the_signed_one_is_refused(name: str, value: int) -> None:
    assume(value != int(BODY[name], 16))

    with pytest.raises(UndecodableTransactionError, match="hash of other bytes"):
        convert_transaction({**BODY, name: hex(value)})


@given(name=st.sampled_from(sorted(BODY)), value=st.text(max_size=12) | JSON)
def test_one_field_of_anything_is_refused_or_means_the_same(name: str, value: object) -> None:
    try:
        tx = convert_transaction({**BODY, name: value})
    except UndecodableTransactionError:
        return

    assert (tx.raw, tx.hash) == (raw_of("B"), BODY["hash"])


@given(content=st.binary(max_size=60) | JSON.map(msgspec.json.encode))
def test_any_json_is_refused_with_a_typed_error(content: bytes) -> None:
    with pytest.raises((UndecodableTransactionError, msgspec.MsgspecError, UnicodeDecodeError)):
        from_json(msgspec.json.decode(content, type=TransactionJson))


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"type": "0x5"}, TransactionFlaw.TYPE),
        ({"nonce": "-0x1"}, TransactionFlaw.FIELD),
        ({"maxFeePerGas": None}, TransactionFlaw.FIELD),
        ({"to": "0x11"}, TransactionFlaw.FIELD),
        ({"from": "0x11"}, TransactionFlaw.FIELD),
        ({"nonce": 1}, TransactionFlaw.FIELD),
        ({"hash": "0x00"}, TransactionFlaw.HASH),
        ({"to": None}, TransactionFlaw.HASH),
    ],
)
def test_body_that_is_no_transaction_is_refused(
    change: dict[str, object], flaw: TransactionFlaw
) -> None:
    with pytest.raises(UndecodableTransactionError) as refusal:
        convert_transaction({**BODY, **change})

    assert refusal.value.flaw is flaw
