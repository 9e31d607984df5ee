"""Pools that lend are the cheapest and deepest of their kind, and a few."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.pools.base import Pool
from graphs.pools.tick_math import get_sqrt_ratio_at_tick, get_tick_at_sqrt_ratio
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import Address, PoolId
from searcher.chain_wiring import lender_sources
from searcher.flash_lenders import LenderKind
from searcher.pool_lenders import CHOSEN, lending_pools
from searcher.settings.network import (
    NetworkSettings,
)
from tests.searcher.records import DAI, WETH, concentrated, constant_product

RESERVES = st.integers(min_value=0, max_value=10**24)
NETWORK = NetworkSettings.model_validate(
    {
        "chain_id": 1,
        "http_url": "http://127.0.0.1:1",
        "ws_url": "ws://127.0.0.1:1",
        "weth": WETH,
        "multicall3": WETH,
        "factories": [{"kind": "uniswap_v3", "venue": "v3", "address": DAI}],
        "lenders": [
            {"kind": "uniswap_v2"},
            {"kind": "none"},
            {"kind": "uniswap_v3", "address": "0x" + "33" * 20},
        ],
    }
)


def named(number: int) -> PoolId:
    return PoolId(f"0x{number:040x}")


@given(sides=st.lists(st.tuples(RESERVES, RESERVES, st.sampled_from((2_000, 3_000))), max_size=8))
def test_chosen_pairs_come_before_all_others_in_fee_and_depth(
    sides: list[tuple[int, int, int]],
) -> None:
    pairs = [
        constant_product(named(number), reserve0, reserve1, fee_pips=fee)
        for number, (reserve0, reserve1, fee) in enumerate(sides)
    ]

    chosen = lending_pools(LenderKind.UNISWAP_V2, pairs, WETH)

    ranked = sorted((pair.fee_pips, -pair.reserve0) for pair in pairs if pair.reserve0)
    assert [
        (pool.fee_pips, -pair.reserve0) for pool in chosen for pair in pairs if pair is pool
    ] == (ranked[:CHOSEN])


@pytest.mark.parametrize(("base", "tick"), [(WETH, -500), (DAI, 500)])
def test_concentrated_pool_is_deeper_in_the_token_that_is_cheaper(base: Address, tick: int) -> None:
    price_x96 = get_sqrt_ratio_at_tick(tick)
    moved = replace(
        concentrated(named(2)), sqrt_price_x96=price_x96, tick=get_tick_at_sqrt_ratio(price_x96)
    )

    chosen = lending_pools(LenderKind.UNISWAP_V3, [concentrated(named(1)), moved], base)

    assert [pool.id for pool in chosen] == [named(2), named(1)]


def test_pools_of_another_kind_or_without_the_token_do_not_lend() -> None:
    ranged = concentrated()
    managed = UniswapV4Pool(
        **{field.name: getattr(ranged, field.name) for field in fields(ranged)}, protocol_fee=0
    )
    pools: list[Pool] = [managed, constant_product(named(1), 1, 1)]

    assert lending_pools(LenderKind.UNISWAP_V3, pools, WETH) == []
    assert lending_pools(LenderKind.UNISWAP_V2, pools, Address("0x" + "cc" * 20)) == []


def test_kind_without_an_address_stands_for_pools_of_the_market() -> None:
    pair = constant_product(named(7), 10**20, 10**20, fee_pips=2_000)

    sources = lender_sources(NETWORK, [pair, concentrated()])

    found = [(source.kind, source.address, source.fee_pips) for source in sources]
    assert found == [
        (LenderKind.UNISWAP_V2, named(7), 2_000),
        (LenderKind.NONE, "0x" + "0" * 40, 3_000),
        (LenderKind.UNISWAP_V3, "0x" + "33" * 20, 3_000),
    ]
    assert {source.factories for source in sources} == {(DAI,)}
