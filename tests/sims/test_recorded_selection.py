"""Tests of choosing recorded cycles together: near the most that their pools can give, in time.

Data: Uniswap V2 and Sushiswap reserves of September 2020, see shared/data/README.md.
"""

from collections.abc import Callable
from itertools import islice

import pytest

from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import best_cycles
from graphs.selection import select_found, take_in_turn
from sims.search import NO_FEE
from tests.graphs.convex_bound import convex_bound
from tests.sims.top_component import TABLE, WETH, searched, top_component

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TABLE.exists(), reason="the recorded pools are not here"),
]


def pools_of(market: Market) -> list[ConstantProductPool]:
    return [pool for pool in market.pools.values() if isinstance(pool, ConstantProductPool)]


def test_found_cycles_of_the_top_component_come_near_the_convex_optimum(
    record_property: Callable[[str, object], None],
) -> None:
    market = top_component(NO_FEE)
    search = searched(market)

    every = select_found(market, search, NO_FEE, most=200).gross_profit
    ten = select_found(market, search, NO_FEE, most=10).gross_profit

    optimum = convex_bound(pools_of(market), WETH)
    record_property("share of the convex optimum", every / optimum)
    record_property("share of the convex optimum by ten cycles", ten / optimum)
    assert 0.999 <= every / optimum <= 1
    assert 0.98 <= ten / optimum < every / optimum


def test_ten_cycles_earn_more_than_the_ten_first_in_turn_of_all() -> None:
    market = top_component(NO_FEE)
    search = searched(market)
    everything = best_cycles(market, search, NO_FEE, top=len(search))

    chosen = select_found(market, search, NO_FEE, most=10).gross_profit

    in_turn = sum(one.gross_profit for one in islice(take_in_turn(market, everything, NO_FEE), 10))
    assert chosen > in_turn
