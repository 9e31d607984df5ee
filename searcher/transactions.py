"""Raw signed transactions as records, of every type that the chain has, with their senders.

Decoding is canonical, so that what a record says is what its hash names. The sender is recovered
through coincurve, unless a node that is trusted to know it has told it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from coincurve import PublicKey
from typing_extensions import override

from graphs.units import Address
from searcher import rlp
from searcher.blob_sidecar import body_of, is_wrapped
from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.flashbots import (
    HALF_CURVE_ORDER,
    RECOVERY_ID_OFFSET,
    address_of,
    transaction_hash,
)
from searcher.keccak import keccak

LEGACY_TYPE: Final = 0x00
"""Before EIP-2718: no type byte."""

ACCESS_LIST_TYPE: Final = 0x01
"""EIP-2930."""

DYNAMIC_FEE_TYPE: Final = 0x02
"""EIP-1559."""

BLOB_TYPE: Final = 0x03
"""EIP-4844."""

SET_CODE_TYPE: Final = 0x04
"""EIP-7702."""

PROTECTED_V_OFFSET: Final = 35
"""v is this plus twice the chain id plus the recovery id (EIP-155)."""

BLOB_GAS: Final = 2**17
"""Of each blob (EIP-4844, GAS_PER_BLOB)."""

LEGACY_FIELDS: Final = 9
TYPED_FIELDS: Final[Mapping[int, int]] = {
    ACCESS_LIST_TYPE: 11,
    DYNAMIC_FEE_TYPE: 12,
    BLOB_TYPE: 14,
    SET_CODE_TYPE: 13,
}
"""Of the signed body, by transaction type."""

SIGNATURE_FIELDS: Final = 3
WORD_BYTES: Final = 32
ADDRESS_BYTES: Final = 20
_GREATEST_S: Final = HALF_CURVE_ORDER.to_bytes(WORD_BYTES, "big")


class AccessListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An address and the storage slots that are warm from the start (EIP-2930)."""

    address: Address
    """Whose storage."""

    storage_keys: tuple[str, ...]
    """0x and 64 hex digits each."""


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """An account's word that it delegates to a contract's code (EIP-7702)."""

    chain_id: int
    """Where it holds; 0 for everywhere."""

    address: Address
    """Whose code the signer runs from then on; zero to run none."""

    nonce: int
    """Of the signer; the authorization is skipped when the chain has another."""

    y_parity: int
    """Of the signature; what is no bit makes the chain skip the authorization."""

    r: int
    """Of the signature."""

    s: int
    """Of the signature."""


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded signed transaction. A legacy gas price is both its fee cap and its priority cap."""

    raw: bytes
    """As it was sent: the consensus encoding, for blobs perhaps with their sidecar around it."""

    hash: str
    """keccak256 of the consensus encoding."""

    sender: Address
    """Recovered from the signature, or told by a node."""

    type: int
    """0 for legacy, else its EIP-2718 type."""

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

    data: bytes
    """Calldata or init code."""

    access_list: tuple[AccessListEntry, ...]
    """Empty for legacy transactions."""

    max_fee_per_blob_gas_wei: int = 0
    """Upper bound of the blob base fee; 0 without blobs."""

    blob_hashes: tuple[str, ...] = ()
    """Versioned hashes of its blobs (EIP-4844)."""

    authorizations: tuple[Authorization, ...] = ()
    """Delegations that it sets (EIP-7702)."""

    has_sidecar: bool = False
    """Whether `raw` carries the blobs themselves."""

    @override
    def __repr__(self) -> str:
        return f"Transaction(hash={self.hash!r}, sender={self.sender!r}, nonce={self.nonce})"

    def is_bundleable(self) -> bool:
        """Whether `raw` is all that a builder needs: blobs travel with their transaction."""
        return self.has_sidecar or not self.blob_hashes

    def effective_tip_wei(self, base_fee_wei: int) -> int:
        """Return what the coinbase gets per gas; negative below the base fee."""
        return min(
            self.max_priority_fee_per_gas_wei,
            self.max_fee_per_gas_wei - base_fee_wei,
        )

    def upfront_cost_wei(self) -> int:
        """Return what the sender must own before the transaction starts."""
        blobs_wei = len(self.blob_hashes) * BLOB_GAS * self.max_fee_per_blob_gas_wei
        return self.gas_limit_gas * self.max_fee_per_gas_wei + self.value_wei + blobs_wei


def decode_transaction(raw: bytes, *, sender: Address | None = None) -> Transaction:
    """Decode a transaction, and recover its sender unless it is given.

    A blob transaction may come with its sidecar, whose commitments are compared with the versioned
    hashes; its proofs are left to the nodes.

    Raises:
        UndecodableTransactionError: not canonical, of an unknown type, or wrongly signed.
    """
    if not raw:
        raise UndecodableTransactionError(TransactionFlaw.EMPTY)
    if raw[0] >= rlp.LIST_OFFSET:
        return _decode_legacy(raw, sender)
    if raw[0] not in TYPED_FIELDS:
        raise UndecodableTransactionError(TransactionFlaw.TYPE)
    return _decode_typed(raw, sender)


def _decode_legacy(raw: bytes, sender: Address | None) -> Transaction:
    fields = _fields(rlp.decode(raw), LEGACY_FIELDS)
    nonce, price, gas, to, value, data, v, *words = fields
    chain_id, recovery_id, replay_protection = None, _integer(v) - RECOVERY_ID_OFFSET, b""
    if recovery_id >= PROTECTED_V_OFFSET - RECOVERY_ID_OFFSET:
        chain_id, recovery_id = divmod(_integer(v) - PROTECTED_V_OFFSET, 2)
        replay_protection = rlp.encode_natural(chain_id) + 2 * rlp.encode_natural(0)
    signature = _signature(recovery_id, words)
    price_wei = _integer(price)
    return Transaction(
        raw=raw,
        hash=transaction_hash(raw),
        sender=sender or _recovered(signature, _unsigned(raw, fields, replay_protection)),
        type=LEGACY_TYPE,
        chain_id=chain_id,
        nonce=_integer(nonce),
        to=_recipient(to),
        value_wei=_integer(value),
        gas_limit_gas=_integer(gas),
        max_fee_per_gas_wei=price_wei,
        max_priority_fee_per_gas_wei=price_wei,
        data=_string(data),
        access_list=(),
    )


def _decode_typed(raw: bytes, sender: Address | None) -> Transaction:
    kind = raw[0]
    fields, envelope = rlp.decode(raw[1:]), raw
    if kind == BLOB_TYPE and is_wrapped(fields):
        fields = body_of(fields)
        envelope = raw[:1] + rlp.encode(fields)
    fields = _fields(fields, TYPED_FIELDS[kind])
    chain_id, nonce, priority, *rest = fields[:-SIGNATURE_FIELDS]
    cap = priority if kind == ACCESS_LIST_TYPE else rest.pop(0)
    gas, to, value, data, access_list, *special = rest
    signature = _signature(_integer(fields[-SIGNATURE_FIELDS]), fields[-2:])
    blob_fee, blob_hashes = special if kind == BLOB_TYPE else (b"", ())
    authorizations = special[0] if kind == SET_CODE_TYPE else ()
    if kind > DYNAMIC_FEE_TYPE and not (blob_hashes or authorizations):
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return Transaction(
        raw=raw,
        hash=transaction_hash(envelope),
        sender=sender or _recovered(signature, envelope[:1] + _unsigned(envelope[1:], fields)),
        type=kind,
        chain_id=_integer(chain_id),
        nonce=_integer(nonce),
        to=_address(to) if kind > DYNAMIC_FEE_TYPE else _recipient(to),
        value_wei=_integer(value),
        gas_limit_gas=_integer(gas),
        max_fee_per_gas_wei=_integer(cap),
        max_priority_fee_per_gas_wei=_integer(priority),
        data=_string(data),
        access_list=tuple(_access_list_entry(entry) for entry in _list(access_list)),
        max_fee_per_blob_gas_wei=_integer(blob_fee),
        blob_hashes=tuple(_word(item) for item in _list(blob_hashes)),
        authorizations=tuple(_authorization(item) for item in _list(authorizations)),
        has_sidecar=envelope is not raw,
    )


def _signature(recovery_id: int, words: Sequence[rlp.Item]) -> bytes:
    r, s = (_canonical(word).rjust(WORD_BYTES, b"\0") for word in words)
    if recovery_id not in {0, 1} or s > _GREATEST_S:
        raise UndecodableTransactionError(TransactionFlaw.SIGNATURE)
    return r + s + bytes([recovery_id])


def _unsigned(encoded: bytes, fields: Sequence[rlp.Item], more: bytes = b"") -> bytes:
    """The list without its signature, cut out of its encoding, with something after it."""
    end = len(encoded) - len(b"".join(map(rlp.encode, fields[-SIGNATURE_FIELDS:])))
    return rlp.as_list(encoded[rlp.payload_start(encoded) : end] + more)


def _recovered(signature: bytes, signed: bytes) -> Address:
    try:
        key = PublicKey.from_signature_and_message(signature, keccak(signed), hasher=None)
    except ValueError:
        raise UndecodableTransactionError(TransactionFlaw.SIGNATURE) from None
    return address_of(key)


def _fields(item: rlp.Item, count: int) -> Sequence[rlp.Item]:
    fields = _list(item)
    if len(fields) != count:
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return fields


def _list(item: rlp.Item) -> Sequence[rlp.Item]:
    if not isinstance(item, tuple):
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return item


def _string(item: rlp.Item) -> bytes:
    if not isinstance(item, bytes):
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return item


def _integer(item: rlp.Item) -> int:
    return int.from_bytes(_canonical(item), "big")


def _canonical(item: rlp.Item) -> bytes:
    """The shortest big-endian bytes of a number of at most 256 bits."""
    if not isinstance(item, bytes):
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    if len(item) > WORD_BYTES or item[:1] == b"\0":
        raise UndecodableTransactionError(TransactionFlaw.CANONICAL)
    return item


def _word(item: rlp.Item) -> str:
    encoded = _string(item)
    if len(encoded) != WORD_BYTES:
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return "0x" + encoded.hex()


def _recipient(item: rlp.Item) -> Address | None:
    return None if item == b"" else _address(item)


def _address(item: rlp.Item) -> Address:
    encoded = _string(item)
    if len(encoded) != ADDRESS_BYTES:
        raise UndecodableTransactionError(TransactionFlaw.SHAPE)
    return Address("0x" + encoded.hex())


def _access_list_entry(item: rlp.Item) -> AccessListEntry:
    match item:
        case (bytes(), tuple() as keys):
            storage_keys = tuple(_word(key) for key in keys)
            return AccessListEntry(address=_address(item[0]), storage_keys=storage_keys)
        case _:
            raise UndecodableTransactionError(TransactionFlaw.SHAPE)


def _authorization(item: rlp.Item) -> Authorization:
    match item:
        case (chain_id, delegate, nonce, y_parity, r, s):
            return Authorization(
                chain_id=_integer(chain_id),
                address=_address(delegate),
                nonce=_integer(nonce),
                y_parity=_integer(y_parity),
                r=_integer(r),
                s=_integer(s),
            )
        case _:
            raise UndecodableTransactionError(TransactionFlaw.SHAPE)
