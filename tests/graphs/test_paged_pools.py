"""Tests of the paged mapping: it is a dict that shares what did not change."""

from hypothesis import given
from hypothesis import strategies as st

from graphs.paged_pools import PAGE_POOLS, PagedPools
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import PoolId
from tests.graphs.markets import BASE, A, pool_of

MANY = 3 * PAGE_POOLS - 1


def pools_named(numbers: range) -> list[ConstantProductPool]:
    return [pool_of(f"{number:04}", (BASE, A), (1, number + 1)) for number in numbers]


many = {pool.id: pool for pool in pools_named(range(MANY))}

replacements = st.lists(
    st.builds(
        lambda number, reserve: pool_of(f"{number:04}", (BASE, A), (2, reserve)),
        st.integers(0, MANY + 5),
        st.integers(1, 9),
    ),
    max_size=6,
)


@given(chain=st.lists(replacements, max_size=4))
def test_chain_of_replacements_equals_that_of_a_dict(
    chain: list[list[ConstantProductPool]],
) -> None:
    paged, plain = PagedPools.from_mapping(many), dict(many)

    for pools in chain:
        paged = paged.replacing(pools)
        plain |= {pool.id: pool for pool in pools}

    assert list(paged.items()) == list(plain.items())
    assert len(paged) == len(plain)
    assert all(pool_id in paged for pool_id in plain)


@given(pools=replacements)
def test_replacement_leaves_the_original_alone(pools: list[ConstantProductPool]) -> None:
    paged = PagedPools.from_mapping(many)

    paged.replacing(pools)

    assert paged == many


def test_replacement_shares_the_pages_that_it_does_not_touch() -> None:
    paged = PagedPools.from_mapping(many)

    after = paged.replacing([pool_of("0000", (BASE, A), (5, 5))])

    shared = [old is new for old, new in zip(paged._pages, after._pages, strict=True)]
    assert shared == [False, True, True]


def test_unknown_pool_is_not_there() -> None:
    paged = PagedPools.from_mapping(many)

    assert PoolId("unknown") not in paged
    assert paged.get(PoolId("unknown")) is None
