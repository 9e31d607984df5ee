"""Names for the integers and strings that travel through the program, and their scales.

Amounts without a suffix are raw token units. An address is always lower case with 0x, so that
equality and ordering of strings are equality and ordering of addresses.
"""

from typing import Final, NewType

Address = NewType("Address", str)
"""0x and 40 lower-case hex digits."""

PoolId = NewType("PoolId", str)
"""The pool's address where the pool is a contract; its 32-byte id where a singleton holds it."""

BPS: Final = 10_000
"""Basis points in one: the scale of fields that end in `_bps`."""

PIPS: Final = 1_000_000
"""Hundredths of a basis point in one: the scale of fields that end in `_pips`."""

WEI_PER_ETHER: Final = 10**18
