"""What the event stream may tell about a bundle: no more than its sender's hints allow.

Gas and price are rounded up so that they do not give a bundle away.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from searcher.transactions import Transaction
from sims.relay.identity import matching_hash
from sims.relay.mev_share_bundle import ShareBundle
from sims.relay.simulation import Execution

PRICE_DIGITS: Final = 3
GAS_DIGITS: Final = 2
SELECTOR_BYTES: Final = 4
ZERO_TOPIC: Final = "0x" + "00" * 32

BALANCER_SWAP: Final = "0x2170c741c41531aec20e7c107c24eecfdd15e69c9bb0a8dd37b1840b9e0b207b"
"""Keeps its second topic, the pool's id."""

SWAP_TOPICS: Final = frozenset(
    {
        "0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822",
        "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67",
        "0x8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140",
        BALANCER_SWAP,
    }
)
"""Uniswap V2 and V3, Curve, Balancer V2."""


def event_of(bundle: ShareBundle, execution: Execution | None) -> Mapping[str, object]:
    """Return the event of a bundle; without logs and gas where it could not be executed."""
    hinted = [_hint(one.tx, bundle.hints) for one in bundle.transactions()]
    event: dict[str, object] = {
        "hash": matching_hash(bundle.hash()),
        "logs": list(_logs(bundle, execution)) or None,
        "txs": hinted if any(hinted) else None,
    }
    if execution is not None and execution.gas_used_gas():
        gas, paid_wei = execution.gas_used_gas(), max(0, execution.coinbase_diff_wei())
        event["mevGasPrice"] = hex(rounded_up(paid_wei // gas, digits=PRICE_DIGITS))
        event["gasUsed"] = hex(rounded_up(gas, digits=GAS_DIGITS))
    return event


def rounded_up(value: int, *, digits: int) -> int:
    """Keep that many significant decimal digits; the rest counts as one more of the last."""
    unit = int("1" + "0" * max(0, len(str(value)) - digits))
    return -(-value // unit) * unit


def _hint(tx: Transaction, hints: frozenset[str]) -> Mapping[str, object]:
    told: dict[str, object] = {}
    if "tx_hash" in hints:
        told["hash"] = tx.hash
    if "contract_address" in hints:
        told["to"] = tx.to
    if "function_selector" in hints:
        told["functionSelector"] = "0x" + tx.data[:SELECTOR_BYTES].hex()
    if "calldata" in hints:
        told["callData"] = "0x" + tx.data.hex()
    return told


def _logs(bundle: ShareBundle, execution: Execution | None) -> Iterator[Mapping[str, object]]:
    for outcome in execution.outcomes if execution is not None else ():
        for log in outcome.logs:
            address, topics = log.get("address"), log.get("topics")
            if not isinstance(topics, list):
                continue
            if "logs" in bundle.hints:
                yield {"address": address, "topics": topics, "data": log.get("data")}
            elif "default_logs" in bundle.hints and topics and topics[0] in SWAP_TOPICS:
                yield {"address": address, "topics": _veiled(topics), "data": "0x"}


def _veiled(topics: list[object]) -> list[object]:
    kept = 2 if topics[0] == BALANCER_SWAP else 1
    return [*topics[:kept], *[ZERO_TOPIC] * (len(topics) - kept)]
