"""Tests of the ground truth: known arbitrages are found again, and at no smaller profit.

Data: transactions of mainnet with the states before each hop, see shared/data/README.md.
"""

import json
from pathlib import Path

import pytest

from graphs.quotes import quote_cycle
from sims.known_arbitrages import KnownArbitrage, check_known, read_known
from sims.recorded_states.states import PoolFileError, Refusal
from tests.graphs.pools.recorded import recorded_file

BLOCKS = "mainnet_blocks/known_arbs.jsonl"
TRACES = "mev_inspect/arbitrages.jsonl"
MORE_THAN_RECORDED = "0x4b34b6ed"
"""The one transaction that asked its first pair for less than the formula gives."""


@pytest.mark.parametrize(("name", "count"), [(BLOCKS, 5), (TRACES, 7)])
def test_every_known_arbitrage_with_a_recorded_state_is_listed_and_sized_as_well(
    name: str, count: int
) -> None:
    found = check_known(recorded_file(name), max_hops=4)

    assert len(found.checks) == count
    for check in found.checks:
        assert check.is_listed
        assert check.sized is not None
        assert check.sized.gross_profit >= check.known.profit


@pytest.mark.parametrize("name", [BLOCKS, TRACES])
def test_recorded_input_earns_the_recorded_profit_to_the_wei(name: str) -> None:
    for known in read_known(recorded_file(name)):
        if isinstance(known, KnownArbitrage) and known.tx_hash[:10] != MORE_THAN_RECORDED:
            amounts = quote_cycle(known.market, known.cycle, known.amount_in)
            assert amounts[-1] - amounts[0] == known.profit


def test_traces_without_a_state_are_refused_by_line() -> None:
    refusals = [x for x in read_known(recorded_file(TRACES)) if isinstance(x, Refusal)]

    assert len(refusals) == 18
    reasons = " ".join(refusal.reason for refusal in refusals)
    assert reasons.count("is not recorded") == 12
    assert reasons.count("listed before") == 5
    assert reasons.count("reverted") == 1


A, B = "0x" + "0a" * 20, "0x" + "0b" * 20
PAIR = {"kind": "v2", "pool": "0x" + "01" * 20, "amount_in": "1000", "amount_out": "3984"}
CHEAP = {**PAIR, "token_in": A, "token_out": B, "reserves_before": ["1000000", "4000000"]}
DEAR = {
    **PAIR,
    "pool": "0x" + "02" * 20,
    "token_in": B,
    "token_out": A,
    "reserves_before": ["1000000", "1000000"],
}
RANGE = {
    **DEAR,
    "kind": "v3",
    "fee": 3000,
    "tick_spacing": 60,
    "sqrtPriceX96_before": 2**96,
    "liquidity_before": 10**6,
    "liquidity_after": 10**6,
    "tick_before": 0,
    "tick_after": -70,
}
KNOWN = {"tx_hash": "0x12", "block": 7, "profit": {A: "100"}, "swaps": [DEAR, CHEAP]}


def file_of(folder: Path, *values: object) -> Path:
    path = folder / "known.jsonl"
    path.write_text("\n".join(json.dumps(value) for value in values) + "\n")
    return path


def test_cycle_starts_at_the_token_of_the_profit(tmp_path: Path) -> None:
    (check,) = check_known(file_of(tmp_path, KNOWN), max_hops=2).checks

    assert check.known.cycle.base == A
    assert check.is_met


def test_profit_beyond_the_best_size_is_not_met(tmp_path: Path) -> None:
    found = check_known(file_of(tmp_path, {**KNOWN, "profit": {A: str(10**9)}}), max_hops=2)

    assert not found.is_met
    assert json.loads(found.as_json())["met"] == 0


def test_range_holds_no_more_liquidity_than_its_swap_proves(tmp_path: Path) -> None:
    (known,) = read_known(file_of(tmp_path, {**KNOWN, "swaps": [CHEAP, RANGE]}))

    assert isinstance(known, KnownArbitrage)
    pool = list(known.market.pools.values())[1]
    assert (pool.ticks, pool.liquidity_nets) == ((-120, 60), (10**6, -(10**6)))  # type: ignore[attr-defined]  # a concentrated pool


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({**KNOWN, "profit": {A: "1", B: "1"}}, "profit in 2 tokens"),
        ({**KNOWN, "swaps": [CHEAP]}, "no simple cycle"),
        ({**KNOWN, "swaps": [CHEAP, {**DEAR, "pool": CHEAP["pool"]}]}, "no simple cycle"),
        ({**KNOWN, "swaps": [CHEAP, {**DEAR, "kind": "curve"}]}, "curve"),
        ({**KNOWN, "swaps": [CHEAP, {**DEAR, "reserves_before": ["1"]}]}, "reserve is missing"),
        ({**KNOWN, "swaps": [CHEAP, {**RANGE, "liquidity_after": 7}]}, "crossed a tick"),
        ({**KNOWN, "swaps": "none"}, "swaps is no list"),
        ([], "arbitrage is no object"),
    ],
)
def test_arbitrage_that_cannot_be_judged_is_refused_by_line(
    tmp_path: Path, value: object, reason: str
) -> None:
    found = check_known(file_of(tmp_path, KNOWN, value), max_hops=2)

    (refusal,) = found.refusals
    assert refusal.place == "line 2"
    assert reason in refusal.reason


@pytest.mark.parametrize("content", ["", "{", "[]\n"])
def test_file_without_an_arbitrage_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "known.jsonl"
    path.write_text(content)

    with pytest.raises(PoolFileError) as caught:
        check_known(path, max_hops=4)

    assert "\n" not in str(caught.value)
