"""Which books are refused: crossed ones, and those that the others contradict; never any other."""

from fractions import Fraction
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from graphs.units import BPS
from searcher.quote_sanity import BookFlaw, judge
from tests.searcher.shown_books import USD, USDC, shown_book

MAX_JUMP_BPS = 300

tops = st.tuples(st.integers(900, 1_100), st.integers(-3, 40), st.sampled_from((USD, USDC)))


@given(drawn=st.lists(tops, max_size=6))
def test_a_book_is_refused_exactly_when_it_is_crossed_or_far_from_the_others(
    drawn: list[tuple[int, int, object]],
) -> None:
    books = [
        shown_book(f"v{i}", bids=((bid, 1),), asks=((bid + spread, 1),), quote=quote)
        for i, (bid, spread, quote) in enumerate(drawn)
        if quote in {USD, USDC}
    ]

    judged = judge(books, max_jump_bps=MAX_JUMP_BPS)

    refused = {one.book.market.venue: one.flaw for one in judged.refused}
    for i, (bid, spread, quote) in enumerate(drawn):
        others = [
            Fraction(2 * other + gap, 2)
            for j, (other, gap, kind) in enumerate(drawn)
            if j != i and kind == quote and gap > 0
        ]
        mid = Fraction(2 * bid + spread, 2)
        is_far = bool(others) and abs(mid - median(others)) * BPS > MAX_JUMP_BPS * median(others)
        expected = BookFlaw.CROSSED if spread <= 0 else BookFlaw.JUMPED if is_far else None
        assert refused.get(f"v{i}") == expected
    assert len(judged.accepted) + len(judged.refused) == len(books)


def test_a_dollar_of_another_kind_is_no_witness() -> None:
    books = [
        shown_book("one", bids=((1_000, 1),), asks=((1_001, 1),), quote=USD),
        shown_book("two", bids=((500, 1),), asks=((501, 1),), quote=USDC),
    ]

    assert judge(books, max_jump_bps=MAX_JUMP_BPS).refused == ()


def test_a_book_with_one_side_is_accepted_and_is_no_witness() -> None:
    books = [
        shown_book("one", bids=((1_000, 1),)),
        shown_book("two", bids=((500, 1),), asks=((501, 1),)),
    ]

    assert len(judge(books, max_jump_bps=MAX_JUMP_BPS).accepted) == 2


def test_a_conflated_book_is_judged_by_the_others_and_judges_none() -> None:
    books = [
        shown_book("one", bids=((1_000, 1),), asks=((1_001, 1),)),
        shown_book("two", bids=((500, 1),), asks=((501, 1),), is_conflated=True),
    ]

    (refused,) = judge(books, max_jump_bps=MAX_JUMP_BPS).refused
    assert refused.book.market.venue == "two"
