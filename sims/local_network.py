"""A local chain as a network that the bot can be pointed at: its contracts, its relay, its file.

Shared by the demonstration, `sims devnet` and `sims fork`, which differ in what stands on the
chain. The file is there while the chain runs and gone afterwards.
"""

import json
import socket
import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from searcher.flash_lenders import LenderKind
from searcher.settings.mempool import MempoolSettings
from searcher.settings.network import (
    FactorySettings,
    LenderSettings,
    NetworkSettings,
    RelaySettings,
)
from searcher.settings.routers import RouterSettings
from sims.devnet.anvil import Anvil
from sims.devnet.deployment import Deployment
from sims.devnet.storage import write_atomically
from sims.errors import NetworkRunningError
from sims.relay.server import RelayOptions, RunningRelay, running_relay

ANY_AGE_SECONDS: Final = 100 * 365 * 24 * 3_600
"""A local chain's time starts where its deployment was kept, and passes at its own pace."""

TABLES: Final = (
    "endpoints",
    "factories",
    "lenders",
    "routers",
    "mempool",
    "grpc_sources",
    "relays",
)
"""Fields of a network that are lists of sections."""


def devnet_network(anvil: Anvil, deployment: Deployment) -> NetworkSettings:
    """The deployed chain as the bot's configuration describes one, without a relay yet."""
    factories = [
        {
            "kind": factory.kind,
            "venue": factory.venue,
            "address": factory.address,
            "fee_pips": factory.fee_pips or 0,
        }
        for factory in deployment.factories
    ]
    routers = [
        {
            "kind": factory.kind,
            "address": factory.router,
            f"v{factory.kind[-1]}_venue": factory.venue,
        }
        for factory in deployment.factories
    ]
    return NetworkSettings(
        chain_id=deployment.chain_id,
        http_url=SecretStr(anvil.http_url),
        ws_url=SecretStr(anvil.ws_url),
        max_head_age_seconds=ANY_AGE_SECONDS,
        weth=deployment.weth,
        multicall3=deployment.multicall3,
        executor=deployment.executor,
        start_block=deployment.start_block,
        mempool=(MempoolSettings(name="anvil"),),
        factories=tuple(FactorySettings.model_validate(entry) for entry in factories),
        routers=tuple(RouterSettings.model_validate(entry) for entry in routers),
        lenders=(
            LenderSettings(kind=LenderKind.NONE),
            *(
                LenderSettings(kind=lender.kind, address=lender.address)
                for lender in deployment.lenders
            ),
        ),
    )


@asynccontextmanager
async def running_local_relay(
    network: NetworkSettings, *, port: int = 0
) -> AsyncIterator[tuple[RunningRelay, NetworkSettings]]:
    """Put the local relay and builder in front of a chain that mines only when told."""
    options = RelayOptions(node_url=network.http_url.get_secret_value(), port=port)
    async with running_relay(options) as relay:
        local = RelaySettings(name="local", url=SecretStr(relay.url))
        yield relay, network.model_copy(update={"relays": (local,)})


@contextmanager
def network_file(network: NetworkSettings, path: Path) -> Iterator[None]:
    """Leave the file that `searcher run --network` reads, for as long as the chain runs.

    Raises:
        NetworkRunningError: another chain that still runs has left it.
    """
    content = network_toml(network).encode()
    if path.exists() and _answers(path):
        raise NetworkRunningError(path)
    write_atomically(path, content)
    try:
        yield
    finally:
        if path.exists() and path.read_bytes() == content:
            path.unlink()


def _answers(path: Path) -> bool:
    """Whether somebody listens where the file says; a killed chain leaves its file behind."""
    try:
        url = urlsplit(str(tomllib.loads(path.read_text(encoding="utf-8"))["http_url"]))
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=1):
            return True
    except (OSError, ValueError, KeyError):
        return False


def network_toml(network: NetworkSettings) -> str:
    """The network as TOML. Endpoints are written as they are: local ones hold no key."""
    values = _plain(network)
    tables = [
        f"[[{name}]]\n{_lines(_plain(entry))}"
        for name, value in values.items()
        if isinstance(value, tuple)
        for entry in value
    ]
    assets = [
        f"[assets.{json.dumps(asset, ensure_ascii=False)}]\n{_lines(_plain(token))}"
        for asset, token in network.assets.items()
    ]
    head = {
        name: value
        for name, value in values.items()
        if name != "assets" and (value == () or name not in TABLES)
    }
    return "\n".join([_lines(head), *tables, *assets])


def _plain(section: BaseModel) -> dict[str, object]:
    values = {name: getattr(section, name) for name in type(section).model_fields}
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in values.items()
        if value is not None
    }


def _lines(values: Mapping[str, object]) -> str:
    """Strings, integers and empty lists are written in TOML as in JSON, but for surrogates."""
    return "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()
    )
