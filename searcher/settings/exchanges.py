"""Which exchanges are watched, for which markets, and how far their books are believed."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from graphs.units import BPS, PIPS
from searcher.settings.fields import Endpoint, HexAddress, Section

MAX_LEVELS = 500
"""Offered of a side; half of the snapshot that Binance gives."""

MarketName = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,20}/[A-Z0-9]{1,20}$")]


class VenueSettings(Section):
    """One exchange."""

    kind: Literal["binance", "coinbase", "kraken", "ccxt"]
    """Whose protocol it speaks."""

    exchange: Annotated[str, Field(pattern=r"^[a-z0-9_]{0,32}$")] = ""
    """What ccxt calls it; of the kind ccxt alone."""

    python: Path = Path(".venv-ccxt/bin/python")
    """The interpreter that has ccxt; of the kind ccxt alone."""

    name: str = ""
    """Its name in ledger and views; the kind when empty, and `ccxt-EXCHANGE` of the kind ccxt."""

    markets: Annotated[tuple[MarketName, ...], Field(min_length=1)]
    """Canonical assets, as base/quote: USD, USDT and USDC are three assets."""

    fee_pips: Annotated[int, Field(ge=0, lt=PIPS)]
    """What it keeps from a taker at your tier."""

    levels: Annotated[int, Field(ge=1, le=MAX_LEVELS)] = 20
    """Of each side that are offered; 1 for best prices alone. Kraken shows ten at most."""

    ws_url: Endpoint | None = None
    """Another websocket than the public one; scheme and host where the kind is ccxt."""

    rest_url: Endpoint | None = None
    """Another base of REST than the public one; scheme and host where the kind is ccxt."""

    @property
    def shown_name(self) -> str:
        """Its name in ledger and views."""
        own = f"ccxt-{self.exchange}" if self.kind == "ccxt" else self.kind
        return self.name or own

    @model_validator(mode="after")
    def _names_what_it_can(self) -> Self:
        if (self.kind == "ccxt") != bool(self.exchange):
            raise PydanticCustomError(
                "exchange", "the kind ccxt, and no other, needs exchange = what ccxt calls it"
            )
        if self.kind == "coinbase":
            for market in self.markets:
                if market.endswith("/USDC") and market not in {"USDT/USDC", "EURC/USDC"}:
                    raise PydanticCustomError(
                        "markets", "coinbase answers USDC markets with the book in USD; name that"
                    )
        return self


class ExchangesSettings(Section):
    """All exchanges."""

    max_age_ms: Annotated[int, Field(ge=1)] = 2_000
    """A book that no message has confirmed for longer prices nothing."""

    conflated_max_age_ms: Annotated[int, Field(ge=1)] = 500
    """The same of a book that ccxt shows, which may have missed changes."""

    max_jump_bps: Annotated[int, Field(ge=1, le=BPS)] = 300
    """A book whose middle is further from the others' median prices nothing."""

    venues: tuple[VenueSettings, ...] = ()
    """None watches no exchange."""


class AssetSettings(Section):
    """The token that an asset of exchanges can be withdrawn as, on one network."""

    token: HexAddress
    """The contract."""

    decimals: Annotated[int, Field(ge=0, le=36)]
    """Of the contract."""
