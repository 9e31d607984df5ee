"""The local chain as a service: traders trade, the relay takes bundles, blocks come and go."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from searcher.adapters.clock import SystemClock
from searcher.adapters.rpc import Rpc, open_rpc
from sims.devnet.accounts import IDENTITY, SEARCHER, public_key
from sims.devnet.cache import devnet
from sims.devnet.traders import Noise, Traders, open_traders
from sims.local_network import devnet_network, network_file, running_local_relay
from sims.relay.builder import Builder
from sims.slots import run_slot


@dataclass(frozen=True, slots=True, kw_only=True)
class DevnetOptions:
    """What can be chosen about the service."""

    seed: int
    """Of the traders."""

    pace_s: float
    """Wall-clock seconds in a slot."""

    relay_port: int
    """Where the relay listens; 0 for any free port."""

    file: Path
    """The network file to leave."""


async def run_devnet(options: DevnetOptions, *, say: Callable[[str], None]) -> None:
    """Serve until cancelled; says where everything is.

    Raises:
        SimsError: the local chain or the relay cannot be had.
    """
    async with devnet(progress=say) as chain:
        bare = devnet_network(chain.anvil, chain.deployment)
        async with (
            running_local_relay(bare, port=options.relay_port) as (relay, network),
            open_rpc(chain.anvil.http_url) as rpc,
        ):
            traders = await open_traders(rpc, chain.deployment, seed=options.seed, noise=Noise())
            with network_file(network, options.file):
                say(_welcome(chain.anvil.http_url, relay.url, options.file))
                await _build_blocks(rpc, traders, relay.builder, pace_s=options.pace_s)


async def _build_blocks(rpc: Rpc, traders: Traders, builder: Builder, *, pace_s: float) -> NoReturn:
    async def trade() -> None:
        await traders.trade(rpc)

    while True:
        await run_slot(trade, builder.build_block, clock=SystemClock(), pace_s=pace_s)


def _welcome(node_url: str, relay_url: str, file: Path) -> str:
    trading, identity = public_key(SEARCHER).hex(), public_key(IDENTITY).hex()
    return (
        f"chain   {node_url}\nrelay   {relay_url}\nnetwork {file}\n\n"
        "In another terminal (these keys are public, and worthless anywhere else):\n"
        f"  export SEARCHER_TRADING_KEY=0x{trading}\n"
        f"  export SEARCHER_IDENTITY_KEY=0x{identity}\n"
        "  .venv/bin/searcher run --network devnet --live\n"
    )
