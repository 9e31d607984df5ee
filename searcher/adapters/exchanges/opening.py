"""Settings to a desk: markets with their tokens, as many connections as limits ask for."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import aiohttp

from graphs.tokens import Token
from searcher.adapters.exchanges import binance, ccxt_lines, coinbase, kraken
from searcher.adapters.exchanges.conversation import Conversation, VenueRules
from searcher.adapters.exchanges.desk import BookLimits, ExchangeDesk
from searcher.adapters.exchanges.feed import ExchangeFeed, Venue
from searcher.adapters.exchanges.line_process import LineProcess
from searcher.adapters.exchanges.transport import Transport
from searcher.adapters.surroundings import Surroundings
from searcher.exchange_books import ExchangeMarket, token_of
from searcher.settings.exchanges import ExchangesSettings, VenueSettings

NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A protocol."""

    rules: VenueRules
    """With the public URLs."""

    converse: Callable[[Sequence[ExchangeMarket]], Conversation]
    """Begins a conversation."""

    symbol_of: Callable[[str, str], str]
    """How it writes a market of two assets."""


KINDS: Final[Mapping[str, Kind]] = {
    "binance": Kind(
        rules=binance.RULES, converse=binance.BinanceConversation, symbol_of=binance.symbol_of
    ),
    "coinbase": Kind(
        rules=coinbase.RULES, converse=coinbase.CoinbaseConversation, symbol_of=coinbase.symbol_of
    ),
    "kraken": Kind(
        rules=kraken.RULES, converse=kraken.KrakenConversation, symbol_of=kraken.symbol_of
    ),
}
"""By the name in the configuration."""


@asynccontextmanager
async def open_desk(
    settings: ExchangesSettings, tokens: Mapping[str, Token], around: Surroundings
) -> AsyncIterator[ExchangeDesk]:
    """A desk of all exchanges, not yet running; `tokens` are those of the network, by asset."""
    limits = BookLimits(
        max_age_ns=settings.max_age_ms * NS_PER_MS,
        conflated_max_age_ns=settings.conflated_max_age_ms * NS_PER_MS,
        max_jump_bps=settings.max_jump_bps,
    )
    async with aiohttp.ClientSession() as session:
        feeds = [
            ExchangeFeed(venue, _transport(one, venue.name, session), around)
            for one in settings.venues
            for venue in venues_of(one, tokens)
        ]
        yield ExchangeDesk(feeds, limits)


def _transport(
    settings: VenueSettings, name: str, session: aiohttp.ClientSession
) -> Transport | LineProcess:
    if settings.kind == "ccxt":
        return LineProcess(name, ccxt_lines.ARGUMENTS)
    return Transport(session, name)


def _kind_of(settings: VenueSettings) -> Kind:
    """The protocol with the URLs in use."""
    ws_url = settings.ws_url.get_secret_value() if settings.ws_url else None
    rest_url = settings.rest_url.get_secret_value() if settings.rest_url else None
    if settings.kind == "ccxt":
        request = ccxt_lines.CcxtRequest(
            exchange=settings.exchange, ws_url=ws_url, rest_url=rest_url
        )
        return Kind(
            rules=replace(ccxt_lines.RULES, ws_url=str(settings.python)),
            converse=partial(ccxt_lines.CcxtConversation, request),
            symbol_of=ccxt_lines.symbol_of,
        )
    kind = KINDS[settings.kind]
    rules = replace(
        kind.rules, ws_url=ws_url or kind.rules.ws_url, rest_url=rest_url or kind.rules.rest_url
    )
    return replace(kind, rules=rules)


def venues_of(settings: VenueSettings, tokens: Mapping[str, Token]) -> list[Venue]:
    """One for each connection that the markets need; the second is called `name#2`."""
    kind, name = _kind_of(settings), settings.shown_name
    markets = [_market(settings, kind, name=market, tokens=tokens) for market in settings.markets]
    size = kind.rules.markets_per_connection
    return [
        Venue(
            name=name if first == 0 else f"{name}#{first // size + 1}",
            rules=kind.rules,
            converse=partial(kind.converse, markets[first : first + size]),
            snapshot_path=binance.snapshot_path,
        )
        for first in range(0, len(markets), size)
    ]


def _market(
    settings: VenueSettings, kind: Kind, *, name: str, tokens: Mapping[str, Token]
) -> ExchangeMarket:
    base, _, quote = name.partition("/")
    return ExchangeMarket(
        venue=settings.shown_name,
        symbol=kind.symbol_of(base, quote),
        base=token_of(base, tokens),
        quote=token_of(quote, tokens),
        fee_pips=settings.fee_pips,
        levels=settings.levels,
        is_conflated=settings.kind == "ccxt",
    )
