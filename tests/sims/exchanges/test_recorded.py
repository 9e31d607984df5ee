"""Recorded sessions through local exchanges and our conversations: the replay's book comes out."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from searcher.adapters.exchanges.binance import SNAPSHOT_LEVELS
from sims.exchanges.binance_venue import BinanceVenue
from sims.exchanges.recorded import recorded_changes
from sims.exchanges.true_book import TrueBook
from sims.recorded_states.book_recording import recorded_sides
from tests.graphs.pools.recorded import recorded_file
from tests.sims.exchanges.lines import PROTOCOLS, believed, markets_of, scaled_top

pytestmark = pytest.mark.slow

COMPARED = 10
BINANCE = ("BINANCE.http.0.0.gz", "BINANCE.ws.1.0.gz")
SESSIONS = [
    ("binance", BINANCE, "NKNUSDT"),
    ("coinbase", ("COINBASE.ws.28.0.gz",), "SKL-USD"),
    ("kraken", ("KRAKEN.ws.50.0.gz",), "ETH/CHF"),
]


@pytest.mark.parametrize(("exchange", "files", "symbol"), SESSIONS)
def test_a_recorded_session_ends_in_the_book_of_the_replay(
    exchange: str, files: Sequence[str], symbol: str
) -> None:
    paths = [recorded_file(f"cex_cryptofeed/{name}") for name in files]
    true = TrueBook("ONE", "TWO", price_places=8, size_places=8)
    venue = PROTOCOLS[exchange].venue([true])
    conversation = PROTOCOLS[exchange].converse(
        markets_of(venue, levels=PROTOCOLS[exchange].levels)
    )
    client = venue.connect()
    changes = recorded_changes(paths, true, exchange=exchange, symbol=symbol)
    next(changes)
    conversation.open()
    while conversation.outbox:
        for frame in client.answer(conversation.outbox.popleft()):
            conversation.receive(frame, 0)
    while conversation.wanted:
        assert isinstance(venue, BinanceVenue)
        body = venue.snapshot(conversation.wanted.popleft(), SNAPSHOT_LEVELS)
        conversation.snapshot(venue.symbol(true), body or b"", 0)
    for change in changes:
        for frame in client.tell(true, change):
            conversation.receive(frame, 0)

    (book,) = conversation.books.values()
    source = {"exchange": exchange, "symbol": symbol, "recordings": list(files)}
    replayed = recorded_sides(paths[0].parent, source)
    assert book.is_live
    assert conversation.gaps == 0
    assert believed(book) == scaled_top(true, book, true.sides())
    for side, levels in zip(replayed, true.sides(), strict=True):
        assert [(Decimal(price), Decimal(size)) for price, size in side[:COMPARED]] == [
            (Decimal(price).scaleb(-8), Decimal(size).scaleb(-8))
            for price, size in levels[:COMPARED]
        ]
