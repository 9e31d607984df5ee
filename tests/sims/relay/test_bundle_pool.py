"""The waiting room: duplicates, replacement, cancellation and expiry, without a node."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import Address
from searcher.transactions import Transaction, decode_transaction
from sims.devnet.accounts import public_account
from sims.relay.bundle_pool import BundlePool, PooledBundle
from tests.sims.relay.requests import Order, sign

SIGNER, STRANGER = Address("0x" + "51" * 20), Address("0x" + "52" * 20)
NAME, OTHER_NAME = "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11", "00000000-0000-4000-8000-000000000000"
TXS = tuple(decode_transaction(sign(public_account(1), Order(nonce=nonce))) for nonce in range(3))


def bundle(
    *txs: Transaction, block: int = 5, name: str | None = None, signer: Address = SIGNER
) -> PooledBundle:
    return PooledBundle(
        txs=txs or TXS[:1],
        block_number=block,
        min_timestamp_s=0,
        max_timestamp_s=0,
        reverting_tx_hashes=frozenset(),
        replacement_uuid=name,
        signer=signer,
    )


def pool_of(*bundles: PooledBundle) -> BundlePool:
    pool = BundlePool()
    for each in bundles:
        pool.add(each)
    return pool


def test_same_bundle_twice_is_one_bundle() -> None:
    assert pool_of(bundle(), bundle()).candidates(5) == (bundle(),)


def test_same_named_bundle_twice_keeps_its_place() -> None:
    named, other = bundle(name=NAME), bundle(TXS[1])

    assert pool_of(named, other, named).candidates(5) == (named, other)


def test_newest_of_a_name_replaces_the_older_one_even_for_another_block() -> None:
    pool = pool_of(bundle(name=NAME), bundle(TXS[1], block=6, name=NAME))

    assert pool.candidates(5) == ()
    assert pool.candidates(6) == (bundle(TXS[1], block=6, name=NAME),)


@pytest.mark.parametrize(
    "other",
    [
        bundle(TXS[1], name=NAME, signer=STRANGER),
        bundle(TXS[1], name=OTHER_NAME),
        bundle(TXS[1]),
    ],
    ids=["other-signer", "other-name", "nameless"],
)
def test_bundle_of_another_identity_replaces_nothing(other: PooledBundle) -> None:
    first = bundle(name=NAME)

    assert pool_of(first, other).candidates(5) == (first, other)


def test_cancellation_returns_the_hashes_of_what_is_forgotten() -> None:
    named, nameless = bundle(name=NAME), bundle(TXS[1])
    pool = pool_of(named, nameless)

    assert pool.cancel(SIGNER, NAME) == (named.hash(),)
    assert pool.candidates(5) == (nameless,)


def test_cancellation_by_a_stranger_forgets_nothing() -> None:
    pool = pool_of(bundle(name=NAME))

    assert pool.cancel(STRANGER, NAME) == ()
    assert pool.candidates(5) == (bundle(name=NAME),)


@given(blocks=st.lists(st.integers(min_value=1, max_value=9), max_size=9), until=st.integers(0, 10))
def test_taking_removes_exactly_the_past(blocks: list[int], until: int) -> None:
    pool = pool_of(*(bundle(block=block) for block in blocks))

    taken = pool.take_until(until)

    assert {each.block_number for each in taken} == {block for block in blocks if block <= until}
    left = [each for block in range(10) for each in pool.candidates(block)]
    assert {each.block_number for each in left} == {block for block in blocks if block > until}


def test_zero_timestamps_are_no_limits() -> None:
    assert not bundle().is_early(0)
    assert not bundle().is_expired(2**63)
