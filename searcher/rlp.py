"""Canonical RLP, as far as transactions need it.

Strict in decoding: one encoding per value, nothing after it, so that a hash of the bytes is a hash
of the transaction (Yellow Paper, appendix B).
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from searcher.errors import TransactionFlaw, UndecodableTransactionError

Item: TypeAlias = "bytes | Sequence[Item]"

STRING_OFFSET: Final = 0x80
LIST_OFFSET: Final = 0xC0
SHORT_LENGTH: Final = 55
"""The longest payload whose length fits into the first byte."""

MAX_LENGTH_BYTES: Final = 8
MAX_DEPTH: Final = 5
"""Of lists: blob wrapper, fields, access list, its entries, their storage keys."""

EMPTY_LIST: Final = bytes([LIST_OFFSET])

_ONE_BYTE: Final = STRING_OFFSET + 1
"""First byte of a string of one byte, which may have to stand for itself."""

_SHORT_PREFIXES: Final = tuple(
    bytes([STRING_OFFSET + length]) for length in range(SHORT_LENGTH + 1)
)


def encode(item: Item) -> bytes:
    """Encode bytes or nested sequences of bytes."""
    if isinstance(item, bytes):
        return _encode_string(item)
    payload = b"".join(
        [_encode_string(one) if isinstance(one, bytes) else encode(one) for one in item]
    )
    return as_list(payload)


def encode_integer(value: int) -> bytes:
    """Return the shortest big-endian bytes of a natural number: empty for zero."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def encode_natural(value: int) -> bytes:
    """Encode a natural number: as `encode(encode_integer(value))`, in one step."""
    if value < STRING_OFFSET:
        return bytes([value or STRING_OFFSET])
    size = (value.bit_length() + 7) // 8
    return _SHORT_PREFIXES[size] + value.to_bytes(size, "big")


def as_list(payload: bytes) -> bytes:
    """Encode the list whose encoded elements these are, one after the other."""
    return prefix(len(payload), LIST_OFFSET) + payload


def decode(data: bytes) -> Item:
    """Decode exactly one item.

    Raises:
        UndecodableTransactionError: not canonical, truncated, too deep, or bytes left over.
    """
    item, end = _decode_at(data, 0, end=len(data), depth=0)
    if end != len(data):
        raise UndecodableTransactionError(TransactionFlaw.TRAILING)
    return item


def payload_start(encoded: bytes) -> int:
    """Where the elements of a list begin that is known to be encoded well."""
    return 1 + max(0, encoded[0] - LIST_OFFSET - SHORT_LENGTH)


def _encode_string(item: bytes) -> bytes:
    length = len(item)
    if length == 1 and item[0] < STRING_OFFSET:
        return item
    if length <= SHORT_LENGTH:
        return _SHORT_PREFIXES[length] + item
    return prefix(length, STRING_OFFSET) + item


def prefix(length: int, offset: int) -> bytes:
    """Return what stands before so many bytes of a string or of a list."""
    if length <= SHORT_LENGTH:
        return bytes([offset + length])
    size = encode_integer(length)
    return bytes([offset + SHORT_LENGTH + len(size)]) + size


def _decode_list(data: bytes, begin: int, *, end: int, depth: int) -> Item:
    """Short strings, which nearly all fields are, without a call of their own."""
    if depth > MAX_DEPTH:
        raise UndecodableTransactionError(TransactionFlaw.DEPTH)
    elements: list[Item] = []
    while begin < end:
        first = data[begin]
        stop = begin + 1 + first - STRING_OFFSET
        if first < STRING_OFFSET:
            elements.append(data[begin : begin + 1])
            begin += 1
        elif first <= STRING_OFFSET + SHORT_LENGTH and stop <= end and first != _ONE_BYTE:
            elements.append(data[begin + 1 : stop])
            begin = stop
        else:
            element, begin = _decode_at(data, begin, end=end, depth=depth)
            elements.append(element)
    return tuple(elements)


def _decode_at(data: bytes, start: int, *, end: int, depth: int) -> tuple[Item, int]:
    if start >= end:
        raise UndecodableTransactionError(TransactionFlaw.TRUNCATED)
    first = data[start]
    if first < STRING_OFFSET:
        return data[start : start + 1], start + 1
    is_list = first >= LIST_OFFSET
    begin, stop = _payload(data, start, end=end, offset=LIST_OFFSET if is_list else STRING_OFFSET)
    if is_list:
        return _decode_list(data, begin, end=stop, depth=depth + 1), stop
    if stop - begin == 1 and data[begin] < STRING_OFFSET:
        raise UndecodableTransactionError(TransactionFlaw.CANONICAL)
    return data[begin:stop], stop


def _payload(data: bytes, start: int, *, end: int, offset: int) -> tuple[int, int]:
    length = data[start] - offset
    begin = start + 1
    if length > SHORT_LENGTH:
        size = data[begin : min(end, begin + length - SHORT_LENGTH)]
        begin += length - SHORT_LENGTH
        length = int.from_bytes(size, "big")
        if size[:1] in {b"", b"\0"} or length <= SHORT_LENGTH or begin > end:
            raise UndecodableTransactionError(TransactionFlaw.CANONICAL)
    if begin + length > end:
        raise UndecodableTransactionError(TransactionFlaw.TRUNCATED)
    return begin, begin + length
