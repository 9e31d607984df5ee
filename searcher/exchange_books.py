"""What an exchange shows of one market at one moment, before anybody trusts it.

Canonical asset ids name what is traded: USD, USDT and USDC are three assets, whatever an exchange
calls them. An asset that can be withdrawn as a token is that token in the graph; any other has an
address that no contract has, so that no cycle takes it for a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from graphs.pools.order_book import Level, OrderBookPool
from graphs.tokens import Token
from graphs.units import Address, PoolId

OFF_CHAIN_DECIMALS = 8
"""Of an asset without a token: finer than any exchange counts money."""

MAX_ASSET_LENGTH = 20
"""Bytes of an address, into which the name of an asset without a token is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeMarket:
    """What is watched at one exchange."""

    venue: str
    """What the configuration calls the exchange."""

    symbol: str
    """The market, as the exchange writes it."""

    base: Token
    """What sizes count."""

    quote: Token
    """What prices count."""

    fee_pips: int
    """Share of what is received that the exchange keeps from a taker."""

    levels: int
    """Of each side that are offered, at most; with 1 the exchange is asked for no more."""

    is_conflated: bool = False
    """Whether nobody knows that no change is missing: good for signals, and for nothing else."""

    @property
    def id(self) -> PoolId:
        """Exchange and symbol; no contract has an id with a colon."""
        return PoolId(f"{self.venue}:{self.symbol}")


class Quote(NamedTuple):
    """The best of both sides after one message; sizes and prices of a side that is empty are 0."""

    bid: int
    """Units of quote for one of base, in the scale of the book."""

    bid_size: int
    """Units of base, in the scale of the book."""

    ask: int
    """As `bid`."""

    ask_size: int
    """As `bid_size`."""

    sequence: int
    """The exchange's number of the last change, or of the message; 0 where it numbers none."""

    exchange_ns: int | None
    """When the exchange says that it was so, since the Unix epoch; None where it does not say."""

    received_ns: int
    """When the message came, on the injected clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBook:
    """A complete book, in order of sequence, which may be crossed or far from all others."""

    market: ExchangeMarket
    """What is traded where."""

    bids: tuple[Level, ...]
    """The highest price first, in raw units of the tokens."""

    asks: tuple[Level, ...]
    """The lowest price first."""

    price_scale: int
    """The raw units of base that a price is for."""

    quote: Quote
    """When it was so, in the scale of the exchange."""

    @property
    def is_crossed(self) -> bool:
        """Whether somebody bids what another asks, or more."""
        return bool(self.bids and self.asks and self.bids[0].price >= self.asks[0].price)

    @property
    def mid(self) -> Fraction | None:
        """Raw units of quote for one of base, between the best prices; None without both sides."""
        if not self.bids or not self.asks:
            return None
        return Fraction(self.bids[0].price + self.asks[0].price, 2 * self.price_scale)

    def age_ns(self, now_ns: int) -> int:
        """Since the last message that says that it is so."""
        return now_ns - self.quote.received_ns

    def to_pool(self) -> OrderBookPool:
        """As the graph has it.

        Raises:
            MalformedPoolError: it is crossed.
        """
        return OrderBookPool(
            id=self.market.id,
            venue=self.market.venue,
            base=self.market.base.address,
            quote=self.market.quote.address,
            price_scale=self.price_scale,
            bids=self.bids,
            asks=self.asks,
            fee_pips=self.market.fee_pips,
        )


def price_scale_of(base: Token, *, places: int) -> int:
    """The raw units of base for which prices of so many places are whole raw units of quote."""
    return int(10 ** (places + base.decimals))


def token_of(asset: str, tokens: Mapping[str, Token]) -> Token:
    """The token that an asset is in the graph.

    Raises:
        ValueError: the name of an asset without a token is not 1 to 20 ASCII characters.
    """
    if asset in tokens:
        return tokens[asset]
    name = asset.encode("ascii")
    if not 0 < len(name) <= MAX_ASSET_LENGTH:
        message = f"an asset's name has 1 to {MAX_ASSET_LENGTH} characters"
        raise ValueError(message)
    address = Address("0x" + name.rjust(MAX_ASSET_LENGTH, b"\0").hex())
    return Token(address=address, symbol=asset, decimals=OFF_CHAIN_DECIMALS)
