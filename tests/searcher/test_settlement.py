"""How bundles end: once on each canonical chain, with the reason, and again after a reorg."""

from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import WEI_PER_ETHER
from searcher.model import Account, Block, Bundle, Inclusion, Outcome
from searcher.settlement import intent_of, settle
from tests.searcher.records import (
    ACCOUNT,
    BID,
    GWEI,
    block,
    bundle,
    receipt,
    tracker,
)

TARGET = BID.target_block
OURS = bundle()
MISSED_BLOCK = block(TARGET)
LANDED_BLOCK = replace(MISSED_BLOCK, receipts=(receipt(OURS),))
USED_NONCE = Account(address=ACCOUNT.address, nonce=ACCOUNT.nonce + 1, balance_wei=1)


def outcomes(*heads: Block, bundles: tuple[Bundle, ...] = (OURS,)) -> list[Inclusion]:
    follower = tracker()
    for waiting in bundles:
        follower.open(intent_of(waiting))
    return [inclusion for head in heads for inclusion in follower.settle(head)]


def verdicts(*heads: Block) -> list[tuple[int, Outcome]]:
    return [(inclusion.block_number, inclusion.outcome) for inclusion in outcomes(*heads)]


def test_bundle_stays_open_before_its_target() -> None:
    assert settle([intent_of(OURS)], block(TARGET - 1)) == ()


def test_landed_bundle_reports_what_the_executor_and_the_chain_say() -> None:
    (inclusion,) = outcomes(LANDED_BLOCK)

    assert inclusion == Inclusion(
        bundle_id=OURS.id,
        block_number=TARGET,
        outcome=Outcome.LANDED,
        reason="",
        gross_profit_wei=WEI_PER_ETHER,
        tip_wei=8 * WEI_PER_ETHER // 10,
        gas_used_gas=300_000,
        gas_cost_wei=300_000 * GWEI,
    )


def test_reverted_bundle_costs_gas_and_earns_nothing() -> None:
    failed = receipt(OURS, succeeded=False)

    (inclusion,) = outcomes(replace(MISSED_BLOCK, receipts=(failed,)))

    assert (inclusion.outcome, inclusion.reason) == (Outcome.REVERTED, "reverted on chain")
    assert (inclusion.gross_profit_wei, inclusion.gas_cost_wei) == (0, 300_000 * GWEI)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (block(TARGET + 1), "target block not seen"),
        (replace(MISSED_BLOCK, account=USED_NONCE), "nonce used by another transaction"),
        (replace(MISSED_BLOCK, base_fee_wei=GWEI + 1), "base fee above cap"),
        (MISSED_BLOCK, "not included by the builder"),
    ],
)
def test_missed_bundle_says_why(head: Block, reason: str) -> None:
    (inclusion,) = outcomes(head)

    assert (inclusion.outcome, inclusion.reason) == (Outcome.MISSED, reason)
    assert (inclusion.gas_cost_wei, inclusion.tip_wei, inclusion.gross_profit_wei) == (0, 0, 0)


def test_receipt_of_another_bundle_decides_only_that_one() -> None:
    other = bundle(2)

    first, second = outcomes(LANDED_BLOCK, bundles=(OURS, other))

    assert (first.bundle_id, first.outcome) == (OURS.id, Outcome.LANDED)
    assert (second.bundle_id, second.outcome) == (other.id, Outcome.MISSED)


def test_landed_bundle_is_reorged_and_can_land_again() -> None:
    again = replace(LANDED_BLOCK, hash="0xother")

    assert verdicts(LANDED_BLOCK, again) == [
        (TARGET, Outcome.LANDED),
        (TARGET, Outcome.REORGED),
        (TARGET, Outcome.LANDED),
    ]


def test_landed_bundle_that_the_new_branch_leaves_out_is_missed() -> None:
    assert verdicts(LANDED_BLOCK, block(TARGET, branch="b")) == [
        (TARGET, Outcome.LANDED),
        (TARGET, Outcome.REORGED),
        (TARGET, Outcome.MISSED),
    ]


def test_missed_bundle_that_lands_after_a_reorg_was_never_reorged() -> None:
    assert verdicts(MISSED_BLOCK, replace(LANDED_BLOCK, hash="0xother")) == [
        (TARGET, Outcome.MISSED),
        (TARGET, Outcome.LANDED),
    ]


@given(depth=st.integers(min_value=1, max_value=5), lands=st.booleans())
def test_reorg_below_the_target_reopens_the_bundle_until_the_target_returns(
    *, depth: int, lands: bool
) -> None:
    new = [block(number, branch="b") for number in range(TARGET + 1 - depth, TARGET)]
    target = replace(LANDED_BLOCK if lands else MISSED_BLOCK, hash="0xother")

    decided = [outcome for _, outcome in verdicts(LANDED_BLOCK, *new, target)]

    final = Outcome.LANDED if lands else Outcome.MISSED
    assert decided == [Outcome.LANDED, Outcome.REORGED, final]


@given(
    numbers=st.lists(st.integers(min_value=TARGET - 3, max_value=TARGET + 3), max_size=20),
    landed=st.sets(st.integers(min_value=0, max_value=19)),
)
def test_bundle_is_decided_at_most_once_between_two_reorgs_of_it(
    numbers: list[int], landed: set[int]
) -> None:
    ours = (receipt(OURS),)
    heads = [
        replace(block(number), receipts=ours if index in landed and number == TARGET else ())
        for index, number in enumerate(numbers)
    ]

    decided = [outcome for _, outcome in verdicts(*heads)]

    mined = [outcome for outcome in decided if outcome is not Outcome.MISSED]
    assert all(len(list(run)) == 1 for _, run in groupby(mined))
    assert mined[:1] in ([], [Outcome.LANDED])


@given(heads=st.integers(min_value=1, max_value=40))
def test_bundle_is_decided_exactly_once_on_a_chain_without_reorgs(heads: int) -> None:
    assert len(outcomes(*[block(TARGET - 1 + step) for step in range(heads + 1)])) == 1


SEQUEL = replace(
    bundle(3),
    sequels=(BID,),
    txs=(OURS.txs[0], bundle(3).txs[0]),
    tx_hashes=(OURS.tx_hashes[0], bundle(3).tx_hashes[0]),
)
"""Begins with the very transaction of `OURS`."""


@pytest.mark.parametrize("order", [(OURS, SEQUEL), (SEQUEL, OURS)])
def test_a_transaction_counts_for_the_longest_bundle_of_which_all_was_mined(
    order: tuple[Bundle, ...],
) -> None:
    receipts = (receipt(OURS), receipt(bundle(3)))

    ended = {
        one.bundle_id: (one.outcome, one.gross_profit_wei)
        for one in outcomes(replace(MISSED_BLOCK, receipts=receipts), bundles=order)
    }

    assert ended[SEQUEL.id] == (Outcome.LANDED, 2 * WEI_PER_ETHER)
    assert ended[OURS.id] == (Outcome.MISSED, 0)


def test_the_shorter_bundle_landed_where_the_longer_one_came_too_late() -> None:
    ended = {one.bundle_id: one.outcome for one in outcomes(LANDED_BLOCK, bundles=(OURS, SEQUEL))}

    assert ended == {OURS.id: Outcome.LANDED, SEQUEL.id: Outcome.MISSED}


def test_a_bundle_that_was_torn_apart_is_named() -> None:
    (ended,) = outcomes(LANDED_BLOCK, bundles=(SEQUEL,))

    assert (ended.outcome, ended.reason) == (Outcome.REVERTED, "mined in part")


def test_a_bundle_whose_nonce_went_into_another_one_of_ours_says_so() -> None:
    other = bundle(2)
    landed = replace(LANDED_BLOCK, account=USED_NONCE)

    reasons = {one.bundle_id: one.reason for one in outcomes(landed, bundles=(other, OURS))}

    assert reasons == {OURS.id: "", other.id: "another bundle of ours landed in its place"}


def test_missed_bundle_that_leaks_into_a_later_block_is_accounted_for() -> None:
    leaked = replace(block(TARGET + 1), receipts=(receipt(OURS, succeeded=False),))

    assert verdicts(MISSED_BLOCK, leaked) == [
        (TARGET, Outcome.MISSED),
        (TARGET + 1, Outcome.REVERTED),
    ]
