"""Tests of what `sims search --together` shows: the chosen set in order, nothing counted twice."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from graphs.units import Address
from sims.pool_table import COLUMNS
from sims.search import Bases, PoolSelection, SearchReport, search_pools, with_together
from sims.search_view import say_search
from tests.sims.test_search import StepClock

BASE, OTHER = "0x" + "0a" * 20, "0x" + "0b" * 20
HEADER = ",".join(COLUMNS)
SHARED = f"x,one,0x{1:040x},{BASE},{OTHER},,,,,1000000000,2000000000,30,0"
OUT = [f"x,two,0x{n:040x},{BASE},{OTHER},,,,,100000000,100000000,30,{n}" for n in (2, 3, 4)]


@pytest.fixture
def report(tmp_path: Path) -> SearchReport:
    """Three cycles buy at one pool and sell at one of their own; two are to be chosen."""
    path = tmp_path / "pools.csv"
    path.write_text("\n".join([HEADER, SHARED, *OUT]) + "\n", encoding="utf-8")
    pools = PoolSelection(path=path, chain=None)
    bases = Bases(tokens=(Address(BASE),))
    found = search_pools(pools, bases=bases, max_hops=3, top=9, clock=StepClock())
    return with_together(found, most=2, clock=StepClock())


def shown(report: SearchReport, *, as_json: bool) -> str:
    console = Console(file=io.StringIO(), width=120)
    say_search(report, console, as_json=as_json)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_json_holds_the_chosen_cycles_in_order_and_their_total(report: SearchReport) -> None:
    together = json.loads(shown(report, as_json=True))["together"]

    assert len(together["cycles"]) == 2
    assert int(together["profit"]) == sum(int(one["profit"]) for one in together["cycles"])
    assert together["select_ms"] == 1.0


def test_each_alone_would_seem_to_earn_more_than_all_together(report: SearchReport) -> None:
    assert report.together

    alone = {one.cycle: one.gross_profit for one in report.best}
    chosen = report.together.selection

    assert report.together.profit_alone == sum(alone[one.cycle] for one in chosen.cycles)
    assert max(alone.values()) < chosen.gross_profit < report.together.profit_alone


def test_person_reads_inputs_profits_and_both_totals(report: SearchReport) -> None:
    assert report.together

    text = shown(report, as_json=False)

    for one in report.together.selection.cycles:
        assert str(one.amounts[0]) in text
        assert str(one.gross_profit) in text
    assert f"2 cycles executed in this order earn {report.together.selection.gross_profit}" in text
    assert f"seem to earn {report.together.profit_alone}" in text


def test_nothing_is_said_of_it_where_nobody_asked(report: SearchReport) -> None:
    alone = replace(report, together=None)

    assert "together" not in json.loads(shown(alone, as_json=True))
    assert "in this order" not in shown(alone, as_json=False)
