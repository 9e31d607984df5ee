"""What announces pending transactions, hints and books: each is listened to for a moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Final

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.exchanges.desk import ExchangeDesk
from searcher.adapters.mempool import SUBSCRIPTIONS
from searcher.adapters.mev_share import MevShareFeed
from searcher.adapters.pending_feed import PendingFeed
from searcher.adapters.rpc import masked, open_rpc, open_subscription
from searcher.adapters.sources import subscription_url
from searcher.adapters.surroundings import Surroundings
from searcher.doctor.finding import Finding, failure, ok, warning
from searcher.errors import ConfigError, RpcError
from searcher.feed_health import FeedHealth, FeedState
from searcher.settings.mempool import MempoolSettings, PendingMethod
from searcher.settings.network import NetworkSettings

LISTEN_SECONDS: Final = 8.0
"""For a source to become live, or to announce something."""

LOOK_SECONDS: Final = 0.1
"""Between two looks at the health of sources."""


async def mempool_finding(settings: MempoolSettings, network: NetworkSettings) -> Finding:
    """Whether a node announces what the configured method promises: bodies, or hashes."""
    title = f"mempool {settings.name}: {settings.method}"
    try:
        if settings.method is PendingMethod.FILTER:
            url = (settings.http_url or network.http_url).get_secret_value()
            async with asyncio.timeout(LISTEN_SECONDS), open_rpc(url) as rpc:
                await rpc.call("eth_newPendingTransactionFilter")
            return ok(title, f"{masked(url)} keeps a filter")
        url = subscription_url(settings, network)
        return _announcement(title, settings.method, await _first_announced(settings, url))
    except RpcError as error:
        words, remedy = error.reason.partition(";")[0], "correct its ws_url, or choose its method"
    except ConfigError as error:
        words, _, remedy = error.reason.partition("; ")
    except TimeoutError:
        words, remedy = "the subscription was not confirmed", "choose another method"
    return failure(title, words, remedy)


async def _first_announced(settings: MempoolSettings, url: str) -> object:
    """What is announced first; None where nothing is for a while.

    Raises:
        RpcError: unreachable, or refused.
        TimeoutError: the subscription is not confirmed.
    """
    parameters = SUBSCRIPTIONS[settings.method]
    async with asyncio.timeout(LISTEN_SECONDS) as listening:
        async with open_subscription(url, *parameters, kind=object) as notifications:
            listening.reschedule(None)
            return await _within(notifications)


async def _within(notifications: AsyncIterator[object]) -> object:
    """The next notification; None where none comes for a while."""
    try:
        async with asyncio.timeout(LISTEN_SECONDS):
            return await anext(notifications)
    except TimeoutError:
        return None


def _announcement(title: str, method: PendingMethod, announced: object) -> Finding:
    has_hash = isinstance(announced, str)
    if announced is None:
        words = f"subscribed, and nothing was announced in {LISTEN_SECONDS:.0f} s"
        return warning(title, words, "see with `searcher watch` whether anything comes")
    if has_hash and method is not PendingMethod.HASHES:
        return failure(
            title, "announces hashes without bodies", 'set method = "hashes" for this source'
        )
    if not has_hash and method is PendingMethod.HASHES:
        return failure(title, "announces whole bodies", 'set method = "full" for this source')
    return ok(title, "announces hashes" if has_hash else "announces whole bodies")


async def pending_findings(feed: PendingFeed, around: Surroundings) -> list[Finding]:
    """Whether every gRPC source becomes live."""
    heard = await _listen(feed.run(), feed.health, around)
    remedy = "check target, tls and auth of this source, and that the service runs"
    return [_source("grpc", one, remedy) for one in heard]


async def exchange_findings(desk: ExchangeDesk, around: Surroundings) -> list[Finding]:
    """Whether every exchange shows whole books."""
    heard = await _listen(desk.run(), desk.health, around)
    remedy = "check markets and ws_url of this venue, and that this machine may reach it"
    return [_source("exchange", one, remedy) for one in heard]


async def hints_finding(feed: MevShareFeed, around: Surroundings) -> Finding:
    """Whether the stream of hints opens."""

    async def drain() -> None:
        async for _ in feed.hints():
            pass

    heard = await _listen(drain(), lambda: (feed.health(),), around)
    return _source("hints", heard[0], "check url under mev_share")


async def _listen(
    running: Coroutine[None, None, None],
    health: Callable[[], Sequence[FeedHealth]],
    around: Surroundings,
) -> Sequence[FeedHealth]:
    """Let sources work until all are live, or for a while; how they are then."""
    until_ns = around.clock.now_ns() + round(LISTEN_SECONDS * NS_PER_SECOND)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(running)
        while True:
            heard = health()
            is_over = around.clock.now_ns() >= until_ns
            if is_over or all(one.state is FeedState.LIVE for one in heard):
                break
            await around.sleep(LOOK_SECONDS)
        task.cancel()
    return heard


def _source(kind: str, health: FeedHealth, remedy: str) -> Finding:
    title = f"{kind} {health.source}"
    if health.state is FeedState.LIVE:
        return ok(title, f"live, {health.messages} messages")
    words = f"{health.state}: {health.reason}"
    if health.state is FeedState.SYNCING:
        return warning(title, words, "see with `searcher watch` whether it becomes live")
    return failure(title, words, remedy)
