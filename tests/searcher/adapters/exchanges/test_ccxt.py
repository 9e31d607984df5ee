"""Books from a process: whole while lines come, gone with the process, marked as conflated."""

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr, ValidationError

from searcher.adapters.exchanges.desk import BookLimits, ExchangeDesk
from searcher.adapters.exchanges.feed import ExchangeFeed
from searcher.adapters.exchanges.line_process import LineProcess
from searcher.adapters.exchanges.opening import venues_of
from searcher.adapters.surroundings import Surroundings
from searcher.exchange_books import ShownBook
from searcher.feed_health import FeedState
from searcher.settings.exchanges import VenueSettings
from tests.searcher.adapters.exchanges.watched_market import CLOCK, LEVELS, Market, watched

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[4]
INTERPRETER = ROOT / ".venv-ccxt" / "bin" / "python"
SPEAKER = Path(__file__).with_name("line_speaker.py")
MARKETS = ("ETH/USDT", "BTC/USDT")
LIMITS = BookLimits(
    max_age_ns=60_000_000_000, conflated_max_age_ns=10_000_000_000, max_jump_bps=300
)
LONG_NS = 20_000_000_000
LOOK_NS = 1_000_000
PAUSE_NS = 30_000_000


def settings(exchange: str, **changes: object) -> VenueSettings:
    fields = {"kind": "ccxt", "exchange": exchange, "markets": MARKETS, "fee_pips": 1_000}
    return VenueSettings.model_validate({**fields, "python": sys.executable, **changes})


async def until(condition: Callable[[], object]) -> None:
    deadline_ns = CLOCK.now_ns() + LONG_NS
    while not condition():
        assert CLOCK.now_ns() < deadline_ns
        await CLOCK.wait_until_ns(CLOCK.now_ns() + LOOK_NS)


async def unhurried(seconds: float) -> None:  # noqa: ARG001 - long enough to be seen, no longer
    """Wait a moment, whatever is asked for."""
    await CLOCK.wait_until_ns(CLOCK.now_ns() + PAUSE_NS)


async def until_whole(market: Market) -> None:
    """Change the market now and then: a change that ccxt merges is shown with the next one."""
    deadline_ns = CLOCK.now_ns() + LONG_NS
    while CLOCK.now_ns() < deadline_ns:
        await market.step()
        next_ns = CLOCK.now_ns() + PAUSE_NS
        while CLOCK.now_ns() < next_ns:
            if market.is_whole():
                return
            await CLOCK.wait_until_ns(CLOCK.now_ns() + LOOK_NS)
    raise AssertionError("it never was so")


class Listening:
    """A desk that listens to the speaker, and the states that it was seen in."""

    def __init__(self, exchange: str, *, silence_seconds: float = 30, **changes: object) -> None:
        (venue,) = venues_of(settings(exchange, **changes), {})
        rules = replace(venue.rules, silence_seconds=silence_seconds)
        around = Surroundings(clock=CLOCK, sleep=unhurried, random=Random(1))  # noqa: S311 - jitter
        process = LineProcess(venue.name, ["-I", str(SPEAKER)])
        self.desk = ExchangeDesk(
            [ExchangeFeed(replace(venue, rules=rules), process, around)], LIMITS
        )
        self.reasons: set[str] = set()

    def books(self) -> dict[str, ShownBook]:
        return {book.market.symbol: book for book in self.desk.shown(CLOCK.now_ns())}

    def has_ended(self, reason: str) -> bool:
        health = self.desk.health()[0]
        if health.state is FeedState.CONNECTING:
            assert self.books() == {}
        self.reasons.add(health.reason)
        return any(reason in one for one in self.reasons)


@asynccontextmanager
async def listening(exchange: str, **changes: float) -> AsyncIterator[Listening]:
    one = Listening(exchange, **changes)
    async with one.desk.running():
        yield one


async def test_lines_are_books_that_are_marked_and_young() -> None:
    async with listening("steady") as one:
        await until(lambda: len(one.books()) == len(MARKETS))
        book = one.books()["ETH/USDT"]

        assert one.desk.health()[0].state is FeedState.LIVE
        assert book.market.is_conflated
        assert book.market.venue == "ccxt-steady"
        assert [level.price for level in book.bids[:2]] == [
            2_000_5 * book.price_scale // 10,
            2_000 * book.price_scale,
        ]
        assert book.quote.exchange_ns is not None
        assert book.quote.exchange_ns > 0
        now_ns = CLOCK.now_ns()
        assert one.desk.shown(now_ns + LIMITS.conflated_max_age_ns) == ()


async def test_the_process_sees_no_secret_and_is_gone_with_its_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPEAKER_SECRET", "seen")
    async with listening("steady") as one:
        await until(one.books)
        quote = one.books()["ETH/USDT"].quote

    assert (quote.exchange_ns or 0) > 0
    with pytest.raises(ProcessLookupError):
        os.kill(quote.sequence, 0)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("ends", "the process ended (0)"),
        ("fails", "ccxt failed: NetworkError"),
        ("garbage", "a line about an exchange"),
        ("huge", "a line was too long"),
        ("stranger", "nobody asked for it"),
        ("other", "nobody asked for it"),
        ("negative", "a decimal"),
    ],
)
async def test_a_process_that_goes_wrong_is_given_up_and_begun_again(
    what: str, reason: str
) -> None:
    async with listening(what) as one:
        await until(lambda: one.has_ended(reason))
        await until(lambda: one.has_ended(reason) and one.desk.health()[0].reconnects > 1)


async def test_a_silent_process_is_given_up() -> None:
    async with listening("silent", silence_seconds=0.5) as one:
        await until(lambda: one.has_ended("silent for too long"))


async def test_an_interpreter_that_is_missing_is_named() -> None:
    one = Listening("steady", python="/nowhere/python")
    async with one.desk.running():
        await until(lambda: one.has_ended("/nowhere/python cannot be started"))


@pytest.mark.parametrize("wrong", [{"kind": "kraken"}, {"exchange": ""}, {"exchange": "A b"}])
def test_ccxt_and_no_other_kind_names_an_exchange(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="exchange"):
        settings(**{"exchange": "okx", **wrong})


@pytest.mark.skipif(not INTERPRETER.exists(), reason="ccxt is not installed: just setup-ccxt")
async def test_ccxt_shows_what_a_local_exchange_knows() -> None:
    def by_ccxt(host: str) -> VenueSettings:
        return settings(
            "binance",
            python=INTERPRETER,
            markets=("ETH/USD",),
            levels=LEVELS,
            ws_url=SecretStr(f"ws://{host}"),
            rest_url=SecretStr(f"http://{host}"),
        )

    async with watched("binance", venue_of=by_ccxt) as market:
        await until_whole(market)

        assert market.state() is FeedState.LIVE
        (book,) = market.watcher.shown(CLOCK.now_ns())
        assert book.market.is_conflated
        assert book.quote.sequence == market.book.number
