"""How fast messages of exchanges become quotes: in memory per message, and over a socket in bursts.

The burst is sent by another process with its time in the message's number, so that what is measured
is all that lies between: two kernels' buffers, the websocket, the decoder and the quote.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import aiohttp
from aiohttp import web
from typing_extensions import override

from benchmarks.report import Direction, Row, report
from searcher.adapters.clock import NS_PER_SECOND, SystemClock
from searcher.adapters.exchanges.binance import RULES, BinanceConversation
from searcher.adapters.exchanges.conversation import Conversation
from searcher.adapters.exchanges.rate_budget import RateBudget
from searcher.adapters.exchanges.session import Session, SessionTools
from searcher.adapters.exchanges.transport import Transport
from searcher.adapters.feed_record import FeedRecord
from searcher.exchange_books import ExchangeMarket, token_of
from tests.sims.exchanges.lines import FaultyExchange

CLOCK: Final = SystemClock()
US: Final = 1_000.0
"""Nanoseconds."""

MESSAGES: Final = 20_000
RUNS: Final = 5
BURST: Final = 100
BURSTS: Final = 200
PAUSE_SECONDS: Final = 0.02
FLOOD: Final = 400_000


def rows() -> list[Row]:
    """Every measure."""
    best = _ticker_us()
    p50_ms, p99_ms = _burst_ms()
    flood_us, flood_rate = _flood()
    return [
        Row(measure="best prices of Binance to quote, CPU", value=best, unit="us", target=5.0),
        *(
            Row(
                measure=f"{name}, a change of its book to quote, CPU",
                value=us,
                unit="us",
                target=None,
            )
            for name, us in _depth_us()
        ),
        Row(measure="the same with the socket, CPU", value=flood_us, unit="us", target=5.0),
        Row(
            measure="the same with the socket, in a second of CPU",
            value=flood_rate,
            unit="1/s",
            target=200_000.0,
            direction=Direction.AT_LEAST,
        ),
        Row(measure="burst of 100 over a socket, p50", value=p50_ms, unit="ms", target=1.2),
        Row(measure="burst of 100 over a socket, p99", value=p99_ms, unit="ms", target=None),
    ]


def _market() -> ExchangeMarket:
    return ExchangeMarket(
        venue="binance",
        symbol="ETHUSDT",
        base=token_of("ETH", {}),
        quote=token_of("USDT", {}),
        fee_pips=1_000,
        levels=1,
    )


def _ticker(number: int) -> str:
    price = 250_000 + number % 997
    return (
        f'{{"u":{number},"s":"ETHUSDT","b":"{price / 100:.8f}","B":"31.21000000",'
        f'"a":"{(price + 1) / 100:.8f}","A":"40.66000000"}}'
    )


def _cpu_us(take: Callable[[bytes, int], None], frames: list[bytes]) -> float:
    begun = time.process_time_ns()
    for frame in frames:
        take(frame, begun)
    return (time.process_time_ns() - begun) / len(frames) / US


def _ticker_us() -> float:
    runs = []
    for run in range(RUNS):
        frames = [_ticker(1 + run * MESSAGES + i).encode() for i in range(MESSAGES)]
        runs.append(_cpu_us(BinanceConversation([_market()]).receive, frames))
    return statistics.median(runs)


def _depth_us() -> list[tuple[str, float]]:
    """Of the local exchanges' changes: some four levels each."""
    return [(name, _recorded_us(name)) for name in ("binance", "coinbase", "kraken", "kraken best")]


def _recorded_us(name: str) -> float:
    exchange = FaultyExchange(name, 0, {})
    for _ in range(20):
        exchange.step()
    conversation = exchange.conversation
    frames: list[bytes] = []

    def keep(frame: str | bytes, received_ns: int) -> None:  # noqa: ARG001 - as `receive`
        frames.append(frame if isinstance(frame, bytes) else frame.encode())

    recorded: Conversation = conversation
    receive = recorded.receive
    recorded.receive = keep  # type: ignore[method-assign]  # records what would be taken
    for _ in range(1_000):
        exchange.step()
    return _cpu_us(receive, frames)


class _TimedConversation(BinanceConversation):
    """Notes when each quote was there."""

    def __init__(self) -> None:
        super().__init__([_market()])
        self.delays_ns: list[int] = []

    @override
    def receive(self, frame: str | bytes, received_ns: int) -> None:
        super().receive(frame, received_ns)
        self.delays_ns.append(time.monotonic_ns() - self.books["ETHUSDT"].quote.sequence)


async def _run_session(
    conversation: Conversation, mode: str, received: Callable[[int], None]
) -> None:
    """Run one session on all that another process sends in this mode."""
    command = [sys.executable, "-m", "benchmarks.feeds_exchanges", "--serve", mode]
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    port = int(await server.stdout.readline()) if server.stdout else 0
    rules = replace(RULES, ws_url=f"ws://127.0.0.1:{port}/ws")
    async with aiohttp.ClientSession() as http:
        tools = SessionTools(
            rules=rules,
            transport=Transport(http, "binance"),
            clock=CLOCK,
            sleep=_sleep,
            fetches=RateBudget(rules.fetches, CLOCK, _sleep),
            snapshot_path=str,
            received=received,
        )
        await Session(conversation, tools).run()
    await server.wait()


async def _sleep(seconds: float) -> None:
    await CLOCK.wait_until_ns(CLOCK.now_ns() + round(seconds * NS_PER_SECOND))


def _burst_ms() -> tuple[float, float]:
    conversation = _TimedConversation()
    asyncio.run(_run_session(conversation, "burst", lambda _: None))
    delays = sorted(conversation.delays_ns)
    return delays[len(delays) // 2] / US / US, delays[len(delays) * 99 // 100] / US / US


def _flood() -> tuple[float, float]:
    """CPU of a message, and messages in a second of CPU, from the first one on."""
    record = FeedRecord("binance", CLOCK, silence_ns=NS_PER_SECOND)
    begun: list[int] = []

    def received(at_ns: int) -> None:
        record.received(at_ns)
        if not begun:
            begun.append(time.process_time_ns())

    asyncio.run(_run_session(BinanceConversation([_market()]), "flood", received))
    cpu_ns = time.process_time_ns() - begun[0]
    return cpu_ns / FLOOD / US, FLOOD * NS_PER_SECOND / cpu_ns


async def _serve(mode: str) -> None:
    """Send to the first client, and end."""
    done = asyncio.Event()

    async def websocket(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if mode == "flood":
            for number in range(1, FLOOD + 1):
                await socket.send_str(_ticker(number))
        for _ in range(BURSTS if mode == "burst" else 0):
            for _ in range(BURST):
                await socket.send_str(_ticker(time.monotonic_ns()))
            await _sleep(PAUSE_SECONDS)
        await socket.close()
        done.set()
        return socket

    application = web.Application()
    application.router.add_get("/ws", websocket)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await done.wait()
    await runner.cleanup()


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(_serve(sys.argv[-1]))
    else:
        report("feeds_exchanges", rows())
