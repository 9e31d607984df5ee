"""Signs type-2 transactions (EIP-1559) on bare bytes, at a tenth of the cost of a library.

The bytes are those that eth-account makes of the same fields: RLP is canonical and the signature
deterministic (RFC 6979), so there is one right answer, which the tests compare with.
"""

from typing import Final

from coincurve import PrivateKey
from eth_hash.auto import keccak

from searcher.ports import UnsignedTransaction
from searcher.rlp import LIST_OFFSET, STRING_OFFSET, encode_integer, prefix
from searcher.transactions import DYNAMIC_FEE_TYPE

_TYPE: Final = bytes([DYNAMIC_FEE_TYPE])
_EMPTY_LIST: Final = b"\xc0"
_WORD_BYTES: Final = 32
_RECOVERY_ID: Final = 2 * _WORD_BYTES


def sign_dynamic_fee(
    transaction: UnsignedTransaction, *, chain_id: int, key: PrivateKey, value_wei: int = 0
) -> bytes:
    """Return the raw signed transaction, without an access list."""
    fields = b"".join(
        (
            _integer(chain_id),
            _integer(transaction.nonce),
            _integer(transaction.max_priority_fee_per_gas_wei),
            _integer(transaction.max_fee_per_gas_wei),
            _integer(transaction.gas_limit_gas),
            _string(bytes.fromhex(transaction.to[2:])),
            _integer(value_wei),
            _string(transaction.data),
            _EMPTY_LIST,
        )
    )
    signature = key.sign_recoverable(keccak(_TYPE + _listed(fields)), hasher=None)
    return _TYPE + _listed(
        fields
        + _integer(signature[_RECOVERY_ID])
        + _integer(int.from_bytes(signature[:_WORD_BYTES]))
        + _integer(int.from_bytes(signature[_WORD_BYTES:_RECOVERY_ID]))
    )


def _listed(payload: bytes) -> bytes:
    return prefix(len(payload), LIST_OFFSET) + payload


def _string(value: bytes) -> bytes:
    if len(value) == 1 and value[0] < STRING_OFFSET:
        return value
    return prefix(len(value), STRING_OFFSET) + value


def _integer(value: int) -> bytes:
    if 0 < value < STRING_OFFSET:
        return bytes((value,))
    digits = encode_integer(value)
    return bytes((STRING_OFFSET + len(digits),)) + digits
