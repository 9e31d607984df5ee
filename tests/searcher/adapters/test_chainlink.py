"""Chainlink's answers against eth_abi, against garbage, and by the reason that refuses each."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from graphs.tokens import Token
from graphs.units import Address
from searcher.adapters.chainlink import (
    ANSWER_UPDATED,
    MAX_DECIMALS,
    decode_answer_updated,
    decode_reading,
)
from searcher.errors import WireError
from searcher.exchange_books import token_of
from searcher.oracle_rounds import OracleFeed, OracleReason, Round, is_overtaken, judge_round
from searcher.price_guard import GuardLimits, ReferencePrice, References
from searcher.settings.oracles import OracleSettings
from tests.searcher.adapters.test_decoding import json_values

ROUND_TYPES = ["uint80", "int256", "uint256", "uint256", "uint80"]
AGGREGATOR = "0x" + "a9" * 20
ETH = Token(address=Address("0x" + "ee" * 20), symbol="ETH", decimals=18)
USD = token_of("USD", {})
NOW = 1_700_000_000
FEED = OracleSettings(
    asset="ETH", quote="USD", proxy="0x" + "fe" * 20, heartbeat_seconds=3_600, deviation_bps=50
).feed({"ETH": ETH})
GOOD = Round(round_id=9, answer=2_000 * 10**8, updated_at_s=NOW, answered_in_round=9)

uint80 = st.integers(0, 2**80 - 1)
uint256 = st.integers(0, 2**256 - 1)
int256 = st.integers(-(2**255), 2**255 - 1)
answers = st.none() | st.binary(max_size=200) | st.binary(min_size=32, max_size=32)


def priced(feed: OracleFeed, said: Round, *, decimals: int = 8) -> ReferencePrice:
    price = judge_round(feed, said, decimals=decimals, now_s=NOW)
    assert isinstance(price, ReferencePrice)
    return price


@given(values=st.tuples(uint80, int256, uint256, uint256, uint80), places=st.integers(0, 36))
def test_reading_is_what_the_abi_says(values: tuple[int, int, int, int, int], places: int) -> None:
    said = encode(ROUND_TYPES, values)
    keeper = encode(["address"], [AGGREGATOR])
    reading = decode_reading([said, encode(["uint8"], [places]), keeper])
    assert reading.round == Round(
        round_id=values[0],
        answer=values[1],
        updated_at_s=values[3],
        answered_in_round=values[4],
    )
    assert (reading.decimals, reading.aggregator) == (places, AGGREGATOR)


@given(said=st.tuples(answers, answers, answers))
def test_reading_of_anything_is_a_wire_error_at_most(said: Sequence[bytes | None]) -> None:
    with suppress(WireError):
        assert decode_reading(said).decimals <= MAX_DECIMALS


@given(answer=int256, round_id=st.integers(0, 2**64 - 1), updated_at_s=uint256)
def test_event_is_what_the_abi_says(answer: int, round_id: int, updated_at_s: int) -> None:
    topics = [ANSWER_UPDATED, *("0x" + encode([kind], [value]).hex() for kind, value in
              (("int256", answer), ("uint256", round_id)))]  # fmt: skip
    log = {"address": AGGREGATOR, "topics": topics, "data": hex_word(updated_at_s)}
    event = decode_answer_updated(log)
    assert event is not None
    assert (event.answer, event.round_id, event.updated_at_s) == (answer, round_id, updated_at_s)


def hex_word(value: int) -> str:
    return "0x" + encode(["uint256"], [value]).hex()


@given(
    log=json_values
    | st.fixed_dictionaries(
        {
            "address": st.just(AGGREGATOR),
            "topics": st.lists(st.just(ANSWER_UPDATED) | json_values, max_size=4),
            "data": json_values,
        }
    )
)
def test_log_of_anything_is_a_wire_error_at_most(log: object) -> None:
    with suppress(WireError):
        decode_answer_updated(log)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (replace(GOOD, answer=0), OracleReason.NOT_POSITIVE),
        (replace(GOOD, answer=-1), OracleReason.NOT_POSITIVE),
        (replace(GOOD, updated_at_s=0), OracleReason.INCOMPLETE),
        (replace(GOOD, round_id=0), OracleReason.INCOMPLETE),
        (replace(GOOD, answered_in_round=8), OracleReason.CARRIED_OVER),
        (replace(GOOD, updated_at_s=NOW + 1), OracleReason.FROM_THE_FUTURE),
        (replace(GOOD, updated_at_s=NOW - 3_601), OracleReason.STALE),
    ],
)
def test_round_is_refused_by_name(said: Round, reason: OracleReason) -> None:
    assert judge_round(FEED, said, decimals=8, now_s=NOW) is reason


def test_round_counts_to_the_last_second_of_its_heartbeat() -> None:
    priced(FEED, replace(GOOD, updated_at_s=NOW - 3_600, answered_in_round=0))


@given(
    answer=st.integers(1, 2**200),
    decimals=st.integers(0, 36),
    places=st.tuples(st.integers(0, 36), st.integers(0, 36)),
)
def test_price_is_the_answer_in_raw_units(
    answer: int, decimals: int, places: tuple[int, int]
) -> None:
    feed = replace(
        FEED, asset=replace(ETH, decimals=places[0]), quote=replace(USD, decimals=places[1])
    )
    price = priced(feed, replace(GOOD, answer=answer), decimals=decimals)
    whole = Fraction(answer, 10**decimals)
    limits = GuardLimits(max_deviation_bps=1, max_oracle_age_ns=1)
    references = References([], [price], limits, now_ns=price.updated_at_ns)
    rate = references.rate(ETH.address, USD.address)
    assert rate == whole * Fraction(10) ** (places[1] - places[0])


@given(bps=st.integers(-200, 200))
def test_market_overtakes_beyond_the_deviation(bps: int) -> None:
    price = priced(FEED, GOOD)
    market = Fraction(price.numerator, price.denominator) * Fraction(10_000 + bps, 10_000)
    assert is_overtaken(FEED, price, market) == (abs(bps) > FEED.deviation_bps)
