"""Signing for one block, names that are pure functions, and the gate before every relay."""

import uuid
from dataclasses import fields, replace
from typing import Any

import pytest
from eth_account import Account as EthAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import Address
from searcher.adapters.keys import TradingKey
from searcher.bundles import Offer, admit, assemble, plan
from searcher.calldata import decode_execute
from searcher.errors import CalldataError
from searcher.flash_lenders import LenderKind
from searcher.flashbots import bundle_hash, transaction_hash
from searcher.model import AdmittedBundle, Bid, Bundle, Rejection, Simulation
from searcher.plans import AaveV3Source, BalancerV2Source, UniswapV2Hop, UniswapV3Hop, UniswapV4Hop
from tests.graphs.fixed_rate_pool import FixedRatePool
from tests.searcher.fakes import LegibleSigner
from tests.searcher.records import (
    AAVE,
    BALANCER,
    BID,
    CHEAP,
    CYCLE,
    DAI,
    DEAR,
    EXECUTOR,
    OPPORTUNITY,
    PENDING,
    RANGE,
    START,
    WETH,
    bundle,
    concentrated,
    market,
    simulated,
)

HASHES = st.binary(min_size=32, max_size=32).map(lambda digest: "0x" + digest.hex())
BUNDLE = bundle()
SOURCES = {
    LenderKind.AAVE_V3: AaveV3Source(),
    LenderKind.BALANCER_V2: BalancerV2Source(),
}
BIDS = st.builds(
    lambda lender, amount, target, minimum: replace(
        BID,
        opportunity=replace(OPPORTUNITY, lender=lender, amounts=(amount, 1, 1)),
        target_block=target,
        min_profit_wei=minimum,
    ),
    lender=st.sampled_from([AAVE, BALANCER]),
    amount=st.integers(min_value=0, max_value=2**128 - 1),
    target=st.integers(min_value=0, max_value=2**64 - 1),
    minimum=st.integers(min_value=0, max_value=2**128 - 1),
)


def assembled(bid: Bid, *, nonce: int = 7) -> Bundle:
    signer = TradingKey(b"\x01" * 32, chain_id=1)
    return assemble(Offer(bids=(bid,), market=START), executor=EXECUTOR, signer=signer, nonce=nonce)


def sent(what: Bundle) -> dict[str, Any]:
    return TypedTransaction.from_bytes(HexBytes(what.txs[0])).as_dict()


def rejected(simulation: Simulation) -> str:
    verdict = admit(BUNDLE, simulation)
    assert isinstance(verdict, Rejection)
    assert (verdict.stage, verdict.cycle) == ("admit", CYCLE)
    return verdict.reason


def test_simulation_that_agrees_admits_exactly_the_bundle_it_ran() -> None:
    simulation = simulated(BUNDLE)

    assert admit(BUNDLE, simulation) == AdmittedBundle(bundle=BUNDLE, simulation=simulation)


@given(other=HASHES)
def test_simulation_of_other_bytes_is_rejected(other: str) -> None:
    simulation = replace(simulated(BUNDLE), bundle_hash=other)

    assert rejected(simulation) == "other bytes were simulated"


@given(raw=st.binary(min_size=1, max_size=200).filter(lambda raw: raw != BUNDLE.txs[0]))
def test_simulation_of_a_bundle_with_any_other_bytes_is_rejected(raw: bytes) -> None:
    other = replace(BUNDLE, bundle_hash=bundle_hash((transaction_hash(raw),)))

    assert isinstance(admit(BUNDLE, simulated(other)), Rejection)


@given(reason=st.text())
@example(reason="")
def test_simulation_that_reverted_is_rejected_even_without_words(reason: str) -> None:
    simulation = replace(simulated(BUNDLE), revert_reason=reason)

    assert rejected(simulation) == f"simulation reverted: {reason}"


@given(number=st.integers().filter(lambda number: number != OPPORTUNITY.block_number))
def test_simulation_on_another_block_is_rejected(number: int) -> None:
    assert rejected(replace(simulated(BUNDLE), state_block=number)) == "simulated on another block"


@given(profit=st.integers().filter(lambda profit: profit != OPPORTUNITY.gross_profit_wei))
@example(profit=OPPORTUNITY.gross_profit_wei + 1)
@example(profit=OPPORTUNITY.gross_profit_wei - 1)
def test_any_other_profit_is_rejected_even_a_higher_one(profit: int) -> None:
    simulation = replace(simulated(BUNDLE), gross_profit_wei=profit)

    assert rejected(simulation) == "simulated profit differs from expected"


@given(bid=BIDS)
def test_signed_calldata_decodes_to_the_plan_of_the_bid(bid: Bid) -> None:
    decoded = decode_execute(bytes(sent(assembled(bid))["data"]))

    assert decoded == plan(bid, START)
    assert (decoded.target_block, decoded.min_profit) == (bid.target_block, bid.min_profit_wei)
    assert decoded.source == SOURCES[bid.opportunity.lender.kind]
    assert decoded.amount_in == bid.opportunity.amounts[0]


@given(nonce=st.integers(min_value=0, max_value=2**63))
def test_transaction_is_signed_for_the_nonce_and_pays_no_priority_fee(nonce: int) -> None:
    transaction = sent(assembled(BID, nonce=nonce))

    assert (transaction["nonce"], transaction["maxPriorityFeePerGas"]) == (nonce, 0)
    assert transaction["maxFeePerGas"] == BID.max_fee_per_gas_wei
    assert (transaction["gas"], transaction["value"]) == (BID.gas_limit_gas, 0)
    assert transaction["to"].hex() == EXECUTOR[2:]


def test_transaction_recovers_to_the_trading_account() -> None:
    signer = TradingKey(b"\x01" * 32, chain_id=1)

    assert EthAccount.recover_transaction(assembled(BID).txs[0]).lower() == signer.address


@given(bid=BIDS, nonce=st.integers(min_value=0, max_value=2**32))
def test_bundle_is_a_pure_function_of_its_bid_and_nonce(bid: Bid, nonce: int) -> None:
    assert assembled(bid, nonce=nonce) == assembled(bid, nonce=nonce)


def test_hashes_of_a_bundle_are_those_of_its_bytes() -> None:
    made = assembled(BID)

    assert made.tx_hashes == (transaction_hash(made.txs[0]),)
    assert made.bundle_hash == bundle_hash(made.tx_hashes)


@given(target=st.integers(min_value=0, max_value=2**64 - 1))
def test_names_of_a_bundle_are_uuids_of_version_four(target: int) -> None:
    made = assembled(replace(BID, target_block=target))

    for name in (made.id, made.uuid):
        assert (str(uuid.UUID(name)), uuid.UUID(name).version) == (name, 4)
        assert uuid.UUID(name).variant == uuid.RFC_4122


@given(minimum=st.integers(min_value=0, max_value=2**64), later=st.integers(1, 5))
def test_a_better_bundle_for_the_same_block_has_the_same_uuid_and_another_id(
    minimum: int, later: int
) -> None:
    first, better = assembled(BID), assembled(replace(BID, min_profit_wei=minimum))
    other = assembled(replace(BID, target_block=BID.target_block + later))

    assert first.uuid == better.uuid != other.uuid
    assert (first.id == better.id) == (minimum == BID.min_profit_wei)


def test_a_backrun_carries_its_target_first_and_is_named_after_it() -> None:
    offer = Offer(bids=(BID,), market=START, target=PENDING)

    made = assemble(offer, executor=EXECUTOR, signer=LegibleSigner(), nonce=7)

    assert made.txs[0] == PENDING.transaction.raw
    assert made.tx_hashes[0] == PENDING.transaction.hash
    assert made.own_tx_hashes == made.tx_hashes[1:]
    assert made.uuid != assembled(BID).uuid


def test_sequels_follow_at_the_next_nonces() -> None:
    signer = LegibleSigner()
    offer = Offer(bids=(BID, replace(BID, min_profit_wei=5)), market=START)

    made = assemble(offer, executor=EXECUTOR, signer=signer, nonce=7)

    assert [transaction.nonce for transaction in signer.seen] == [7, 8]
    assert made.own_tx_hashes == made.tx_hashes
    assert made.gross_profit_wei == 2 * OPPORTUNITY.gross_profit_wei


def test_hops_name_the_interface_of_their_pool() -> None:
    hops = (CYCLE.hops[0], replace(CYCLE.hops[1], pool_id=RANGE))
    bid = replace(BID, opportunity=replace(OPPORTUNITY, cycle=replace(CYCLE, hops=hops)))

    made = plan(bid, market(START.pools[DEAR], concentrated()))

    sold, bought = CYCLE.hops[1].token_in, CYCLE.hops[1].token_out
    assert made.hops == (
        UniswapV2Hop(pool=Address(DEAR), fee_pips=3_000, zero_for_one=bought < sold),
        UniswapV3Hop(token_in=sold, token_out=bought, fee_pips=3_000, factory=0),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        replace(BID, min_profit_wei=2**128),
        replace(BID, target_block=2**64),
        replace(BID, tip_share_bps=10_001),
        replace(BID, opportunity=replace(OPPORTUNITY, amounts=(2**128, 1))),
    ],
    ids=["minimum", "target", "tip share", "amount"],
)
def test_bid_that_the_executor_cannot_read_is_never_signed(wrong: Bid) -> None:
    signer = LegibleSigner()

    with pytest.raises(CalldataError):
        assemble(Offer(bids=(wrong,), market=START), executor=EXECUTOR, signer=signer, nonce=0)

    assert signer.seen == []


def test_pool_of_the_manager_is_planned_as_one_of_its_own() -> None:
    seen = concentrated()
    managed = UniswapV4Pool(
        **{field.name: getattr(seen, field.name) for field in fields(seen)}, protocol_fee=0
    )
    hops = (CYCLE.hops[0], replace(CYCLE.hops[1], pool_id=RANGE))
    bid = replace(BID, opportunity=replace(OPPORTUNITY, cycle=replace(CYCLE, hops=hops)))

    planned = plan(bid, market(START.pools[DEAR], managed)).hops[1]

    assert isinstance(planned, UniswapV4Hop)
    assert (planned.token_in, planned.token_out) == (DAI, WETH)


def test_pool_that_the_executor_cannot_trade_with_is_never_planned() -> None:
    unknown = FixedRatePool(id=CHEAP, tokens=(WETH, DAI), rates={})

    with pytest.raises(CalldataError, match="cannot trade pool"):
        plan(BID, market(START.pools[DEAR], unknown))
