"""From a block's arrival to its bundle at the relay: the live bot on a local chain of 1,000 pools.

The chain is a process of its own, and so are relay, builder and traders together: the figures are
the bot's, with the answers of its node. Traders move the eighteen pools of the demonstration; the
others are pairs of further tokens that stay as they are. The bot is `searcher.live` as it runs
everywhere, with the node's simulation or with the relay's word besides; what it tells its watcher
is stamped.
"""

import asyncio
import multiprocessing
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from benchmarks.report import Row, report
from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.clock import SystemClock
from searcher.adapters.rpc import open_rpc
from searcher.config import Settings
from searcher.live import Run, Secrets, Started, run_live
from searcher.model import Bid, Bundle, Simulation, Submission
from searcher.pipeline import Dealt, Event, Searched
from searcher.settings.network import NetworkSettings
from searcher.settings.submission import SubmissionSettings
from sims.devnet.accounts import DEPLOYER, IDENTITY, SEARCHER, public_address, public_key
from sims.devnet.anvil import ROOT
from sims.devnet.artifacts import compiled_code
from sims.devnet.cache import Devnet, devnet
from sims.devnet.compiler import compile_contracts
from sims.devnet.deployer import Call, Deployer
from sims.devnet.deployment import Factory
from sims.devnet.traders import Noise, open_traders
from sims.local_network import devnet_network, running_local_relay
from sims.relay.builder import Builder
from sims.slots import run_slot

POOLS: Final = 1_000
SLOTS: Final = 120
PACE_S: Final = 0.3
PAIRS_A_BLOCK: Final = 8
"""A pair costs some 2.5 million gas."""

DEPTH: Final = 100 * WEI_PER_ETHER
NS_PER_MS: Final = 1e6
STAGES: Final = (Searched, Bid, Simulation, Bundle, Submission)
"""What the watcher sees of a block whose first bid is sent, in this order."""

PERCENTILE_99: Final = 98
PLAY: Final = "play"
END: Final = "end"


@dataclass(kw_only=True)
class Watcher:
    """When each stage of each block was reached; the first of each kind counts."""

    clock: SystemClock = field(default_factory=SystemClock)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    pools: int = 0
    dealt: int = 0
    stages: dict[type, float] = field(default_factory=dict)
    blocks: list[dict[type, float]] = field(default_factory=list)

    def watch(self, event: Event | Started) -> None:
        """Stamp an event, in milliseconds; a block counts when its first bundle was accepted."""
        now_ms = self.clock.now_ns() / NS_PER_MS
        if isinstance(event, Started):
            self.pools = len(event.market.pools)
            self.started.set()
        elif isinstance(event, Dealt):
            self.dealt += 1
            if all(stage in self.stages for stage in STAGES):
                self.blocks.append({**self.stages, Dealt: event.block.received_ns / NS_PER_MS})
            self.stages = {}
        else:
            self.stages.setdefault(type(event), now_ms)

    def spent_ms(self, begin: type, end: type) -> list[float]:
        """Milliseconds between two stages of each block; from Dealt means from its arrival."""
        return [block[end] - block[begin] for block in self.blocks]


async def extend(chain: Devnet) -> None:
    """Deploy further tokens, each with a pair on either constant-product exchange."""
    deployment = chain.deployment
    exchanges = [factory for factory in deployment.factories if factory.kind == "uniswap_v2"]
    contracts = await asyncio.to_thread(compile_contracts, ROOT)
    code = compiled_code(contracts["DevnetToken"])
    async with open_rpc(chain.anvil.http_url) as rpc:
        deployer = Deployer(
            rpc,
            address=public_address(DEPLOYER),
            timestamp_s=deployment.head_timestamp_s,
        )
        count = (POOLS - len(deployment.pools)) // len(exchanges)
        tokens = [
            await deployer.deploy(code, f"Token {number}", f"T{number}", 18)
            for number in range(count)
        ]
        for factory in exchanges:
            for start in range(0, count, PAIRS_A_BLOCK):
                chunk = tokens[start : start + PAIRS_A_BLOCK]
                await add_pairs(deployer, factory, tokens=chunk, weth=deployment.weth)


async def add_pairs(
    deployer: Deployer, factory: Factory, *, tokens: list[Address], weth: Address
) -> None:
    """Create pairs with WETH, all of them balanced."""
    create, find = "createPair(address,address)", "getPair(address,address)"
    calls = [
        Call(to=factory.address, signature=create, arguments=(weth, token)) for token in tokens
    ]
    await deployer.send(*calls)
    pairs = [await deployer.read_address(factory.address, find, weth, token) for token in tokens]
    filling = [
        call
        for token, pair in zip(tokens, pairs, strict=True)
        for call in (
            Call(to=token, signature="mint(address,uint256)", arguments=(pair, DEPTH)),
            Call(to=weth, signature="transfer(address,uint256)", arguments=(pair, DEPTH)),
            Call(to=pair, signature="mint(address)", arguments=(deployer.address,)),
        )
    ]
    await deployer.send(*filling)


def stage(pipe: Connection) -> None:
    """Run the world beside the bot, in a process of its own."""
    asyncio.run(_staged(pipe))


async def _staged(pipe: Connection) -> None:
    async with devnet() as chain:
        await extend(chain)
        network = devnet_network(chain.anvil, chain.deployment)
        async with (
            running_local_relay(network) as (relay, network),
            open_rpc(chain.anvil.http_url) as rpc,
        ):
            pipe.send(network)
            while await asyncio.to_thread(pipe.recv) == PLAY:
                traders = await open_traders(rpc, chain.deployment, seed=7, noise=Noise())
                await _play(relay.builder, partial(traders.trade, rpc))
                pipe.send(PLAY)


async def _play(builder: Builder, trade: Callable[[], Awaitable[object]]) -> None:
    async def traded() -> None:
        await trade()

    clock = SystemClock()
    for _ in range(SLOTS):
        await run_slot(traded, builder.build_block, clock=clock, pace_s=PACE_S)


async def watched(pipe: Connection, network: NetworkSettings, settings: Settings) -> Watcher:
    """Run the bot through all slots."""
    watcher = Watcher()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(
            settings=settings,
            network=network,
            secrets=Secrets(trading=public_key(SEARCHER), identity=public_key(IDENTITY)),
            ledger=Path(folder) / "ledger.sqlite",
            sends=True,
        )
        async with asyncio.TaskGroup() as tasks:
            bot = tasks.create_task(run_live(run, watcher.watch))
            await watcher.started.wait()
            pipe.send(PLAY)
            await asyncio.to_thread(pipe.recv)
            bot.cancel()
    return watcher


def measured(name: str, values: list[float], targets: tuple[float | None, ...]) -> Iterator[Row]:
    """Median and 99th percentile."""
    percentiles = statistics.quantiles(values, n=100)
    for label, value, target in zip(
        ("p50", "p99"),
        (statistics.median(values), percentiles[PERCENTILE_99]),
        targets,
        strict=True,
    ):
        yield Row(measure=f"{name}, {label}", value=value, unit="ms", target=target)


def rows() -> list[Row]:
    """The bot with the node's simulation alone, then with the relay's confirmation."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=stage, args=(theirs,))
    process.start()
    try:
        network: NetworkSettings = pipe.recv()
        return [
            row for confirms in (False, True) for row in _rows(pipe, network, confirms=confirms)
        ]
    finally:
        pipe.send(END)
        process.join()


def _rows(pipe: Connection, network: NetworkSettings, *, confirms: bool) -> Iterator[Row]:
    settings = Settings(submission=SubmissionSettings(has_relay_confirm=confirms))
    seen = asyncio.run(watched(pipe, network, settings))
    how = "node and relay simulate" if confirms else "node simulates"
    prefix = f"{seen.pools:,} pools, {how} ({len(seen.blocks)} blocks)"
    whole = seen.spent_ms(Dealt, Submission)
    trial = seen.spent_ms(Bid, Simulation)
    yield from measured(f"{prefix}: block to acknowledgement", whole, (25.0, None))
    rest = [one - simulated for one, simulated in zip(whole, trial, strict=True)]
    yield from measured("the same without the simulation", rest, (15.0, 40.0))
    names = ("block read, searched and sized", "bid", "signed and simulated", "admitted", "sent")
    for name, begin, end in zip(names, (Dealt, *STAGES), STAGES, strict=False):
        spent = statistics.median(seen.spent_ms(begin, end))
        yield Row(measure=f"of it: {name}, p50", value=spent, unit="ms", target=None)


if __name__ == "__main__":
    report("submit_pipeline", rows())
