"""Small documents of order books, and recordings of exchanges that hold one, for tests."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.sims.recorded_states.documents import ONE, TWO, token

WETH_USDC: dict[str, object] = {
    "exchange": "kraken",
    "symbol": "ETH/USDC",
    "base": token(ONE),
    "quote": token(TWO, 6),
    "fee_pips": 2_600,
    "bids": [["2500.10", "3.25"], ["2499", "1"]],
    "asks": [["2500.2", "0.5"], ["2501.25", "10"]],
}

KRAKEN_SNAPSHOT = [
    7,
    {"as": [["2500.2", "0.50", "1"], ["2501.2", "9.0", "1"]], "bs": [["2500.1", "3.25", "1"]]},
    "book-2",
    "ETH/USDC",
]
KRAKEN_UPDATE = [
    7,
    {"a": [["2500.3", "4.00", "2"], ["2500.2", "0.00", "2"]]},
    {"b": [["2500.2", "1.00", "2"]], "c": "2161140046"},
    "book-2",
    "ETH/USDC",
]


def books_of(folder: Path, books: object, *, name: str = "books.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"books": books}), encoding="utf-8")
    return path


def recording_of(folder: Path, messages: Mapping[str, object], *, name: str = "session.0") -> Path:
    """What was received, by what stands before it: a time, or an address and a time."""
    path = folder / name
    lines = [f"{before}: {json.dumps(message)}\n" for before, message in messages.items()]
    path.write_text("wss://exchange <-> 1.0\n" + "".join(lines), encoding="utf-8")
    return path


def recorded_book(recordings: Sequence[str] = ("session.0",), **changes: object) -> object:
    """A book whose levels are in recordings."""
    inline = {key: value for key, value in WETH_USDC.items() if key not in {"bids", "asks"}}
    return {**inline, "recordings": list(recordings), **changes}
