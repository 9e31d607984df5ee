"""What is signed is what arrives, and whatever comes back is a value."""

import asyncio
import gzip
import sys

import msgspec
import pytest
from aiohttp import web
from coincurve import PublicKey
from hypothesis import example, given
from hypothesis import strategies as st

from searcher.adapters.flashbots_rpc import ANSWER_LIMIT
from searcher.command_line import RECURSION_LIMIT
from searcher.flashbots import SIGNATURE_HEADER, address_of, signed_digest
from searcher.relay_answers import WORDS_LIMIT, Answer, StatsUnavailable, read_answer, shown
from searcher.relay_requests import bundle_stats, user_stats
from tests.searcher.adapters.http_endpoint import (
    SHORT_TIMEOUT_SECONDS,
    answered,
    closed_url,
    endpoint,
    identity_key,
    result,
    serving,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ENVELOPES = st.dictionaries(st.sampled_from(["jsonrpc", "id", "error", "result"]), JSON)


@pytest.fixture(autouse=True)
def _recursion_limit() -> None:
    """As every command line sets it: without, deep JSON overflows the C stack."""
    sys.setrecursionlimit(RECURSION_LIMIT)


async def said(body: bytes, *, status: int = 200) -> Answer:
    async with answered(body, status=status) as client:
        return await client.call("eth_callBundle", {})


def words(answer: Answer) -> str:
    assert answer.refusal is not None
    return answer.refusal.words


async def fine(_request: web.Request) -> web.Response:
    return web.Response(body=result("fine"))


async def test_signer_of_the_header_is_recovered_over_the_body_received() -> None:
    async with serving(fine) as (url, received), endpoint(url) as client:
        await client.call("eth_sendBundle", {"txs": ["0x02"], "blockNumber": "0x10"})

    address, signature = received.headers[0][SIGNATURE_HEADER].split(":")
    raw = bytes.fromhex(signature[2:])
    digest = signed_digest(received.bodies[0])
    recovered = PublicKey.from_signature_and_message(
        raw[:64] + bytes([raw[64] - 27]), digest, hasher=None
    )
    assert address_of(recovered) == address.lower() == address_of(identity_key())


async def test_content_type_is_exactly_json() -> None:
    async with serving(fine) as (url, received), endpoint(url) as client:
        await client.call("eth_sendBundle", {})

    assert received.headers[0]["Content-Type"] == "application/json"


async def test_body_is_one_json_rpc_request() -> None:
    async with serving(fine) as (url, received), endpoint(url) as client:
        answer = await client.call("eth_sendBundle", {"blockNumber": "0x10"})

    assert msgspec.json.decode(received.bodies[0]) == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "eth_sendBundle",
        "params": [{"blockNumber": "0x10"}],
    }
    assert answer == Answer(result="fine", refusal=None)


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (429, b"<html>slow down</html>", "HTTP 429: not JSON"),
        (500, b"<html>oops</html>", "HTTP 500: not JSON"),
        (200, b'{"result": ', "HTTP 200: not JSON"),
        (200, b"", "HTTP 200: not JSON"),
        (200, b"\xff\xfe", "HTTP 200: not JSON"),
        (200, b'"\xff"', "HTTP 200: not JSON"),
        (200, b"[" * 100_000, "HTTP 200: not JSON"),
        (200, b"[]", "HTTP 200: not a JSON-RPC answer"),
        (200, b"{}", "HTTP 200: no result"),
        (500, b'{"result": {}}', "HTTP 500: no result"),
        (200, b'{"error": {"code": -32000, "message": "no\\nthanks"}}', "no thanks"),
        (429, b'{"error": {"message": "rate limited"}}', "rate limited"),
        (200, b'{"error": "plain"}', "plain"),
        (200, b'{"error": {}, "result": {}}', "no words"),
    ],
)
async def test_answer_without_a_result_is_a_refusal(status: int, body: bytes, refusal: str) -> None:
    answer = await said(body, status=status)

    assert answer.result is None
    assert answer.refusal is not None
    assert answer.refusal.words == refusal


async def test_result_null_is_anread_answer() -> None:
    assert await said(result(None)) == Answer(result=None, refusal=None)


async def test_answer_in_many_packets_is_read_whole() -> None:
    async def dribble(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for byte in result("fine"):
            await response.write(bytes([byte]))
        return response

    async with serving(dribble) as (url, _), endpoint(url) as client:
        assert (await client.call("eth_callBundle", {})).result == "fine"


async def test_answer_of_five_megabytes_is_refused() -> None:
    answer = await said(result("x" * 5 * 2**20))

    assert words(answer) == f"unreachable: HTTP 200: more than {ANSWER_LIMIT} bytes"


async def test_answer_just_below_the_limit_is_read_whole() -> None:
    words = "x" * (ANSWER_LIMIT - len(result("")))

    assert (await said(result(words))).result == words


async def test_endpoint_that_does_not_answer_in_time_is_unreachable() -> None:
    released = asyncio.Event()

    async def silent(request: web.Request) -> web.Response:
        await released.wait()
        return await fine(request)

    async with serving(silent) as (url, _):
        async with endpoint(url, timeout_seconds=SHORT_TIMEOUT_SECONDS) as client:
            answer = await client.call("eth_callBundle", {})
        released.set()

    assert words(answer).startswith("unreachable: ")


async def test_endpoint_that_hangs_up_is_unreachable() -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with serving(hang_up) as (url, _), endpoint(url) as client:
        answer = await client.call("eth_callBundle", {})

    assert words(answer) == "unreachable: ServerDisconnectedError"


async def test_endpoint_that_lies_about_its_encoding_is_unreachable() -> None:
    async def lie(_request: web.Request) -> web.Response:
        body = gzip.compress(result("fine"))[:-9] + b"garbage"
        return web.Response(body=b"x" + body, headers={"Content-Encoding": "gzip"})

    async with serving(lie) as (url, _), endpoint(url) as client:
        answer = await client.call("eth_callBundle", {})

    assert answer.result is None
    assert answer.refusal is not None


@pytest.mark.parametrize(
    "url", [closed_url(), "", "not a url", "ftp://127.0.0.1/", "http://[::1", "http://127.0.0.1:0/"]
)
async def test_url_that_leads_nowhere_is_unreachable_and_not_quoted(url: str) -> None:
    async with endpoint(url) as client:
        answer = await client.call("eth_callBundle", {})

    assert words(answer).startswith("unreachable: ")
    assert "127.0.0.1" not in words(answer)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirect_is_not_followed_with_our_transactions(status: int) -> None:
    async with serving(fine) as (elsewhere, stolen):

        async def redirect(_request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": elsewhere})

        async with serving(redirect) as (url, _), endpoint(url) as client:
            answer = await client.call("eth_sendBundle", {"txs": ["0x02"]})

    assert (stolen.bodies, words(answer)) == ([], f"HTTP {status}: not JSON")


@given(envelope=ENVELOPES | JSON, status=st.sampled_from([200, 400, 500]))
@example(envelope={"error": {"message": "\x00" * 1000}}, status=200)
def test_any_json_is_a_result_or_a_refusal(envelope: object, status: int) -> None:
    answer = read_answer(status, msgspec.json.encode(envelope))

    assert answer.refusal is None or answer.result is None
    assert answer.refusal is None or len(answer.refusal.words) <= WORDS_LIMIT


@given(body=st.binary())
def test_any_bytes_are_a_value(body: bytes) -> None:
    assert isinstance(read_answer(200, body), Answer)


@given(words=st.text(st.characters()))
def test_words_of_a_stranger_are_shown_short_and_in_one_printable_line(words: str) -> None:
    assert shown(words).isprintable()
    assert len(shown(words)) <= WORDS_LIMIT


async def test_statistics_that_are_gone_are_a_value() -> None:
    async with answered(b"Forbidden", status=403) as client:
        assert await client.stats(user_stats(1)) == StatsUnavailable()


async def test_statistics_that_a_relay_still_keeps_are_an_answer() -> None:
    async with answered(result({"isHighPriority": True})) as client:
        answer = await client.stats(bundle_stats("0x" + "00" * 32, 1))

    assert answer == Answer(result={"isHighPriority": True}, refusal=None)
