"""Bundles and public transactions on a real node: what is simulated is what is mined."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sims.devnet.accounts import public_account
from sims.errors import BuilderError
from sims.relay.auction import DropReason
from sims.relay.builder import COINBASE
from tests.sims.relay.conftest import (
    FIRST_ONLY,
    FIRST_PAYS,
    LOTTERY,
    PAYS,
    RAFFLE,
    REVERTS,
    LocalChain,
)
from tests.sims.relay.requests import GWEI, STRANGER, Order, ask, hashes, sign

pytestmark = pytest.mark.anvil

NAME: dict[str, Any] = {"replacementUuid": "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"}
ALICE, BOB, CAROL = (public_account(index) for index in (1, 2, 3))


async def balance(chain: LocalChain, *, block: int) -> int:
    answer: Any = await chain.rpc.call("eth_getBalance", COINBASE, hex(block))
    return int(answer, 16)


async def test_simulated_gas_and_payment_equal_the_mined_ones(chain: LocalChain) -> None:
    raws = (
        sign(ALICE, Order()),
        sign(BOB, Order(to=PAYS, value_wei=12_345_678_901, tip_wei=7)),
        sign(ALICE, Order(nonce=1, to=PAYS, value_wei=3, tip_wei=0)),
    )

    simulated = (await chain.call_bundle(*raws))["result"]
    await chain.send_bundle(*raws)
    await chain.relay.builder.build_block()

    receipts = [await chain.receipt(raw) for raw in raws]
    assert [entry["gasUsed"] for entry in simulated["results"]] == [
        int(receipt["gasUsed"], 16) for receipt in receipts
    ]
    assert int(simulated["coinbaseDiff"]) == await balance(chain, block=1)


async def test_bundles_come_before_better_paying_public_transactions(chain: LocalChain) -> None:
    public = sign(ALICE, Order(tip_wei=5 * GWEI))
    bundle = (sign(BOB, Order(tip_wei=1)), sign(CAROL, Order(tip_wei=2)))
    await chain.send_public(public)
    await chain.send_bundle(*bundle)

    built = await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(*bundle, public)
    assert built.public_tx_count == 1


async def test_better_bundle_comes_first(chain: LocalChain) -> None:
    poor, rich = sign(ALICE, Order(tip_wei=1)), sign(BOB, Order(tip_wei=2))
    await chain.send_bundle(poor)
    await chain.send_bundle(rich)

    await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(rich, poor)


async def test_reverting_bundle_leaves_no_trace(chain: LocalChain) -> None:
    raws = (sign(ALICE, Order()), sign(BOB, Order(to=REVERTS, value_wei=0)))
    await chain.send_bundle(*raws)

    built = await chain.relay.builder.build_block()

    assert [dropped.reason for dropped in built.dropped] == [DropReason.REVERT]
    assert await chain.mined() == []


async def test_revert_that_is_allowed_stays_in_the_bundle(chain: LocalChain) -> None:
    raws = (sign(ALICE, Order()), sign(BOB, Order(to=REVERTS, value_wei=0)))
    await chain.send_bundle(*raws, revertingTxHashes=hashes(raws[1]))

    await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(*raws)


@pytest.mark.parametrize(
    ("target", "reason"),
    [(FIRST_ONLY, DropReason.OUTBID), (FIRST_PAYS, DropReason.PRICE_DROP)],
    ids=["reverts", "pays-less"],
)
async def test_second_of_two_conflicting_bundles_is_dropped(
    chain: LocalChain, *, target: str, reason: DropReason
) -> None:
    loser = sign(ALICE, Order(to=target, value_wei=10**15))
    winner = sign(BOB, Order(to=target, value_wei=10**16))
    await chain.send_bundle(loser)
    await chain.send_bundle(winner)

    built = await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(winner)
    assert [dropped.reason for dropped in built.dropped] == [reason]


async def test_bundle_with_a_nonce_from_the_future_is_invalid(chain: LocalChain) -> None:
    await chain.send_bundle(sign(ALICE, Order(nonce=1)))

    built = await chain.relay.builder.build_block()

    assert [dropped.reason for dropped in built.dropped] == [DropReason.INVALID]


async def test_bundles_that_share_a_nonce_collide(chain: LocalChain) -> None:
    loser, winner = sign(ALICE, Order(tip_wei=1)), sign(ALICE, Order(tip_wei=2))
    await chain.send_bundle(loser)
    await chain.send_bundle(winner)

    built = await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(winner)
    assert [dropped.reason for dropped in built.dropped] == [DropReason.NONCE_COLLISION]


async def test_fees_of_a_public_transaction_give_its_bundle_no_credit(chain: LocalChain) -> None:
    target = sign(ALICE, Order(tip_wei=5 * GWEI))
    backrun, other = sign(BOB, Order(tip_wei=1)), sign(CAROL, Order(tip_wei=2))
    await chain.send_public(target)
    await chain.send_bundle(target, backrun)
    await chain.send_bundle(other)

    built = await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(other, target, backrun)
    assert [included.value_wei for included in built.included] == [42_000, 21_000]


async def test_bundle_for_another_block_waits_for_it(chain: LocalChain) -> None:
    raw = sign(ALICE, Order())
    await chain.send_bundle(raw, block=2)

    first = await chain.relay.builder.build_block()
    await chain.relay.builder.build_block()

    assert not first.included
    assert not first.dropped
    assert (await chain.mined(1), await chain.mined(2)) == ([], hashes(raw))


async def test_bundle_for_a_mined_block_is_late(chain: LocalChain) -> None:
    await chain.relay.builder.build_block()
    answer = await chain.send_bundle(sign(ALICE, Order()), block=1)

    built = await chain.relay.builder.build_block()

    assert "result" in answer
    assert [dropped.reason for dropped in built.dropped] == [DropReason.LATE]


@pytest.mark.parametrize(
    ("field", "offset", "reasons"),
    [
        ("minTimestamp", 0, []),
        ("minTimestamp", 1, [DropReason.EARLY]),
        ("maxTimestamp", 0, []),
        ("maxTimestamp", -1, [DropReason.EXPIRED]),
    ],
    ids=["just-begun", "early", "just-ending", "expired"],
)
async def test_timestamp_window_includes_its_ends(
    chain: LocalChain, *, field: str, offset: int, reasons: list[DropReason]
) -> None:
    timestamp = int((await chain.block())["timestamp"], 16) + 12
    await chain.send_bundle(sign(ALICE, Order()), **{field: timestamp + offset})

    built = await chain.relay.builder.build_block()

    assert built.timestamp_s == timestamp
    assert [dropped.reason for dropped in built.dropped] == reasons


async def test_cancelled_bundle_is_not_mined(chain: LocalChain) -> None:
    sent = await chain.send_bundle(sign(ALICE, Order()), **NAME)

    stranger = await ask(chain.relay.url, "eth_cancelBundle", NAME, key=STRANGER)
    owner = await ask(chain.relay.url, "eth_cancelBundle", NAME)
    await chain.relay.builder.build_block()

    assert (stranger["result"], owner["result"]) == ([], [sent["result"]["bundleHash"]])
    assert await chain.mined() == []


async def test_replaced_bundle_is_not_mined(chain: LocalChain) -> None:
    newest = sign(BOB, Order(tip_wei=1))
    await chain.send_bundle(sign(ALICE, Order(tip_wei=9)), **NAME)
    await chain.send_bundle(newest, **NAME)

    await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(newest)


async def test_public_transactions_are_ordered_by_tip_but_not_across_nonces(
    chain: LocalChain,
) -> None:
    first, second = sign(ALICE, Order(tip_wei=1)), sign(ALICE, Order(nonce=1, tip_wei=9))
    middle = sign(BOB, Order(tip_wei=2))
    await chain.send_public(first, second, middle)

    await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(middle, first, second)


async def test_public_transaction_may_follow_the_bundle_of_its_sender(chain: LocalChain) -> None:
    bundle, public = sign(ALICE, Order()), sign(ALICE, Order(nonce=1))
    await chain.send_public(public)
    await chain.send_bundle(bundle)

    await chain.relay.builder.build_block()

    assert await chain.mined() == hashes(bundle, public)


async def test_public_transactions_that_find_no_room_are_put_back(chain: LocalChain) -> None:
    big, small = sign(ALICE, Order(gas=30_000_000, tip_wei=9)), sign(BOB, Order())
    await chain.send_public(big, small)

    await chain.relay.builder.build_block()
    await chain.relay.builder.build_block()

    assert (await chain.mined(1), await chain.mined(2)) == (hashes(small), hashes(big))


async def test_public_transaction_without_funds_after_a_bundle_is_left_out(
    chain: LocalChain,
) -> None:
    await chain.rpc.call("anvil_setBalance", ALICE.address, hex(3 * 10**15))
    public = sign(ALICE, Order(nonce=1))
    bundle = sign(ALICE, Order(value_wei=99 * 10**13))
    await chain.send_public(public, sign(BOB, Order()))
    await chain.send_bundle(bundle)

    built = await chain.relay.builder.build_block()

    assert hashes(public)[0] not in await chain.mined()
    assert built.public_tx_count == 1
    assert list(built.refused_tx_hashes) == hashes(public)


async def test_bundle_beyond_the_block_gas_limit_is_dropped(chain: LocalChain) -> None:
    await chain.send_bundle(sign(ALICE, Order()), sign(BOB, Order(gas=29_990_000)))

    built = await chain.relay.builder.build_block()

    assert [dropped.reason for dropped in built.dropped] == [DropReason.GAS_LIMIT]


async def test_public_contract_creation_is_mined_last(chain: LocalChain) -> None:
    creation: Any = await chain.rpc.call(
        "eth_sendTransaction",
        {"from": public_account(0).address, "data": "0x60016000f3", "gas": hex(100_000)},
    )
    public = sign(BOB, Order(tip_wei=0))
    await chain.send_public(public)

    await chain.relay.builder.build_block()

    assert await chain.mined() == [*hashes(public), creation]


async def test_blocks_follow_each_other_with_the_base_fee_of_the_formula(
    chain: LocalChain,
) -> None:
    await chain.relay.builder.build_block()
    await chain.relay.builder.build_block()

    assert int((await chain.block())["baseFeePerGas"], 16) == 765_625_000


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    orders=st.lists(
        st.builds(
            Order,
            to=st.sampled_from([PAYS, FIRST_PAYS, REVERTS]),
            value_wei=st.integers(min_value=0, max_value=10**18),
            tip_wei=st.integers(min_value=0, max_value=5 * GWEI),
        ),
        min_size=1,
        max_size=3,
    )
)
async def test_every_block_is_mined_as_planned(chain: LocalChain, orders: list[Order]) -> None:
    latest: Any = await chain.rpc.call("eth_blockNumber")
    number = int(latest, 16)
    for account, order in zip((ALICE, BOB, CAROL), orders, strict=False):
        count: Any = await chain.rpc.call("eth_getTransactionCount", account.address, "latest")
        raw = sign(account, replace(order, nonce=int(count, 16)))
        await chain.send_bundle(raw, block=number + 1)

    built = await chain.relay.builder.build_block()

    paid = await balance(chain, block=number + 1) - await balance(chain, block=number)
    assert paid == sum(included.coinbase_diff_wei() for included in built.included)


@pytest.mark.parametrize(
    ("order", "difference"),
    [
        (Order(to=LOTTERY, value_wei=0, tip_wei=0), "gas simulated"),
        (Order(to=RAFFLE, value_wei=2**40), "coinbase difference simulated"),
    ],
    ids=["gas", "payment"],
)
async def test_block_that_differs_from_its_simulation_stops_the_builder(
    chain: LocalChain, *, order: Order, difference: str
) -> None:
    await chain.send_bundle(sign(ALICE, order))

    with pytest.raises(BuilderError, match=difference):
        await chain.relay.builder.build_block()
