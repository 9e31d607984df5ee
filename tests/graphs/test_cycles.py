"""Tests of the canonical form."""

from hypothesis import given
from hypothesis import strategies as st

from graphs.cycles import Cycle, Hop
from graphs.units import PoolId
from tests.graphs.markets import TOKENS


@st.composite
def cycles(draw: st.DrawFn) -> Cycle:
    tokens = draw(st.permutations(TOKENS))[: draw(st.integers(2, len(TOKENS)))]
    names = draw(st.lists(st.text("ab"), min_size=7, max_size=7, unique=True))
    following = (*tokens[1:], tokens[0])
    return Cycle(
        hops=tuple(
            Hop(pool_id=PoolId(name), token_in=sold, token_out=bought)
            for name, sold, bought in zip(names, tokens, following, strict=False)
        )
    )


@given(cycle=cycles(), turn=st.integers(0, 6))
def test_canonical_cycle_is_the_same_for_every_rotation(cycle: Cycle, turn: int) -> None:
    turn %= len(cycle.hops)
    rotated = Cycle(hops=cycle.hops[turn:] + cycle.hops[:turn])

    assert rotated.canonical() == cycle.canonical()


@given(cycle=cycles())
def test_canonical_cycle_is_a_rotation(cycle: Cycle) -> None:
    hops = cycle.canonical().hops
    start = hops.index(cycle.hops[0])

    assert hops[start:] + hops[:start] == cycle.hops


@given(cycle=cycles())
def test_base_is_what_the_last_hop_buys(cycle: Cycle) -> None:
    assert cycle.base == cycle.hops[-1].token_out


@given(cycle=cycles())
def test_pool_ids_are_in_trading_order(cycle: Cycle) -> None:
    assert cycle.pool_ids == tuple(hop.pool_id for hop in cycle.hops)
