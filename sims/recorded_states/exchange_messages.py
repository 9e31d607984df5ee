"""What one message of an exchange says of the book of one symbol, for each exchange that is read.

Separate from the replay because every exchange has its own words for the same changes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from sims.recorded_states.fields import FieldError, Record, decimal_text, items, record, text, whole

MAX_ID: Final = 2**63 - 1
"""Of a change of Binance."""


class Pair(NamedTuple):
    """A level as an exchange writes it."""

    price: str
    """Whole quote for a whole base."""

    size: str
    """Whole base."""


class Message(NamedTuple):
    """One that was received."""

    url: str
    """That was asked for it; empty where a websocket brought it."""

    value: object
    """As the parser of JSON makes it."""


class Update(NamedTuple):
    """What one message says of the book of the symbol."""

    bids: Sequence[object]
    """Levels that are new, or have another size, or end: their size is zero."""

    asks: Sequence[object]
    """The same of the other side."""

    is_snapshot: bool = False
    """Whether there are no levels besides."""

    depth: int = 0
    """Levels that a side keeps; 0 for all."""

    checksum: int | None = None
    """Of the book after it; None where the exchange sends none."""

    ids: tuple[int, int] | None = None
    """The first change in it and the last; None where the exchange numbers none."""


def pair(value: object, what: str) -> Pair:
    """Take a value of JSON as a level; what follows price and size is no part of it.

    Raises:
        FieldError: it is none.
    """
    if not isinstance(value, list) or len(value) < len(Pair._fields):
        raise FieldError(reason=f"{what} is no level", remedy='write ["price", "size"]')
    named = {f"{what}, price": value[0], f"{what}, size": value[1]}
    return Pair(*(decimal_text(named, key) for key in named))


def kraken(message: Message, symbol: str) -> Update | None:
    """Version 1: [channel, changes, or those of a side and of the other, "book-10", symbol]."""
    value = message.value
    if not isinstance(value, list) or value[-1:] != [symbol]:
        return None
    channel, _, depth = str(value[-2:][0]).partition("-")
    if channel != "book":
        return None
    changes: dict[str, object] = {}
    for part in value[1:-2]:
        changes.update(record(part, "book"))
    is_snapshot = "as" in changes or "bs" in changes
    bids, asks = ("bs", "as") if is_snapshot else ("b", "a")
    return Update(
        bids=_items_if_any(changes, bids),
        asks=_items_if_any(changes, asks),
        is_snapshot=is_snapshot,
        depth=whole({"depth": depth}, "depth", maximum=MAX_ID),
        checksum=whole(changes, "c", maximum=2**32 - 1) if "c" in changes else None,
    )


def _items_if_any(source: Record, key: str) -> Sequence[object]:
    return items(source, key) if key in source else ()


def coinbase(message: Message, symbol: str) -> Update | None:
    """Coinbase Pro: snapshots of both sides, then lists of [side, price, size]."""
    value = message.value
    if not isinstance(value, dict) or value.get("product_id") != symbol:
        return None
    if value.get("type") == "snapshot":
        return Update(bids=items(value, "bids"), asks=items(value, "asks"), is_snapshot=True)
    if value.get("type") != "l2update":
        return None
    changes = [change for change in items(value, "changes") if isinstance(change, list)]
    return Update(
        bids=[change[1:] for change in changes if change[:1] == ["buy"]],
        asks=[change[1:] for change in changes if change[:1] == ["sell"]],
    )


def binance(message: Message, symbol: str) -> Update | None:
    """A snapshot as the answer of REST, and numbered updates, bare or of a combined stream."""
    value = message.value
    if not isinstance(value, dict):
        return None
    if parse_qs(urlsplit(message.url).query).get("symbol") == [symbol]:
        last = whole(value, "lastUpdateId", maximum=MAX_ID)
        bids, asks = items(value, "bids"), items(value, "asks")
        return Update(bids=bids, asks=asks, is_snapshot=True, ids=(last, last))
    change = value.get("data", value)
    if not isinstance(change, dict) or change.get("e") != "depthUpdate":
        return None
    if text(change, "s") != symbol:
        return None
    ids = whole(change, "U", maximum=MAX_ID), whole(change, "u", maximum=MAX_ID)
    return Update(bids=items(change, "b"), asks=items(change, "a"), ids=ids)


READERS: Final[Mapping[str, Callable[[Message, str], Update | None]]] = {
    "binance": binance,
    "binance.us": binance,
    "coinbase": coinbase,
    "kraken": kraken,
}
"""By exchange, as a book names it; None of what is no change of the book."""
