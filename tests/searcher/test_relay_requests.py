"""Requests against a JSON library, and the bodies whose signatures are recorded."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import Address
from searcher.builder_table import BY_NAME, ROWS
from searcher.relay_profiles import CANCEL, Parameters, RelayProfile
from searcher.relay_requests import (
    BundleRequest,
    cancel_bundle,
    cancel_private_transaction,
    delayed_refund_totals,
    delayed_refunds,
    fee_refund_totals,
    fee_refunds,
    fee_refunds_of_block,
    fee_refunds_of_bundle,
    mev_refund_total,
    send_bundle,
    send_private_transaction,
    set_fee_refund_recipient,
)

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "relay_vectors.json").read_text())
ACCOUNT = Address("0x" + "33" * 20)
REQUESTS = st.builds(
    BundleRequest,
    txs=st.lists(st.binary(max_size=300), max_size=5).map(tuple),
    block_number=st.integers(0, 2**63),
    uuid=st.uuids(version=4).map(str),
    max_timestamp_s=st.none() | st.integers(0, 2**40),
    builders=st.lists(st.text(max_size=9), max_size=3).map(tuple),
)


def read(body: bytes) -> tuple[str, object]:
    envelope = json.loads(body)
    assert (envelope["jsonrpc"], envelope["id"], len(envelope)) == ("2.0", 1, 4)
    return envelope["method"], envelope["params"]


@pytest.mark.parametrize("profile", ROWS, ids=lambda row: row.name)
@given(request=REQUESTS)
def test_submission_says_what_was_asked_in_the_words_of_the_profile(
    profile: RelayProfile, request: BundleRequest
) -> None:
    method, parameters = read(send_bundle(profile, request))

    opening = "0x" if profile.has_hex_prefix else ""
    said = {
        "txs": [opening + raw.hex() for raw in request.txs],
        "blockNumber": hex(request.block_number),
        "maxTimestamp": request.max_timestamp_s,
        "revertingTxHashes": [],
        "replacementUuid": request.uuid,
        "builders": list(request.builders) or None,
    }
    expected = {
        profile.word(name): value
        for name, value in said.items()
        if name in profile.fields and value is not None
    } | {name: json.loads(text) for name, text in profile.constants}
    assert method == profile.send_method
    assert parameters == ([expected] if profile.parameters is Parameters.LIST else expected)


def test_cancellation_is_the_recorded_body() -> None:
    uuid = "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"
    body = cancel_bundle(BY_NAME["flashbots"], BundleRequest(txs=(), block_number=1, uuid=uuid))

    assert body is not None
    assert body.decode() in [vector["body"] for vector in VECTORS["signature"]]
    assert read(body)[0] == CANCEL


def test_private_transaction_names_its_last_block_in_hex() -> None:
    assert read(send_private_transaction(b"\x02\xf8", max_block=16)) == (
        "eth_sendPrivateTransaction",
        [{"tx": "0x02f8", "maxBlockNumber": "0x10"}],
    )
    fast = send_private_transaction(b"\x02", max_block=16, preferences={"fast": True})
    assert '"preferences":{"fast":true}' in fast.decode()
    assert read(cancel_private_transaction("0x01")) == (
        "eth_cancelPrivateTransaction",
        [{"txHash": "0x01"}],
    )


@pytest.mark.parametrize(
    ("body", "method", "parameters"),
    [
        (fee_refunds(ACCOUNT), "flashbots_getFeeRefundsByRecipient", [{"recipient": ACCOUNT}]),
        (
            fee_refunds(ACCOUNT, cursor="c"),
            "flashbots_getFeeRefundsByRecipient",
            [{"recipient": ACCOUNT, "cursor": "c"}],
        ),
        (
            fee_refunds_of_bundle("0x1"),
            "flashbots_getFeeRefundsByBundle",
            [{"bundle_hash": "0x1"}],
        ),
        (fee_refunds_of_block(16), "flashbots_getFeeRefundsByBlock", [{"block_number": "0x10"}]),
        (fee_refund_totals(ACCOUNT), "flashbots_getFeeRefundTotalsByRecipient", [ACCOUNT]),
        (
            set_fee_refund_recipient(ACCOUNT, ACCOUNT),
            "flashbots_setFeeRefundRecipient",
            [ACCOUNT, ACCOUNT],
        ),
        (delayed_refunds(ACCOUNT), "buildernet_getDelayedRefunds", [{"recipient": ACCOUNT}]),
        (
            delayed_refund_totals(ACCOUNT),
            "buildernet_getDelayedRefundTotalsByRecipient",
            [{"recipient": ACCOUNT}],
        ),
        (
            mev_refund_total(ACCOUNT, is_sender=True),
            "flashbots_getMevRefundTotalBySender",
            [ACCOUNT],
        ),
        (
            mev_refund_total(ACCOUNT, is_sender=False),
            "flashbots_getMevRefundTotalByRecipient",
            [ACCOUNT],
        ),
    ],
)
def test_refund_question_is_the_documented_one(
    body: bytes, method: str, parameters: list[object]
) -> None:
    assert read(body) == (method, parameters)


def test_names_of_builders_are_unique_and_their_urls_secure() -> None:
    assert len(BY_NAME) == len(ROWS)
    assert all(row.url.startswith("https://") for row in ROWS)
