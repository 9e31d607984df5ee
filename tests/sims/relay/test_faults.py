"""What a client meets when something goes wrong, and how many requests it may send."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import aiohttp
import msgspec
import pytest

from searcher.flashbots import SIGNATURE_HEADER, bundle_hash, sign_body
from sims.devnet.accounts import public_account
from sims.errors import RelayOptionError
from sims.relay.faults import FaultKind, FaultPlan, InjectedFault
from sims.relay.profiles import FLASHBOTS
from sims.relay_command import parse_fault
from tests.searcher.fakes import HandClock
from tests.sims.relay.nowhere import relay_nowhere
from tests.sims.relay.requests import IDENTITY, Order, body_of, hashes, post, sign

RAW = sign(public_account(1), Order())
BODY = body_of("eth_sendBundle", {"txs": ["0x" + RAW.hex()], "blockNumber": "0x1"})
HEADERS = {SIGNATURE_HEADER: sign_body(BODY, IDENTITY)}
HASH = bundle_hash(hashes(RAW))


def result_of(text: str) -> object:
    return msgspec.json.decode(text)["result"]


ANSWERS: dict[FaultKind, tuple[int, Callable[[str], bool]]] = {
    FaultKind.SERVER_ERROR: (502, lambda text: text.startswith("<html>")),
    FaultKind.MALFORMED: (200, lambda text: text == '{"jsonrpc":"2.0","id":'),
    FaultKind.RATE_LIMIT: (429, lambda text: "rate limit exceeded" in text),
    FaultKind.BARE_STRING: (200, lambda text: result_of(text) == HASH),
    FaultKind.STATUS_RESULT: (200, lambda text: result_of(text) == 200),
    FaultKind.NULL_RESULT: (200, lambda text: result_of(text) is None),
    FaultKind.REFUSAL: (200, lambda text: "internal server error" in text),
    FaultKind.NEVER_INCLUDED: (200, lambda text: result_of(text) == {"bundleHash": HASH}),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_fault_takes_the_place_of_the_answer(kind: FaultKind) -> None:
    status, is_expected = ANSWERS[kind]

    async with relay_nowhere(FLASHBOTS, faults=(InjectedFault(kind=kind),)) as url:
        answered, text = await post(url, BODY, HEADERS)

    assert answered == status
    assert is_expected(text)


async def test_reset_leaves_the_client_without_an_answer() -> None:
    async with relay_nowhere(FLASHBOTS, faults=(InjectedFault(kind=FaultKind.RESET),)) as url:
        with pytest.raises(aiohttp.ClientConnectionError):
            await post(url, BODY, HEADERS)


@pytest.mark.parametrize("kind", [FaultKind.LATENCY, FaultKind.SLOW_HEADERS])
async def test_delay_changes_nothing_but_the_time(kind: FaultKind) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    fault = InjectedFault(kind=kind, delay_s=7.5)
    async with relay_nowhere(FLASHBOTS, faults=(fault,), sleep=sleep) as url:
        _, text = await post(url, BODY, HEADERS)

    assert waits == [7.5]
    assert result_of(text) == {"bundleHash": HASH}


async def test_fault_of_one_method_spares_the_others() -> None:
    fault = InjectedFault(kind=FaultKind.NULL_RESULT, methods=frozenset({"eth_cancelBundle"}))

    async with relay_nowhere(FLASHBOTS, faults=(fault,)) as url:
        _, text = await post(url, BODY, HEADERS)

    assert result_of(text) == {"bundleHash": HASH}


def test_same_seed_draws_the_same_faults() -> None:
    fault = InjectedFault(kind=FaultKind.RESET, share=Fraction(1, 3))

    def drawn(seed: int) -> list[bool]:
        plan = FaultPlan((fault,), seed=seed)
        return [bool(plan.draw("eth_sendBundle")) for _ in range(300)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 60 < sum(drawn(1)) < 140


async def test_bucket_of_a_method_empties_and_refills() -> None:
    clock = HandClock()
    profile = replace(FLASHBOTS, requests_per_minute={"eth_sendBundle": 2})
    async with relay_nowhere(profile, clock=clock) as url:
        first = [(await post(url, BODY, HEADERS))[0] for _ in range(3)]
        clock.time_ns += 30_000_000_000
        second = [(await post(url, BODY, HEADERS))[0] for _ in range(2)]

    assert first == [200, 200, 429]
    assert second == [200, 429]


async def test_other_methods_have_buckets_of_their_own() -> None:
    profile = replace(FLASHBOTS, requests_per_minute={"eth_sendBundle": 1})
    cancel = body_of(
        "eth_cancelBundle", {"replacementUuid": "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"}
    )
    async with relay_nowhere(profile) as url:
        await post(url, BODY, HEADERS)
        status, _ = await post(url, cancel, {SIGNATURE_HEADER: sign_body(cancel, IDENTITY)})

    assert status == 200


def test_fault_is_read_from_the_command_line() -> None:
    assert parse_fault("reset:25@eth_sendBundle,eth_callBundle") == InjectedFault(
        kind=FaultKind.RESET,
        share=Fraction(1, 4),
        methods=frozenset({"eth_sendBundle", "eth_callBundle"}),
    )
    assert parse_fault("latency") == InjectedFault(kind=FaultKind.LATENCY)


@pytest.mark.parametrize("text", ["", "explosion", "reset:many"])
def test_unknown_fault_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(RelayOptionError, match="latency, slow-headers, reset"):
        parse_fault(text)
