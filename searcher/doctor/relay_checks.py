"""What is asked of a relay: to forget a bundle that it never had, which changes nothing.

The request is signed as every other, so that its answer tells whether the signature is taken.
"""

from email.utils import parsedate_to_datetime
from typing import Final
from uuid import uuid4

import aiohttp

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.flashbots_rpc import FlashbotsEndpoint
from searcher.adapters.relays import RequestDesk
from searcher.adapters.rpc import masked
from searcher.builder_table import BY_NAME
from searcher.doctor.finding import Finding, failure, ok, warning
from searcher.doctor.node_checks import SYNCHRONISE
from searcher.ports import Clock
from searcher.relay_answers import Answer, RefusalKind
from searcher.relay_profiles import CALL, RelayProfile, Signing
from searcher.relay_requests import BundleRequest, cancel_bundle, rpc_request
from searcher.settings.network import RelaySettings

SKEW_SECONDS: Final = 1.5
"""A header tells whole seconds, so half of one is uncertain; one more is the most that is good."""

HALF_SECOND: Final = 0.5


async def relay_finding(
    relay: RelaySettings, session: aiohttp.ClientSession, desk: RequestDesk, *, head_number: int
) -> Finding:
    """Whether the relay answers, and takes our signature."""
    title, profile = f"relay {relay.name}", BY_NAME[relay.profile]
    if profile.signing is Signing.BEARER and relay.credential is None:
        words = f"{profile.name} wants a credential, and none is set"
        return failure(title, words, 'set credential = "env:NAME" for this relay')
    url = relay.url.get_secret_value()
    body = harmless_body(profile, head_number + 1)
    credential = relay.credential.get_secret_value() if relay.credential else ""
    endpoint = FlashbotsEndpoint(session, name=relay.name, url=url, sign=None)
    answer = await endpoint.post(body, desk.headers(profile, body, credential))
    return _judged(title, masked(url), answer)


def harmless_body(profile: RelayProfile, block_number: int) -> bytes:
    """A cancellation of a bundle that nobody has; where there is none, a call of no bundle."""
    request = BundleRequest(txs=(), block_number=block_number, uuid=str(uuid4()))
    parameters = {"txs": [], "blockNumber": hex(block_number), "stateBlockNumber": "latest"}
    return cancel_bundle(profile, request) or rpc_request(CALL, [parameters])


def _judged(title: str, shown: str, answer: Answer) -> Finding:
    refusal = answer.refusal
    if refusal is None:
        return ok(title, f"{shown} took a signed request")
    words = f"{shown}: {refusal.words}"
    if refusal.kind is RefusalKind.SIGNATURE:
        return failure(title, words, "check keys.identity, and that the relay's profile fits")
    if refusal.kind is RefusalKind.SERVER_UNAVAILABLE:
        return failure(title, words, "correct the relay's url, or remove it while it is away")
    if refusal.kind is RefusalKind.RATE_LIMITED:
        return warning(title, words, "wait a minute and look again")
    if refusal.kind is RefusalKind.UNSUPPORTED_METHOD:
        return warning(title, words, "check that the relay's profile fits")
    return ok(title, f"{shown} read a signed request, and refused only what it asked")


async def clock_finding(
    relay: RelaySettings, session: aiohttp.ClientSession, clock: Clock
) -> Finding:
    """How far this machine's clock is from the relay's, by the `Date` of an answer."""
    title, url = f"relay {relay.name}: clock", relay.url.get_secret_value()
    before_ns = clock.now_ns()
    try:
        async with session.get(url, allow_redirects=False) as response:
            text = response.headers.get("Date", "")
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        words = f"no answer to a GET ({type(error).__name__})"
        return warning(title, words, "compare the clock by other means")
    after_ns = clock.now_ns()
    try:
        dated_s = parsedate_to_datetime(text).timestamp() + HALF_SECOND
    except ValueError:
        return warning(title, "its answers carry no date", "compare the clock by other means")
    skew_s = dated_s - (before_ns + after_ns) / 2 / NS_PER_SECOND
    words = f"this machine's clock differs by {abs(skew_s):.1f} s, to half a second"
    if abs(skew_s) > SKEW_SECONDS + (after_ns - before_ns) / NS_PER_SECOND:
        return failure(title, words, SYNCHRONISE)
    return ok(title, words)
