"""Where a step ends, against a walk over single ticks."""

from hypothesis import example, given
from hypothesis import strategies as st

from graphs.pools.tick_bitmap import (
    next_initialized_tick,
    next_initialized_tick_within_one_word,
)
from graphs.pools.tick_math import MAX_TICK, MIN_TICK

WORD = 256

spacings = st.sampled_from([1, 10, 60, 200])
indices = st.sets(st.integers(-600, 600), max_size=12)
positions = st.integers(-120_000, 120_000)


@given(indices, spacings, positions)
@example({0}, 1, 0)
@example({-256, 255}, 60, -1)
@example({256}, 60, 255 * 60)
@example(set(), 10, -1)
def test_stop_below_is_the_first_initialised_tick_or_the_lowest_of_its_word(
    initialised: set[int], spacing: int, tick: int
) -> None:
    index = tick // spacing
    while index not in initialised and index % WORD != 0:
        index -= 1
    ticks = [spacing * i for i in sorted(initialised)]

    assert index * spacing == next_initialized_tick_within_one_word(
        ticks, tick, tick_spacing=spacing, lte=True
    )


@given(indices, spacings, positions)
@example({1}, 1, 0)
@example({-256, 255}, 60, -257 * 60)
@example({0}, 60, -1)
@example({256}, 60, 255 * 60)
@example(set(), 10, -11)
def test_stop_above_is_the_first_initialised_tick_or_the_highest_of_its_word(
    initialised: set[int], spacing: int, tick: int
) -> None:
    index = tick // spacing + 1
    while index not in initialised and index % WORD != WORD - 1:
        index += 1
    ticks = [spacing * i for i in sorted(initialised)]

    assert index * spacing == next_initialized_tick_within_one_word(
        ticks, tick, tick_spacing=spacing, lte=False
    )


@given(st.sets(st.integers(MIN_TICK, MAX_TICK), max_size=20), st.integers(MIN_TICK, MAX_TICK))
@example({5}, 5)
@example(set(), 0)
def test_next_tick_at_any_distance(initialised: set[int], tick: int) -> None:
    ticks = sorted(initialised)

    below = next_initialized_tick(ticks, tick, lte=True)
    above = next_initialized_tick(ticks, tick, lte=False)

    assert below == max((t for t in ticks if t <= tick), default=None)
    assert above == min((t for t in ticks if t > tick), default=None)
