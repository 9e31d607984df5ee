"""The verdict on a bundle: one for any evidence, by the first reason that holds, in plain words."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import WEI_PER_ETHER
from searcher.bundle_evidence import (
    BlockFacts,
    Evidence,
    MinedTransaction,
    PoolTrade,
    Rerun,
    SentBundle,
)
from searcher.diagnosis import Ending, Reason, diagnose, ether
from searcher.model import Cancellation, Outcome
from searcher.settlement import intent_of
from tests.searcher.records import CHEAP, DEAR, EXECUTOR, GWEI, INCLUSION, OWNER, bundle, receipt
from tests.searcher.records import submission as answer

OURS, LONGER = bundle(1), bundle(2)
MINED = receipt(OURS)
SENT = SentBundle(
    intent=intent_of(OURS),
    followed=(),
    calls=(b"call",),
    pools=(CHEAP, DEAR),
    predicted_wei=WEI_PER_ETHER,
    offered_wei=8 * WEI_PER_ETHER // 10,
    simulated_wei=WEI_PER_ETHER,
    submissions=(answer(OURS),),
    cancellations=(),
    inclusions=(),
    replacement=None,
)
BLOCK = BlockFacts(
    number=102,
    timestamp_s=1_700_000_012,
    base_fee_wei=GWEI,
    coinbase=EXECUTOR,
    builder="someone",
    was_sent_to=None,
)
RIVAL = PoolTrade(
    mined=MinedTransaction(tx_hash="0xrival", block_number=102),
    sender=OWNER,
    recipient=None,
    pools=(CHEAP, DEAR),
    fee_wei=GWEI,
    direct_wei=9 * WEI_PER_ETHER // 10,
    breaks_ours=True,
)
CANCELLED = Cancellation(
    bundle_id=OURS.id, relay="fake", accepted=True, answer="", reason="no longer found"
)
NOTHING = Evidence(sent=SENT, block=BLOCK, rerun=Rerun(failed=None, reason=""))

CAUSES: dict[Reason, dict[str, Any]] = {
    Reason.WITHDRAWN: {"sent": {"cancellations": (CANCELLED,)}},
    Reason.UNSENT: {"sent": {"submissions": ()}},
    Reason.REFUSED: {
        "sent": {"submissions": (replace(answer(OURS), accepted=False, answer="too busy"),)}
    },
    Reason.NONCE_USED: {"nonce_user": MinedTransaction(tx_hash="0xother", block_number=101)},
    Reason.BASE_FEE: {"block": {"base_fee_wei": GWEI + 1}},
    Reason.STATE_MOVED: {"rerun": Rerun(failed=0, reason="HopFailed(1, 0xpool)")},
    Reason.LATE: {"into_slot_ms": 1_234},
    Reason.OUTBID: {"trades": (RIVAL,)},
    Reason.OTHER_BUILDER: {"block": {"was_sent_to": False}},
    Reason.UNKNOWN: {},
}
WORDS = {
    Reason.WITHDRAWN: "no longer found",
    Reason.UNSENT: "the bot stopped",
    Reason.REFUSED: "fake said 'too busy'",
    Reason.NONCE_USED: "0xother in block 101",
    Reason.BASE_FEE: f"{GWEI + 1} wei",
    Reason.STATE_MOVED: "transaction 1 of 1 fails: HopFailed(1, 0xpool)",
    Reason.LATE: "1234 ms into the slot",
    Reason.OUTBID: "0xrival and paid the builder 0.900000001 ETH; we offered 0.8 ETH",
    Reason.OTHER_BUILDER: "'someone'",
    Reason.UNKNOWN: "Unknown",
}


def evidence(*causes: Reason) -> Evidence:
    """A miss with all these causes; of two that contradict each other the first counts."""
    found = NOTHING
    for cause in reversed(causes):
        for name, change in CAUSES[cause].items():
            whole = replace(getattr(found, name), **change) if isinstance(change, dict) else change
            found = replace(found, **{name: whole})
    return found


@pytest.mark.parametrize("reason", Reason)
def test_each_cause_alone_is_the_reason_and_is_told(reason: Reason) -> None:
    verdict = diagnose(evidence(reason))

    assert (verdict.ending, verdict.reason) == (Ending.MISSED, reason)
    assert WORDS[reason] in verdict.sentences[0]


@given(causes=st.sets(st.sampled_from(Reason), min_size=1))
def test_of_several_causes_the_first_in_order_is_the_reason(causes: set[Reason]) -> None:
    ordered = [reason for reason in Reason if reason in causes]

    assert diagnose(evidence(*ordered)).reason == ordered[0]


RECEIPTS = st.sampled_from([(), (MINED,), (receipt(OURS, succeeded=False),)])
TRADES = st.lists(
    st.builds(
        replace,
        st.just(RIVAL),
        direct_wei=st.none() | st.integers(0, 10**18),
        breaks_ours=st.none() | st.booleans(),
        pools=st.sampled_from([(CHEAP,), (CHEAP, DEAR)]),
    ),
    max_size=3,
).map(tuple)
OUTCOMES = st.lists(
    st.sampled_from(Outcome).map(lambda outcome: replace(INCLUSION, outcome=outcome)), max_size=3
).map(tuple)


@st.composite
def anything(draw: st.DrawFn) -> Evidence:
    """Any causes, ends, trades and verdicts of the bot together."""
    found = evidence(*draw(st.sets(st.sampled_from(Reason))))
    return replace(
        found,
        sent=replace(found.sent, inclusions=draw(OUTCOMES)),
        receipts=draw(RECEIPTS),
        trades=draw(TRADES),
        block=draw(st.sampled_from([found.block, None])),
    )


@given(found=anything())
def test_any_evidence_gives_one_verdict_with_words(found: Evidence) -> None:
    verdict = diagnose(found)

    assert (verdict.reason is None) == (verdict.ending is not Ending.MISSED)
    assert (verdict.ending is Ending.LANDED) == (found.receipts == (MINED,))
    assert all(verdict.sentences)


def test_what_the_chain_lost_is_reorged_whatever_came_after() -> None:
    outcomes = (Outcome.LANDED, Outcome.REORGED, Outcome.MISSED)
    inclusions = tuple(replace(INCLUSION, outcome=outcome) for outcome in outcomes)

    verdict = diagnose(replace(NOTHING, sent=replace(SENT, inclusions=inclusions)))

    assert verdict.ending is Ending.REORGED


def test_target_that_is_to_come_leaves_the_bundle_open() -> None:
    assert diagnose(Evidence(sent=SENT)).ending is Ending.OPEN


def test_transaction_shared_with_a_longer_bundle_counts_for_that_one() -> None:
    longer = replace(intent_of(LONGER), tx_hashes=(*OURS.tx_hashes, *LONGER.tx_hashes))
    sent = replace(SENT, replacement=longer)
    found = replace(NOTHING, sent=sent, receipts=(MINED,))

    assert diagnose(replace(found, has_replacement_landed=True)).reason is Reason.WITHDRAWN
    assert diagnose(found).ending is Ending.LANDED


@pytest.mark.parametrize(
    "trade",
    [
        replace(RIVAL, breaks_ours=False),
        replace(RIVAL, pools=(CHEAP,), direct_wei=0),
    ],
    ids=["harmless", "a swap"],
)
def test_trade_that_does_not_want_the_same_is_no_rival_but_is_told(trade: PoolTrade) -> None:
    verdict = diagnose(replace(NOTHING, trades=(trade,)))

    assert verdict.reason is Reason.UNKNOWN
    assert any("0xrival" in sentence for sentence in verdict.sentences)


@given(amount_wei=st.integers(min_value=-(10**24), max_value=10**24))
def test_ether_is_the_amount_cut_to_nine_decimals(amount_wei: int) -> None:
    text = ether(amount_wei).removesuffix(" ETH")
    whole, decimals = text.removeprefix("-").split(".")

    shown_wei = int(whole) * 10**18 + int(decimals.ljust(9, "0")) * 10**9
    assert 0 <= abs(amount_wei) - shown_wei < 10**9
    assert text.startswith("-") == (amount_wei < 0)
