"""Raw signed transactions as records: legacy, EIP-2930 and EIP-1559, with their senders.

Blob and set-code transactions are refused: the local node's simulation cannot be proven equal to
its mining for them. Decoding is canonical and recovers through coincurve.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from coincurve import PublicKey
from eth_utils.crypto import keccak

from graphs.units import Address
from searcher import rlp
from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.flashbots import (
    HALF_CURVE_ORDER,
    RECOVERY_ID_OFFSET,
    address_of,
    transaction_hash,
)

ACCESS_LIST_TYPE: Final = 0x01
"""EIP-2930."""

DYNAMIC_FEE_TYPE: Final = 0x02
"""EIP-1559."""

PROTECTED_V_OFFSET: Final = 35
"""v is this plus twice the chain id plus the recovery id (EIP-155)."""

Field: TypeAlias = "rlp.Item | int"
"""Encoded, or an integer that is decoded already."""

LEGACY_FIELDS: Final = 9
ACCESS_LIST_FIELDS: Final = 11
DYNAMIC_FEE_FIELDS: Final = 12
SIGNATURE_FIELDS: Final = 3
WORD_BYTES: Final = 32
ADDRESS_BYTES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessListEntry:
    """An address and the storage slots that are warm from the start (EIP-2930)."""

    address: Address
    """Whose storage."""

    storage_keys: tuple[str, ...]
    """0x and 64 hex digits each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A decoded signed transaction. A legacy gas price is both its fee cap and its priority cap."""

    raw: bytes = field(repr=False)
    """Consensus encoding, as it was sent."""

    hash: str
    """keccak256 of `raw`."""

    sender: Address
    """Recovered from the signature."""

    chain_id: int | None
    """None for a legacy transaction without replay protection."""

    nonce: int
    """Of the sender."""

    to: Address | None
    """None for a contract creation."""

    value_wei: int
    """Sent along."""

    gas_limit_gas: int
    """Upper bound of its gas."""

    max_fee_per_gas_wei: int
    """Upper bound of base fee and priority fee."""

    max_priority_fee_per_gas_wei: int
    """Upper bound of what the coinbase gets per gas."""

    data: bytes = field(repr=False)
    """Calldata or init code."""

    access_list: tuple[AccessListEntry, ...]
    """Empty for legacy transactions."""

    def effective_tip_wei(self, base_fee_wei: int) -> int:
        """Return what the coinbase gets per gas; negative below the base fee."""
        return min(
            self.max_priority_fee_per_gas_wei,
            self.max_fee_per_gas_wei - base_fee_wei,
        )

    def upfront_cost_wei(self) -> int:
        """Return what the sender must own before the transaction starts."""
        return self.gas_limit_gas * self.max_fee_per_gas_wei + self.value_wei


def decode_transaction(raw: bytes) -> Transaction:
    """Decode a transaction and recover its sender.

    Raises:
        UndecodableTransactionError: not canonical, of another type, or wrongly signed.
    """
    if not raw:
        raise UndecodableTransactionError(TransactionFlaw.EMPTY)
    if raw[0] >= rlp.LIST_OFFSET:
        return _decode_legacy(raw)
    if raw[0] not in {ACCESS_LIST_TYPE, DYNAMIC_FEE_TYPE}:
        raise UndecodableTransactionError(TransactionFlaw.TYPE)
    return _decode_typed(raw)


def _decode_legacy(raw: bytes) -> Transaction:
    fields = _fields(raw, LEGACY_FIELDS)
    v = _integer(fields[-SIGNATURE_FIELDS])
    unsigned = fields[:-SIGNATURE_FIELDS]
    chain_id = None
    recovery_id = v - RECOVERY_ID_OFFSET
    if v >= PROTECTED_V_OFFSET:
        chain_id, recovery_id = divmod(v - PROTECTED_V_OFFSET, 2)
        unsigned = (*unsigned, rlp.encode_integer(chain_id), b"", b"")
    digest = keccak(rlp.encode(unsigned))
    price = _integer(fields[1])
    return _transaction(
        raw,
        (fields[0], price, price, *fields[2:6], ()),
        chain_id=chain_id,
        sender=_sender(digest, recovery_id, fields[-2:]),
    )


def _decode_typed(raw: bytes) -> Transaction:
    is_dynamic = raw[0] == DYNAMIC_FEE_TYPE
    fields = _fields(raw[1:], DYNAMIC_FEE_FIELDS if is_dynamic else ACCESS_LIST_FIELDS)
    digest = keccak(raw[:1] + rlp.encode(fields[:-SIGNATURE_FIELDS]))
    recovery_id = _integer(fields[-SIGNATURE_FIELDS])
    chain_id, nonce, priority, *rest = fields[:-SIGNATURE_FIELDS]
    cap = rest.pop(0) if is_dynamic else priority
    return _transaction(
        raw,
        (nonce, _integer(priority), _integer(cap), *rest),
        chain_id=_integer(chain_id),
        sender=_sender(digest, recovery_id, fields[-2:]),
    )


def _transaction(
    raw: bytes, fields: Sequence[Field], *, chain_id: int | None, sender: Address
) -> Transaction:
    nonce, priority, cap, gas, to, value, data, access_list = fields
    return Transaction(
        raw=raw,
        hash=transaction_hash(raw),
        sender=sender,
        chain_id=chain_id,
        nonce=_integer(nonce),
        to=None if to == b"" else _address(to),
        value_wei=_integer(value),
        gas_limit_gas=_integer(gas),
        max_fee_per_gas_wei=_integer(cap),
        max_priority_fee_per_gas_wei=_integer(priority),
        data=_string(data),
        access_list=tuple(_access_list_entry(entry) for entry in _list(access_list)),
    )


def _sender(digest: bytes, recovery_id: int, words: Sequence[rlp.Item]) -> Address:
    r, s = (_integer(word) for word in words)
    if recovery_id not in {0, 1} or s > HALF_CURVE_ORDER:
        raise UndecodableTransactionError(TransactionFlaw.SIGNATURE)
    signature = r.to_bytes(WORD_BYTES, "big") + s.to_bytes(WORD_BYTES, "big")
    try:
        key = PublicKey.from_signature_and_message(
            signature + bytes([recovery_id]), digest, hasher=None
        )
    except ValueError:
        raise UndecodableTransactionError(TransactionFlaw.SIGNATURE) from None
    return address_of(key)


def _fields(encoded: bytes, count: int) -> Sequence[rlp.Item]:
    fields = _list(rlp.decode(encoded))
    if len(fields) != count:
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return fields


def _list(item: Field) -> Sequence[rlp.Item]:
    if not isinstance(item, tuple):
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return item


def _string(item: Field) -> bytes:
    if not isinstance(item, bytes):
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return item


def _integer(item: Field) -> int:
    if isinstance(item, int):
        return item
    encoded = _string(item)
    if len(encoded) > WORD_BYTES or encoded[:1] == b"\0":
        raise UndecodableTransactionError(TransactionFlaw.CANONICAL)
    return int.from_bytes(encoded, "big")


def _address(item: Field) -> Address:
    encoded = _string(item)
    if len(encoded) != ADDRESS_BYTES:
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return Address("0x" + encoded.hex())


def _access_list_entry(item: rlp.Item) -> AccessListEntry:
    match item:
        case (bytes(), tuple() as keys):
            storage_keys = tuple("0x" + _string(key).hex() for key in keys)
            return AccessListEntry(address=_address(item[0]), storage_keys=storage_keys)
        case _:
            raise UndecodableTransactionError(TransactionFlaw.SHAPE)
