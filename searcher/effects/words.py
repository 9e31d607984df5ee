"""Calldata by slicing, strictly: what eth-abi decodes in tens of microseconds, in single ones.

Slices do not fail in Python, so every read is bounded here. Positions are absolute; an offset in
calldata counts from the start of the tuple that holds it. As strict as eth-abi about the values:
an address with anything in its upper bytes is refused, although older compilers ignore it.
"""

from typing import Final

from eth_utils.crypto import keccak

from graphs.units import Address
from searcher.errors import WireError

WORD: Final = 32
SELECTOR: Final = 4
"""Where the arguments of a call begin."""

PADDING: Final = 12
"""Zero bytes before an address."""

_PADDING: Final = bytes(PADDING)
_number = int.from_bytes


def selector(signature: str) -> bytes:
    """What calldata of a function with this canonical signature starts with."""
    return keccak(text=signature)[:SELECTOR]


def words(data: bytes, at: int, count: int) -> list[int]:
    """That many words.

    Raises:
        WireError: the data ends before them.
    """
    end = at + WORD * count
    if end > len(data):
        raise _too_short()
    return [_number(data[start : start + WORD]) for start in range(at, end, WORD)]


def word(data: bytes, at: int) -> int:
    """One word.

    Raises:
        WireError: the data ends before it.
    """
    if at + WORD > len(data):
        raise _too_short()
    return _number(data[at : at + WORD])


def small(value: int, bits: int) -> int:
    """The value, which a type of so many bits must hold.

    Raises:
        WireError: it does not.
    """
    if value >> bits:
        raise WireError("calldata", f"exceeds {bits} bits")
    return value


def address(data: bytes, at: int) -> Address:
    """The word as an address.

    Raises:
        WireError: the data ends before it, or it has more than 160 bits.
    """
    if at + WORD > len(data):
        raise _too_short()
    if data[at : at + PADDING] != _PADDING:
        raise WireError("calldata", "exceeds 160 bits")
    return Address("0x" + data[at + PADDING : at + WORD].hex())


def tail(data: bytes, base: int, at: int) -> int:
    """Where the dynamic value begins whose offset from `base` is the word at `at`.

    Raises:
        WireError: outside the data.
    """
    if at + WORD > len(data):
        raise _too_short()
    position = base + _number(data[at : at + WORD])
    if position > len(data):
        raise WireError("calldata", "an offset outside the data")
    return position


def addresses(data: bytes, at: int) -> list[Address]:
    """The `address[]` that begins with its length here.

    Raises:
        WireError: the data ends before its last element, or one has more than 160 bits.
    """
    end = at + WORD * (word(data, at) + 1)
    if end > len(data):
        raise _too_short()
    return [address(data, start) for start in range(at + WORD, end, WORD)]


def blob(data: bytes, at: int) -> bytes:
    """The `bytes` that begin with their length here.

    Raises:
        WireError: the data ends before them.
    """
    start = at + WORD
    end = start + word(data, at)
    if end > len(data):
        raise _too_short()
    return data[start:end]


def blobs(data: bytes, at: int) -> list[bytes]:
    """The `bytes[]` that begins with its length here; offsets count from behind the length.

    Raises:
        WireError: the data ends before one of its elements.
    """
    return [blob(data, start) for start in tails(data, at)]


def tails(data: bytes, at: int) -> list[int]:
    """Where the elements begin of an array of dynamic values that begins with its length here.

    Raises:
        WireError: the data ends before its offsets, or one points outside.
    """
    base = at + WORD
    end = base + WORD * word(data, at)
    if end > len(data):
        raise _too_short()
    return [tail(data, base, start) for start in range(base, end, WORD)]


def _too_short() -> WireError:
    return WireError("calldata", "too short")
