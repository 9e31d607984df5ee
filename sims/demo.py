"""The main job, end to end and offline: the live pipeline on a local chain with real protocols.

Everything is the real thing with other addresses: the chain is anvil with the protocols' own
bytecode, the relay speaks the Flashbots protocol, and the bot is `searcher.live`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from graphs.units import WEI_PER_ETHER
from searcher.adapters.clock import SystemClock
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.config import (
    Settings,
)
from searcher.flash_lenders import LenderKind
from searcher.live import Notice, Run, Secrets, Started, run_live
from searcher.pipeline import Searched
from searcher.settings.guard import GuardSettings
from searcher.settings.network import (
    NetworkSettings,
)
from sims.devnet.accounts import IDENTITY, SEARCHER, public_key
from sims.devnet.cache import Devnet, devnet
from sims.devnet.protocols import Progress
from sims.devnet.traders import Noise, Traders, open_traders
from sims.local_exchanges import local_exchanges
from sims.local_network import devnet_network, running_local_relay
from sims.relay.builder import Builder
from sims.rivals import Rival, RivalStage, running_rivals
from sims.slots import NS_PER_SECOND, run_slot

RIVALS: Final = (
    Rival(tip_share_bps=7_000),
    Rival(tip_share_bps=9_500, min_net_profit_wei=WEI_PER_ETHER // 20),
)
"""In turn. The second outbids us wherever there is enough for it."""

SETTLE_SECONDS: Final = 30.0
"""Within which the bot must have seen the last block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What can be chosen about a demonstration."""

    settings: Settings
    """The bot's, from `config.toml`."""

    ledger: Path
    """Where the bot records; a new file."""

    blocks: int = 20
    """Blocks in which traders trade."""

    seed: int = 7
    """Of the traders."""

    pace_s: float = 1.0
    """Wall-clock seconds in a slot."""

    noise: Noise = field(default_factory=Noise)
    """How much traders trade."""

    rivals: int = 0
    """Other searchers that want the same; the second and every other one offers nearly all."""

    flash_swaps: bool = False
    """Whether the first pool of a cycle may pay before it is paid: that beats every lender here."""


Watch = Callable[[Notice], None]


class _Progress:
    """How far the bot has come, for the slots to wait on."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self._searched: asyncio.Queue[int] = asyncio.Queue()

    def watch(self, event: Notice) -> None:
        """Take one event in."""
        match event:
            case Started():
                self.started.set()
            case Searched():
                self._searched.put_nowait(event.block.number)
            case _:
                pass

    async def wait_searched(self, block_number: int) -> None:
        """Return once the bot has dealt with the block."""
        while await self._searched.get() < block_number:
            pass


async def run_demo(options: DemoOptions, *, say: Progress, watch: Watch) -> float:
    """Start the chain and the relay, run the bot against them, stop everything.

    Returns the seconds from the first trade to the last block.

    Raises:
        SimsError: the local chain or the relay cannot be had.
        SearcherError: the bot stopped; also inside an ExceptionGroup.
    """
    async with devnet(progress=say) as chain:
        network = _stage_network(chain, options)
        say("exchanges")
        async with (
            running_local_relay(network) as (relay, network),
            open_rpc(chain.anvil.http_url) as rpc,
            local_exchanges(chain.deployment, seed=options.seed) as (venues, assets),
        ):
            settings = options.settings.model_copy(
                update={"exchanges": venues, "guard": _wide(options.settings.guard)}
            )
            options = replace(options, settings=settings)
            seen = network.model_copy(update={"assets": assets})
            say("relay")
            traders = await open_traders(
                rpc, chain.deployment, seed=options.seed, noise=options.noise
            )
            stage = _Stage(rpc=rpc, traders=traders, builder=relay.builder, network=seen)
            say("bot" if not options.rivals else f"bot and {options.rivals} rivals")
            competitors = RivalStage(deployment=chain.deployment, network=seen, settings=settings)
            async with running_rivals(competitors, _rivals(options.rivals)):
                return await _perform(stage, options, watch)


def _wide(guard: GuardSettings) -> GuardSettings:
    """Traders here move prices by tens of percent in one trade, which no exchange follows."""
    return guard.model_copy(update={"max_deviation_bps": 9_000})


def _rivals(count: int) -> list[Rival]:
    """A stingy one that takes everything, a generous one that wants much, and so on."""
    return [RIVALS[index % len(RIVALS)] for index in range(count)]


def _stage_network(chain: Devnet, options: DemoOptions) -> NetworkSettings:
    network = devnet_network(chain.anvil, chain.deployment)
    chosen = tuple(
        lender
        for lender in network.lenders
        if options.flash_swaps or lender.kind is not LenderKind.NONE
    )
    return network.model_copy(update={"lenders": chosen})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """What the bot acts on."""

    rpc: Rpc
    traders: Traders
    builder: Builder
    network: NetworkSettings


async def _perform(stage: _Stage, options: DemoOptions, watch: Watch) -> float:
    progress, clock = _Progress(), SystemClock()

    def watch_both(event: Notice) -> None:
        watch(event)
        progress.watch(event)

    async with asyncio.TaskGroup() as tasks:
        bot = tasks.create_task(run_live(_bot(stage, options), watch_both))
        await progress.started.wait()
        begun_ns = clock.now_ns()
        await _run_slots(stage, options, clock=clock, progress=progress)
        elapsed_ns = clock.now_ns() - begun_ns
        bot.cancel()
    return elapsed_ns / NS_PER_SECOND


async def _run_slots(
    stage: _Stage, options: DemoOptions, *, clock: SystemClock, progress: _Progress
) -> None:
    """Blocks with trades, then one without, in which the last bundle can land."""

    async def trade() -> None:
        await stage.traders.trade(stage.rpc)

    async def rest() -> None:
        pass

    for slot in range(options.blocks + 1):
        built = await run_slot(
            trade if slot < options.blocks else rest,
            stage.builder.build_block,
            clock=clock,
            pace_s=options.pace_s,
        )
        if slot == options.blocks:
            async with asyncio.timeout(SETTLE_SECONDS):
                await progress.wait_searched(built.number)


def _bot(stage: _Stage, options: DemoOptions) -> Run:
    return Run(
        settings=options.settings,
        network=stage.network,
        secrets=Secrets(trading=public_key(SEARCHER), identity=public_key(IDENTITY)),
        ledger=options.ledger,
        sends=True,
    )
