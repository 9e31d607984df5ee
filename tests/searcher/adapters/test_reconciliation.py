"""What a start makes of bundles that an earlier run has sent, whatever the chain did meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from graphs.units import WEI_PER_ETHER
from searcher.adapters.decoding import Header
from searcher.adapters.ledger_history import History
from searcher.adapters.reconciliation import (
    BATCH_RECEIPTS,
    WHILE_DOWN,
    Reconciled,
    reconcile,
)
from searcher.errors import RpcError
from searcher.model import Inclusion, Outcome
from searcher.settlement import Intent, intent_of, missed
from tests.searcher.receipts_node import ReceiptsNode, receipt_json
from tests.searcher.records import BID, EXECUTOR, GWEI, INCLUSION, bundle

TARGET = BID.target_block
ONE, TWO = intent_of(bundle(1)), intent_of(bundle(2))
BOTH = replace(TWO, tx_hashes=(*ONE.tx_hashes, *TWO.tx_hashes))
"""Begins with the very transaction of `ONE`."""

LATER = replace(TWO, target_block=TARGET + 2)
LANDED = replace(INCLUSION, gas_cost_wei=300_000 * GWEI)
MISSED = missed(ONE, block_number=TARGET, reason="not included by the builder")


def header(number: int) -> Header:
    return Header(
        number=number,
        hash=f"0x{number}",
        parent_hash="",
        timestamp_s=0,
        gas_used_gas=0,
        gas_limit_gas=0,
        base_fee_wei=0,
    )


async def reconciled(
    receipts: Mapping[str, object],
    *open_intents: Intent,
    decided: Sequence[tuple[Intent, Inclusion]] = (),
    head: int = TARGET,
) -> Reconciled:
    history = History(open=open_intents, decided=tuple(decided))
    return await reconcile(ReceiptsNode(receipts), history, head=header(head), executor=EXECUTOR)


def on_chain(*intents: Intent, number: int = TARGET, succeeded: bool = True) -> dict[str, object]:
    hashes = [tx_hash for intent in intents for tx_hash in intent.tx_hashes]
    return {one: receipt_json(one, block_number=number, succeeded=succeeded) for one in hashes}


def outcomes(of: Reconciled) -> dict[str, Outcome]:
    return {inclusion.bundle_id: inclusion.outcome for inclusion in of.news}


async def test_landed_bundle_is_booked_as_the_chain_has_it() -> None:
    found = await reconciled(on_chain(ONE), ONE)

    assert found == Reconciled(news=(LANDED,), decided=((ONE, LANDED),), open=())


async def test_reverted_bundle_costs_gas_and_earns_nothing() -> None:
    (ended,) = (await reconciled(on_chain(ONE, succeeded=False), ONE)).news

    assert (ended.outcome, ended.reason) == (Outcome.REVERTED, "reverted on chain")
    assert (ended.gross_profit_wei, ended.gas_cost_wei) == (0, 300_000 * GWEI)


async def test_transaction_that_leaked_after_its_target_is_accounted_for() -> None:
    late = on_chain(ONE, number=TARGET + 1, succeeded=False)

    (ended,) = (await reconciled(late, ONE, head=TARGET + 3)).news

    assert (ended.outcome, ended.block_number) == (Outcome.REVERTED, TARGET + 1)


async def test_bundle_mined_in_part_is_named() -> None:
    (ended,) = (await reconciled(on_chain(ONE), BOTH)).news

    assert (ended.outcome, ended.reason) == (Outcome.REVERTED, "mined in part")
    assert ended.gross_profit_wei == WEI_PER_ETHER


@pytest.mark.parametrize("order", [(ONE, BOTH), (BOTH, ONE)])
async def test_shared_transaction_counts_for_the_longest_whole_bundle(
    order: tuple[Intent, ...],
) -> None:
    found = await reconciled(on_chain(BOTH), *order)

    assert outcomes(found) == {BOTH.bundle_id: Outcome.LANDED, ONE.bundle_id: Outcome.MISSED}
    assert sum(one.gross_profit_wei for one in found.news) == 2 * WEI_PER_ETHER


async def test_shorter_bundle_landed_where_the_longer_one_came_too_late() -> None:
    found = await reconciled(on_chain(ONE), ONE, BOTH)

    assert outcomes(found) == {ONE.bundle_id: Outcome.LANDED, BOTH.bundle_id: Outcome.MISSED}


async def test_shared_transaction_is_not_booked_again_after_a_kill_between_two_verdicts() -> None:
    found = await reconciled(on_chain(ONE), BOTH, decided=[(ONE, LANDED)])

    assert outcomes(found) == {BOTH.bundle_id: Outcome.MISSED}


async def test_bundle_that_no_block_holds_missed_while_the_bot_was_down() -> None:
    (ended,) = (await reconciled({}, ONE)).news

    assert (ended.outcome, ended.reason, ended.gas_cost_wei) == (Outcome.MISSED, WHILE_DOWN, 0)


async def test_bundle_whose_target_is_to_come_stays_open() -> None:
    found = await reconciled({}, ONE, LATER)

    assert found.open == (LATER,)
    assert outcomes(found) == {ONE.bundle_id: Outcome.MISSED}


async def test_block_above_the_head_decides_nothing_yet() -> None:
    late = on_chain(ONE, number=TARGET + 1, succeeded=False)

    assert outcomes(await reconciled(late, ONE)) == {ONE.bundle_id: Outcome.MISSED}


@pytest.mark.parametrize(
    ("receipts", "before", "told"),
    [
        ({}, MISSED, []),
        (on_chain(ONE), LANDED, []),
        ({}, LANDED, [Outcome.REORGED, Outcome.MISSED]),
        (on_chain(ONE), MISSED, [Outcome.LANDED]),
        (on_chain(ONE, succeeded=False), LANDED, [Outcome.REORGED, Outcome.REVERTED]),
    ],
    ids=["missed", "landed", "reorged away", "reorged in", "reverted instead"],
)
async def test_verdict_is_corrected_only_where_a_reorg_made_it_wrong(
    receipts: dict[str, object], before: Inclusion, told: list[Outcome]
) -> None:
    found = await reconciled(receipts, decided=[(ONE, before)])

    assert [one.outcome for one in found.news] == told
    assert found.decided == ((ONE, found.news[-1] if told else before),)


async def test_verdict_on_a_block_that_is_gone_waits_for_the_new_one() -> None:
    found = await reconciled({}, decided=[(ONE, LANDED)], head=TARGET - 1)

    assert found == Reconciled(news=(), decided=((ONE, LANDED),), open=())


async def test_receipts_are_asked_in_batches_that_nodes_take() -> None:
    intents = [intent_of(bundle(number)) for number in range(BATCH_RECEIPTS + 1)]
    node = ReceiptsNode(on_chain(*intents))

    await reconcile(
        node, History(open=tuple(intents), decided=()), head=header(TARGET), executor=EXECUTOR
    )

    assert node.batches == [BATCH_RECEIPTS, 1]


async def test_node_that_does_not_answer_stops_the_start() -> None:
    node = ReceiptsNode({}, is_silent=True)

    with pytest.raises(RpcError):
        await reconcile(
            node, History(open=(ONE,), decided=()), head=header(TARGET), executor=EXECUTOR
        )
