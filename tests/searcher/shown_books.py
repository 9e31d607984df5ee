"""Books as exchanges show them, for tests of what is done with them."""

from graphs.pools.order_book import Level
from graphs.tokens import Token
from graphs.units import Address
from searcher.exchange_books import ExchangeMarket, Quote, ShownBook, token_of

Levels = tuple[tuple[int, int], ...]

WETH = Token(address=Address("0x" + "11" * 20), symbol="WETH", decimals=0)
USDC = Token(address=Address("0x" + "22" * 20), symbol="USDC", decimals=0)
USD = token_of("USD", {})


def shown_book(  # noqa: PLR0913 - what differs between books
    venue: str,
    *,
    bids: Levels = (),
    asks: Levels = (),
    quote: Token = USDC,
    received_ns: int = 0,
    is_conflated: bool = False,
) -> ShownBook:
    """Of ETH, with prices in raw units of quote for one of base, without a fee."""
    market = ExchangeMarket(
        venue=venue,
        symbol=f"ETH-{quote.symbol}",
        base=WETH,
        quote=quote,
        fee_pips=1_000,
        levels=20,
        is_conflated=is_conflated,
    )
    return ShownBook(
        market=market,
        bids=tuple(Level(*level) for level in bids),
        asks=tuple(Level(*level) for level in asks),
        price_scale=1,
        quote=Quote(0, 0, 0, 0, 0, None, received_ns),
    )
