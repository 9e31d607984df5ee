"""Chainlink's price feeds: read from their proxies, then followed by the aggregators' events.

A proxy stays when its aggregator is replaced. So the proxy is read, and names the aggregator whose
events tell the answers until it is read again.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from graphs.units import Address
from searcher.adapters.abi import (
    WORD_BITS,
    decode_address,
    decode_signed,
    decode_unsigned,
    selector,
    topic,
)
from searcher.adapters.decoding import address, array, hash32, hex_bytes, member
from searcher.adapters.event_words import expect, indexed_word
from searcher.adapters.multicall import Call, Multicall
from searcher.errors import WireError
from searcher.oracle_rounds import OracleFeed, OracleReason, Round, is_overtaken, judge_round
from searcher.price_guard import ReferencePrice

LATEST_ROUND_DATA: Final = selector("latestRoundData()")
DECIMALS: Final = selector("decimals()")
AGGREGATOR: Final = selector("aggregator()")
ANSWER_UPDATED: Final = topic("AnswerUpdated(int256,uint256,uint256)")

ROUND_BITS: Final = 80
PHASE_SHIFT: Final = 64
"""A proxy's round is its phase above the aggregator's round."""

DECIMALS_BITS: Final = 8
MAX_DECIMALS: Final = 36
"""No feed has more than 18."""

VIEWS: Final = (LATEST_ROUND_DATA, DECIMALS, AGGREGATOR)
ANSWER_TOPICS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerUpdated:
    """An aggregator's new answer. Its round has no phase: only the proxy numbers those."""

    aggregator: Address
    """Who said it."""

    answer: int
    """The price, in the feed's decimals."""

    round_id: int
    """The aggregator's own number."""

    updated_at_s: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One proxy's answers at one block."""

    round: Round
    """The latest."""

    decimals: int
    """Of its answer."""

    aggregator: Address
    """Whose events follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OraclePrices:
    """What all feeds say at a block."""

    prices: tuple[ReferencePrice, ...]
    """Those that count."""

    refused: Mapping[Address, OracleReason]
    """By proxy, those that do not."""


Market = Callable[[Address, Address], Fraction | None]
"""Raw units of the second asset for one of the first, where a market says it."""


def no_market(_asset: Address, _quote: Address) -> None:
    """Without a market beside the oracles."""


class Oracles:
    """The feeds of a network: read from the chain now and then, followed by events in between."""

    def __init__(self, feeds: Sequence[OracleFeed]) -> None:
        """Know no answer yet."""
        self._feeds = tuple(feeds)
        self._readings: dict[Address, Reading] = {}

    @property
    def aggregators(self) -> frozenset[Address]:
        """Whose AnswerUpdated counts."""
        return frozenset(reading.aggregator for reading in self._readings.values())

    async def read(self, multicall: Multicall, block_hash: str) -> None:
        """Ask every proxy at the block. What cannot be read is not known any more.

        Raises:
            RpcError, WireError: the node refused, or there is no Multicall3; nothing has changed.
        """
        calls = [Call(to=feed.proxy, data=view) for feed in self._feeds for view in VIEWS]
        answers = await multicall.aggregate(calls, block_hash)
        readings: dict[Address, Reading] = {}
        for index, feed in enumerate(self._feeds):
            start = index * len(VIEWS)
            # A feed without a reading is refused by name when prices are asked for.
            with suppress(WireError):
                readings[feed.proxy] = decode_reading(answers[start : start + len(VIEWS)])
        self._readings = readings

    def follow(self, logs: Sequence[object]) -> None:
        """Take the newer answers of a block's logs, in order.

        After a reorg, and every few blocks for the sake of replaced aggregators, `read` again.

        Raises:
            WireError: a malformed log.
        """
        for log in logs:
            event = decode_answer_updated(log)
            if event is None:
                continue
            for proxy, reading in self._readings.items():
                if reading.aggregator == event.aggregator:
                    self._readings[proxy] = _followed(reading, event)

    def prices(self, *, now_s: int, market: Market = no_market) -> OraclePrices:
        """What counts at a block's timestamp, beside what markets say (`References.rate`)."""
        prices: list[ReferencePrice] = []
        refused: dict[Address, OracleReason] = {}
        for feed in self._feeds:
            reading = self._readings.get(feed.proxy)
            price: ReferencePrice | OracleReason = OracleReason.UNREADABLE
            if reading is not None:
                price = judge_round(feed, reading.round, decimals=reading.decimals, now_s=now_s)
            rate = market(feed.asset.address, feed.quote.address)
            if isinstance(price, OracleReason):
                refused[feed.proxy] = price
            elif rate is not None and is_overtaken(feed, price, rate):
                refused[feed.proxy] = OracleReason.OVERTAKEN
            else:
                prices.append(price)
        return OraclePrices(prices=tuple(prices), refused=refused)


def _followed(reading: Reading, event: AnswerUpdated) -> Reading:
    """The event's answer, unless it is older. The phase is the proxy's, and stays."""
    held = reading.round
    phase = held.round_id >> PHASE_SHIFT << PHASE_SHIFT
    if event.round_id <= held.round_id - phase:
        return reading
    number = phase + event.round_id
    said = Round(
        round_id=number,
        answer=event.answer,
        updated_at_s=event.updated_at_s,
        answered_in_round=number,
    )
    return replace(reading, round=said)


def decode_reading(answers: Sequence[bytes | None]) -> Reading:
    """A proxy's answers to the views, in their order.

    Raises:
        WireError: one reverted, is too short, or exceeds its type.
    """
    said, places, keeper = answers
    if said is None or places is None or keeper is None:
        raise WireError("latestRoundData", "reverted")
    decimals = decode_unsigned(places, 0, bits=DECIMALS_BITS, field="decimals")
    if decimals > MAX_DECIMALS:
        raise WireError("decimals", f"{decimals}")
    field = "latestRoundData"
    return Reading(
        round=Round(
            round_id=decode_unsigned(said, 0, bits=ROUND_BITS, field=field),
            answer=decode_signed(said, 1, bits=WORD_BITS, field=field),
            updated_at_s=decode_unsigned(said, 3, bits=WORD_BITS, field=field),
            answered_in_round=decode_unsigned(said, 4, bits=ROUND_BITS, field=field),
        ),
        decimals=decimals,
        aggregator=decode_address(keeper, 0, field="aggregator"),
    )


def decode_answer_updated(log: object) -> AnswerUpdated | None:
    """The log of a new answer; None for any other log.

    Raises:
        WireError: an AnswerUpdated of another shape.
    """
    topics = array(member(log, "topics"), "log.topics")
    if not topics or hash32(topics[0], "log.topics") != ANSWER_UPDATED:
        return None
    data = hex_bytes(member(log, "data"), "log.data")
    expect(topics, data, topic_count=ANSWER_TOPICS, words=1)
    field = "AnswerUpdated"
    return AnswerUpdated(
        aggregator=address(member(log, "address"), "log.address"),
        answer=decode_signed(indexed_word(topics[1]), 0, bits=WORD_BITS, field=field),
        round_id=decode_unsigned(indexed_word(topics[2]), 0, bits=PHASE_SHIFT, field=field),
        updated_at_s=decode_unsigned(data, 0, bits=WORD_BITS, field=field),
    )
