"""What a relay's answer to a harmless request says of us, and of this machine's clock."""

from email.utils import formatdate

import aiohttp
import msgspec
import pytest
from aiohttp import web
from pydantic import SecretStr

from searcher.adapters.keys import IdentityKey
from searcher.adapters.relays import RequestDesk
from searcher.builder_table import BY_NAME
from searcher.doctor.finding import Verdict
from searcher.doctor.relay_checks import clock_finding, harmless_body, relay_finding
from searcher.relay_profiles import CANCEL, Cancelling, RelayProfile
from searcher.settings.network import RelaySettings
from tests.searcher.adapters.http_endpoint import IDENTITY, closed_url, serving
from tests.searcher.adapters.passing_time import VirtualTime

NOW_S = 1_700_000_000
OK = {"jsonrpc": "2.0", "id": 1, "result": "0x"}


def error(code: int, message: str) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}


def relay_at(url: str, profile: str = "flashbots") -> RelaySettings:
    return RelaySettings(name="there", url=SecretStr(url), profile=profile)


@pytest.mark.parametrize(
    ("said", "verdict", "remedy"),
    [
        (OK, Verdict.OK, ""),
        (error(-32000, "no such bundle"), Verdict.OK, ""),
        (error(-32602, "invalid parameters"), Verdict.OK, ""),
        (error(-32000, "signature is wrong"), Verdict.FAILURE, "keys.identity"),
        (error(-32601, "method not found"), Verdict.WARNING, "profile"),
        (error(-32000, "rate limit reached"), Verdict.WARNING, "wait a minute"),
        (error(-32000, "internal server error"), Verdict.FAILURE, "url"),
    ],
)
async def test_answer_decides_what_is_to_be_done(
    said: dict[str, object], verdict: Verdict, remedy: str
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(said))

    desk = RequestDesk(IdentityKey(IDENTITY).header)
    async with serving(answer) as (url, received), aiohttp.ClientSession() as session:
        finding = await relay_finding(relay_at(url), session, desk, head_number=7)

    assert finding.verdict is verdict
    assert remedy in finding.remedy
    assert received.headers[0]["X-Flashbots-Signature"] == IdentityKey(IDENTITY).header(
        received.bodies[0]
    )


async def test_relay_that_nobody_runs_is_named_without_its_path() -> None:
    desk = RequestDesk(IdentityKey(IDENTITY).header)
    relay = relay_at(closed_url() + "secret")
    async with aiohttp.ClientSession() as session:
        finding = await relay_finding(relay, session, desk, head_number=7)

    assert finding.verdict is Verdict.FAILURE
    assert "secret" not in finding.words


@pytest.mark.parametrize("profile", BY_NAME.values(), ids=lambda profile: profile.name)
def test_request_carries_no_transaction_to_any_builder(profile: RelayProfile) -> None:

    body = harmless_body(profile, 8)

    request = msgspec.json.decode(body)
    parameters = request["params"]
    first = parameters[0] if isinstance(parameters, list) else parameters
    assert not first.get("txs")
    if profile.cancelling is Cancelling.METHOD:
        assert request["method"] == CANCEL


@pytest.mark.parametrize(
    ("behind_s", "verdict"),
    [(0, Verdict.OK), (1, Verdict.OK), (3, Verdict.FAILURE), (-3, Verdict.FAILURE)],
)
async def test_clock_that_is_wrong_by_seconds_is_named(behind_s: int, verdict: Verdict) -> None:
    async def dated(_request: web.Request) -> web.Response:
        return web.Response(status=405, headers={"Date": formatdate(NOW_S + behind_s, usegmt=True)})

    async with serving(dated) as (url, _), aiohttp.ClientSession() as session:
        finding = await clock_finding(relay_at(url), session, VirtualTime(NOW_S))

    assert finding.verdict is verdict
    assert ("synchronise" in finding.remedy) == (verdict is Verdict.FAILURE)
