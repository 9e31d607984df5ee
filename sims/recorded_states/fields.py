"""Typed values out of a row of a table or an object of JSON, each refused with a remedy.

Separate from the readers so that an address or an amount is judged alike in every shape of file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from graphs.fixed_point import UINT256_MAX
from graphs.tokens import Token
from graphs.units import Address

Record = Mapping[str, object]
"""A row by column, or an object by key."""

ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")
"""Of any case: checksums are not checked."""

POOL_ID: Final = re.compile("0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})")
"""An address, or the 32 bytes under which a singleton holds a pool."""

DECIMAL: Final = re.compile("([0-9]{1,78})(?:[.]([0-9]{1,78}))?")
"""Whole part and fraction, in plain ASCII digits."""

MAX_DIGITS: Final = 80
"""Characters that any number in range fits in, and that are shown of one that does not."""

MAX_DECIMALS: Final = 255
"""What `decimals()` of ERC-20 can say: a uint8."""


class FieldError(Exception):
    """What is wrong with one state, before its place is known."""

    def __init__(self, *, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def text(record: Record, key: str) -> str:
    """Read a field as text; a whole number of JSON is its digits.

    Raises:
        FieldError: it is absent, or neither text nor a whole number.
    """
    value = record.get(key)
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= UINT256_MAX:
        return str(value)
    if value is None:
        raise FieldError(reason=f"{key} is missing", remedy="record it")
    shown = repr(value)[:MAX_DIGITS] if not isinstance(value, int) else "an endless number"
    raise FieldError(reason=f"{key} is {shown}", remedy="write text or a whole number")


def address(record: Record, key: str) -> Address:
    """Read an address in lower case.

    Raises:
        FieldError: the field is no address.
    """
    return Address(_matched(record, key, ADDRESS, remedy="write 0x and 40 hexadecimal digits"))


def pool_id(record: Record, key: str) -> str:
    """Read the id of a pool, an address or 32 bytes, in lower case.

    Raises:
        FieldError: the field is neither.
    """
    return _matched(record, key, POOL_ID, remedy="write 0x and 40 or 64 hexadecimal digits")


def _matched(record: Record, key: str, shape: re.Pattern[str], *, remedy: str) -> str:
    value = text(record, key)
    if not shape.fullmatch(value):
        raise FieldError(reason=f"{key} {value[:MAX_DIGITS]!r} is no address", remedy=remedy)
    return value.lower()


def whole(record: Record, key: str, *, maximum: int, minimum: int = 0) -> int:
    """Read a whole number in range, in plain ASCII digits.

    Raises:
        FieldError: the field is no such number.
    """
    value = text(record, key)
    digits = value.removeprefix("-") if minimum < 0 else value
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= MAX_DIGITS
    if not is_number or not minimum <= int(value) <= maximum:
        reason = f"{key} {value[:MAX_DIGITS]!r} is not in range"
        raise FieldError(reason=reason, remedy=f"write a whole number from {minimum} to {maximum}")
    return int(value)


def decimal_text(record: Record, key: str) -> str:
    """Read a decimal as it is written.

    Raises:
        FieldError: the field is no decimal without a sign and an exponent.
    """
    value = text(record, key)
    if not DECIMAL.fullmatch(value):
        reason = f"{key} {value[:MAX_DIGITS]!r} is no decimal"
        raise FieldError(reason=reason, remedy="write digits, with a point or without")
    return value


def scaled_down(record: Record, key: str, *, decimals: int) -> int:
    """Read a decimal as an integer of 10^-decimals; digits beyond are cut, for nothing is smaller.

    Raises:
        FieldError: the field is no decimal without a sign and an exponent, or wider than a word.
    """
    value = decimal_text(record, key)
    before, _, behind = value.partition(".")
    scaled = int(before + behind[:decimals].ljust(decimals, "0"))
    if scaled > UINT256_MAX:
        reason = f"{key} {value[:MAX_DIGITS]!r} is not in range"
        raise FieldError(reason=reason, remedy=f"write at most {UINT256_MAX} units")
    return scaled


def share(record: Record, key: str, *, scale: int) -> int:
    """Read a fraction such as `1/2500` as a whole number of 1 / scale.

    Raises:
        FieldError: it is no fraction, is not below one, or is finer than the scale.
    """
    value = text(record, key)
    numerator, separator, denominator = value[:MAX_DIGITS].partition("/")
    if not separator or not _is_digits(numerator) or not _is_digits(denominator):
        reason = f"{key} {value[:MAX_DIGITS]!r} is no fraction"
        raise FieldError(reason=reason, remedy="write it as 1/2500")
    above, below = int(numerator), int(denominator)
    if not below or above >= below or above * scale % below:
        reason = f"{key} {value[:MAX_DIGITS]!r} is not in range"
        raise FieldError(reason=reason, remedy=f"write a multiple of 1/{scale} below one")
    return above * scale // below


def _is_digits(value: str) -> bool:
    return value.isascii() and value.isdecimal()


def record(value: object, what: str) -> Record:
    """Take a value of JSON as an object.

    Raises:
        FieldError: it is none.
    """
    if not isinstance(value, dict):
        raise FieldError(reason=f"{what} is no object", remedy="record it as a JSON object")
    return cast("Record", value)


def items(source: Record, key: str) -> Sequence[object]:
    """Read a field that is a list of JSON.

    Raises:
        FieldError: it is none.
    """
    value = source.get(key)
    if not isinstance(value, list):
        raise FieldError(reason=f"{key} is no list", remedy="record it as a JSON list")
    return value


def token(value: object, what: str) -> Token:
    """Read a token with its address, decimals and, where it has one, symbol.

    Raises:
        FieldError: one of them cannot be read.
    """
    source = record(value, what)
    symbol = source.get("symbol")
    return Token(
        address=address(source, "address"),
        symbol=symbol if isinstance(symbol, str) else "",
        decimals=whole(source, "decimals", maximum=MAX_DECIMALS),
    )


def named_tokens(row: Mapping[str, str]) -> Iterator[Token]:
    """Yield the tokens whose decimals a row names."""
    for side in ("0", "1"):
        if row["decimals" + side]:
            yield Token(
                address=address(row, "token" + side),
                symbol=row["symbol" + side],
                decimals=whole(row, "decimals" + side, maximum=MAX_DECIMALS),
            )
