"""Swaps that Ethereum and Polygon executed, reproduced to the wei from the state before them."""

import json
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from graphs.errors import InsufficientLiquidityError
from graphs.fixed_point import UINT128_MAX
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.swap_math import compute_swap_step_exact_in
from graphs.pools.tick_math import get_tick_at_sqrt_ratio
from graphs.units import PoolId
from tests.graphs.pools.recorded import recorded_file, recorded_rows
from tests.graphs.pools.strategies import HIGH, LOW, empty_pool

V2_SWAPS = "mainnet_blocks/v2_swaps_with_state.csv"
V3_SWAPS = "mainnet_blocks/v3_swaps_with_state.csv"
V3_WORDS = "mainnet_blocks/v3_bitmap_touched.csv"
V3_TICKS = "mainnet_blocks/v3_ticks_touched.csv"
WBTC_WETH = "amm_oracle/chain_data/1/uniswap_v3_wbtc_weth_block_24407242.json"

Row = dict[str, str]


def whole(row: Row, *names: str) -> list[int]:
    return [int(row[name]) for name in names]


def test_recorded_constant_product_swaps_are_exact_in_or_exact_out_or_asked_for_less() -> None:
    kinds = Counter(_kind_of_v2_swap(row) for row in recorded_rows(V2_SWAPS))

    # Two forks without a known state or fee; two swaps that pay with both tokens, which no quote
    # describes; ten callers that asked the pair for less than its formula grants.
    assert kinds == {
        "exact input": 276,
        "exact output": 20,
        "asked for less": 10,
        "both sides": 2,
        "no state": 2,
    }


def _kind_of_v2_swap(row: Row) -> str:
    if not row["reserve0_before"]:
        return "no state"
    in0, in1, out0, out1 = whole(row, "amount0_in", "amount1_in", "amount0_out", "amount1_out")
    if in0 and in1:
        return "both sides"
    pool = _v2_pool(*whole(row, "reserve0_before", "reserve1_before"))
    pair = (LOW, HIGH) if in0 else (HIGH, LOW)
    quote = pool.amount_out(*pair, in0 + in1)
    if quote == out0 + out1:
        after = pool.after_swap(*pair, in0 + in1)
        assert [after.reserve0, after.reserve1] == whole(row, "reserve0_after", "reserve1_after")
        return "exact input"
    if pool.amount_in(*pair, out0 + out1) == in0 + in1:
        return "exact output"
    return "asked for less" if out0 + out1 < quote else "unexplained"


def _v2_pool(reserve0: int, reserve1: int) -> ConstantProductPool:
    return ConstantProductPool(
        id=PoolId("recorded"),
        venue="uniswap_v2",
        token0=LOW,
        token1=HIGH,
        reserve0=reserve0,
        reserve1=reserve1,
        fee_pips=3000,
    )


def test_every_recorded_concentrated_swap_is_reproduced_with_the_state_it_left() -> None:
    words: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row in recorded_rows(V3_WORDS):
        word, bits = whole(row, "word", "bitmap")
        words[row["block"], row["pool"]] += [word * 256 + b for b in range(256) if bits >> b & 1]
    ticks = {(r["block"], r["pool"], int(r["tick"])): r for r in recorded_rows(V3_TICKS)}

    kinds = Counter(
        _kind_of_v3_swap(row, _v3_pool(row, sorted(words[row["block"], row["pool"]]), ticks))
        for row in recorded_rows(V3_SWAPS)
    )

    assert kinds == {"exact input": 41, "exact output": 13}


def _v3_pool(
    row: Row, indices: list[int], known: dict[tuple[str, str, int], Row]
) -> ConcentratedPool:
    """The ticks of the words that the block read; only those it crossed have known amounts."""
    spacing = int(row["tick_spacing"])
    ticks = [index * spacing for index in indices]
    rows = [known.get((row["block"], row["pool"], tick)) for tick in ticks]
    return ConcentratedPool(
        id=PoolId(row["pool"]),
        venue="uniswap_v3",
        token0=LOW,
        token1=HIGH,
        fee_pips=int(row["fee_pips"]),
        tick_spacing=spacing,
        sqrt_price_x96=int(row["sqrtP_before"]),
        tick=int(row["tick_before"]),
        liquidity=int(row["liquidity_before"]),
        ticks=tuple(ticks),
        liquidity_nets=tuple(int(tick["liquidity_net"]) if tick else 0 for tick in rows),
        liquidity_grosses=tuple(int(tick["liquidity_gross"]) if tick else 1 for tick in rows),
    )


def _kind_of_v3_swap(row: Row, pool: ConcentratedPool) -> str:
    amount0, amount1 = whole(row, "amount0", "amount1")
    zero_for_one = amount0 > 0
    pair = (LOW, HIGH) if zero_for_one else (HIGH, LOW)
    paid, got = (amount0, -amount1) if zero_for_one else (amount1, -amount0)
    left = whole(row, "sqrtP_after", "tick_after", "liquidity_after")
    after = pool.after_swap(*pair, paid)
    if [after.sqrt_price_x96, after.tick, after.liquidity] == left:
        assert pool.amount_out(*pair, paid) == got
        return "exact input"
    end = pool._swap(got, zero_for_one=zero_for_one, is_exact_in=False)
    assert pool.amount_in(*pair, got) == paid
    return "exact output" if [end.sqrt_price_x96, end.liquidity] == left[::2] else "unexplained"


@pytest.mark.parametrize(
    ("name", "fee_pips", "expected"),
    [
        (
            "polygon_usdc_weth_005_0x45dd_2022-01-05",
            500,
            {"exact input": 2463, "exact output": 356, "price limit": 280},
        ),
        (
            "polygon_usdc_weth_005_0x45dd_2023-11-25",
            500,
            {"exact input": 2257, "exact output": 508, "price limit": 57},
        ),
        ("eth_weth_osqth_030_0x82c4_2024-01-05", 3000, {"exact input": 7, "exact output": 1}),
    ],
    ids=["polygon-2022", "polygon-2023", "ethereum-2024"],
)
def test_every_consecutive_swap_of_a_day_inside_one_range(
    name: str, fee_pips: int, expected: dict[str, int]
) -> None:
    events = recorded_rows(f"v3_events/{name}.csv")
    swaps = [row for row in events if row["event"] == "swap"]
    spacing = fee_pips // 50

    kinds = Counter(
        _kind_of_next_swap(before, after, fee_pips)
        for before, after in pairwise(swaps)
        if before["liquidity"] == after["liquidity"]
        and int(before["tick"]) // spacing == int(after["tick"]) // spacing
    )

    assert kinds == expected


def _kind_of_next_swap(before: Row, row: Row, fee_pips: int) -> str:
    price, tick, liquidity = whole(before, "sqrtPriceX96", "tick", "liquidity")
    pool = empty_pool(fee_pips=fee_pips, tick_spacing=fee_pips // 50)
    pool = pool.with_price(price, tick=tick, liquidity=liquidity)
    reached, *signed = whole(row, "sqrtPriceX96", "amount0", "amount1")
    pair = (LOW, HIGH) if signed[0] > 0 else (HIGH, LOW)
    paid, got = max(signed), -min(signed)
    after = pool.after_swap(*pair, paid)
    if (after.sqrt_price_x96, after.tick) == (reached, int(row["tick"])):
        return "exact input" if pool.amount_out(*pair, paid) == got else "wrong output"
    if pool.amount_in(*pair, got) == paid:
        return "exact output"
    limited = compute_swap_step_exact_in(
        price, reached, liquidity=liquidity, amount_remaining=UINT128_MAX, fee_pips=fee_pips
    )
    return "price limit" if limited == (reached, paid, got) else "unexplained"


def _wbtc_weth() -> tuple[ConcentratedPool, int, int]:
    recorded = json.loads(recorded_file(WBTC_WETH).read_text())
    state, rows = recorded["scalars"], sorted((int(t), r) for t, r in recorded["tick_data"].items())
    pool = ConcentratedPool(
        id=PoolId(recorded["pool"].lower()),
        venue="uniswap_v3",
        token0=LOW,
        token1=HIGH,
        fee_pips=state["fee"],
        tick_spacing=state["tick_spacing"],
        sqrt_price_x96=state["sqrt_price_x96"],
        tick=state["tick"],
        liquidity=state["liquidity"],
        ticks=tuple(tick for tick, _ in rows),
        liquidity_nets=tuple(net for _, (_, net, _) in rows),
        liquidity_grosses=tuple(gross for _, (gross, _, _) in rows),
    )
    return pool, recorded["balance_token0"], recorded["balance_token1"]


def test_recorded_ticks_explain_the_recorded_liquidity_and_tick() -> None:
    pool, _, _ = _wbtc_weth()

    pool.check_ticks()

    assert len(pool.ticks) == 458
    assert get_tick_at_sqrt_ratio(pool.sqrt_price_x96) == pool.tick


def test_no_quote_pays_out_more_than_the_recorded_pool_holds() -> None:
    pool, balance0, balance1 = _wbtc_weth()

    for pair, balance in (((HIGH, LOW), balance0), ((LOW, HIGH), balance1)):
        with pytest.raises(InsufficientLiquidityError):
            pool.amount_in(*pair, balance)
        assert pool.amount_in(*pair, balance * 8 // 10) > 0
