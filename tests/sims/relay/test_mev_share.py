"""MEV-Share: the rules of bundles, back-runs that pay their refund, and the event stream."""

from typing import Any

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.devnet.accounts import public_account
from sims.relay.identity import matching_hash
from sims.relay.mev_share_hints import rounded_up
from tests.sims.relay.conftest import PAYS, REVERTS, LocalChain
from tests.sims.relay.requests import Order, ask, hashes, sign

ALICE, BOB = public_account(1), public_account(2)
TARGET, BACKRUN = sign(ALICE, Order()), sign(BOB, Order(to=PAYS, value_wei=10**18))
TX = {"tx": "0x" + TARGET.hex()}
BODY = [{"hash": matching_hash(hashes(TARGET)[0])}, {"tx": "0x" + BACKRUN.hex()}]
STRANGER = "0x" + "07" * 32


def bundle(**fields: object) -> dict[str, Any]:
    return {"version": "v0.1", "inclusion": {"block": "0x1"}, "body": [TX], **fields}


def inner(depth: int) -> dict[str, Any]:
    return {"bundle": bundle(body=[inner(depth - 1)] if depth else [TX])}


def refund(*entries: tuple[int, int]) -> dict[str, Any]:
    return {"refund": [{"bodyIdx": index, "percent": percent} for index, percent in entries]}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "version": (bundle(version="v9"), "unsupported bundle version"),
    "past": (bundle(inclusion={"block": "0x0"}), "invalid inclusion"),
    "far": (bundle(inclusion={"block": "0x6"}), "invalid inclusion"),
    "reversed": (bundle(inclusion={"block": "0x2", "maxBlock": "0x1"}), "invalid inclusion"),
    "long": (bundle(inclusion={"block": "0x1", "maxBlock": "0x20"}), "invalid inclusion"),
    "empty": (bundle(body=[]), "invalid bundle body size"),
    "large": (bundle(body=[TX] * 51), "invalid bundle body size"),
    "two-kinds": (bundle(body=[{**TX, "hash": STRANGER}]), "invalid bundle body"),
    "hash-alone": (bundle(body=[{"hash": STRANGER}]), "invalid bundle body"),
    "hash-second": (bundle(body=[TX, {"hash": STRANGER}]), "invalid bundle body"),
    "two-backruns": (bundle(body=[{"hash": STRANGER}, TX, TX]), "invalid bundle body"),
    "deep": (bundle(body=[inner(1)]), "bundle too deep"),
    "mode": (bundle(body=[{**TX, "revertMode": "hide"}]), "invalid revert mode"),
    "index": (bundle(validity=refund((1, 5))), "invalid bundle constraints"),
    "twice": (bundle(validity=refund((0, 5), (0, 6))), "invalid bundle constraints"),
    "percent": (bundle(validity=refund((0, 101))), "invalid bundle constraints"),
    "target-refund": (
        bundle(body=BODY, validity=refund((0, 5))),
        "invalid bundle constraints",
    ),
    "target-hints": (bundle(body=BODY, privacy={"hints": ["logs"]}), "invalid bundle privacy"),
    "hint": (bundle(privacy={"hints": ["everything"]}), "invalid bundle privacy"),
    "unknown": (bundle(body=[{"hash": STRANGER}, TX]), "backrun not found"),
    "tx": (bundle(body=[{"tx": "0x12"}]), "unable to decode txs"),
}


@pytest.mark.anvil
async def test_every_broken_rule_has_its_words(chain: LocalChain) -> None:
    messages = {
        name: (await ask(chain.relay.url, "mev_sendBundle", sent))["error"]["message"]
        for name, (sent, _) in REFUSED.items()
    }

    assert messages == {name: message for name, (_, message) in REFUSED.items()}


async def send_target(chain: LocalChain, *hints: str) -> None:
    wishes = {"tx": TX["tx"], "preferences": {"privacy": {"hints": list(hints)}}}
    await ask(chain.relay.url, "eth_sendPrivateTransaction", wishes)


@pytest.mark.anvil
async def test_backrun_lands_behind_its_target_and_pays_its_sender(chain: LocalChain) -> None:
    await send_target(chain, "hash")
    await ask(chain.relay.url, "mev_sendBundle", bundle(body=BODY))

    built = await chain.relay.builder.build_block()

    (included,) = built.included
    (payout,) = included.payouts
    base_fee = int((await chain.block())["baseFeePerGas"], 16)
    paid = included.outcomes[1].coinbase_diff_wei
    assert (await chain.mined())[:2] == hashes(TARGET, BACKRUN)
    assert payout.recipient == ALICE.address.lower()
    assert payout.value_wei == paid * 90 // 100 - 30_000 * base_fee


@pytest.mark.anvil
async def test_target_without_a_hash_hint_cannot_be_backrun(chain: LocalChain) -> None:
    await send_target(chain)

    answer = await ask(chain.relay.url, "mev_sendBundle", bundle(body=BODY))

    assert answer["error"]["message"] == "backrun invalid bundle"


@pytest.mark.anvil
async def test_backrun_outside_its_targets_window_is_refused(chain: LocalChain) -> None:
    sent = bundle(privacy={"hints": ["hash"]})
    await ask(chain.relay.url, "mev_sendBundle", sent)

    later = bundle(body=BODY, inclusion={"block": "0x2"})
    answer = await ask(chain.relay.url, "mev_sendBundle", later)

    assert answer["error"]["message"] == "backrun invalid inclusion"


async def simulated(chain: LocalChain, *elements: object, **fields: object) -> dict[str, Any]:
    sent = bundle(body=list(elements), **fields)
    answer = await ask(chain.relay.url, "mev_simBundle", sent, {})
    return dict(answer["result"])


@pytest.mark.anvil
async def test_simulation_takes_the_refund_and_its_gas_out_of_the_profit(chain: LocalChain) -> None:
    elements = (TX, {"tx": "0x" + BACKRUN.hex()})
    plain = await simulated(chain, *elements)

    shared = await simulated(chain, *elements, validity=refund((0, 90)))

    refundable = int(shared["refundableValue"], 16)
    assert plain["success"]
    assert shared["success"]
    assert refundable > 10**18
    assert int(shared["profit"], 16) == int(plain["profit"], 16) - refundable * 90 // 100
    assert int(shared["gasUsed"], 16) == int(plain["gasUsed"], 16) + 30_000


@pytest.mark.anvil
async def test_refund_below_its_own_gas_fails_the_simulation(chain: LocalChain) -> None:
    cheap = sign(BOB, Order(tip_wei=1))

    result = await simulated(chain, TX, {"tx": "0x" + cheap.hex()}, validity=refund((0, 90)))

    assert (result["success"], result["error"]) == (False, "negative profit")


@pytest.mark.anvil
async def test_only_a_permitted_revert_passes_the_simulation(chain: LocalChain) -> None:
    raw = "0x" + sign(ALICE, Order(to=REVERTS, value_wei=0)).hex()

    refused = await simulated(chain, {"tx": raw})
    allowed = await simulated(chain, {"tx": raw, "canRevert": True})
    invalid = await simulated(
        chain, {"tx": "0x" + sign(ALICE, Order(nonce=5)).hex(), "canRevert": True}
    )

    assert (refused["success"], refused["error"]) == (False, "tx failed")
    assert allowed["success"]
    assert (invalid["success"], invalid["error"][:14]) == (False, "nonce too high")


@pytest.mark.anvil
async def test_unmatched_bundle_cannot_be_simulated(chain: LocalChain) -> None:
    answer = await ask(chain.relay.url, "mev_simBundle", bundle(body=BODY), {})

    assert answer["error"]["message"] == "unmatched bundle"


@pytest.mark.anvil
async def test_stream_tells_no_more_than_the_hints_allow(chain: LocalChain) -> None:
    headers = {"Accept": "text/event-stream"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(chain.relay.url, headers=headers) as stream,
    ):
        assert await stream.content.readline() == b":ping\n"
        await send_target(chain, "contract_address")
        line = b""
        while not line.startswith(b"data: "):
            line = await stream.content.readline()
        async with session.get(chain.relay.url + "/api/v1/history") as answer:
            history = await answer.json()

    event = msgspec.json.decode(line.removeprefix(b"data: "), type=dict[str, Any])
    assert event["hash"] == matching_hash(hashes(TARGET)[0])
    assert event["txs"] == [{"to": Order().to}]
    assert event["gasUsed"] == hex(21_000)
    assert [entry["hint"] for entry in history] == [event]


@given(value=st.integers(min_value=0, max_value=10**30), digits=st.integers(1, 5))
def test_rounding_gives_little_away_and_never_rounds_down(value: int, digits: int) -> None:
    rounded = rounded_up(value, digits=digits)

    assert value <= rounded
    assert len(str(rounded).rstrip("0")) <= digits
