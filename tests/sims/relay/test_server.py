"""The wire: transport, envelope and parameters, against a relay whose node never answers."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from searcher.flashbots import SIGNATURE_HEADER, bundle_hash, sign_body
from sims.devnet.accounts import public_account
from sims.errors import RelayPortInUseError
from sims.listening import listening
from sims.relay.endpoint import MAX_BODY_BYTES
from sims.relay.parameters import MAX_BUNDLE_BYTES, MAX_BUNDLE_TXS
from sims.relay.profiles import FLASHBOTS
from tests.sims.relay.nowhere import relay_nowhere
from tests.sims.relay.requests import IDENTITY, Order, ask, body_of, hashes, post, sign

ALICE = public_account(1)
RAW = sign(ALICE, Order())
TX = "0x" + RAW.hex()
BUNDLE = {"txs": [TX], "blockNumber": "0x1"}


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with relay_nowhere(FLASHBOTS) as url:
        yield url


async def signed(url: str, body: bytes, **headers: str) -> dict[str, Any]:
    status, text = await post(url, body, {SIGNATURE_HEADER: sign_body(body, IDENTITY), **headers})
    assert status == 200
    return msgspec.json.decode(text, type=dict[str, Any])


def failure(code: int, message: str, *, request_id: object = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


async def test_liveness_is_answered_without_content(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url + "/livez") as response:
        assert (response.status, await response.text()) == (200, "")


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_other_http_methods_are_refused(url: str, method: str) -> None:
    async with aiohttp.ClientSession() as session, session.request(method, url) as response:
        assert (response.status, await response.text()) == (405, "only POST method is allowed")


async def test_content_type_must_match_exactly(url: str) -> None:
    status, text = await post(url, b"{}", {"Content-Type": "application/json; charset=utf-8"})

    assert (status, text) == (415, "header Content-Type must be application/json")


async def test_body_beyond_the_limit_is_an_invalid_request(url: str) -> None:
    status, text = await post(url, bytes(MAX_BODY_BYTES + 1), {})

    assert status == 200
    assert json.loads(text) == failure(-32600, "request body is too big, max size: 31457280")


async def test_signature_is_checked_before_the_body_is_parsed(url: str) -> None:
    status, text = await post(url, b"no json", {SIGNATURE_HEADER: "nonsense"})

    assert status == 200
    assert json.loads(text) == failure(-32600, "invalid signature provided: missing separator")


async def test_missing_signature_has_a_null_id(url: str) -> None:
    _, text = await post(url, body_of("eth_sendBundle", BUNDLE), {})

    assert json.loads(text) == failure(-32600, "no signature provided")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff"], ids=repr)
async def test_body_that_is_no_request_is_a_parse_error(url: str, body: bytes) -> None:
    answer = await signed(url, body)

    assert (answer["error"]["code"], answer["id"]) == (-32700, None)


@pytest.mark.parametrize("request_id", [1, "1", "abc", 2**53, 1.5, None], ids=repr)
async def test_id_is_echoed_unchanged(url: str, request_id: object) -> None:
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": request_id, "method": "nothing"})

    assert await signed(url, body) == failure(-32601, "method not found", request_id=request_id)


@pytest.mark.parametrize("request_id", [True, [], {}], ids=repr)
async def test_id_of_another_type_is_refused(url: str, request_id: object) -> None:
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": request_id, "method": "nothing"})

    assert await signed(url, body) == failure(-32700, "invalid id type", request_id=request_id)


async def test_other_protocol_versions_are_refused(url: str) -> None:
    answer = await signed(url, b'{"jsonrpc":"1.0","id":3,"method":"eth_sendBundle","params":[]}')

    assert answer == failure(-32700, "invalid jsonrpc version", request_id=3)


async def test_origin_header_has_a_limit(url: str) -> None:
    body = body_of("eth_sendBundle", BUNDLE)

    longest = await signed(url, body, **{"X-Flashbots-Origin": "o" * 255})
    longer = await signed(url, body, **{"X-Flashbots-Origin": "o" * 256})

    assert "result" in longest
    assert longer == failure(-32600, "x-flashbots-origin header is too long", request_id=7)


async def test_statistics_are_gone(url: str) -> None:
    body = body_of("flashbots_getUserStatsV2", {"blockNumber": "0x1"})

    status, _ = await post(url, body, {SIGNATURE_HEADER: sign_body(body, IDENTITY)})

    assert status == 403


async def test_bundle_is_acknowledged_with_its_hash_before_anything_is_simulated(url: str) -> None:
    answer = await ask(url, "eth_sendBundle", BUNDLE)

    expected = {"bundleHash": bundle_hash(hashes(RAW))}
    assert answer == {"jsonrpc": "2.0", "id": 7, "result": expected}


@pytest.mark.parametrize(
    "fields",
    [
        {"minTimestamp": 0, "maxTimestamp": 0, "replacementUuid": None, "revertingTxHashes": []},
        {"minTimestamp": None, "maxTimestamp": None, "revertingTxHashes": None},
        {"replacementUuid": "9C9E5F0E-7A63-4D0B-8D63-1D5F9F0F2A11", "builders": ["flashbots"]},
    ],
    ids=["placeholders", "nulls", "unknown-field"],
)
async def test_optional_fields_may_be_empty(url: str, fields: dict[str, object]) -> None:
    assert "result" in await ask(url, "eth_sendBundle", {**BUNDLE, **fields})


BIG = "0x" + sign(ALICE, Order(data=bytes(MAX_BUNDLE_BYTES), gas=9_000_000)).hex()
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "no-txs": ({"txs": []}, "bundle missing txs"),
    "too-many": ({"txs": [TX] * (MAX_BUNDLE_TXS + 1)}, "too many txs in bundle"),
    "too-large": ({"txs": [BIG]}, "bundle too large"),
    "not-hex": ({"txs": ["0xzz"]}, "unable to decode txs"),
    "truncated": ({"txs": [TX[:-2]]}, "unable to decode txs"),
    "blob": ({"txs": ["0x03c0"]}, "unable to decode txs"),
    "txs-no-list": ({"txs": TX}, "unable to decode bundle"),
    "no-block": ({"blockNumber": None}, "bundle missing blockNumber"),
    "block-zero": ({"blockNumber": "0x0"}, "bundle missing blockNumber"),
    "block-decimal": ({"blockNumber": "17"}, "block param must be a hex int"),
    "block-number": ({"blockNumber": 17}, "unable to decode bundle"),
    "timestamp-text": ({"maxTimestamp": "0x1"}, "unable to decode bundle"),
    "timestamp-negative": ({"minTimestamp": -1}, "unable to decode bundle"),
    "uuid": ({"replacementUuid": "me"}, "unable to decode bundle"),
    "reverting": ({"revertingTxHashes": ["0x1"]}, "unable to decode bundle"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_malformed_bundle_is_refused(url: str, case: str) -> None:
    fields, message = REFUSED[case]

    answer = await ask(url, "eth_sendBundle", {**BUNDLE, **fields})

    assert (answer["error"]["code"], answer["error"]["message"]) == (-32000, message)


@pytest.mark.parametrize("method", ["eth_sendBundle", "eth_callBundle", "eth_cancelBundle"])
@pytest.mark.parametrize("count", [0, 2])
async def test_methods_take_exactly_one_parameter(url: str, *, method: str, count: int) -> None:
    answer = await ask(url, method, *[BUNDLE] * count)

    expected = "too much arguments" if count else "unable to decode bundle"
    assert (answer["error"]["code"], answer["error"]["message"]) == (-32000, expected)


async def test_simulation_without_a_state_block_is_refused(url: str) -> None:
    answer = await ask(url, "eth_callBundle", BUNDLE)

    assert answer["error"]["message"] == "bundle missing stateBlockNumber"


async def test_simulation_without_a_node_is_an_internal_error(url: str) -> None:
    answer = await ask(url, "eth_callBundle", {**BUNDLE, "stateBlockNumber": "latest"})

    assert answer["error"]["message"] == "internal server error"


async def test_cancelling_an_unknown_bundle_succeeds(url: str) -> None:
    name = {"replacementUuid": "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"}

    assert (await ask(url, "eth_cancelBundle", name))["result"] == []


async def test_port_in_use_is_named_with_a_remedy(url: str) -> None:
    port = int(url.rsplit(":", 1)[1])

    with pytest.raises(RelayPortInUseError, match=f"relay port {port} .* choose another"):
        async with listening(web.Application(), host="127.0.0.1", port=port):
            pass
