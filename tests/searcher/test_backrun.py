"""Backruns are what a transaction creates: not what the block offers anyway, and all of it."""

from dataclasses import replace

from hypothesis import given

from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import WEI_PER_ETHER, Address, PoolId
from searcher.backrun import find_backruns, scan_after
from searcher.effects.outcome import Effect
from searcher.scan import scan_snapshot
from searcher.strategy import find_opportunities
from tests.graphs.what_ifs import what_ifs
from tests.searcher.pending_records import pending
from tests.searcher.records import (
    CHEAP,
    DAI,
    DEAR,
    TERMS,
    WETH,
    constant_product,
    market,
    snapshot,
)

CALM = (
    constant_product(CHEAP, 1_000 * WEI_PER_ETHER, 2_000_000 * WEI_PER_ETHER),
    constant_product(DEAR, 1_000 * WEI_PER_ETHER, 2_000_000 * WEI_PER_ETHER),
)


def after_sale(pool: ConstantProductPool, amount_wei: int) -> Effect:
    """Somebody sells ether into the pool."""
    return Effect(touched=(pool.after_swap(WETH, DAI, amount_wei),))


def test_transaction_that_opens_a_gap_is_backrun() -> None:
    scan = scan_snapshot(snapshot(market(*CALM)), TERMS, before=None)
    target = pending()
    effect = after_sale(CALM[0], 50 * WEI_PER_ETHER)

    (backrun,) = find_backruns(scan, [(target, effect)], TERMS, set_aside=())

    assert backrun.target == target
    assert backrun.opportunities[0].cycle.pool_ids == (DEAR, CHEAP)
    assert backrun.opportunities[0].gross_profit_wei > 0
    assert backrun.scan.snapshot.market.pools[CHEAP] == effect.touched[0]


def test_transaction_that_narrows_the_blocks_gap_is_not_backrun() -> None:
    gap = (CALM[0], constant_product(DEAR, 1_000 * WEI_PER_ETHER, 2_200_000 * WEI_PER_ETHER))
    scan = scan_snapshot(snapshot(market(*gap)), TERMS, before=None)
    effect = after_sale(gap[1], WEI_PER_ETHER)

    assert find_opportunities(scan, TERMS, set_aside=()).opportunities
    assert find_backruns(scan, [(pending(), effect)], TERMS, set_aside=()) == ()


def test_transaction_that_widens_the_blocks_gap_is_backrun() -> None:
    gap = (CALM[0], constant_product(DEAR, 1_000 * WEI_PER_ETHER, 2_200_000 * WEI_PER_ETHER))
    scan = scan_snapshot(snapshot(market(*gap)), TERMS, before=None)
    block = find_opportunities(scan, TERMS, set_aside=()).opportunities[0]

    (backrun,) = find_backruns(
        scan, [(pending(), after_sale(gap[0], WEI_PER_ETHER))], TERMS, set_aside=()
    )

    assert backrun.opportunities[0].gross_profit_wei > block.gross_profit_wei


def test_most_profitable_transaction_comes_first() -> None:
    scan = scan_snapshot(snapshot(market(*CALM)), TERMS, before=None)
    small, large = (after_sale(CALM[0], amount * WEI_PER_ETHER) for amount in (30, 90))

    found = find_backruns(scan, [(pending(1), small), (pending(2), large)], TERMS, set_aside=())

    assert [backrun.target for backrun in found] == [pending(2), pending(1)]


@given(what_ifs())
def test_cycles_after_are_those_of_a_whole_search_through_the_touched_pools(
    drawn: tuple[Market, Market, list[PoolId]],
) -> None:
    before, changed, touched = drawn
    terms = replace(TERMS, weth=base_of(before))
    scan = scan_snapshot(snapshot(before), terms, before=None)

    after = scan_after(scan, [changed.pools[pool_id] for pool_id in touched], terms)
    whole = scan_snapshot(snapshot(changed), terms, before=None)

    for base, standing in after.standings.items():
        through = [
            cycle
            for cycle in whole.standings[base].cycles
            if not set(touched).isdisjoint(cycle.pool_ids)
        ]
        assert list(standing.cycles) == through


def base_of(of: Market) -> Address:
    tokens = sorted(token for pool in of.pools.values() for token in pool.tokens)
    return tokens[0] if tokens else WETH
