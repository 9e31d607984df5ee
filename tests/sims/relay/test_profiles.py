"""Every row of the catalogue of errors, in the profile whose row it is; and profiles as data."""

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from graphs.units import Address
from searcher.flashbots import SIGNATURE_HEADER, sign_body
from sims.devnet.accounts import public_account
from sims.relay.faults import FaultKind, InjectedFault
from sims.relay.profiles import (
    BUILDERNET,
    BUILDERNET_SIGNATURE_HEADER,
    FLASHBOTS,
    FLASHBOTS_LIVE,
    FLASHBOTS_ROUTE,
    GETH,
    LEGACY,
    OLDER_LEGACY,
    PROFILES,
    UNSIGNED,
    Envelope,
    Profile,
)
from tests.sims.relay.nowhere import relay_nowhere
from tests.sims.relay.requests import IDENTITY, Order, body_of, post, sign

RAW = sign(public_account(1), Order())
TX = "0x" + RAW.hex()
BUNDLE: dict[str, object] = {"txs": [TX], "blockNumber": "0x1"}
CALL = {**BUNDLE, "stateBlockNumber": "latest"}
SIGNER = "0x1563915e194D8CfBA1943570603F7606A3115508"
SIGNED = sign_body(b"another body", IDENTITY)
CALLEE = replace(LEGACY, refused_callees=frozenset({Address(Order().to)}))
DISK_FULL = InjectedFault(kind=FaultKind.REFUSAL, words="Disk full")
BROKEN = InjectedFault(kind=FaultKind.REFUSAL, words="Internal error")
DECODE = "unable to decode txs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A request and what it is answered with."""

    profile: Profile = FLASHBOTS
    method: str = "eth_sendBundle"
    params: tuple[object, ...] = (BUNDLE,)
    body: bytes | None = None
    header: str | None = "valid"
    faults: tuple[InjectedFault, ...] = ()
    status: int = 200
    code: int = -32000
    message: str
    request_id: object = field(default=7)

    def expected(self) -> object:
        match self.profile.envelope:
            case Envelope.LEGACY:
                return {"error": {"message": self.message}}
            case Envelope.OLDER_LEGACY:
                return {"error": self.message}
            case Envelope.JSON_RPC:
                error = {"code": self.code, "message": self.message}
                return {"jsonrpc": "2.0", "id": self.request_id, "error": error}


def send(**fields: object) -> tuple[object, ...]:
    return ({**BUNDLE, **fields},)


FLOW = Row(profile=BUILDERNET, status=400, message="")
OLD = Row(profile=LEGACY, status=400, message="")
INVALID_SIGNATURE: dict[str, Any] = {"code": -32600, "request_id": None}
ROWS = {
    "go-utils-no-signature": Row(header=None, message="no signature provided", **INVALID_SIGNATURE),
    "go-utils-mismatch": Row(
        header=SIGNED,
        message="invalid signature provided: signing address mismatch",
        **INVALID_SIGNATURE,
    ),
    "go-utils-version": Row(
        body=b'{"jsonrpc":"1","id":7}', code=-32700, message="invalid jsonrpc version"
    ),
    "go-utils-id": Row(
        body=b'{"jsonrpc":"2.0","id":[]}',
        code=-32700,
        message="invalid id type",
        request_id=[],
    ),
    "go-utils-method": Row(method="eth_chainId", code=-32601, message="method not found"),
    "go-utils-arguments": Row(params=(BUNDLE, BUNDLE), message="too much arguments"),
    "go-utils-parameters": Row(params=send(txs=7), message="unable to decode bundle"),
    "go-utils-no-txs": Row(params=send(txs=[]), message="bundle missing txs"),
    "go-utils-block": Row(params=send(blockNumber=None), message="bundle missing blockNumber"),
    "go-utils-bundle-version": Row(params=send(version="v3"), message="unsupported bundle version"),
    "go-utils-newer-fields": Row(
        params=send(version="v1", refundPercent=5), message="unsupported bundle version"
    ),
    "go-utils-internal": Row(
        method="eth_callBundle", params=(CALL,), message="internal server error"
    ),
    "live-no-signature": Row(
        profile=FLASHBOTS_LIVE, header=None, message="signature is required", **INVALID_SIGNATURE
    ),
    "live-mismatch": Row(
        profile=FLASHBOTS_LIVE,
        header=SIGNED,
        code=-32600,
        message=f"error in signature check {SIGNER}",
    ),
    "route-mismatch": Row(
        profile=FLASHBOTS_ROUTE,
        header=SIGNED,
        code=-32025,
        message="invalid flashbots signature",
        request_id=None,
    ),
    "flowproxy-parse": replace(
        FLOW, body=b"{", code=-32700, message="Parse error", request_id=None
    ),
    "flowproxy-no-id": replace(
        FLOW,
        body=b'{"jsonrpc":"2.0","method":"eth_sendBundle"}',
        code=-32600,
        message="Invalid Request",
        request_id=None,
    ),
    "flowproxy-parameters": replace(
        FLOW, params=send(txs=7), code=-32602, message="Invalid params"
    ),
    "flowproxy-two-parameters": replace(
        FLOW, params=(BUNDLE, BUNDLE), code=-32602, message="Invalid params"
    ),
    "flowproxy-chain": replace(
        FLOW,
        params=send(txs=["0x" + sign(public_account(1), Order(), chain_id=5).hex()]),
        code=-32602,
        message="Invalid params",
    ),
    "flowproxy-gas": replace(
        FLOW,
        params=send(txs=["0x" + sign(public_account(1), Order(gas=20_999)).hex()]),
        code=-32602,
        message="Invalid params",
    ),
    "flowproxy-gas-cap": replace(
        FLOW,
        params=send(txs=["0x" + sign(public_account(1), Order(gas=16_777_217)).hex()]),
        code=-32602,
        message="Invalid params",
    ),
    "flowproxy-refund": replace(
        FLOW, params=send(refundPercent=100), code=-32602, message="Invalid params"
    ),
    "flowproxy-signature": replace(
        FLOW, header=SIGNED, code=-32603, message="Invalid signature", request_id=None
    ),
    "flowproxy-no-signature": replace(
        FLOW, header=None, code=-32603, message="Invalid signature", request_id=None
    ),
    "flowproxy-method": replace(
        FLOW,
        method="eth_callBundle",
        status=404,
        code=-32601,
        message="Method not found: eth_callBundle",
    ),
    "flowproxy-rate": replace(
        FLOW,
        faults=(InjectedFault(kind=FaultKind.RATE_LIMIT),),
        status=429,
        code=-32603,
        message="Rate limited",
        request_id=None,
    ),
    "flowproxy-internal": replace(
        FLOW, faults=(BROKEN,), status=500, code=-32603, message="Internal error"
    ),
    "flowproxy-disk": replace(
        FLOW, faults=(DISK_FULL,), status=500, code=-32603, message="Disk full"
    ),
    "legacy-no-header": replace(
        OLD, header=None, status=403, message="missing X-Flashbots-Signature header"
    ),
    "legacy-header": replace(
        OLD, header="nonsense", status=403, message="invalid X-Flashbots-Signature header"
    ),
    "legacy-check": replace(
        OLD, header=f"{SIGNER}:0x12", status=403, message=f"error in signature check {SIGNER}"
    ),
    "legacy-recovery": replace(
        OLD, header=f"{SIGNER}:0x{'00' * 65}", status=403, message=f"invalid signature for {SIGNER}"
    ),
    "legacy-no-method": replace(OLD, method="", message="missing method"),
    "legacy-method": replace(
        OLD,
        method="eth_chainId",
        message="invalid method, only eth_sendBundle,eth_callBundle,flashbots_getUserStats "
        "supported, you provided: eth_chainId",
    ),
    "legacy-no-params": replace(OLD, params=(), message="missing params"),
    "legacy-txs": replace(OLD, params=send(txs=["0x12"]), message=DECODE),
    "legacy-callee": replace(OLD, profile=CALLEE, message="blacklisted tx"),
    "legacy-no-block": replace(OLD, params=send(blockNumber=None), message="missing block param"),
    "legacy-block": replace(
        OLD, params=send(blockNumber="17"), message="block param must be a hex int"
    ),
    "legacy-block-type": replace(
        OLD, params=send(blockNumber=17), message="block param must be a hex int"
    ),
    "legacy-start": replace(
        OLD, params=send(minTimestamp="1"), message="minTimestamp must be an int"
    ),
    "legacy-end": replace(
        OLD, params=send(maxTimestamp="1"), message="maxTimestamp must be an int"
    ),
    "legacy-simulation": replace(
        OLD, method="eth_callBundle", params=(CALL,), message="failed to simulate"
    ),
    "legacy-statistics": replace(
        OLD,
        method="flashbots_getUserStats",
        message="flashbots_getUserStats Not implemented on this network",
    ),
    "older-legacy": replace(OLD, profile=OLDER_LEGACY, params=send(txs=["0x12"]), message=DECODE),
    "geth-no-txs": Row(profile=GETH, params=send(txs=[]), message="bundle missing txs"),
    "geth-no-block": Row(
        profile=GETH, params=send(blockNumber="0x0"), message="bundle missing blockNumber"
    ),
}


@pytest.mark.parametrize("name", ROWS)
async def test_row_of_the_error_catalogue(name: str) -> None:
    row = ROWS[name]
    body = body_of(row.method, *row.params) if row.body is None else row.body
    header = sign_body(body, IDENTITY) if row.header == "valid" else row.header
    headers = {} if header is None else {SIGNATURE_HEADER: header}

    async with relay_nowhere(row.profile, faults=row.faults) as url:
        status, text = await post(url, body, headers)

    answer = msgspec.json.decode(text, type=dict[str, Any])
    if isinstance(answer["error"], dict):
        answer["error"].pop("data", None)
    assert (status, answer) == (row.status, row.expected())


async def test_legacy_answers_broken_json_with_a_page() -> None:
    async with relay_nowhere(LEGACY) as url:
        status, text = await post(url, b"{", {SIGNATURE_HEADER: sign_body(b"{", IDENTITY)})

    assert (status, text[:9]) == (400, "<!DOCTYPE")


async def test_legacy_names_both_signers() -> None:
    async with relay_nowhere(LEGACY) as url:
        status, text = await post(url, body_of("eth_sendBundle"), {SIGNATURE_HEADER: SIGNED})

    message = msgspec.json.decode(text)["error"]["message"]
    assert status == 403
    assert message.startswith("signer address does not equal expected, got 0x")
    assert message.endswith(f", expected {SIGNER}")


async def test_buildernet_looks_at_its_own_header_first() -> None:
    body = body_of("eth_sendBundle", BUNDLE)
    valid = sign_body(body, IDENTITY)
    both = {BUILDERNET_SIGNATURE_HEADER: valid, SIGNATURE_HEADER: SIGNED}

    async with relay_nowhere(BUILDERNET) as url:
        taken = await post(url, body, both)
        refused = await post(
            url, body, {BUILDERNET_SIGNATURE_HEADER: SIGNED, SIGNATURE_HEADER: valid}
        )

    assert (taken[0], refused[0]) == (200, 400)


ACKNOWLEDGED = {
    "flashbots": (FLASHBOTS, "hash"),
    "unsigned": (UNSIGNED, "hash"),
    "geth": (GETH, None),
}


@pytest.mark.parametrize("name", ACKNOWLEDGED)
async def test_bundle_is_acknowledged_in_the_manner_of_the_profile(name: str) -> None:
    profile, expected = ACKNOWLEDGED[name]
    body = body_of("eth_sendBundle", BUNDLE)
    headers = {SIGNATURE_HEADER: sign_body(body, IDENTITY)} if name == "flashbots" else {}

    async with relay_nowhere(profile) as url:
        _, text = await post(url, body, headers)

    result = msgspec.json.decode(text)["result"]
    assert (result is None) == (expected is None)


async def test_builder_without_signatures_answers_a_cancellation_with_200() -> None:
    body = body_of("eth_cancelBundle", {"replacementUuid": "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"})

    async with relay_nowhere(UNSIGNED) as url:
        _, text = await post(url, body, {})

    assert msgspec.json.decode(text)["result"] == 200


def test_profiles_are_found_by_their_names() -> None:
    assert {name: profile.name for name, profile in PROFILES.items()} == {
        name: name for name in PROFILES
    }
