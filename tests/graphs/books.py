"""Order books for tests: small ones that can be walked by hand, and what Hypothesis draws."""

from dataclasses import replace

from hypothesis import strategies as st

from graphs.pools.order_book import Level, OrderBookPool
from graphs.units import Address, PoolId
from tests.graphs.markets import TOKENS

Levels = tuple[tuple[int, int], ...]
"""Price and size of each."""


def book_of(
    name: str,
    sides: tuple[Address, Address],
    *,
    bids: Levels = (),
    asks: Levels = (),
    price_scale: int = 1,
) -> OrderBookPool:
    """A book of a base and its quote without a fee; its name begins with exchange and colon."""
    return OrderBookPool(
        id=PoolId(name),
        venue=name.partition(":")[0],
        base=sides[0],
        quote=sides[1],
        price_scale=price_scale,
        bids=tuple(Level(*level) for level in bids),
        asks=tuple(Level(*level) for level in asks),
        fee_pips=0,
    )


taker_fees_pips = st.sampled_from((0, 1_000, 2_600))


@st.composite
def small_books(draw: st.DrawFn, *, name: str) -> OrderBookPool:
    """Up to eight levels of small numbers, shared among the sides, which may be empty."""
    base, quote = draw(st.lists(st.sampled_from(TOKENS), min_size=2, max_size=2, unique=True))
    prices = draw(st.lists(st.integers(1, 40), max_size=8, unique=True))
    levels = tuple((price, draw(st.integers(1, 60))) for price in sorted(prices))
    best_ask = draw(st.integers(0, len(levels)))
    book = book_of(
        name,
        (base, quote),
        bids=levels[:best_ask][::-1],
        asks=levels[best_ask:],
        price_scale=draw(st.integers(1, 8)),
    )
    return replace(book, fee_pips=draw(taker_fees_pips))


@st.composite
def book_lists(draw: st.DrawFn) -> list[OrderBookPool]:
    """Books over few tokens, so that they are parallel to pools and to each other."""
    count = draw(st.integers(0, 5))
    return [draw(small_books(name=f"exchange:{number}")) for number in range(count)]
