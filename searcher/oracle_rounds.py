"""What an oracle's aggregator says of a price, and whether it counts.

Pure. Chainlink writes a price anew when it has moved by the feed's deviation or after the feed's
heartbeat, whichever comes first. An answer that is older, or that a market has left further behind,
is one whose successor is missing.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from graphs.tokens import Token
from graphs.units import BPS, Address
from searcher.price_guard import ReferencePrice

NS: Final = 10**9


class OracleReason(StrEnum):
    """Why an answer prices nothing."""

    UNREADABLE = "the oracle does not answer as an aggregator does"
    NOT_POSITIVE = "the oracle's answer is zero or negative"
    INCOMPLETE = "the oracle's round is not complete"
    CARRIED_OVER = "the oracle's answer is of an earlier round"
    FROM_THE_FUTURE = "the oracle's answer is younger than its block"
    STALE = "the oracle missed its heartbeat"
    OVERTAKEN = "the market left the oracle's answer behind by more than its deviation"


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleFeed:
    """A price feed: what it prices, and what it promises."""

    asset: Token
    """Whose price it is."""

    quote: Token
    """What the price counts."""

    proxy: Address
    """The contract that is asked, whatever aggregator stands behind it."""

    heartbeat_seconds: int
    """A price is written at least so often."""

    deviation_bps: int
    """A price that has moved so far is written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """An answer of `latestRoundData`."""

    round_id: int
    """With the aggregator's phase in its upper bits."""

    answer: int
    """The price, in the feed's decimals."""

    updated_at_s: int
    """Unix seconds; 0 while the round is open."""

    answered_in_round: int
    """The round whose answer it is."""


def judge_round(
    feed: OracleFeed, said: Round, *, decimals: int, now_s: int
) -> ReferencePrice | OracleReason:
    """The price, as of a block's timestamp; or why it is none.

    `answered_in_round` is 0 in aggregators that have given it up.
    """
    if said.answer <= 0:
        return OracleReason.NOT_POSITIVE
    if said.updated_at_s == 0 or said.round_id == 0:
        return OracleReason.INCOMPLETE
    if 0 < said.answered_in_round < said.round_id:
        return OracleReason.CARRIED_OVER
    if said.updated_at_s > now_s:
        return OracleReason.FROM_THE_FUTURE
    if now_s - said.updated_at_s > feed.heartbeat_seconds:
        return OracleReason.STALE
    return ReferencePrice(
        asset=feed.asset.address,
        priced_in=feed.quote.address,
        numerator=said.answer * 10**feed.quote.decimals,
        denominator=10 ** (decimals + feed.asset.decimals),
        updated_at_ns=said.updated_at_s * NS,
    )


def is_overtaken(feed: OracleFeed, price: ReferencePrice, market: Fraction) -> bool:
    """Whether a market's rate, in the same raw units, is further away than the feed lets it be."""
    said = Fraction(price.numerator, price.denominator)
    return abs(market - said) * BPS > said * feed.deviation_bps
