"""The static part of the contract ABI: 32-byte words in and out, strictly.

Slicing never fails in Python, so every read here checks that the word is there and that its value
fits the Solidity type; a contract that answers anything else is not the contract we think it is.
"""

from typing import Final

from eth_utils.crypto import keccak

from graphs.units import Address
from searcher.errors import WireError

WORD_BYTES: Final = 32
WORD_BITS: Final = 256
SELECTOR_BYTES: Final = 4
ADDRESS_BITS: Final = 160
ADDRESS_BYTES: Final = 20


def topic(signature: str) -> str:
    """The first topic of an event with this canonical signature."""
    return "0x" + keccak(text=signature).hex()


def selector(signature: str) -> bytes:
    """What calldata of a function with this canonical signature starts with."""
    return keccak(text=signature)[:SELECTOR_BYTES]


def encode_word(value: int) -> bytes:
    """An integer as one word, two's complement when negative."""
    return (value % (1 << WORD_BITS)).to_bytes(WORD_BYTES, "big")


def encode_address(address: Address) -> bytes:
    """An address as one word."""
    return bytes.fromhex(address[2:]).rjust(WORD_BYTES, b"\0")


def decode_unsigned(data: bytes | memoryview, index: int, *, bits: int, field: str) -> int:
    """The word at the index as `uint<bits>`.

    Raises:
        WireError: the data is too short, or the value too large.
    """
    start = index * WORD_BYTES
    word = data[start : start + WORD_BYTES]
    if start < 0 or len(word) != WORD_BYTES:
        raise WireError(field, "too short")
    value = int.from_bytes(word, "big")
    if value >> bits:
        raise WireError(field, f"exceeds uint{bits}")
    return value


def decode_signed(data: bytes | memoryview, index: int, *, bits: int, field: str) -> int:
    """The word at the index as `int<bits>`.

    Raises:
        WireError: the data is too short, or the value out of range.
    """
    raw = decode_unsigned(data, index, bits=WORD_BITS, field=field)
    value = raw - (1 << WORD_BITS) if raw >> (WORD_BITS - 1) else raw
    half = 1 << (bits - 1)
    if not -half <= value < half:
        raise WireError(field, f"exceeds int{bits}")
    return value


def decode_bool(data: bytes | memoryview, index: int, *, field: str) -> bool:
    """The word at the index as `bool`.

    Raises:
        WireError: the data is too short, or neither 0 nor 1.
    """
    return decode_unsigned(data, index, bits=1, field=field) == 1


def decode_address(data: bytes | memoryview, index: int, *, field: str) -> Address:
    """The word at the index as `address`.

    Raises:
        WireError: the data is too short, or the value too large.
    """
    value = decode_unsigned(data, index, bits=ADDRESS_BITS, field=field)
    return Address("0x" + value.to_bytes(ADDRESS_BYTES, "big").hex())


def decode_bytes(data: bytes | memoryview, index: int, *, field: str) -> bytes:
    """The `bytes` or `string` whose offset, relative to the data, is the word at the index.

    Raises:
        WireError: the offset or the length point outside the data.
    """
    offset = decode_unsigned(data, index, bits=WORD_BITS, field=field)
    if offset > len(data):
        raise WireError(field, "offset outside the data")
    tail = data[offset:]
    length = decode_unsigned(tail, 0, bits=WORD_BITS, field=field)
    if length > len(tail) - WORD_BYTES:
        raise WireError(field, "length outside the data")
    return bytes(tail[WORD_BYTES : WORD_BYTES + length])
