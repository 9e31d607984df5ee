"""What a pending transaction costs, from the wire to a record with proven bytes.

Recorded transactions are read from ../shared/data; where that is absent, so are the values.
"""

import csv
import gzip
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.report import Row, report
from searcher.adapters.mempool import decode_announcement
from searcher.transactions import decode_transaction
from tests.searcher.transaction_bodies import body_of

RECORDED: Final = (
    Path(__file__).parents[2] / "shared" / "data" / "raw_txs" / "mainnet_signed_txs.csv.gz"
)
RUNS: Final = 25
SAMPLE: Final = 200
US: Final = 1e6


def rows() -> list[Row]:
    """The rows of the mempool."""
    names = (
        ("pending transaction, full body of 1 kB, hash proven", 8.0),
        ("raw transaction, sender recovered", 60.0),
        ("raw transaction, sender told", None),
    )
    if not RECORDED.exists():
        return [Row(measure=name, value=None, unit="us", target=target) for name, target in names]
    raws = swaps()
    frames = [announcement(raw) for raw in raws]
    told = partial(decode_transaction, sender=decode_transaction(raws[0]).sender)
    values = (
        median_us(decode_announcement, frames),
        median_us(decode_transaction, raws),
        median_us(told, raws),
    )
    return [
        Row(measure=name, value=value, unit="us", target=target)
        for (name, target), value in zip(names, values, strict=True)
    ]


def swaps() -> list[bytes]:
    """Transactions of type 2 with the calldata of a swap, without access list."""
    csv.field_size_limit(2**24)
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        raws = [
            bytes.fromhex(row["raw"][2:])
            for row in csv.DictReader(file)
            if row["tx_type"] == "2" and row["router"]
        ]
    return [raw for raw in raws if 300 <= len(raw) <= 450][:SAMPLE]


def announcement(raw: bytes) -> bytes:
    """The notification that carries a transaction's body."""
    event = {"subscription": "0x1", "result": body_of(raw)}
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "eth_subscription", "params": event})


def median_us(action: Callable[[bytes], object], inputs: Sequence[bytes]) -> float:
    """Processor time for one input, the median of runs over all."""
    taken = []
    for _ in range(RUNS):
        begun = time.process_time()
        for one in inputs:
            action(one)
        taken.append((time.process_time() - begun) / len(inputs))
    return statistics.median(taken) * US


if __name__ == "__main__":
    report("feeds_mempool", rows())
