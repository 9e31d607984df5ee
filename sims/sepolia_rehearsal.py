"""Sepolia without Sepolia: its profile on a local chain made to look like it.

What is read from the configuration is used as it is: chain id, addresses, first block, lenders and
the relay's dialect. Replaced are the endpoints, and how old a head may be. The contracts stand at
the profile's addresses, as far as their bytecode is at hand; what does not stand is said.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from graphs.tokens import Token
from graphs.units import Address
from searcher.adapters.clock import SystemClock
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.config import Settings, load_configured
from searcher.deploy import DeployOptions, deploy_executor
from searcher.deployment_file import read_deployment
from searcher.event_log import describe
from searcher.executor_artifact import load_executor
from searcher.live import Notice, Run, Secrets, Started, run_live, trading_address
from searcher.model import Bid, Bundle, Inclusion, Outcome
from searcher.network_wiring import network_wiring
from searcher.settings.network import NetworkSettings
from sims.devnet.aave import PROXY_NAME
from sims.devnet.accounts import IDENTITY, SEARCHER, public_key
from sims.devnet.anvil import Anvil, AnvilOptions
from sims.devnet.cache import devnet
from sims.devnet.plan import DEFAULT_PLAN, PANCAKESWAP, Plan
from sims.devnet.traders import Noise, open_traders
from sims.errors import RehearsalError
from sims.local_network import ANY_AGE_SECONDS
from sims.relay.builder import Builder
from sims.relay.server import RelayOptions, running_relay
from sims.slots import run_slot

NETWORK: Final = "sepolia"
"""Of the configuration."""

ENDPOINTS: Final = {
    "SEPOLIA_HTTP_URL": "http://127.0.0.1",
    "SEPOLIA_WS_URL": "ws://127.0.0.1",
}
"""What the profile's references become before the local chain's addresses are known."""

CONTRACTS: Final = {
    ("factory", "uniswap_v2"): "UniswapV2Factory",
    ("factory", "uniswap_v3"): "UniswapV3Factory",
    ("factory", "uniswap_v4"): "PoolManager",
    ("lender", "aave_v3"): PROXY_NAME,
    ("lender", "balancer_v2"): "Vault",
    ("lender", "uniswap_v4"): "PoolManager",
    ("router", "uniswap_v2"): "UniswapV2Router02",
    ("token", "weth"): "WETH9",
}
"""The contracts of a local chain, by what a profile calls them."""

Say = Callable[[str], None]
"""Told each line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalOptions:
    """What can be chosen about a rehearsal."""

    settings: Settings
    """The bot's, with the profile."""

    folder: Path
    """For the ledger and the note of the executor; a new one."""

    blocks: int
    """Within which a bundle must land."""

    seed: int
    """Of the traders."""

    pace_s: float
    """Wall-clock seconds in a slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """What the bot acts on."""

    options: RehearsalOptions
    network: NetworkSettings
    builder: Builder
    say: Say


@dataclass(slots=True, kw_only=True)
class _Watched:
    """What the bot has done, for the slots to wait on."""

    started: asyncio.Event = field(default_factory=asyncio.Event)
    pools: int = 0
    tokens: dict[Address, Token] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    landed: list[Inclusion] = field(default_factory=list)

    def watch(self, event: Notice) -> None:
        """Take one event in."""
        match event:
            case Started():
                self.pools, self.tokens = len(event.market.pools), dict(event.market.tokens)
                self.started.set()
            case Bundle():
                self.bundles[event.id] = event
            case Inclusion(outcome=Outcome.LANDED):
                self.landed.append(event)
            case _:
                pass


async def rehearse(options: RehearsalOptions, *, say: Say) -> None:
    """Build the chain, deploy the executor, run the bot live until a bundle landed, say which.

    Raises:
        RehearsalError: none landed.
        SimsError: the local chain or the relay cannot be had.
        SearcherError: the deployment or the bot failed; also inside an ExceptionGroup.
    """
    profile = load_configured(options.settings, NETWORK, ENDPOINTS)
    chain_id = AnvilOptions(chain_id=profile.chain_id)
    async with (
        devnet(chain_id, plan=rehearsal_plan(profile), progress=lambda _: None) as chain,
        open_rpc(chain.anvil.http_url) as rpc,
        running_relay(RelayOptions(node_url=chain.anvil.http_url)) as relay,
    ):
        say(f"chain {profile.chain_id} at block {chain.deployment.head_block}, local")
        for line in await _placement(rpc, profile):
            say(line)
        network = _made_local(profile, chain.anvil, relay_url=relay.url)
        stage = _Stage(options=options, network=network, builder=relay.builder, say=say)
        executor = await _deployed(stage)
        traders = await open_traders(rpc, chain.deployment, seed=options.seed, noise=Noise())

        async def trade() -> None:
            await traders.trade(rpc)

        ready = replace(stage, network=network.model_copy(update={"executor": executor}))
        _tell(await _landed(ready, trade), options, say)


def rehearsal_plan(profile: NetworkSettings) -> Plan:
    """The local chain's own plan, at the profile's addresses and block numbers."""
    places: dict[str, Address] = {}
    for section, kind, address in _addresses(profile):
        name = CONTRACTS.get((section, kind))
        if name is not None:
            places.setdefault(name, address)
    return replace(
        DEFAULT_PLAN,
        pools=tuple(pool for pool in DEFAULT_PLAN.pools if pool.venue != PANCAKESWAP),
        places=places,
        genesis_block=profile.start_block,
    )


def _addresses(profile: NetworkSettings) -> Iterator[tuple[str, str, Address]]:
    """Every contract that the profile names."""
    yield "token", "weth", Address(profile.weth)
    yield "reader", "multicall3", Address(profile.multicall3)
    for factory in profile.factories:
        yield "factory", factory.kind, Address(factory.address)
    for lender in profile.lenders:
        if lender.address is not None:
            yield "lender", lender.kind.value, Address(lender.address)
    for router in profile.routers:
        yield "router", router.kind.value, Address(router.address)


async def _placement(rpc: Rpc, profile: NetworkSettings) -> list[str]:
    """Which of the profile's contracts stand on the chain, as the chain itself answers."""
    named = list(_addresses(profile))
    codes = await rpc.batch([("eth_getCode", (address, "latest")) for *_, address in named])
    return [
        f"{'not placed' if code == '0x' else 'placed':<10} {section:<7} {kind:<20} {address}"
        for (section, kind, address), code in zip(named, codes, strict=True)
    ]


def _made_local(profile: NetworkSettings, anvil: Anvil, *, relay_url: str) -> NetworkSettings:
    relays = tuple(
        relay.model_copy(update={"url": SecretStr(relay_url)}) for relay in profile.relays
    )
    return profile.model_copy(
        update={
            "http_url": SecretStr(anvil.http_url),
            "ws_url": SecretStr(anvil.ws_url),
            "endpoints": (),
            "mempool": (),
            "grpc_sources": (),
            "mev_share": None,
            "max_head_age_seconds": ANY_AGE_SECONDS,
            "executor": None,
            "relays": relays,
        }
    )


async def _deployed(stage: _Stage) -> Address:
    """Deploy as `searcher deploy --live` does, while blocks are built."""
    owner = trading_address(public_key(SEARCHER))
    options = DeployOptions(
        network=stage.network,
        artifact=load_executor(),
        wiring=network_wiring(stage.network, owner=owner, beneficiary=owner),
        trading_key=public_key(SEARCHER),
        note=stage.options.folder / f"{NETWORK}.json",
        sends=True,
    )

    async def rest() -> None:
        pass

    async with asyncio.TaskGroup() as tasks:
        deploying = tasks.create_task(deploy_executor(options, stage.say))
        while not deploying.done():
            await _slot(stage, rest)
    note = read_deployment(options.note)
    if note is None:
        raise RehearsalError("the deployment left no note")
    return Address(note.executor)


async def _landed(stage: _Stage, trade: Callable[[], Awaitable[None]]) -> _Watched:
    """Run the bot live among traders until a bundle of its landed, or the blocks are over."""
    watched = _Watched()
    bot = Run(
        settings=stage.options.settings,
        network=stage.network,
        secrets=Secrets(trading=public_key(SEARCHER), identity=public_key(IDENTITY)),
        ledger=stage.options.folder / "ledger.sqlite",
        sends=True,
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run_live(bot, watched.watch))
        await watched.started.wait()
        stage.say(f"started with {watched.pools} pools known")
        for _ in range(stage.options.blocks):
            await _slot(stage, trade)
            if watched.landed:
                break
        running.cancel()
    return watched


async def _slot(stage: _Stage, trade: Callable[[], Awaitable[None]]) -> None:
    build, pace_s = stage.builder.build_block, stage.options.pace_s
    await run_slot(trade, build, clock=SystemClock(), pace_s=pace_s)


def _tell(watched: _Watched, options: RehearsalOptions, say: Say) -> None:
    if not watched.landed:
        raise RehearsalError(
            f"no bundle landed in {options.blocks} blocks; {len(watched.bundles)} were sent"
        )
    for inclusion in watched.landed:
        bundle = watched.bundles[inclusion.bundle_id]
        opportunity = bundle.bid.opportunity
        say(f"landed in block {inclusion.block_number}: {bundle.bundle_hash}")
        say(f"  {describe(opportunity.cycle, watched.tokens)}")
        say(f"  lender {opportunity.lender.kind.value}; passed over: {_passed_over(bundle.bid)}")
        say(f"  gross profit {inclusion.gross_profit_wei} wei, of which tip {inclusion.tip_wei}")
    say(f"ledger {options.folder / 'ledger.sqlite'}")


def _passed_over(bid: Bid) -> str:
    """The other lenders of the profile, each with why it was not taken."""
    return ", ".join(
        f"{one.lender.kind.value} ({one.reason})" for one in bid.opportunity.passed_over
    )
