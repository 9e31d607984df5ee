"""The messages are compatible to the byte, and their code is what the compiler makes of protos/."""

import subprocess
from pathlib import Path

import pytest
from google.protobuf.message import Message

from searcher.adapters.mempool_grpc.wire.bloxroute_pb2 import Tx, TxsReply
from searcher.adapters.mempool_grpc.wire.erigon_pb2 import AllReply, OnAddReply
from searcher.adapters.mempool_grpc.wire.erigon_types_pb2 import H128, H160
from searcher.adapters.mempool_grpc.wire.fiber_pb2 import TransactionWithSenderMsg

ROOT = Path(__file__).parents[4]
WIRE = Path("searcher/adapters/mempool_grpc/wire")
RAW = bytes.fromhex("02f8")
SENDER = bytes(range(1, 21))
WORDS = [int.from_bytes(SENDER[start : start + 8], "big") for start in (0, 8, 16)]

GOLDEN: dict[str, tuple[Message, str]] = {
    "bloxroute": (
        TxsReply(
            tx=[
                Tx(
                    **{"from": b"\x11" * 20},
                    local_region=True,
                    time=1_700_000_000_123_456_789,
                    raw_tx=RAW,
                )
            ]
        ),
        "0a2762141111111111111111111111111111111111111111700178959a97ece39fe7cb1782010202f8",
    ),
    "fiber": (
        TransactionWithSenderMsg(rlp_transaction=RAW, sender=SENDER),
        "0a0202f812140102030405060708090a0b0c0d0e0f1011121314",
    ),
    "erigon-all": (
        AllReply(
            txs=[
                AllReply.Tx(
                    txn_type=AllReply.PENDING,
                    sender=H160(hi=H128(hi=WORDS[0], lo=WORDS[1]), lo=WORDS[2]),
                    rlp_tx=RAW,
                )
            ]
        ),
        "0a22121c0a1408888e98a8c0e080810110909eb8e8c0e18285091094a6c888011a0202f8",
    ),
    "erigon-on-add": (OnAddReply(rpl_txs=[RAW, b"\x01"]), "0a0202f80a0101"),
}
"""Bytes as the three services send them; fields of every kind that is read."""


@pytest.mark.parametrize("name", list(GOLDEN))
def test_message_has_the_bytes_of_its_service(name: str) -> None:
    message, golden = GOLDEN[name]

    assert message.SerializeToString(deterministic=True).hex() == golden


@pytest.mark.parametrize("name", list(GOLDEN))
def test_bytes_of_the_service_are_read_back(name: str) -> None:
    message, golden = GOLDEN[name]
    kind: type[Message] = type(message)

    assert kind.FromString(bytes.fromhex(golden)) == message


def test_fields_that_are_not_read_are_skipped() -> None:
    withdrawn = bytes.fromhex("0a03616263")  # field 1 of Tx, a string until 2023
    unknown = bytes.fromhex("c2060474657374")  # field 104

    tx = Tx.FromString(withdrawn + Tx(raw_tx=RAW).SerializeToString() + unknown)

    assert tx.raw_tx == RAW


@pytest.mark.slow
def test_generated_code_is_what_the_compiler_writes(tmp_path: Path) -> None:
    subprocess.run(["bin/protos", tmp_path], cwd=ROOT, check=True)

    written = {path.name: path.read_bytes() for path in (tmp_path / WIRE).iterdir()}
    committed = {path.name: path.read_bytes() for path in (ROOT / WIRE).glob("*_pb2.py*")}
    assert written == committed
