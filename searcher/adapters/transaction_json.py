"""A node's JSON transactions as records with the raw bytes that a bundle needs.

The bytes are rebuilt from the fields and must have the hash that the node tells. That check makes
lenient reading of numbers safe: whatever a field meant to say, the hash covers what was understood.
"""

import re
from typing import Final

import msgspec

from graphs.units import Address
from searcher import rlp
from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.keccak import keccak
from searcher.transactions import (
    ACCESS_LIST_TYPE,
    ADDRESS_BYTES,
    BLOB_TYPE,
    DYNAMIC_FEE_TYPE,
    LEGACY_TYPE,
    PROTECTED_V_OFFSET,
    TYPED_FIELDS,
    Transaction,
    decode_transaction,
)

HEX: Final = 16
ABSENT: Final = ""
"""Is no number, so a missing field is refused as a malformed one."""

ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
NOBODY: Final = Address("0x" + "00" * ADDRESS_BYTES)


class AccessJson(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of `accessList`."""

    address: str
    """Whose storage."""

    storage_keys: tuple[str, ...] = ()
    """32 bytes each."""


class AuthorizationJson(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of `authorizationList`."""

    chain_id: str
    """Where it holds."""

    address: str
    """Whose code."""

    nonce: str
    """Of the signer."""

    r: str
    """Of the signature."""

    s: str
    """Of the signature."""

    y_parity: str | None = None
    """Of the signature; some nodes call it v."""

    v: str | None = None
    """The same."""


class TransactionJson(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A transaction as nodes tell it, as far as it is signed. Unknown fields are ignored."""

    hash: str
    """Of the consensus encoding."""

    nonce: str
    """Of the sender."""

    gas: str
    """Gas limit."""

    value: str
    """Sent along."""

    input: str
    """Calldata or init code."""

    r: str
    """Of the signature."""

    s: str
    """Of the signature."""

    v: str | None = None
    """Of the signature; typed transactions may have `yParity` alone."""

    y_parity: str | None = None
    """Of the signature."""

    type: str = "0x0"
    """EIP-2718."""

    sender: str | None = msgspec.field(name="from", default=None)
    """None where the node does not recover it."""

    to: str | None = None
    """None for a creation."""

    chain_id: str | None = None
    """None for legacy transactions of some nodes, whose v tells it."""

    gas_price: str | None = None
    """Of legacy and type 1; elsewhere what would be paid, which is not signed."""

    max_fee_per_gas: str | None = None
    """From type 2 on."""

    max_priority_fee_per_gas: str | None = None
    """From type 2 on."""

    access_list: tuple[AccessJson, ...] | None = None
    """From type 1 on."""

    max_fee_per_blob_gas: str | None = None
    """Of type 3."""

    blob_versioned_hashes: tuple[str, ...] | None = None
    """Of type 3."""

    authorization_list: tuple[AuthorizationJson, ...] | None = None
    """Of type 4."""


def convert_transaction(value: object) -> Transaction:
    """As `from_json`, of a value that is parsed already.

    Raises:
        UndecodableTransactionError: as `from_json`, or of another shape.
    """
    try:
        return from_json(msgspec.convert(value, TransactionJson))
    except msgspec.ValidationError:
        raise UndecodableTransactionError(TransactionFlaw.FIELD) from None


def from_json(body: TransactionJson) -> Transaction:
    """Rebuild the bytes of a transaction, and prove them by their hash.

    The sender is taken from the node; recovered where it tells none. A blob transaction comes
    without its sidecar, so it cannot be put into a bundle.

    Raises:
        UndecodableTransactionError: a field is missing or malformed, or the hash is of other bytes.
    """
    try:
        kind = int(body.type, HEX)
        if kind == LEGACY_TYPE:
            tx = _legacy(body)
        elif kind in TYPED_FIELDS:
            tx = _typed(body, kind)
        else:
            raise UndecodableTransactionError(TransactionFlaw.TYPE)
    # A number of more than 55 bytes is an IndexError, a negative one a ValueError.
    except (ValueError, TypeError, IndexError, OverflowError):
        raise UndecodableTransactionError(TransactionFlaw.FIELD) from None
    return tx if body.sender is not None else decode_transaction(tx.raw)


def _legacy(body: TransactionJson) -> Transaction:
    nonce, gas, value = int(body.nonce, HEX), int(body.gas, HEX), int(body.value, HEX)
    price, v = int(body.gas_price or ABSENT, HEX), int(body.v or ABSENT, HEX)
    data = bytes.fromhex(body.input[2:])
    to, encoded_to = _recipient(body.to)
    raw = rlp.as_list(
        b"".join(
            (
                rlp.encode_natural(nonce),
                rlp.encode_natural(price),
                rlp.encode_natural(gas),
                encoded_to,
                rlp.encode_natural(value),
                rlp.encode(data),
                rlp.encode_natural(v),
                rlp.encode_natural(int(body.r, HEX)),
                rlp.encode_natural(int(body.s, HEX)),
            )
        )
    )
    return Transaction(
        raw=raw,
        hash=_proven(raw, body),
        sender=_sender(body),
        type=LEGACY_TYPE,
        chain_id=(v - PROTECTED_V_OFFSET) // 2 if v >= PROTECTED_V_OFFSET else None,
        nonce=nonce,
        to=to,
        value_wei=value,
        gas_limit_gas=gas,
        max_fee_per_gas_wei=price,
        max_priority_fee_per_gas_wei=price,
        data=data,
        access_list=(),
    )


def _typed(body: TransactionJson, kind: int) -> Transaction:
    nonce, gas, value = int(body.nonce, HEX), int(body.gas, HEX), int(body.value, HEX)
    data = bytes.fromhex(body.input[2:])
    to, encoded_to = _recipient(body.to)
    chain_id = int(body.chain_id or ABSENT, HEX)
    has_priority = kind != ACCESS_LIST_TYPE
    cap = int((body.max_fee_per_gas if has_priority else body.gas_price) or ABSENT, HEX)
    priority = int(body.max_priority_fee_per_gas or ABSENT, HEX) if has_priority else cap
    raw = bytes([kind]) + rlp.as_list(
        b"".join(
            (
                rlp.encode_natural(chain_id),
                rlp.encode_natural(nonce),
                rlp.encode_natural(priority) if has_priority else b"",
                rlp.encode_natural(cap),
                rlp.encode_natural(gas),
                encoded_to,
                rlp.encode_natural(value),
                rlp.encode(data),
                rlp.encode(_access_items(body)) if body.access_list else rlp.EMPTY_LIST,
                _special_items(body, kind) if kind > DYNAMIC_FEE_TYPE else b"",
                rlp.encode_natural(int(body.y_parity or body.v or ABSENT, HEX)),
                rlp.encode_natural(int(body.r, HEX)),
                rlp.encode_natural(int(body.s, HEX)),
            )
        )
    )
    tx_hash = _proven(raw, body)
    if kind > DYNAMIC_FEE_TYPE or body.access_list:
        # Seldom, so that their lists are read in one place only.
        return decode_transaction(raw, sender=_sender(body))
    return Transaction(
        raw=raw,
        hash=tx_hash,
        sender=_sender(body),
        type=kind,
        chain_id=chain_id,
        nonce=nonce,
        to=to,
        value_wei=value,
        gas_limit_gas=gas,
        max_fee_per_gas_wei=cap,
        max_priority_fee_per_gas_wei=priority,
        data=data,
        access_list=(),
    )


def _access_items(body: TransactionJson) -> rlp.Item:
    return tuple(
        (
            bytes.fromhex(entry.address[2:]),
            tuple(bytes.fromhex(key[2:]) for key in entry.storage_keys),
        )
        for entry in body.access_list or ()
    )


def _special_items(body: TransactionJson, kind: int) -> bytes:
    """The encoded fields between access list and signature."""
    if kind == BLOB_TYPE:
        blob_hashes = tuple(bytes.fromhex(one[2:]) for one in body.blob_versioned_hashes or ())
        return rlp.encode_natural(int(body.max_fee_per_blob_gas or ABSENT, HEX)) + rlp.encode(
            blob_hashes
        )
    return rlp.encode(tuple(_authorization_item(one) for one in body.authorization_list or ()))


def _authorization_item(one: AuthorizationJson) -> rlp.Item:
    return (
        rlp.encode_integer(int(one.chain_id or ABSENT, HEX)),
        bytes.fromhex(one.address[2:]),
        rlp.encode_integer(int(one.nonce or ABSENT, HEX)),
        rlp.encode_integer(int(one.y_parity or one.v or ABSENT, HEX)),
        rlp.encode_integer(int(one.r or ABSENT, HEX)),
        rlp.encode_integer(int(one.s or ABSENT, HEX)),
    )


def _recipient(text: str | None) -> tuple[Address | None, bytes]:
    """The address, and its encoding; none for a creation."""
    if text is None:
        return None, rlp.encode(b"")
    if ADDRESS.fullmatch(text) is None:
        raise UndecodableTransactionError(TransactionFlaw.FIELD)
    return Address(text.lower()), rlp.encode(bytes.fromhex(text[2:]))


def _sender(body: TransactionJson) -> Address:
    """What the node tells; a placeholder where it tells nothing, until it is recovered."""
    if body.sender is None:
        return NOBODY
    if ADDRESS.fullmatch(body.sender) is None:
        raise UndecodableTransactionError(TransactionFlaw.FIELD)
    return Address(body.sender.lower())


def _proven(raw: bytes, body: TransactionJson) -> str:
    tx_hash = "0x" + keccak(raw).hex()
    if tx_hash != body.hash.lower():
        raise UndecodableTransactionError(TransactionFlaw.HASH)
    return tx_hash
