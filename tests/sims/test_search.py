"""Tests of the search command on recorded pools: nothing missed, nothing false, to the wei.

Data: Uniswap V2 and Sushiswap reserves of September 2020, see shared/data/README.md.
"""

import json
from pathlib import Path

import pytest

from graphs.bellman_ford import find_cycles
from graphs.cycles import Cycle
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import best_cycles
from graphs.sizing import size_cycle
from graphs.token_graph import TokenGraph
from graphs.units import Address
from sims.pool_files import read_pools
from sims.pool_table import COLUMNS
from sims.search import (
    NO_FEE,
    Bases,
    NoWorthError,
    PoolSelection,
    SearchReport,
    UnknownBaseError,
    search_pools,
)
from tests.graphs.brute_force import profitable_cycles
from tests.graphs.test_sizing import tolerance

TABLE = Path(__file__).parents[3] / "shared/data/pools_v2/eth_univ2_sushi_2020-09.csv"
WETH = Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")

recorded = pytest.mark.skipif(not TABLE.exists(), reason="the recorded pools are not here")


class StepClock:
    """A clock that moves one millisecond at each look."""

    def __init__(self) -> None:
        self._now_ns = 0

    def now_ns(self) -> int:
        """The next millisecond."""
        self._now_ns += 1_000_000
        return self._now_ns


def report(max_hops: int, top: int = 10) -> SearchReport:
    selection = PoolSelection(path=TABLE, chain=None)
    return search_pools(
        selection, bases=Bases(tokens=(WETH,)), max_hops=max_hops, top=top, clock=StepClock()
    )


def pools_of(market: Market) -> list[ConstantProductPool]:
    return [pool for pool in market.pools.values() if isinstance(pool, ConstantProductPool)]


def uniswap_amount_out(market: Market, cycle: Cycle, amount: int) -> int:
    """The router's formula of 2020, in its own constants, along a cycle."""
    for hop in cycle.hops:
        pool = market.pools[hop.pool_id]
        assert isinstance(pool, ConstantProductPool)
        reserves = pool.reserve0, pool.reserve1
        reserve_in, reserve_out = reserves if hop.token_in == pool.token0 else reserves[::-1]
        taxed = amount * 997
        amount = taxed * reserve_out // (reserve_in * 1_000 + taxed)
    return amount


@recorded
@pytest.mark.slow
@pytest.mark.parametrize("max_hops", [2, 3])
def test_search_finds_every_cycle_of_the_recorded_pools_that_brute_force_finds(
    max_hops: int,
) -> None:
    market = read_pools(TABLE).market
    expected = profitable_cycles(pools_of(market), WETH, max_hops)

    graph = TokenGraph.from_market(market)
    found = list(find_cycles(graph, WETH, max_hops=max_hops, limit=10**6))

    assert sorted(found) == sorted(expected)
    assert report(max_hops).cycles == len(expected)


@recorded
@pytest.mark.slow
def test_recorded_cycles_sized_together_earn_what_they_do_when_sized_alone() -> None:
    market = read_pools(TABLE).market
    graph = TokenGraph.from_market(market)
    search = find_cycles(graph, WETH, max_hops=3, limit=10**6)
    max_input = NO_FEE.max_input

    together = best_cycles(market, search, NO_FEE, top=len(search))

    earned = {sized.cycle: sized.gross_profit for sized in together}
    for cycle in search:
        alone = size_cycle(market, cycle, fee_bps=0, max_input=max_input)
        profit = alone.gross_profit if alone else 0
        assert profit - earned.get(cycle, 0) <= tolerance(market, cycle, profit)
    for top in (1, 10):
        assert best_cycles(market, search, NO_FEE, top=top) == together[:top]


@recorded
@pytest.mark.slow
def test_amounts_of_the_recorded_pools_are_those_of_the_routers_formula() -> None:
    market = read_pools(TABLE).market

    for sized in report(max_hops=4, top=50).best:
        bought = uniswap_amount_out(market, sized.cycle, sized.amounts[0])
        assert bought == sized.amounts[-1]
        assert bought - sized.amounts[0] == sized.gross_profit > 0


@recorded
@pytest.mark.slow
def test_no_input_near_the_reported_one_earns_more_on_the_recorded_pools() -> None:
    market = read_pools(TABLE).market

    for sized in report(max_hops=3, top=20).best:
        chosen = sized.amounts[0]
        for share in (*range(1, 40), *range(990, 1_011)):
            other = chosen * share // 1_000 if share >= 990 else chosen * share // 20
            if other:
                earned = uniswap_amount_out(market, sized.cycle, other) - other
                assert earned <= sized.gross_profit


@recorded
@pytest.mark.slow
def test_report_counts_the_recorded_pools() -> None:
    found = report(max_hops=4, top=3)

    assert (found.pools, found.pools_left_out, found.cycles) == (10_839, 70, 148_528)
    assert len(found.best) == 3


HEADER = ",".join(COLUMNS)
BASE, OTHER = "0x" + "0a" * 20, "0x" + "0b" * 20
CHEAP = f"x,one,0x{1:040x},{BASE},{OTHER},,,,,1000000,4000000,30,0"
DEAR = f"x,two,0x{2:040x},{BASE},{OTHER},,,,,1000000,1000000,30,1"
DRY = f"x,two,0x{3:040x},{OTHER},0x{'0c' * 20},,,,,0,1000000,30,2"
BROKEN = f"x,two,0x{4:040x},{OTHER},{BASE},,,,,1000000,1000000,30,3"


def small_table(folder: Path) -> Path:
    path = folder / "pools.csv"
    path.write_text(f"{HEADER}\n{CHEAP}\n{DEAR}\n{DRY}\n{BROKEN}\n", encoding="utf-8")
    return path


def small_report(folder: Path, base: str) -> SearchReport:
    selection = PoolSelection(path=small_table(folder), chain=None)
    return search_pools(
        selection, bases=Bases(tokens=(Address(base),)), max_hops=3, top=5, clock=StepClock()
    )


def test_json_holds_amounts_as_strings_and_times_from_the_clock(tmp_path: Path) -> None:
    found = small_report(tmp_path, BASE)

    shown = json.loads(found.as_json())

    (best,) = shown.pop("top")
    (refused,) = shown.pop("refused")
    assert refused.startswith(f"{tmp_path / 'pools.csv'}, line 5: ")
    assert shown == {
        "tokens": 2,
        "pools": 2,
        "pools_left_out": 1,
        "cycles": 1,
        "build_ms": 1.0,
        "search_ms": 1.0,
        "size_ms": 1.0,
    }
    assert [hop["pool"] for hop in best["hops"]] == [f"0x{1:040x}", f"0x{2:040x}"]
    assert best["hops"][0] == {"pool": f"0x{1:040x}", "token_in": BASE, "token_out": OTHER}
    assert int(best["amount_out"]) - int(best["amount_in"]) == int(best["profit"]) > 0


def test_cycle_is_reported_for_each_base_and_compared_by_worth(tmp_path: Path) -> None:
    selection = PoolSelection(path=small_table(tmp_path), chain=None)
    bases = Bases(tokens=(Address(OTHER), Address(BASE), Address(OTHER.upper())))

    found = search_pools(selection, bases=bases, max_hops=3, top=5, clock=StepClock())

    assert found.cycles == len(found.best) == 2
    worths = dict(zip((one.cycle.base for one in found.best), found.worths, strict=True))
    profits = {one.cycle.base: one.gross_profit for one in found.best}
    in_other = {
        pool.amount_out(Address(BASE), Address(OTHER), profits[Address(BASE)])
        for pool in pools_of(found.market)
    }
    assert worths == {OTHER: profits[Address(OTHER)], BASE: max(in_other)}
    assert list(found.worths) == sorted(found.worths, reverse=True)
    assert [entry["worth"] for entry in json.loads(found.as_json())["top"]] == [
        str(worth) for worth in found.worths
    ]


def test_base_that_cannot_be_sold_for_what_profits_are_compared_in_is_named(
    tmp_path: Path,
) -> None:
    selection = PoolSelection(path=small_table(tmp_path), chain=None)
    bases = Bases(tokens=(Address(BASE),), weth=Address("0x" + "0d" * 20))

    with pytest.raises(NoWorthError, match=f"from {BASE} to 0x0d"):
        search_pools(selection, bases=bases, max_hops=3, top=5, clock=StepClock())


def test_base_is_read_in_any_case(tmp_path: Path) -> None:
    assert small_report(tmp_path, "0x" + "0A" * 20).cycles == 1


@pytest.mark.parametrize("base", ["0x" + "0c" * 20, "0x" + "0d" * 20, "weth"])
def test_base_that_no_funded_pool_trades_is_refused_by_name(tmp_path: Path, base: str) -> None:
    with pytest.raises(UnknownBaseError, match=f"trades {base}") as caught:
        small_report(tmp_path, base)

    assert "\n" not in str(caught.value)
