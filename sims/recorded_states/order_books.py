"""Order books in a JSON document of our own: who trades what for which fee, and the levels.

    {"books": [{
        "exchange": "kraken",
        "symbol": "ETH/USDC",
        "base": {"address": "0x...", "symbol": "WETH", "decimals": 18},
        "quote": {"address": "0x...", "symbol": "USDC", "decimals": 6},
        "fee_pips": 2600,
        "bids": [["2500.10", "3.25"], ...],
        "asks": [["2500.20", "0.5"], ...]
    }]}

Base and quote are the tokens that the assets can be withdrawn as. Levels are price and size, best
first, as the exchange writes them: whole quote for a whole base, and whole base. Instead of levels
a book can name `recordings`, files beside the document, and `until`, seconds since the epoch: see
`book_recording.py`. A price becomes an integer without loss; of a size, what is less than a raw
unit is cut, and a level that comes to nothing is left out.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from graphs.errors import MalformedPoolError
from graphs.pools.order_book import Level, OrderBookPool
from graphs.tokens import Token
from graphs.units import PIPS, PoolId
from sims.recorded_states.book_recording import Sides, recorded_sides
from sims.recorded_states.document import Document
from sims.recorded_states.exchange_messages import Pair, pair
from sims.recorded_states.fields import (
    FieldError,
    Record,
    items,
    record,
    scaled_down,
    text,
    token,
    whole,
)
from sims.recorded_states.states import Entry, PoolFileError, RecordedPool, Refusal, read_state

REMEDY: Final = 'write {"books": [...]} as sims/recorded_states/order_books.py describes it'


def order_books(path: Path, document: Document) -> Iterator[Entry]:
    """Yield every book of a document, and why one is none.

    Raises:
        PoolFileError: it lists no books.
    """
    books = document.value.get("books") if isinstance(document.value, dict) else None
    if not isinstance(books, list) or not books:
        reason = "no list of books"
        raise PoolFileError(Refusal(path=path, place=document.place, reason=reason, remedy=REMEDY))
    for index, book in enumerate(books):
        place = f"books[{index}]"
        yield read_state(path, place, partial(_entry, path, place, book))


def _entry(path: Path, place: str, value: object) -> RecordedPool:
    source = record(value, "book")
    base, quote = (token(source.get(side), side) for side in ("base", "quote"))
    bids, asks = _sides(path, source)
    places = max((len(level.price.partition(".")[2]) for level in (*bids, *asks)), default=0)
    scaled = partial(_level, places=places, base=base, quote=quote)
    exchange = text(source, "exchange")
    try:
        book = OrderBookPool(
            id=PoolId(f"{exchange}:{text(source, 'symbol')}"),
            venue=exchange,
            base=base.address,
            quote=quote.address,
            price_scale=10 ** (places + base.decimals),
            bids=tuple(level for level in map(scaled, bids) if level.size),
            asks=tuple(level for level in map(scaled, asks) if level.size),
            fee_pips=whole(source, "fee_pips", maximum=PIPS - 1),
        )
        book.check_levels()
    except MalformedPoolError as error:
        remedy = "record it as the exchange shows it, best levels first"
        raise FieldError(reason=error.reason, remedy=remedy) from error
    return RecordedPool(path=path, place=place, chain="", pool=book, tokens=(base, quote))


def _level(written: Pair, *, places: int, base: Token, quote: Token) -> Level:
    """Scale a level; so many places behind the point hold every price of the book."""
    source = written._asdict()
    return Level(
        price=scaled_down(source, "price", decimals=places) * 10**quote.decimals,
        size=scaled_down(source, "size", decimals=base.decimals),
    )


def _sides(path: Path, source: Record) -> Sides:
    """Read bids and asks, from the document or from what it names."""
    if "recordings" in source:
        return recorded_sides(path.parent, source)
    bids, asks = (
        [pair(item, f"{side}[{i}]") for i, item in enumerate(items(source, side))]
        for side in ("bids", "asks")
    )
    return bids, asks
