"""Decimals and times as exchanges write them, as integers without loss.

No float on the way: a price is a whole number of units of a power of ten.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Final

from searcher.errors import WireError

PLACES: Final = 18
"""Behind the point, for an exchange that does not say how many it writes."""

MAX_DIGITS: Final = 40
"""Before or behind the point."""

NS_PER_MS: Final = 1_000_000
US_PER_SECOND: Final = 1_000_000
NS_PER_US: Final = 1_000

_DECIMAL: Final = re.compile(
    rf"[0-9]{{1,{MAX_DIGITS}}}(?:[.][0-9]{{1,{MAX_DIGITS}}})?(?:[eE][+-]?[0-9]{{1,2}})?"
)


def scaled(text: str, places: int) -> int:
    """The decimal in units of 10^-places.

    Raises:
        WireError: it is no decimal without a sign, or is finer than that.
    """
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    missing = places - len(fraction)
    if missing >= 0 and len(digits) <= MAX_DIGITS and digits.isdecimal() and digits.isascii():
        return int(digits.ljust(len(digits) + missing, "0"))
    return _scaled_slowly(text, places)


def _scaled_slowly(text: str, places: int) -> int:
    """As `scaled`, with an exponent or zeros that say nothing."""
    if not _DECIMAL.fullmatch(text):
        raise WireError("a decimal", "it is none")
    whole, _, fraction = format(Decimal(text), "f").partition(".")
    if fraction[places:].strip("0"):
        raise WireError("a decimal", f"it has more than {places} places")
    return int(whole + fraction[:places].ljust(places, "0"))


def unix_ns(moment: datetime) -> int:
    """Nanoseconds since the Unix epoch, exact to the microsecond."""
    return round(moment.timestamp() * US_PER_SECOND) * NS_PER_US
