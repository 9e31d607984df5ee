"""Simulation on a real node: results, their arithmetic, and what makes a transaction invalid."""

import pytest

from sims.devnet.accounts import public_account
from tests.sims.relay.conftest import FIRST_ONLY, PAYS, REVERTS, LocalChain
from tests.sims.relay.requests import Order, hashes, sign

pytestmark = pytest.mark.anvil

ALICE, BOB = (public_account(index) for index in (1, 2))


async def test_simulation_obeys_the_arithmetic_of_its_result(chain: LocalChain) -> None:
    raws = (sign(ALICE, Order()), sign(BOB, Order(to=PAYS, value_wei=10**16, tip_wei=3)))

    result = (await chain.call_bundle(*raws))["result"]

    fees, sent = int(result["gasFees"]), int(result["ethSentToCoinbase"])
    assert int(result["coinbaseDiff"]) == fees + sent
    assert sent == 10**16
    assert fees == sum(int(entry["gasFees"]) for entry in result["results"])
    assert result["totalGasUsed"] == sum(entry["gasUsed"] for entry in result["results"])
    assert int(result["bundleGasPrice"]) == (fees + sent) // result["totalGasUsed"]


async def test_simulation_of_a_longer_bundle_keeps_the_earlier_results(chain: LocalChain) -> None:
    raws = (sign(ALICE, Order(to=FIRST_ONLY)), sign(BOB, Order(to=FIRST_ONLY)))

    short = (await chain.call_bundle(raws[0]))["result"]
    long = (await chain.call_bundle(*raws))["result"]

    assert long["results"][0] == short["results"][0]
    assert long["results"][1]["error"] == "execution reverted"


async def test_simulated_revert_carries_its_data_and_no_value(chain: LocalChain) -> None:
    result = (await chain.call_bundle(sign(ALICE, Order(to=REVERTS, value_wei=0))))["result"]

    (entry,) = result["results"]
    assert entry["error"] == "execution reverted"
    assert entry["revert"] == "0x" + "aa".rjust(64, "0")
    assert "value" not in entry


async def test_simulation_defaults_to_the_timestamp_that_is_mined(chain: LocalChain) -> None:
    timestamp_code = "0x4260005260206000f3"
    clock = "0x" + "c1" * 20
    await chain.rpc.call("anvil_setCode", clock, timestamp_code)

    result = (await chain.call_bundle(sign(ALICE, Order(to=clock, value_wei=0))))["result"]
    built = await chain.relay.builder.build_block()

    assert int(result["results"][0]["value"], 16) == built.timestamp_s


async def test_simulation_runs_on_the_named_state(chain: LocalChain) -> None:
    raw = sign(ALICE, Order())
    await chain.send_bundle(raw)
    await chain.relay.builder.build_block()

    on_latest = await chain.call_bundle(raw, block=2)
    on_genesis = await chain.call_bundle(raw, block=1, stateBlockNumber="0x0")

    assert on_genesis["result"]["stateBlockNumber"] == 0
    assert on_latest["error"]["code"] == -32000


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (Order(nonce=3), "nonce too high: address {}, tx: 3 state: 0"),
        (Order(cap_wei=1, tip_wei=1), "max fee per gas less than block base fee"),
        (Order(cap_wei=1, tip_wei=2), "max priority fee per gas higher than max fee per gas"),
        (Order(gas=20_000), "intrinsic gas too low: have 20000, want 21000"),
        (
            Order(gas=23_000, data=b"\1" * 100),
            "insufficient gas for floor data gas cost: have 23000, want 25000",
        ),
        (Order(value_wei=10**30), "insufficient funds for gas * price + value: address {} have"),
    ],
    ids=["nonce", "fee-cap", "priority", "gas", "floor-gas", "funds"],
)
async def test_invalid_transaction_aborts_the_simulation(
    chain: LocalChain, *, order: Order, reason: str
) -> None:
    bad = sign(ALICE, order)

    answer = await chain.call_bundle(sign(BOB, Order()), bad)

    message = answer["error"]["message"]
    assert answer["error"]["code"] == -32000
    assert message.startswith("err: " + reason.format(ALICE.address))
    assert message.endswith("; txhash " + hashes(bad)[0])


async def test_used_nonce_is_reported_with_the_nonce_of_the_state(chain: LocalChain) -> None:
    raw = sign(ALICE, Order())
    await chain.send_bundle(raw)
    await chain.relay.builder.build_block()

    answer = await chain.call_bundle(raw, block=2)

    expected = f"err: nonce too low: address {ALICE.address}, tx: 0 state: 1; txhash "
    assert answer["error"]["message"] == expected + hashes(raw)[0]
