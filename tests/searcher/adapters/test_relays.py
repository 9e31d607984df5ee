"""The relay adapter on a local server, with the fake under the same suite."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest
from aiohttp import web

from searcher.adapters.flashbots_rpc import FlashbotsEndpoint
from searcher.adapters.keys import IdentityKey
from searcher.adapters.relays import BuilderRelay, RequestDesk
from searcher.builder_table import BY_NAME
from searcher.model import Submission
from searcher.ports import Relay
from tests.searcher.adapters.http_endpoint import (
    IDENTITY,
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


def relay_of(client: FlashbotsEndpoint, clock: HandClock | None = None) -> BuilderRelay:
    desk = RequestDesk(IdentityKey(IDENTITY).header)
    return BuilderRelay(client, clock or HandClock(), profile=BY_NAME["flashbots"], desk=desk)


@asynccontextmanager
async def real() -> AsyncIterator[Relay]:
    async with answered(ACKNOWLEDGED) as client:
        yield relay_of(client)


@asynccontextmanager
async def fake() -> AsyncIterator[Relay]:
    yield AcceptingRelay()


async def submitted(body: bytes, *, status: int = 200) -> Submission:
    async with answered(body, status=status) as client:
        return await relay_of(client).submit(ADMITTED)


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
        await relay_of(client).submit(ADMITTED)

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
        submission = await relay_of(client, clock).submit(ADMITTED)

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
        submission = await relay_of(client).submit(ADMITTED)

    assert not submission.accepted
    assert submission.answer.startswith("server_unavailable: unreachable: ")


@pytest.mark.parametrize(
    "value", [None, {}, "hash", 200, True, {"bundleHash": 7}, {"bundleHash": None}]
)
async def test_acknowledgement_without_a_hash_is_accepted_and_says_so(value: object) -> None:
    submission = await submitted(result(value))

    assert submission == replace(
        submission, accepted=True, answer="acknowledged without a bundle hash"
    )


async def test_answer_never_quotes_the_bytes_that_were_sent() -> None:
    for body in (b"", b"[]", ACKNOWLEDGED):
        assert re.search(BUNDLE.txs[0].hex(), (await submitted(body)).answer) is None
