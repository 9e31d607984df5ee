"""What becomes of bundles on a real node beyond the auction: slots, refunds, drops, private txs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import aiohttp
import pytest

from searcher.adapters.rpc import open_rpc
from sims.devnet.accounts import public_account
from sims.devnet.anvil import running_anvil
from sims.relay.auction import DropReason
from sims.relay.faults import FaultKind, InjectedFault
from sims.relay.private_transactions import PRIVATE_WINDOW_BLOCKS
from sims.relay.profiles import FLASHBOTS, LEGACY, RETH, UNSIGNED
from sims.relay.server import RelayOptions, running_relay
from sims.relay.slots import SlotRules
from tests.searcher.fakes import HandClock
from tests.sims.relay.conftest import CODES, FIRST_ONLY, PAYS, REVERTS, LocalChain
from tests.sims.relay.requests import IDENTITY, STRANGER, Order, ask, hashes, sign

pytestmark = pytest.mark.anvil

ALICE, BOB, CAROL = (public_account(index) for index in (1, 2, 3))
RECIPIENT = "0x" + "4e" * 20
NAME = "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"
ONE_ETHER = 10**18


@asynccontextmanager
async def chain_with(options: RelayOptions) -> AsyncIterator[LocalChain]:
    """A chain whose relay has options of its own."""
    async with running_anvil() as anvil, open_rpc(anvil.http_url) as rpc:
        await rpc.batch([("anvil_setCode", [address, code]) for address, code in CODES.items()])
        async with running_relay(replace(options, node_url=anvil.http_url)) as relay:
            yield LocalChain(rpc=rpc, relay=relay)


async def page(chain: LocalChain, path: str) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(chain.relay.url + path) as response,
    ):
        return dict(await response.json())


async def balance(chain: LocalChain, address: str) -> int:
    answer: Any = await chain.rpc.call("eth_getBalance", address, "latest")
    return int(answer, 16)


OPTIONS = RelayOptions(node_url="")
V2: dict[str, Any] = {"version": "v2"}


async def test_bundle_after_the_cutoff_is_late_for_this_block_only() -> None:
    clock = HandClock()
    options = replace(OPTIONS, clock=clock, slot_rules=SlotRules(cutoff_ms=8_000))
    async with chain_with(options) as chain:
        await chain.relay.builder.build_block()
        early, late, later = (sign(account, Order()) for account in (ALICE, BOB, CAROL))
        clock.time_ns += 8_000_000_000
        await chain.send_bundle(early, block=2)
        clock.time_ns += 1_000_000
        await chain.send_bundle(late, block=2)
        await chain.send_bundle(later, block=3)

        built = await chain.relay.builder.build_block()
        await chain.relay.builder.build_block()

        assert [(dropped.reason, dropped.detail) for dropped in built.dropped] == [
            (DropReason.LATE, "8001 ms into the slot")
        ]
        assert (await chain.mined(2), await chain.mined(3)) == (hashes(early), hashes(later))


async def test_slot_of_another_builder_contains_no_bundle() -> None:
    options = replace(OPTIONS, slot_rules=SlotRules(won_share=Fraction(0)))
    async with chain_with(options) as chain:
        public = sign(ALICE, Order())
        await chain.send_public(public)
        await chain.send_bundle(sign(BOB, Order()))

        built = await chain.relay.builder.build_block()

        assert not built.is_won
        assert [dropped.reason for dropped in built.dropped] == [DropReason.NO_BOOST_PROPOSER]
        assert await chain.mined() == hashes(public)


async def test_same_seed_wins_the_same_slots() -> None:
    async def won() -> list[bool]:
        options = replace(OPTIONS, slot_rules=SlotRules(won_share=Fraction(1, 2), seed=3))
        async with chain_with(options) as chain:
            return [(await chain.relay.builder.build_block()).is_won for _ in range(12)]

    first, second = await won(), await won()

    assert first == second
    assert set(first) == {True, False}


async def test_acknowledged_bundle_is_withheld_on_demand() -> None:
    options = replace(OPTIONS, faults=(InjectedFault(kind=FaultKind.NEVER_INCLUDED),))
    async with chain_with(options) as chain:
        answer = await chain.send_bundle(sign(ALICE, Order()))

        built = await chain.relay.builder.build_block()

        assert "bundleHash" in answer["result"]
        assert [dropped.reason for dropped in built.dropped] == [DropReason.WITHHELD]


async def test_loser_is_told_who_beat_it(chain: LocalChain) -> None:
    loser = await chain.send_bundle(sign(ALICE, Order(to=FIRST_ONLY, value_wei=10**15)))
    winner = await chain.send_bundle(sign(BOB, Order(to=FIRST_ONLY, value_wei=10**16)))
    await chain.send_bundle(sign(CAROL, Order(to=PAYS, value_wei=10**17)))

    await chain.relay.builder.build_block()

    (block,) = (await page(chain, "/trace?block=1"))["blocks"]
    (dropped,) = block["dropped"]
    assert len(block["included"]) == 2
    assert dropped["reason"] == "outbid"
    assert dropped["bundleHash"] == loser["result"]["bundleHash"]
    assert dropped["beatenBy"] == winner["result"]["bundleHash"]


@pytest.mark.parametrize(
    "bad", [Order(to=REVERTS, value_wei=0), Order(nonce=9)], ids=["reverting", "invalid"]
)
async def test_failing_transaction_is_left_out_where_it_may_be(
    chain: LocalChain, bad: Order
) -> None:
    first, middle, last = sign(ALICE, Order()), sign(BOB, bad), sign(CAROL, Order())
    await chain.send_bundle(first, middle, last, **V2, droppingTxHashes=hashes(middle))

    built = await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(first, last)
    assert not built.dropped


async def test_refund_is_paid_by_the_builder_in_the_same_block(chain: LocalChain) -> None:
    pays = sign(ALICE, Order(to=PAYS, value_wei=ONE_ETHER, tip_wei=0))
    await chain.send_bundle(pays, **V2, refundPercent=90, refundRecipient=RECIPIENT)

    built = await chain.relay.builder.build_block()

    (included,) = built.included
    (payout,) = included.payouts
    received = await balance(chain, RECIPIENT)
    base_fee = int((await chain.block())["baseFeePerGas"], 16)
    assert received == payout.value_wei == 9 * ONE_ETHER // 10 - 21_000 * base_fee
    assert included.value_wei == ONE_ETHER - payout.value_wei
    assert len(await chain.mined()) == 2


async def test_bundle_that_refunds_more_ranks_lower(chain: LocalChain) -> None:
    generous = sign(ALICE, Order(to=PAYS, value_wei=ONE_ETHER))
    stingy = sign(BOB, Order(to=PAYS, value_wei=ONE_ETHER // 2))
    await chain.send_bundle(stingy)
    await chain.send_bundle(generous, **V2, refundPercent=90)

    await chain.relay.builder.build_block()

    assert (await chain.mined())[:2] == hashes(stingy, generous)


async def test_lower_replacement_nonce_is_ignored(chain: LocalChain) -> None:
    newest, stale = sign(ALICE, Order(tip_wei=1)), sign(BOB, Order(tip_wei=9))
    await chain.send_bundle(newest, replacementUuid=NAME, replacementNonce=2)
    await chain.send_bundle(stale, replacementUuid=NAME, replacementNonce=1)

    await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(newest)


async def test_empty_bundle_cancels_where_the_profile_says_so() -> None:
    async with chain_with(replace(OPTIONS, profile=UNSIGNED)) as chain:
        await chain.send_bundle(sign(ALICE, Order()), replacementUuid=NAME)
        await chain.send_bundle(replacementUuid=NAME)

        await chain.relay.builder.build_block()

        assert await chain.mined() == []


async def test_bundle_without_a_block_is_for_the_next_one() -> None:
    async with chain_with(replace(OPTIONS, profile=UNSIGNED)) as chain:
        raw = sign(ALICE, Order())
        await chain.send_bundle(raw, blockNumber=None)

        await chain.relay.builder.build_block()
        second = await chain.relay.builder.build_block()

        assert await chain.mined() == hashes(raw)
        assert not second.dropped


async def test_legacy_refuses_to_simulate_a_single_transfer() -> None:
    async with chain_with(replace(OPTIONS, profile=LEGACY)) as chain:
        one = await chain.call_bundle(sign(ALICE, Order()))
        two = await chain.call_bundle(sign(ALICE, Order()), sign(BOB, Order()))

        words = "bundle used too little gas, must use at least 42000"
        assert one == {"error": {"message": words}}
        assert two["result"]["totalGasUsed"] == 42_000


async def test_reth_writes_the_same_simulation_otherwise() -> None:
    raws = (sign(ALICE, Order(to=PAYS, value_wei=7, tip_wei=3)), sign(BOB, Order(to=REVERTS)))
    results = []
    for profile in (FLASHBOTS, RETH):
        async with chain_with(replace(OPTIONS, profile=profile)) as chain:
            answer = await chain.call_bundle(*raws, baseFee=2 * 10**9)
            results.append(answer["result"])

    geth, reth = results
    assert int(reth["totalGasUsed"], 16) == geth["totalGasUsed"]
    assert reth["stateBlockNumber"] == "0x0"
    assert reth["coinbaseDiff"] == geth["coinbaseDiff"]
    assert next(entry["gasPrice"] for entry in reth["results"]) == "3"
    assert "error" in geth["results"][1]
    assert set(reth["results"][1]) & {"error", "value"} == set()


async def send_private(chain: LocalChain, raw: bytes, **fields: object) -> dict[str, Any]:
    parameters = {"tx": "0x" + raw.hex(), **fields}
    return await ask(chain.relay.url, "eth_sendPrivateTransaction", parameters)


async def status(chain: LocalChain, raw: bytes) -> dict[str, Any]:
    return await page(chain, "/tx/" + hashes(raw)[0])


async def test_private_transaction_waits_until_it_is_valid(chain: LocalChain) -> None:
    raw, before = sign(ALICE, Order(nonce=1)), sign(ALICE, Order())
    answer = await send_private(chain, raw)
    await chain.relay.builder.build_block()
    pending = await status(chain, raw)
    await chain.send_bundle(before, block=2)
    await chain.relay.builder.build_block()

    await chain.relay.builder.build_block()

    assert answer["result"] == hashes(raw)[0]
    assert (pending["status"], pending["simError"]) == ("PENDING", "SimErrorNonceTooHigh")
    assert hashes(raw) == await chain.mined(3)
    assert (await status(chain, raw))["status"] == "INCLUDED"


async def test_private_transaction_fails_after_its_window(chain: LocalChain) -> None:
    raw = sign(ALICE, Order(to=REVERTS, value_wei=0))
    await send_private(chain, raw)

    for _ in range(PRIVATE_WINDOW_BLOCKS):
        assert (await status(chain, raw))["status"] == "PENDING"
        await chain.relay.builder.build_block()

    final = await status(chain, raw)
    assert (final["status"], final["isRevert"]) == ("FAILED", True)
    assert final["maxBlockNumber"] == PRIVATE_WINDOW_BLOCKS


@pytest.mark.parametrize("last", ["0x2", 2], ids=["hex", "integer"])
async def test_last_block_of_a_private_transaction_can_be_chosen(
    chain: LocalChain, last: object
) -> None:
    raw = sign(ALICE, Order())
    await send_private(chain, raw, maxBlockNumber=last)

    assert (await status(chain, raw))["maxBlockNumber"] == 2


async def test_only_its_sender_cancels_a_private_transaction(chain: LocalChain) -> None:
    raw = sign(ALICE, Order())
    await send_private(chain, raw)
    name, method = {"txHash": hashes(raw)[0]}, "eth_cancelPrivateTransaction"

    stranger = await ask(chain.relay.url, method, name, key=STRANGER)
    owner = await ask(chain.relay.url, method, name, key=IDENTITY)
    await chain.relay.builder.build_block()

    assert (stranger["result"], owner["result"]) == (False, True)
    assert await chain.mined() == []
    assert (await status(chain, raw))["status"] == "CANCELLED"


async def test_raw_private_transaction_lands(chain: LocalChain) -> None:
    raw = sign(ALICE, Order())
    await ask(chain.relay.url, "eth_sendPrivateRawTransaction", "0x" + raw.hex(), {"fast": True})

    await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(raw)
    assert (await status(chain, raw))["fastMode"] is True


async def test_newest_wins_however_many_replacements_arrive_at_once(chain: LocalChain) -> None:
    raws = [sign(ALICE, Order(tip_wei=tip)) for tip in range(1, 9)]
    async with asyncio.TaskGroup() as tasks:
        for nonce, raw in enumerate(raws):
            sending = chain.send_bundle(raw, replacementUuid=NAME, replacementNonce=nonce)
            tasks.create_task(sending)

    await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(raws[-1])
