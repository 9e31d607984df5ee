"""Decoders against eth_abi over the whole range of each type, and against garbage."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import Address, PoolId
from searcher.adapters import decoding
from searcher.calldata import EXECUTED_TOPIC
from searcher.errors import WireError

POOL = PoolId("0x" + "ab" * 20)
EXECUTOR = Address("0x" + "ec" * 20)
BLOCK_HASH = "0x" + "b1" * 32
WORD = "0x" + "00" * 32

uint256 = st.integers(0, 2**256 - 1)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=200).map(lambda raw: "0x" + raw.hex())
    | st.sampled_from([POOL, EXECUTOR, BLOCK_HASH]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=10,
)


def log(topics: list[str], data: bytes) -> dict[str, object]:
    return {
        "address": POOL,
        "topics": topics,
        "data": "0x" + data.hex(),
        "logIndex": "0x0",
        "blockHash": BLOCK_HASH,
    }


def receipt() -> dict[str, object]:
    data = encode(["uint8", "uint256", "uint256", "uint256"], [0, 10, 500, 400])
    executed = log(["0x" + EXECUTED_TOPIC.hex(), WORD], data) | {"address": EXECUTOR}
    return {
        "transactionHash": "0x" + "7a" * 32,
        "status": "0x1",
        "gasUsed": "0x5208",
        "effectiveGasPrice": "0x3b9aca00",
        "logs": [executed],
    }


def header() -> dict[str, object]:
    return {
        "number": "0x10",
        "hash": BLOCK_HASH,
        "parentHash": WORD,
        "timestamp": "0x6553f100",
        "gasUsed": "0x0",
        "gasLimit": "0x1c9c380",
        "baseFeePerGas": "0x7",
    }


@given(uint256)
def test_quantity_reads_what_hex_writes(value: int) -> None:
    assert decoding.quantity(hex(value), "value") == value


@pytest.mark.parametrize(
    "value",
    [
        *("", "0x", "0x00", "0x01", "1", "0x_1", "0x 1", " 0x1", "0x1\n", "-0x1", "0x" + "f" * 65),
        *("0xg", "0x\uff11", 1, None, True, 1.0, ["0x1"]),
    ],
    ids=repr,
)
def test_quantity_refuses_every_other_spelling(value: object) -> None:
    with pytest.raises(WireError, match="cannot decode nonce"):
        decoding.quantity(value, "nonce")


@pytest.mark.parametrize("value", ["", "0x0", "0x 00", "0x0g", "00", 0, None], ids=repr)
def test_hex_bytes_refuses_what_is_not_whole_bytes(value: object) -> None:
    with pytest.raises(WireError):
        decoding.hex_bytes(value, "data")


@pytest.mark.parametrize("field", list(header()))
def test_header_without_a_field_names_it(field: str) -> None:
    damaged = header()
    del damaged[field]

    with pytest.raises(WireError) as caught:
        decoding.decode_header(damaged)

    assert caught.value.field == field


def test_receipt_takes_profit_and_tip_from_the_executors_event() -> None:
    decoded = decoding.decode_receipt(receipt(), executor=EXECUTOR)

    assert (decoded.gross_profit_wei, decoded.tip_wei) == (500, 400)
    assert (decoded.gas_used_gas, decoded.effective_gas_price_wei) == (21_000, 10**9)


def test_receipt_ignores_the_same_event_of_a_stranger() -> None:
    decoded = decoding.decode_receipt(receipt(), executor=Address("0x" + "ee" * 20))

    assert (decoded.gross_profit_wei, decoded.tip_wei) == (0, 0)


def test_reverted_receipt_has_no_profit() -> None:
    decoded = decoding.decode_receipt(receipt() | {"status": "0x0", "logs": []}, executor=EXECUTOR)

    assert (decoded.succeeded, decoded.gross_profit_wei) == (False, 0)


def test_receipt_with_an_impossible_status_is_refused() -> None:
    with pytest.raises(WireError, match=r"receipt\.status"):
        decoding.decode_receipt(receipt() | {"status": "0x2"}, executor=EXECUTOR)


DECODERS: list[tuple[Callable[[object], object], dict[str, object]]] = [
    (decoding.decode_header, header()),
    (lambda value: decoding.decode_receipt(value, executor=EXECUTOR), receipt()),
]


@given(st.sampled_from(DECODERS), json_values, st.data())
def test_mutated_json_raises_nothing_but_wire_errors(
    decoder: tuple[Callable[[object], object], dict[str, object]],
    garbage: object,
    data: st.DataObject,
) -> None:
    decode, valid = decoder
    mutated = valid | {data.draw(st.sampled_from(list(valid))): garbage}
    for value in (garbage, mutated, [mutated], [valid, garbage]):
        with suppress(WireError):
            decode(value)
