"""MEV-Share bundles: names against recorded vectors, requests as the protocol documents them."""

import json
from pathlib import Path

import pytest

from searcher.mev_share import (
    HintedTransaction,
    MevBundle,
    SignedTransaction,
    matching_hash,
    mev_bundle_hash,
    mev_send_bundle,
    mev_sim_bundle,
)

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "relay_vectors.json").read_text())
HASHES = VECTORS["mevBundleHash"]
EVENT = HintedTransaction(hash="0x" + "07" * 32)


def tx(name: str) -> SignedTransaction:
    return SignedTransaction(raw=bytes.fromhex(VECTORS["txs"][name]["raw"][2:]))


def of(*body: HintedTransaction | SignedTransaction | MevBundle) -> MevBundle:
    return MevBundle(body=body, block=16, max_block=18)


@pytest.mark.parametrize(
    ("bundle", "name"),
    [
        (of(tx("A")), "[tx A] node"),
        (of(EVENT, tx("B")), "[hash(0x07*32), tx B]"),
        (of(of(tx("A"), tx("B")), tx("C")), "[bundle[A,B], tx C]"),
    ],
)
def test_name_of_a_recorded_bundle_is_the_recorded_one(bundle: MevBundle, name: str) -> None:
    assert mev_bundle_hash(bundle) == HASHES[name]


@pytest.mark.parametrize(("names", "vector"), [("A", "[tx A]"), ("AB", "[A,B]")])
def test_matching_hash_is_the_recorded_one(names: str, vector: str) -> None:
    hashes = [VECTORS["txs"][name]["hash"] for name in names]

    assert matching_hash(hashes) == HASHES[f"matchingHash of {vector}"]


def test_backrun_is_the_documented_request() -> None:
    backrun = MevBundle(body=(EVENT, tx("A")), block=16, max_block=18, builders=("flashbots",))

    assert json.loads(mev_send_bundle(backrun)) == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "mev_sendBundle",
        "params": [
            {
                "version": "v0.1",
                "inclusion": {"block": "0x10", "maxBlock": "0x12"},
                "body": [
                    {"hash": EVENT.hash},
                    {"tx": VECTORS["txs"]["A"]["raw"], "canRevert": False},
                ],
                "privacy": {"builders": ["flashbots"]},
            }
        ],
    }


def test_simulation_names_the_parent_and_nests_bundles() -> None:
    request = json.loads(mev_sim_bundle(of(of(tx("A"))), parent_block=15))

    bundle, options = request["params"]
    assert (request["method"], options) == ("mev_simBundle", {"parentBlock": "0xf"})
    assert bundle["body"][0]["bundle"]["body"][0]["tx"] == VECTORS["txs"]["A"]["raw"]
