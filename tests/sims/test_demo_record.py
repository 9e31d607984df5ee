"""The demonstration's figures are sums over exactly what landed."""

from dataclasses import replace

from searcher.model import Inclusion, Outcome
from searcher.pipeline import Searched
from sims.demo_record import DemoRecord, percentile
from tests.searcher.records import BLOCK, bundle, simulated, submission

LANDED = bundle(1)
MISSED = bundle(2)
PROFIT_WEI = LANDED.bid.opportunity.gross_profit_wei


def ended(bundle_id: str, outcome: Outcome, *, gross_profit_wei: int) -> Inclusion:
    return Inclusion(
        bundle_id=bundle_id,
        block_number=BLOCK.number + 1,
        outcome=outcome,
        reason="",
        gross_profit_wei=gross_profit_wei,
        tip_wei=0,
        gas_used_gas=1_000 if outcome is Outcome.LANDED else 0,
        gas_cost_wei=0,
    )


def watched(*, realised_wei: int) -> DemoRecord:
    record = DemoRecord()
    record.watch(Searched(block=BLOCK, nominated=3, truncated=False))
    for sent in (LANDED, MISSED):
        for event in (simulated(sent), sent, submission(sent)):
            record.watch(event)
    record.watch(ended(LANDED.id, Outcome.LANDED, gross_profit_wei=realised_wei))
    record.watch(ended(MISSED.id, Outcome.MISSED, gross_profit_wei=0))
    return record


def test_profits_are_those_of_landed_bundles_only() -> None:
    summary = watched(realised_wei=PROFIT_WEI).summary(blocks=1, elapsed_s=1.0)

    assert (summary["bundles_sent"], summary["bundles_landed"]) == (2, 1)
    assert summary["expected_profit_wei"] == str(PROFIT_WEI)
    assert summary["simulated_profit_wei"] == str(PROFIT_WEI)
    assert summary["realised_profit_wei"] == str(PROFIT_WEI)


def test_one_wei_of_difference_is_not_exact() -> None:
    (row,) = watched(realised_wei=PROFIT_WEI - 1).landed

    assert not row.is_exact


def test_equal_profits_are_exact() -> None:
    (row,) = watched(realised_wei=PROFIT_WEI).landed

    assert row.is_exact


def test_reverted_bundle_is_counted_and_earns_nothing() -> None:
    record = watched(realised_wei=PROFIT_WEI)
    reverted = ended(MISSED.id, Outcome.REVERTED, gross_profit_wei=0)
    record.watch(replace(reverted, gas_used_gas=5))

    summary = record.summary(blocks=1, elapsed_s=1.0)

    assert summary["reverted_on_chain"] == 1
    assert summary["gas_used"] == 1_005
    assert summary["realised_profit_wei"] == str(PROFIT_WEI)


def test_percentiles_of_nothing_and_of_one() -> None:
    assert percentile([], 50) is None
    assert percentile([7.0], 99) == 7.0
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
