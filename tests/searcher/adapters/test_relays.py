"""The relay adapter on a local server, with the fake under the same suite."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.flashbots_rpc import WORDS_LIMIT
from searcher.adapters.relays import FlashbotsRelay, _acknowledgement
from searcher.model import Submission
from searcher.ports import Relay
from tests.searcher.adapters.http_endpoint import (
    answered,
    closed_url,
    endpoint,
    result,
    serving,
)
from tests.searcher.fakes import AcceptingRelay, HandClock
from tests.searcher.records import BID, admitted, bundle

BUNDLE = bundle()
ADMITTED = admitted(BUNDLE)
ACKNOWLEDGED = result({"bundleHash": BUNDLE.bundle_hash})


@asynccontextmanager
async def real() -> AsyncIterator[Relay]:
    async with answered(ACKNOWLEDGED) as client:
        yield FlashbotsRelay(client, HandClock())


@asynccontextmanager
async def fake() -> AsyncIterator[Relay]:
    yield AcceptingRelay()


async def submitted(body: bytes, *, status: int = 200) -> Submission:
    async with answered(body, status=status) as client:
        return await FlashbotsRelay(client, HandClock()).submit(ADMITTED)


@pytest.mark.parametrize("kind", [real, fake], ids=["real", "fake"])
async def test_every_relay_answers_with_a_submission_of_the_bundle(kind: type) -> None:
    async with kind() as relay:
        submission = await relay.submit(ADMITTED)

    assert (submission.bundle_id, submission.accepted) == (BUNDLE.id, True)
    assert submission.answer == BUNDLE.bundle_hash


async def test_request_names_the_target_block_the_id_and_the_very_bytes() -> None:
    async def acknowledge(_request: web.Request) -> web.Response:
        return web.Response(body=ACKNOWLEDGED)

    async with serving(acknowledge) as (url, received), endpoint(url) as client:
        await FlashbotsRelay(client, HandClock()).submit(ADMITTED)

    request = msgspec.json.decode(received.bodies[0])
    assert (request["method"], len(received.bodies)) == ("eth_sendBundle", 1)
    assert request["params"] == [
        {
            "txs": ["0x" + BUNDLE.txs[0].hex()],
            "blockNumber": hex(BID.target_block),
            "revertingTxHashes": [],
            "replacementUuid": BUNDLE.uuid,
        }
    ]


async def test_submission_is_stamped_with_the_injected_clock() -> None:
    clock = HandClock()
    clock.time_ns = 123
    async with answered(ACKNOWLEDGED) as client:
        submission = await FlashbotsRelay(client, clock).submit(ADMITTED)

    assert (submission.sent_ns, submission.relay) == (123, "local")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b"<html></html>"),
        (500, b"<html></html>"),
        (200, b""),
        (200, b"[]"),
        (200, b"{"),
        (200, b'{"error": {"message": ""}}'),
        (500, ACKNOWLEDGED),
        (200, result("x" * 5 * 2**20)),
    ],
    ids=["429", "500", "empty", "array", "cut", "no words", "500 with result", "5 MB"],
)
async def test_refusal_is_a_submission_that_was_not_accepted(status: int, body: bytes) -> None:
    submission = await submitted(body, status=status)

    assert (submission.bundle_id, submission.accepted) == (BUNDLE.id, False)
    assert "acknowledged" not in submission.answer


async def test_relay_that_is_not_there_is_a_submission_that_was_not_accepted() -> None:
    async with endpoint(closed_url()) as client:
        submission = await FlashbotsRelay(client, HandClock()).submit(ADMITTED)

    assert not submission.accepted
    assert submission.answer.startswith("unreachable: ")


@pytest.mark.parametrize("value", [None, {}, "hash", {"bundleHash": 7}, {"bundleHash": None}])
async def test_acknowledgement_without_a_hash_is_accepted_and_says_so(value: object) -> None:
    submission = await submitted(result(value))

    assert submission == replace(
        submission, accepted=True, answer="acknowledged without a bundle hash"
    )


@given(value=st.text() | st.none() | st.dictionaries(st.just("bundleHash"), st.text()))
def test_acknowledgement_is_short_and_printable_whatever_it_says(value: object) -> None:
    words = _acknowledgement(value)

    assert words.isprintable()
    assert len(words) <= WORDS_LIMIT


async def test_answer_never_quotes_the_bytes_that_were_sent() -> None:
    for body in (b"", b"[]", ACKNOWLEDGED):
        assert re.search(BUNDLE.txs[0].hex(), (await submitted(body)).answer) is None
