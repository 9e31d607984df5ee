"""The names of bundles against recorded vectors, and what does and does not change them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.transactions import Transaction, decode_transaction
from sims.relay.identity import BundleIdentity, matching_hash, share_hash

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "relay_vectors.json").read_text())
TXS: dict[str, Transaction] = {
    name: decode_transaction(bytes.fromhex(tx["raw"][2:])) for name, tx in VECTORS["txs"].items()
}
UUID_TEXT = "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"


def identity(names: str, fields: dict[str, Any] | None = None) -> BundleIdentity:
    txs = [TXS[name] for name in names]
    return BundleIdentity(
        tx_hashes=tuple(tx.hash for tx in txs),
        raws=tuple(tx.raw for tx in txs),
        sender=txs[0].sender,
        **{"block_number": 0, **(fields or {})},
    )


def named(vector: dict[str, Any], field: str) -> tuple[str, ...]:
    return tuple(TXS[name].hash for name in vector.get(field, "[]")[1:-1])


@pytest.mark.parametrize("vector", VECTORS["bundleUuid"], ids=lambda vector: vector["uuid"])
def test_internal_id_is_the_recorded_one(vector: dict[str, Any]) -> None:
    fields = {
        "block_number": int(vector["blockNumber"] or "0x0", 16),
        "min_timestamp_s": vector.get("minTimestamp"),
        "max_timestamp_s": vector.get("maxTimestamp"),
        "reverting_tx_hashes": named(vector, "revertingTxHashes"),
        "dropping_tx_hashes": named(vector, "droppingTxHashes"),
        "refund_percent": vector.get("refundPercent", 0),
    }
    bundle = identity(vector["txs"], fields)

    uuid = bundle.uuid_v1() if vector["version"] == "v1" else bundle.uuid_v2()
    assert uuid == vector["uuid"]


@pytest.mark.parametrize("names", [name for name in VECTORS["bundleHash"] if name != "(empty)"])
def test_public_hash_is_the_recorded_one(names: str) -> None:
    assert identity(names.replace("+", "")).hash() == VECTORS["bundleHash"][names]


def test_share_hashes_are_the_recorded_ones() -> None:
    recorded, tx = VECTORS["mevBundleHash"], {name: TXS[name].hash for name in "ABC"}
    pair = share_hash([tx["A"], tx["B"]])

    assert share_hash([tx["A"]]) == recorded["[tx A] node"]
    assert share_hash(["0x" + "07" * 32, tx["B"]]) == recorded["[hash(0x07*32), tx B]"]
    assert share_hash([pair, tx["C"]]) == recorded["[bundle[A,B], tx C]"]
    assert matching_hash(tx["A"]) == recorded["matchingHash of [tx A]"]
    assert matching_hash(pair) == recorded["matchingHash of [A,B]"]


CHANGES: dict[str, dict[str, Any]] = {
    "block": {"block_number": 6},
    "start": {"min_timestamp_s": 0},
    "end": {"max_timestamp_s": 0},
    "reverting": {"reverting_tx_hashes": (TXS["A"].hash,)},
    "dropping": {"dropping_tx_hashes": (TXS["A"].hash,)},
    "uuid": {"replacement_uuid": UUID_TEXT},
    "nonce": {"replacement_nonce": 0},
    "refund": {"refund_percent": 1},
    "recipient": {"refund_recipient": TXS["C"].sender},
    "refunded": {"refund_tx_hashes": (TXS["A"].hash,)},
    "signer": {"signer": TXS["C"].sender},
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_field_tells_one_bundle_from_another(change: str) -> None:
    plain = {"block_number": 5}
    changed = {**plain, **CHANGES[change]}

    assert identity("AB", changed).unique_key() != identity("AB", plain).unique_key()


@given(order=st.permutations("ABCD"))
def test_order_of_hashes_that_may_revert_changes_nothing_but_order_of_txs_does(
    order: list[str],
) -> None:
    names = "".join(order)
    hashes = tuple(TXS[name].hash for name in names)
    sorted_bundle = identity("ABCD", {"reverting_tx_hashes": tuple(sorted(hashes))})
    shuffled = identity("ABCD", {"reverting_tx_hashes": hashes})

    assert shuffled.unique_key() == sorted_bundle.unique_key()
    assert shuffled.uuid_v1() == sorted_bundle.uuid_v1()
    assert shuffled.uuid_v2() == sorted_bundle.uuid_v2()
    assert (identity(names).hash() == identity("ABCD").hash()) == (names == "ABCD")
