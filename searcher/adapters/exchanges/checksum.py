"""Kraken's checksum of a book: what both sides must agree on after every message.

CRC-32 of the ten best asks, then of the ten best bids, best first; of each level the digits of
price and size without the point and without zeros before them. Source: docs.kraken.com, book
checksum.
"""

from collections.abc import Iterable
from typing import Final
from zlib import crc32

CHECKED_LEVELS: Final = 10
"""Of each side."""


def fragment(price: str, size: str) -> str:
    """What one level adds, from the text on the wire."""
    return price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")


def checksum(asks: Iterable[str], bids: Iterable[str]) -> int:
    """Of the fragments of both sides, best first, ten of each at most."""
    return crc32("".join((*asks, *bids)).encode())
