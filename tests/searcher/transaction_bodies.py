"""Transactions in the words of a node, made from eth-account's reading of their raw bytes."""

from typing import Any

from eth_account._utils.legacy_transactions import Transaction as LegacyTransaction
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from searcher.transactions import decode_transaction


def hexed(value: object) -> object:
    match value:
        case bool() | None | str():
            return value
        case int():
            return hex(value)
        case bytes():
            return "0x" + value.hex()
        case dict():
            return {name: hexed(inner) for name, inner in value.items()}
        case list() | tuple():
            return [hexed(inner) for inner in value]
        case _:
            raise TypeError(type(value))


def word(key: object) -> bytes:
    """A storage key, which eth-account reads as a number."""
    return key.to_bytes(32, "big") if isinstance(key, int) else HexBytes(key).rjust(32, b"\0")  # type: ignore[arg-type]


def body_of(raw: bytes) -> dict[str, Any]:
    """The JSON object with which a node announces these bytes."""
    tx = decode_transaction(raw)
    if raw[0] > 0x7F:
        fields = LegacyTransaction.from_bytes(HexBytes(raw)).as_dict()
    else:
        fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    body = {**fields, "input": fields["data"], "type": tx.type, "hash": tx.hash, "from": tx.sender}
    body["to"] = tx.to
    for entry in body.get("accessList", ()):
        entry["storageKeys"] = [word(key) for key in entry["storageKeys"]]
    del body["data"]
    answer = hexed(body)
    assert isinstance(answer, dict)
    return answer
