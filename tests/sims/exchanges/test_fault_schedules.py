"""Two hundred random schedules of faults for each protocol: no wrong belief at any time."""

import pytest

from sims.exchanges.faults import Fault
from tests.sims.exchanges.lines import PROTOCOLS, FaultyExchange, believed, scaled_top

SCHEDULES = 200
FAULTY_STEPS = 40
CALM_STEPS = 30
CHANCES = dict.fromkeys(Fault, 0.01)


def run(name: str, seed: int) -> FaultyExchange:
    exchange = FaultyExchange(name, seed, CHANCES)
    for _ in range(FAULTY_STEPS):
        exchange.step()
    exchange.calm()
    for _ in range(CALM_STEPS):
        exchange.step()
    return exchange


@pytest.mark.slow
@pytest.mark.parametrize("name", PROTOCOLS)
def test_no_wrong_book_is_believed_and_all_are_right_when_the_faults_end(name: str) -> None:
    for seed in range(SCHEDULES):
        exchange = run(name, seed)

        assert exchange.wrong == [], seed
        assert exchange.checked > FAULTY_STEPS, seed
        for symbol, book in exchange.conversation.books.items():
            true = exchange.venue.books[symbol]
            assert book.is_live, (seed, book.reason)
            assert believed(book) == scaled_top(true, book, true.sides()), seed


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_line_without_faults_has_no_gaps(name: str) -> None:
    exchange = FaultyExchange(name, 0, {})
    for _ in range(FAULTY_STEPS):
        exchange.step()

    assert exchange.conversation.is_live
    assert exchange.conversation.gaps == 0
    assert exchange.wrong == []
