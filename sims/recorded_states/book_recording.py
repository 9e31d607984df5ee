"""The order book of one symbol at the end of a recorded session of its exchange, or before it.

Lines are those of cryptofeed: `time: message` for what a websocket brought, `url -> time: answer`
for what was asked by REST; what was sent is passed over. A book that misses a numbered update, or
has not the checksum that came last, is refused: nothing is known of it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import starmap
from pathlib import Path
from typing import Final

from searcher.adapters.exchanges.checksum import CHECKED_LEVELS, fragment
from searcher.adapters.exchanges.checksum import checksum as kraken_checksum
from sims.recorded_states.document import lines, parsed
from sims.recorded_states.exchange_messages import READERS, Message, Pair, Update, pair
from sims.recorded_states.fields import FieldError, Record, decimal_text, items, text
from sims.recorded_states.states import PoolFileError

LINE: Final = re.compile(r"(?:(\S+) -> )?([0-9]{1,20}(?:[.][0-9]{1,20})?): ([\[{].*)")
"""The address that was asked, if any, seconds since the epoch, and JSON."""

Sides = tuple[Sequence[Pair], Sequence[Pair]]
"""Bids and asks, best first."""

_Side = dict[Decimal, Pair]
"""Levels by price, which an exchange may write with more zeros or fewer."""


def recorded_sides(folder: Path, source: Record) -> Sides:
    """Replay the `recordings` of a book to their end, or to what was received `until` a time.

    Raises:
        FieldError: the book cannot be told from them.
    """
    exchange, symbol = text(source, "exchange"), text(source, "symbol")
    if exchange not in READERS:
        reason = f"recordings of {exchange} are not read"
        raise FieldError(reason=reason, remedy=f"choose from {', '.join(READERS)}")
    until = Decimal(decimal_text(source, "until")) if "until" in source else Decimal("Infinity")
    names = [text({"recordings": name}, "recordings") for name in items(source, "recordings")]
    try:
        messages = [
            message for name in names for message in _messages(folder / name, symbol, until=until)
        ]
    except PoolFileError as error:
        reason = f"{error.refusal.path}: {error.refusal.reason}"
        remedy = "name recordings that lie beside the document"
        raise FieldError(reason=reason, remedy=remedy) from error
    updates = [READERS[exchange](message, symbol) for message in messages]
    return _replayed(update for update in updates if update is not None)


def _messages(path: Path, symbol: str, *, until: Decimal) -> Iterator[Message]:
    """Yield what was received in time and can be about the symbol, for its name is in it."""
    for number, line in enumerate(lines(path), start=1):
        match = LINE.fullmatch(line) if symbol in line else None
        if match and Decimal(match[2]) <= until:
            yield Message(match[1] or "", parsed(path, f"line {number}", match[3]))


def _replayed(updates: Iterable[Update]) -> Sides:
    """Apply the updates to the snapshot."""
    bids: _Side = {}
    asks: _Side = {}
    last: Update | None = None
    # A numbered snapshot is asked for: updates that came before the answer can be behind it.
    for update in sorted(updates, key=lambda update: not (update.is_snapshot and update.ids)):
        if update.is_snapshot:
            bids, asks = {}, {}
        elif last is None or _is_outdated(update, last):
            continue
        _apply(bids, update.bids)
        _apply(asks, update.asks)
        if update.depth:
            bids = dict(sorted(bids.items(), reverse=True)[: update.depth])
            asks = dict(sorted(asks.items())[: update.depth])
        last = update
    if last is None:
        raise FieldError(reason="no snapshot of it is recorded", remedy="record from the start on")
    sides = [bids[price] for price in sorted(bids, reverse=True)], [asks[p] for p in sorted(asks)]
    if last.checksum not in {None, checksum(sides)}:
        reason = f"its checksum is {checksum(sides)}, not {last.checksum}"
        raise FieldError(reason=reason, remedy="record every message")
    return sides


def _is_outdated(update: Update, last: Update) -> bool:
    """Tell whether the changes are part of the book already.

    Raises:
        FieldError: some before them are not.
    """
    if update.ids is None or last.ids is None:
        return False
    if update.ids[0] > last.ids[1] + 1:
        reason = f"changes {last.ids[1] + 1} to {update.ids[0] - 1} are not recorded"
        raise FieldError(reason=reason, remedy="record every message")
    return update.ids[1] <= last.ids[1]


def _apply(side: _Side, changes: Iterable[object]) -> None:
    for change in changes:
        level = pair(change, "a change")
        price = Decimal(level.price)
        if Decimal(level.size):
            side[price] = level
        else:
            side.pop(price, None)


def checksum(sides: Sides) -> int:
    """Compute Kraken's over the best levels."""
    bids, asks = (side[:CHECKED_LEVELS] for side in sides)
    return kraken_checksum(starmap(fragment, asks), starmap(fragment, bids))
