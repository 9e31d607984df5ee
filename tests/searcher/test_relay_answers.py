"""Every row of the error catalogue in its class; any bytes are a value."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.relay_answers import (
    WORDS_LIMIT,
    Answer,
    RefusalKind,
    acknowledged_hash,
    read_answer,
)

HASH = "0x" + "Ab" * 32
TX = "0x" + "2a" * 32
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
Row = tuple[int, int | None, str, RefusalKind]
CATALOGUE: list[Row] = [
    (200, -32600, "error in signature check 0xADDR", RefusalKind.SIGNATURE),
    (200, -32600, "signature is required", RefusalKind.SIGNATURE),
    (200, -32600, "no signature provided", RefusalKind.SIGNATURE),
    (200, -32600, "invalid signature provided: missing separator", RefusalKind.SIGNATURE),
    (200, -32025, "invalid flashbots signature", RefusalKind.SIGNATURE),
    (200, -32000, "unable to decode bundle", RefusalKind.MALFORMED),
    (200, -32000, "unable to decode txs", RefusalKind.MALFORMED),
    (200, -32000, "internal server error", RefusalKind.SERVER_UNAVAILABLE),
    (200, -32000, "invalid bundle body size", RefusalKind.MALFORMED),
    (
        200,
        -32000,
        "rpc call eth_callBundle() on http://10.0.0.1 status code: 502",
        RefusalKind.SERVER_UNAVAILABLE,
    ),
    (200, -32700, "parse", RefusalKind.MALFORMED),
    (200, -32700, "invalid jsonrpc version", RefusalKind.MALFORMED),
    (200, -32600, "request body is too big, max size: 31457280", RefusalKind.MALFORMED),
    (200, -32600, "x-flashbots-origin header is too long", RefusalKind.MALFORMED),
    (200, -32601, "method not found", RefusalKind.UNSUPPORTED_METHOD),
    (200, -32000, "too much arguments", RefusalKind.MALFORMED),
    (400, -32700, "Parse error", RefusalKind.MALFORMED),
    (400, -32600, "Invalid Request", RefusalKind.MALFORMED),
    (400, -32602, "Invalid params", RefusalKind.MALFORMED),
    (400, -32603, "Invalid signature", RefusalKind.SIGNATURE),
    (404, -32601, "Method not found: eth_callBundle", RefusalKind.UNSUPPORTED_METHOD),
    (429, -32603, "Rate limited", RefusalKind.RATE_LIMITED),
    (500, -32603, "Internal error", RefusalKind.SERVER_UNAVAILABLE),
    (500, -32603, "Disk full", RefusalKind.SERVER_UNAVAILABLE),
    (403, None, "missing X-Flashbots-Signature header", RefusalKind.SIGNATURE),
    (403, None, "signer address does not equal expected, got X", RefusalKind.SIGNATURE),
    (400, None, "missing method", RefusalKind.MALFORMED),
    (
        400,
        None,
        "invalid method, only eth_sendBundle supported, you provided: X",
        RefusalKind.UNSUPPORTED_METHOD,
    ),
    (400, None, "block param must be a hex int", RefusalKind.MALFORMED),
    (400, None, "blacklisted tx", RefusalKind.MALFORMED),
    (200, -32000, "bundle missing txs", RefusalKind.MALFORMED),
    (200, -32000, "mev-share service error", RefusalKind.SERVER_UNAVAILABLE),
    (200, -32000, "something new", RefusalKind.UNKNOWN),
    (
        200,
        -32602,
        "data did not match any variant of untagged enum EthRpcCall",
        RefusalKind.UNSUPPORTED_METHOD,
    ),
]


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: f"{row[0]} {row[2]}")
def test_refusal_of_the_catalogue_has_its_class_and_keeps_its_words(row: Row) -> None:
    status, code, message, kind = row
    error = {"message": message} if code is None else {"code": code, "message": message}

    answer = read_answer(status, msgspec.json.encode({"id": None, "error": error}))

    assert answer.refusal is not None
    assert (answer.refusal.kind, answer.refusal.words) == (kind, message)


def test_invalid_transaction_is_named_with_its_reason() -> None:
    reason = "nonce too low: address 0x19E7, tx: 0 state: 1"
    error = {"code": -32000, "message": f"err: {reason}; txhash {TX}"}

    refusal = read_answer(200, msgspec.json.encode({"error": error})).refusal

    assert refusal is not None
    assert (refusal.kind, refusal.words, refusal.tx_hash) == (RefusalKind.SIM_INVALID, reason, TX)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, RefusalKind.SERVER_UNAVAILABLE),
        (302, RefusalKind.UNKNOWN),
        (403, RefusalKind.SIGNATURE),
        (405, RefusalKind.MALFORMED),
        (415, RefusalKind.MALFORMED),
        (429, RefusalKind.RATE_LIMITED),
        (502, RefusalKind.SERVER_UNAVAILABLE),
        (999, RefusalKind.SERVER_UNAVAILABLE),
    ],
)
def test_page_instead_of_json_is_classified_by_its_status(status: int, kind: RefusalKind) -> None:
    refusal = read_answer(status, b"<html>").refusal

    assert refusal is not None
    assert (refusal.kind, refusal.words) == (kind, f"HTTP {status}: not JSON")


@pytest.mark.parametrize("result", [{"bundleHash": HASH, "smart": "true"}, HASH])
def test_hash_is_found_in_an_object_or_alone(result: object) -> None:
    assert acknowledged_hash(result) == HASH.lower()


@pytest.mark.parametrize("result", [200, True, None, "nil", "0x12", {}, {"bundleHash": 1}, []])
def test_other_acknowledgements_hold_no_hash(result: object) -> None:
    assert acknowledged_hash(result) is None


def test_answer_without_a_version_is_read() -> None:
    body = b'{"result":200,"error":null,"id":1}'

    assert read_answer(200, body) == Answer(result=200, refusal=None)


@given(
    error=JSON
    | st.fixed_dictionaries({}, optional={"code": JSON, "message": JSON | st.text(), "data": JSON}),
    status=st.integers(0, 1_000),
)
def test_any_error_is_a_refusal_in_short_printable_words(error: object, status: int) -> None:
    answer = read_answer(status, msgspec.json.encode({"error": error}))

    assert answer.refusal is not None
    assert answer.refusal.words.isprintable()
    assert len(answer.refusal.words) <= WORDS_LIMIT


@given(body=st.binary(), status=st.integers(0, 1_000))
def test_any_bytes_are_a_refusal_or_a_result(body: bytes, status: int) -> None:
    answer = read_answer(status, body)

    assert answer.refusal is None or answer.result is None
