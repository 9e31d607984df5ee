"""The sources that a network's settings name, for the bot and for whoever only watches.

Nothing is connected before somebody listens, and nothing here needs a key.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from graphs.tokens import Token
from graphs.units import Address
from searcher.adapters.exchanges.desk import ExchangeDesk
from searcher.adapters.exchanges.opening import open_desk
from searcher.adapters.mempool import MempoolEndpoint, MempoolSource
from searcher.adapters.mempool_grpc.configured import configured_source
from searcher.adapters.mev_share import MevShareFeed
from searcher.adapters.pending_feed import PendingFeed, PendingSource
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.adapters.surroundings import Surroundings
from searcher.errors import ConfigError
from searcher.settings.exchanges import ExchangesSettings
from searcher.settings.mempool import MempoolSettings, PendingMethod
from searcher.settings.network import NetworkSettings


@asynccontextmanager
async def open_pending_feed(
    network: NetworkSettings, surroundings: Surroundings
) -> AsyncIterator[PendingFeed]:
    """Every source of pending transactions as one feed, not yet running.

    Raises:
        ConfigError: a source subscribes, and neither it nor the network has a `ws_url`.
    """
    async with AsyncExitStack() as stack:
        sources: list[PendingSource] = []
        for settings in network.mempool:
            url = (settings.http_url or network.http_url).get_secret_value()
            rpc = await stack.enter_async_context(open_rpc(url))
            sources.append(_node_source(settings, network, rpc=rpc, surroundings=surroundings))
        sources += [
            configured_source(settings, chain_id=network.chain_id, surroundings=surroundings)
            for settings in network.grpc_sources
        ]
        yield PendingFeed(sources)


@asynccontextmanager
async def open_exchanges(
    settings: ExchangesSettings, network: NetworkSettings, surroundings: Surroundings
) -> AsyncIterator[ExchangeDesk]:
    """Every exchange as one desk, not yet running; its assets are the network's tokens."""
    async with open_desk(settings, asset_tokens(network), surroundings) as desk:
        yield desk


def asset_tokens(network: NetworkSettings) -> dict[str, Token]:
    """The tokens that assets of exchanges can be withdrawn as, by canonical id."""
    return {
        asset: Token(address=Address(token.token), symbol=asset, decimals=token.decimals)
        for asset, token in network.assets.items()
    }


def mev_share_feed(network: NetworkSettings, surroundings: Surroundings) -> MevShareFeed | None:
    """The stream of hints; None where the network has none."""
    if network.mev_share is None:
        return None
    url = network.mev_share.url.get_secret_value()
    return MevShareFeed(network.mev_share.name, url=url, surroundings=surroundings)


def subscription_url(settings: MempoolSettings, network: NetworkSettings) -> str:
    """Where a source subscribes; empty for one that polls.

    Raises:
        ConfigError: neither the source nor the network says.
    """
    if settings.method is PendingMethod.FILTER:
        return ""
    url = settings.ws_url or network.ws_url
    if url is None:
        raise ConfigError(
            f"mempool source {settings.name!r} has no websocket; set ws_url, or method = 'filter'"
        )
    return url.get_secret_value()


def _node_source(
    settings: MempoolSettings, network: NetworkSettings, *, rpc: Rpc, surroundings: Surroundings
) -> MempoolSource:
    endpoint = MempoolEndpoint(
        name=settings.name,
        method=settings.method,
        ws_url=subscription_url(settings, network),
        rpc=rpc,
        reads_content=settings.reads_content,
        silence_seconds=settings.silence_seconds,
        poll_seconds=settings.poll_seconds,
    )
    return MempoolSource(
        endpoint,
        clock=surroundings.clock,
        random=surroundings.random,
        sleep=surroundings.sleep,
    )
