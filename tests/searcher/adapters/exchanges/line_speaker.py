"""Stands in for the process that runs ccxt: speaks its lines, and goes wrong as it is asked to.

Run by an interpreter of its own. The exchange that is asked for is what happens: `steady` goes on,
every other one says two books and then does what it is called.
"""

import json
import os
import sys
import threading
from itertools import count

PACE_S = 0.002
HUGE = 2**20


def book(market: str, venue: str, number: int) -> str:
    return json.dumps(
        {
            "venue": venue,
            "market": market,
            "bids": [["2000.5", "1.5"], ["2000", "2e-1"], ["1999", "7"]],
            "asks": [["2001", "3"]],
            "time_ms": number if "SPEAKER_SECRET" not in os.environ else -1,
            "sequence": os.getpid(),
        }
    )


def last_words(what: str) -> None:
    """Never returns where the process goes on without a word."""
    said = {
        "garbage": "{]",
        "fails": '{"error": "NetworkError"}',
        "huge": "x" * HUGE,
        "stranger": book("ABC/USD", what, 1),
        "other": book("ETH/USDT", "somebody else", 1),
        "negative": book("ETH/USDT", what, 1).replace('"7"', '"-7"'),
    }
    if what == "silent":
        threading.Event().wait()
    if what in said:
        sys.stdout.write(said[what] + "\n")
        sys.stdout.flush()


def main() -> None:
    request = json.loads(sys.stdin.readline())
    for number in count(1):
        for market in request["markets"]:
            sys.stdout.write(book(market, request["exchange"], number) + "\n")
            sys.stdout.flush()
        if number > 1 and request["exchange"] != "steady":
            last_words(request["exchange"])
            return
        threading.Event().wait(PACE_S)


if __name__ == "__main__":
    main()
