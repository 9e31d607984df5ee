"""A process of its own that runs ccxt and writes what it shows as lines of JSON.

Run by the interpreter of another environment, which has ccxt and nothing of this project: ccxt pins
versions of packages that are needed here. The first line of the input says what to watch; when the
input ends, so does the process. It needs no secret and is given none.

A line of output is {"venue", "market", "bids", "asks", "time_ms", "sequence"}: levels are pairs of
decimals, best first; the last two are null where the exchange does not say. The last line may be
{"error"}, the kind of what went wrong; whoever reads begins anew.
"""

import asyncio
import json
import os
import sys
import threading
from typing import Any

import ccxt.async_support
import ccxt.pro


def redirected(urls: Any, origins: dict[str, str | None]) -> Any:  # noqa: ANN401 - nested at will
    """The URLs of ccxt with the scheme and host of others where they are given."""
    if isinstance(urls, dict):
        return {name: redirected(value, origins) for name, value in urls.items()}
    if not isinstance(urls, str) or "://" not in urls:
        return urls
    scheme, rest = urls.split("://", 1)
    origin = origins["ws" if scheme.startswith("ws") else "http"]
    _, slash, path = rest.partition("/")
    return urls if origin is None else origin.rstrip("/") + slash + path


def opened(request: dict[str, Any]) -> Any:  # noqa: ANN401 - ccxt's classes are not known here
    """The exchange, by websocket where ccxt has one, about spot markets alone where it can."""
    name = request["exchange"]
    known = getattr(ccxt.pro, name, None) or getattr(ccxt.async_support, name, None)
    if name not in ccxt.exchanges or known is None:
        raise ccxt.NotSupported(name)
    exchange = known({"enableRateLimit": True, "options": {"defaultType": "spot"}})
    chosen = exchange.options.get("fetchMarkets")
    if isinstance(chosen, dict) and "spot" in chosen.get("types", ()):
        only = {"spot": True} if isinstance(chosen["types"], dict) else ["spot"]
        exchange.options["fetchMarkets"] = {**chosen, "types": only}
    origins = {"ws": request["ws_url"], "http": request["rest_url"]}
    exchange.urls["api"] = redirected(exchange.urls["api"], origins)
    return exchange


def written(levels: Any, count: int) -> list[tuple[str, str]]:  # noqa: ANN401 - as above
    """The best levels; the text of a float is the decimal it was read from, up to 15 digits."""
    return [(str(level[0]), str(level[1])) for level in levels[:count]]


async def follow(exchange: Any, market: str, request: dict[str, Any]) -> None:  # noqa: ANN401
    """Write a line whenever ccxt shows the market again."""
    look = exchange.fetch_order_book
    if exchange.has.get("watchOrderBook"):
        look = exchange.watch_order_book
    while True:
        book = await look(market)
        sequence = book.get("nonce")
        line = {
            "venue": request["exchange"],
            "market": market,
            "bids": written(book["bids"], request["levels"]),
            "asks": written(book["asks"], request["levels"]),
            "time_ms": book.get("timestamp"),
            "sequence": sequence if isinstance(sequence, int) else None,
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


async def run(request: dict[str, Any]) -> None:
    """Follow every market until one of them fails."""
    exchange = opened(request)
    try:
        await exchange.load_markets()
        async with asyncio.TaskGroup() as tasks:
            for market in request["markets"]:
                tasks.create_task(follow(exchange, market, request))
    finally:
        await exchange.close()


def end_with_the_input() -> None:
    """Leave nothing behind when whoever started this is gone."""
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Read what to watch, and watch it."""
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_the_input, daemon=True).start()
    kinds: set[str] = set()
    try:
        asyncio.run(run(request))
    except* Exception as failures:  # noqa: BLE001 - whatever a foreign package raises is told
        kinds = {type(error).__name__ for error in failures.exceptions}
    if kinds:
        sys.stdout.write(json.dumps({"error": " and ".join(sorted(kinds))}) + "\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
