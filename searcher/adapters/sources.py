"""The sources of the world that a network names, each as one object, for the bot and the watch."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from graphs.tokens import Token
from graphs.units import Address
from searcher.adapters.exchanges.desk import ExchangeDesk
from searcher.adapters.exchanges.opening import open_desk
from searcher.adapters.mempool import MempoolEndpoint, MempoolSource
from searcher.adapters.mempool_grpc.configured import configured_source
from searcher.adapters.pending_feed import PendingFeed, PendingSource
from searcher.adapters.rpc import open_rpc
from searcher.adapters.surroundings import Surroundings
from searcher.errors import ConfigError
from searcher.settings.exchanges import ExchangesSettings
from searcher.settings.mempool import MempoolSettings, PendingMethod
from searcher.settings.network import NetworkSettings


@asynccontextmanager
async def open_pending_feed(
    network: NetworkSettings, around: Surroundings
) -> AsyncIterator[PendingFeed]:
    """All sources of pending transactions as one, not yet running; none where none is configured.

    Raises:
        ConfigError: a subscription has no websocket, its own or the network's.
    """
    async with AsyncExitStack() as stack:
        sources: list[PendingSource] = []
        for settings in network.mempool:
            url = settings.http_url or network.http_url
            rpc = await stack.enter_async_context(open_rpc(url.get_secret_value()))
            endpoint = MempoolEndpoint(
                name=settings.name,
                method=settings.method,
                ws_url=_ws_url(settings, network),
                rpc=rpc,
                reads_content=settings.reads_content,
                silence_seconds=settings.silence_seconds,
                poll_seconds=settings.poll_seconds,
            )
            sources.append(
                MempoolSource(
                    endpoint, clock=around.clock, random=around.random, sleep=around.sleep
                )
            )
        sources.extend(
            configured_source(grpc, chain_id=network.chain_id, surroundings=around)
            for grpc in network.grpc_sources
        )
        yield PendingFeed(sources)


@asynccontextmanager
async def open_exchanges(
    settings: ExchangesSettings, network: NetworkSettings, around: Surroundings
) -> AsyncIterator[ExchangeDesk]:
    """All exchanges, not yet running; the network says as which tokens assets are withdrawn."""
    tokens = {
        asset: Token(address=Address(one.token), symbol=asset, decimals=one.decimals)
        for asset, one in network.assets.items()
    }
    async with open_desk(settings, tokens, around) as desk:
        yield desk


def _ws_url(settings: MempoolSettings, network: NetworkSettings) -> str:
    if settings.method is PendingMethod.FILTER:
        return ""
    url = settings.ws_url or network.ws_url
    if url is None:
        raise ConfigError(
            f"mempool source {settings.name} has no ws_url, and the network has none either; "
            'add one, or choose method = "filter"'
        )
    return url.get_secret_value()
