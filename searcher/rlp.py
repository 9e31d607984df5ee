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


def encode(item: Item) -> bytes:
    """Encode bytes or nested sequences of bytes."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < STRING_OFFSET:
            return item
        return _prefix(len(item), STRING_OFFSET) + item
    payload = b"".join(encode(element) for element in item)
    return _prefix(len(payload), LIST_OFFSET) + payload


def encode_integer(value: int) -> bytes:
    """Return the shortest big-endian bytes of a natural number: empty for zero."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def decode(data: bytes) -> Item:
    """Decode exactly one item.

    Raises:
        UndecodableTransactionError: not canonical, truncated, too deep, or bytes left over.
    """
    item, end = _decode_at(data, 0, depth=0)
    if end != len(data):
        raise UndecodableTransactionError(TransactionFlaw.TRAILING)
    return item


def _prefix(length: int, offset: int) -> bytes:
    if length <= SHORT_LENGTH:
        return bytes([offset + length])
    size = encode_integer(length)
    return bytes([offset + SHORT_LENGTH + len(size)]) + size


def _decode_at(data: bytes, start: int, *, depth: int) -> tuple[Item, int]:
    if start >= len(data):
        raise UndecodableTransactionError(TransactionFlaw.TRUNCATED)
    first = data[start]
    if first < STRING_OFFSET:
        return data[start : start + 1], start + 1
    is_list = first >= LIST_OFFSET
    begin, end = _payload(data, start, LIST_OFFSET if is_list else STRING_OFFSET)
    if is_list:
        return _decode_list(data, begin, end=end, depth=depth + 1), end
    if end - begin == 1 and data[begin] < STRING_OFFSET:
        raise UndecodableTransactionError(TransactionFlaw.CANONICAL)
    return data[begin:end], end


def _decode_list(data: bytes, begin: int, *, end: int, depth: int) -> Item:
    if depth > MAX_DEPTH:
        raise UndecodableTransactionError(TransactionFlaw.DEPTH)
    elements: list[Item] = []
    while begin < end:
        element, begin = _decode_at(data[:end], begin, depth=depth)
        elements.append(element)
    return tuple(elements)


def _payload(data: bytes, start: int, offset: int) -> tuple[int, int]:
    length = data[start] - offset
    begin = start + 1
    if length > SHORT_LENGTH:
        size = data[begin : begin + length - SHORT_LENGTH]
        begin += length - SHORT_LENGTH
        length = int.from_bytes(size, "big")
        if size[:1] in {b"", b"\0"} or length <= SHORT_LENGTH or begin > len(data):
            raise UndecodableTransactionError(TransactionFlaw.CANONICAL)
    if begin + length > len(data):
        raise UndecodableTransactionError(TransactionFlaw.TRUNCATED)
    return begin, begin + length
