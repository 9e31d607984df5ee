"""What a pending transaction costs from the bytes of its message to a record, source by source."""

import gzip
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from csv import DictReader, field_size_limit
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.report import Row, report
from searcher.adapters.mempool_grpc.bloxroute import decode_reply
from searcher.adapters.mempool_grpc.erigon import decode_additions
from searcher.adapters.mempool_grpc.fiber import decode_message
from searcher.adapters.mempool_grpc.raw_stream import Announced
from searcher.adapters.mempool_grpc.screening import Refusal, Screen, Wanted
from searcher.adapters.mempool_grpc.wire.bloxroute_pb2 import Tx, TxsReply
from searcher.adapters.mempool_grpc.wire.erigon_pb2 import OnAddReply
from searcher.adapters.mempool_grpc.wire.fiber_pb2 import TransactionWithSenderMsg
from searcher.adapters.mev_share_hints import UNISWAP_V2_SWAP, decode_event
from searcher.pending import PendingTransaction

RECORDED: Final = (
    Path(__file__).parents[2] / "shared" / "data" / "raw_txs" / "mainnet_signed_txs.csv.gz"
)
MAX_FIELD_CHARACTERS: Final = 2**20
RUNS: Final = 7
MESSAGES: Final = 1_000
US: Final = 1_000_000.0
RAW_TARGET_US: Final = 60.0
HINT: Final = msgspec.json.encode(
    {
        "hash": "0x" + "ab" * 32,
        "logs": [
            {
                "address": "0x" + "11" * 20,
                "topics": [UNISWAP_V2_SWAP, "0x" + "00" * 32, "0x" + "00" * 32],
                "data": "0x",
            }
        ],
        "txs": [{"to": "0x" + "22" * 20, "functionSelector": "0x38ed1739"}],
        "mevGasPrice": "0x12a05f200",
        "gasUsed": "0x1d4c0",
    }
)
Decode = Callable[[bytes], tuple[Announced, ...]]


def rows() -> list[Row]:
    """Processor time of a message, median of some runs over recorded transactions."""
    return [
        *raw_rows(),
        Row(
            measure="MEV-Share event to hint",
            value=median_us(lambda: [decode_event(HINT) for _ in range(MESSAGES)]),
            unit="us",
            target=None,
        ),
    ]


def raw_rows() -> Iterator[Row]:
    """The three gRPC protocols; without the recording, rows without a value."""
    raws = recorded() if RECORDED.exists() else []
    for name, encode, decode in (
        ("bloXroute", bloxroute, decode_reply),
        ("Fiber", fiber, decode_message),
        ("Erigon", erigon, decode_additions),
    ):
        messages = [encode(*one) for one in raws]
        yield Row(
            measure=f"{name} message to pending transaction, sender recovered",
            value=median_us(partial(heard, messages, decode)) if messages else None,
            unit="us",
            target=RAW_TARGET_US,
        )


def heard(messages: list[bytes], decode: Decode) -> list[PendingTransaction]:
    """What a source does with its frames; nothing may be refused."""
    screen = Screen(Wanted(chain_id=1))
    pending = []
    for message in messages:
        for announced in decode(message):
            verdict = screen.admit(announced)
            if isinstance(verdict, Refusal):
                raise RuntimeError(verdict)  # noqa: TRY004 - a value of the wrong kind, not a type
            pending.append(
                PendingTransaction(transaction=verdict, source="benchmark", first_seen_ns=0)
            )
    return pending


def recorded() -> list[tuple[bytes, bytes]]:
    """Raw transactions and their senders, spread over the recording."""
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        field_size_limit(MAX_FIELD_CHARACTERS)
        entries = list(DictReader(file))
    return [
        (bytes.fromhex(entry["raw"].removeprefix("0x")), bytes.fromhex(entry["from"][2:]))
        for entry in entries[:: len(entries) // MESSAGES][:MESSAGES]
    ]


def bloxroute(raw: bytes, sender: bytes) -> bytes:
    """One transaction as a gateway sends it."""
    tx = Tx(raw_tx=raw, time=1)
    setattr(tx, "from", sender)
    return bytes(TxsReply(tx=[tx]).SerializeToString())


def fiber(raw: bytes, sender: bytes) -> bytes:
    """One transaction as Fiber sends it."""
    return bytes(TransactionWithSenderMsg(rlp_transaction=raw, sender=sender).SerializeToString())


def erigon(raw: bytes, _: bytes) -> bytes:
    """One transaction as Erigon sends it."""
    return bytes(OnAddReply(rpl_txs=[raw]).SerializeToString())


def median_us(action: Callable[[], Sequence[object]]) -> float:
    """Processor time of one of the things that the action makes."""
    taken = []
    for _ in range(RUNS):
        begun = time.process_time()
        made = len(action())
        taken.append((time.process_time() - begun) / made)
    return statistics.median(taken) * US


if __name__ == "__main__":
    report("feeds_streams", rows())
