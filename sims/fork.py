"""A fork of a real chain with our executor and the local relay on it, until it is told to stop.

Nothing that happens here reaches the chain it was forked from. The trading account owns the
executor and is given gas money; the pools are the real ones at the forked block.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from pydantic import SecretStr

from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.clock import SystemClock
from searcher.adapters.decoding import HEADER_ONLY, decode_header, quantity
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.network_wiring import network_wiring
from searcher.settings.mempool import MempoolSettings
from searcher.settings.network import (
    NetworkSettings,
)
from searcher.wiring import constructor_argument
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.anvil import ROOT, AnvilOptions, running_anvil
from sims.devnet.artifacts import compiled_code
from sims.devnet.compiler import compile_contracts
from sims.devnet.deployer import Deployer
from sims.errors import ForkError
from sims.local_network import ANY_AGE_SECONDS, network_file, running_local_relay
from sims.relay.builder import Builder
from sims.slots import run_slot

GAS_MONEY_WEI: Final = 100 * WEI_PER_ETHER
"""For the deployer and for the trading account, on the fork only."""

READ_BYTES: Final = 1_024
"""Of standard input at a time; what is read is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkOptions:
    """What is forked, and for whom."""

    upstream: NetworkSettings
    """The chain to fork, with its endpoints resolved."""

    owner: Address
    """The trading account."""

    file: Path
    """The network file to leave."""

    pace_s: float
    """Wall-clock seconds between blocks."""


async def run_fork(options: ForkOptions, *, ready: Callable[[], None]) -> None:
    """Fork, deploy, serve and build blocks until cancelled; says when the bot can start.

    Raises:
        SimsError: anvil cannot be had, or does not take the deployment.
        RpcError: the forked chain's node does not answer.
    """
    upstream = options.upstream
    await _check_upstream(upstream)
    anvil_options = AnvilOptions(
        chain_id=upstream.chain_id, fork_url=upstream.http_url.get_secret_value()
    )
    async with running_anvil(anvil_options) as anvil, open_rpc(anvil.http_url) as rpc:
        fork = upstream.model_copy(
            update={
                "http_url": SecretStr(anvil.http_url),
                "ws_url": SecretStr(anvil.ws_url),
                "endpoints": (),
                "mempool": (MempoolSettings(name="anvil"),),
                "grpc_sources": (),
                "mev_share": None,
                "tenderly_url": None,
                "max_head_age_seconds": ANY_AGE_SECONDS,
                "executor": await _deploy_executor(rpc, options),
            }
        )
        async with running_local_relay(fork) as (relay, network):
            with network_file(network, options.file):
                ready()
                await _build_blocks(relay.builder, pace_s=options.pace_s)


async def _check_upstream(upstream: NetworkSettings) -> None:
    """Anvil gives a fork whatever chain id it is told, so the chain's own is asked for before."""
    async with open_rpc(upstream.http_url.get_secret_value()) as rpc:
        chain_id = quantity(await rpc.call("eth_chainId"), "eth_chainId")
    if chain_id != upstream.chain_id:
        raise ForkError(
            f"its node is on chain {chain_id}, the configuration says {upstream.chain_id}; "
            "correct http_url or chain_id"
        )


async def _build_blocks(builder: Builder, *, pace_s: float) -> NoReturn:
    async def rest() -> None:
        pass

    while True:
        await run_slot(rest, builder.build_block, clock=SystemClock(), pace_s=pace_s)


async def _deploy_executor(rpc: Rpc, options: ForkOptions) -> Address:
    deployer = public_address(DEPLOYER)
    for account in (deployer, options.owner):
        await rpc.call("anvil_setBalance", account, hex(GAS_MONEY_WEI))
    head = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
    contracts = await asyncio.to_thread(compile_contracts, ROOT)
    builder = Deployer(rpc, address=deployer, timestamp_s=head.timestamp_s)
    wiring = network_wiring(options.upstream, owner=options.owner, beneficiary=options.owner)
    code = compiled_code(contracts["ArbitrageExecutor"])
    return await builder.deploy(code, constructor_argument(wiring))


@contextmanager
def cancelled_at_end_of_input() -> Iterator[None]:
    """Cancel the current task when standard input closes: the parent process is gone."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), READ_BYTES) and task is not None:
            loop.remove_reader(sys.stdin)
            task.cancel()

    loop.add_reader(sys.stdin, read)
    try:
        yield
    finally:
        loop.remove_reader(sys.stdin)
