"""The guard refuses what is far from a reference, and says which; it never mixes dollars."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from graphs.cycles import Cycle, Hop
from graphs.units import BPS, PoolId
from searcher.price_guard import GuardLimits, GuardReason, ReferencePrice, References
from tests.searcher.shown_books import USD, USDC, WETH, shown_book

LIMITS = GuardLimits(max_deviation_bps=2_000, max_oracle_age_ns=3_600)
NOW_NS = 10_000
BOOK = shown_book("kraken", bids=((1_999, 5),), asks=((2_001, 5),))
ETH_USD = ReferencePrice(
    asset=WETH.address,
    priced_in=USD.address,
    numerator=2_000,
    denominator=1,
    updated_at_ns=NOW_NS - 100,
)
USDC_USD = replace(ETH_USD, asset=USDC.address, numerator=1)
CYCLE = Cycle(
    hops=(
        Hop(pool_id=PoolId("one"), token_in=WETH.address, token_out=USDC.address),
        Hop(pool_id=PoolId("two"), token_in=USDC.address, token_out=WETH.address),
    )
)


def is_far(paid: int, bought: int, price: Fraction) -> bool:
    return abs(Fraction(bought, paid) - price) * BPS > LIMITS.max_deviation_bps * price


@given(sold=st.integers(1, 1_000), dollars=st.integers(1, 4_000_000), back=st.integers(1, 2_000))
def test_a_cycle_is_refused_exactly_when_a_hop_is_far_from_the_exchanges(
    sold: int, dollars: int, back: int
) -> None:
    references = References([BOOK], [], LIMITS, now_ns=NOW_NS)

    refusal = references.refusal(CYCLE, (sold, dollars, back))

    price = Fraction(2_000)
    expected = is_far(sold, dollars, price) or is_far(dollars, back, 1 / price)
    assert (refusal is GuardReason.FAR_FROM_EXCHANGES) == expected


def test_oracles_are_chained_by_what_both_are_priced_in() -> None:
    references = References([], [ETH_USD, USDC_USD], LIMITS, now_ns=NOW_NS)

    assert references.rate(WETH.address, USDC.address) == 2_000
    assert references.refusal(CYCLE, (1, 2_000, 1)) is None
    assert references.refusal(CYCLE, (1, 200, 1)) is GuardReason.FAR_FROM_ORACLE


def test_an_old_oracle_says_nothing() -> None:
    old = replace(ETH_USD, updated_at_ns=NOW_NS - LIMITS.max_oracle_age_ns - 1)

    assert References([], [old, USDC_USD], LIMITS, now_ns=NOW_NS).refusal(CYCLE, (1, 1, 1)) is None


def test_what_nothing_prices_is_refused_only_where_that_is_demanded() -> None:
    book = shown_book("coinbase", bids=((1_999, 5),), asks=((2_001, 5),), quote=USD)
    strict = replace(LIMITS, demands_reference=True)

    assert References([book], [], LIMITS, now_ns=NOW_NS).refusal(CYCLE, (1, 9, 1)) is None
    refusal = References([book], [], strict, now_ns=NOW_NS).refusal(CYCLE, (1, 9, 1))
    assert refusal is GuardReason.NO_REFERENCE


def test_a_conflated_book_is_no_reference() -> None:
    book = shown_book("okx", bids=((1_999, 5),), asks=((2_001, 5),), is_conflated=True)

    assert References([book], [], LIMITS, now_ns=NOW_NS).rate(WETH.address, USDC.address) is None
