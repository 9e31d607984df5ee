"""The columns of ticks: positions come and go, and what no positions can have left is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT128_MAX
from graphs.pools.tick import (
    TickTable,
    add_delta,
    find_flaw,
    tick_spacing_to_max_liquidity_per_tick,
    update,
)
from graphs.pools.tick_math import MAX_TICK

EMPTY = TickTable((), (), ())
SHARE = tick_spacing_to_max_liquidity_per_tick(10)

positions = st.lists(
    st.tuples(st.integers(-9, 8), st.integers(1, 9), st.integers(1, 2**100)),
    min_size=1,
    max_size=8,
)


def with_position(table: TickTable, lower: int, upper: int, *, liquidity: int) -> TickTable:
    """Both ends of a position, on a grid of 10."""
    for tick, is_upper in ((lower, False), (upper, True)):
        table = update(
            table, tick, max_liquidity=SHARE, liquidity_delta=liquidity, is_upper=is_upper
        )
    return table


@given(positions)
def test_any_positions_leave_ticks_without_flaw(drawn: list[tuple[int, int, int]]) -> None:
    table = EMPTY
    for lower, width, liquidity in drawn:
        table = with_position(table, lower * 10, (lower + width) * 10, liquidity=liquidity)

    assert find_flaw(table, tick_spacing=10, max_liquidity=SHARE) is None
    assert sum(table.liquidity_grosses) == 2 * sum(liquidity for _, _, liquidity in drawn)


@given(positions.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn))))
def test_burning_every_position_in_any_order_leaves_no_tick(
    orders: tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]],
) -> None:
    table = EMPTY
    for lower, width, liquidity in orders[0]:
        table = with_position(table, lower * 10, (lower + width) * 10, liquidity=liquidity)

    for lower, width, liquidity in orders[1]:
        table = with_position(table, lower * 10, (lower + width) * 10, liquidity=-liquidity)

    assert table == EMPTY


def test_tick_between_equal_neighbours_stays_though_its_net_is_zero() -> None:
    table = with_position(with_position(EMPTY, 0, 10, liquidity=5), 10, 20, liquidity=5)

    assert table == TickTable((0, 10, 20), (5, 0, -5), (5, 10, 5))
    assert find_flaw(table, tick_spacing=10, max_liquidity=SHARE) is None


def test_burning_more_than_a_tick_holds_is_refused() -> None:
    with pytest.raises(AmountOutOfRangeError):
        with_position(with_position(EMPTY, 0, 10, liquidity=5), 0, 10, liquidity=-6)


def test_minting_more_than_a_ticks_share_is_refused() -> None:
    assert with_position(EMPTY, 0, 10, liquidity=SHARE).liquidity_grosses == (SHARE, SHARE)
    with pytest.raises(AmountOutOfRangeError):
        with_position(EMPTY, 0, 10, liquidity=SHARE + 1)


# Uniswap v3-core test/Tick.spec.ts: shares for the spacings of its fees, and for the whole range.
@pytest.mark.parametrize(
    ("spacing", "share"),
    [
        (10, 1_917_569_901_783_203_986_719_870_431_555_990),
        (60, 11_505_743_598_341_114_571_880_798_222_544_994),
        (200, 38_350_317_471_085_141_830_651_933_667_504_588),
        (MAX_TICK, UINT128_MAX // 3),
    ],
)
def test_published_share_of_a_tick(spacing: int, share: int) -> None:
    assert tick_spacing_to_max_liquidity_per_tick(spacing) == share


@pytest.mark.parametrize(("liquidity", "delta"), [(0, -1), (UINT128_MAX, 1)])
def test_liquidity_outside_its_type_is_refused(liquidity: int, delta: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        add_delta(liquidity, delta)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (TickTable((10, 0), (1, -1), (1, 1)), "ascending"),
        (TickTable((0, 0), (1, -1), (1, 1)), "ascending"),
        (TickTable((0, 15), (1, -1), (1, 1)), "grid"),
        (TickTable((0, 887_280), (1, -1), (1, 1)), "grid"),
        (TickTable((0, 10), (2, -2), (1, 1)), "tick 0"),
        (TickTable((0, 10), (0, 0), (0, 0)), "tick 0"),
        (TickTable((0, 10), (1, -1), (1, 2)), "tick 10"),
        (TickTable((0, 10), (1, -1), (1, 2**127 + 1)), "tick 10"),
        (TickTable((0, 10), (-1, 1), (1, 1)), "negative"),
        (TickTable((0, 10), (3, -1), (3, 1)), "above the last"),
    ],
    ids=["order", "twice", "grid", "range", "net", "empty", "parity", "share", "below", "open"],
)
def test_a_flaw_is_named(table: TickTable, words: str) -> None:
    assert words in (find_flaw(table, tick_spacing=10, max_liquidity=SHARE) or "")
