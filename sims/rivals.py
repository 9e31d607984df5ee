"""Rival searchers: whole bots of our own kind that want the same opportunities.

Each is `searcher.live` with another key, an executor of its own, another tip share and a ledger
that is thrown away. It finds its cycles itself and sends to the same relay, so an opportunity goes
to whoever pays the builder most in time. A reaction delay holds a rival's requests to the relay
back, as a slower connection would.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr

from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.clock import NS_PER_SECOND, SystemClock
from searcher.adapters.decoding import HEADER_ONLY, decode_header
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.config import Settings
from searcher.flashbots import SIGNATURE_HEADER
from searcher.live import Notice, Run, Secrets, Started, run_live
from searcher.settings.network import NetworkSettings, RelaySettings
from searcher.wiring import ConcentratedFactory, Wiring, constructor_argument
from sims.devnet.accounts import DEPLOYER, public_address, public_key
from sims.devnet.anvil import ROOT
from sims.devnet.artifacts import compiled_code
from sims.devnet.compiler import compile_contracts
from sims.devnet.deployer import Deployer
from sims.devnet.deployment import Deployment
from sims.listening import listening

FIRST_ACCOUNT: Final = 10
"""Of the rivals among anvil's accounts: two for each, the trading key and the identity."""

GAS_MONEY_WEI: Final = 10 * WEI_PER_ETHER
"""Of each rival."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """How a competitor behaves."""

    tip_share_bps: int
    """Of its profit that it offers to the builder."""

    min_net_profit_wei: int = 0
    """What must remain of a profit for it to take part."""

    reaction_s: float = 0.0
    """By which every request of it to the relay is held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalStage:
    """Where rivals compete."""

    deployment: Deployment
    """What stands on the chain."""

    network: NetworkSettings
    """The chain with its relay, as our bot sees it."""

    settings: Settings
    """Our bot's; a rival bids otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRival:
    """A competitor that is ready."""

    account: Address
    """Who signs its transactions."""

    executor: Address
    """Its contract."""

    tip_share_bps: int
    """What it offers."""


@asynccontextmanager
async def running_rivals(
    stage: RivalStage, rivals: Sequence[Rival]
) -> AsyncIterator[tuple[RunningRival, ...]]:
    """Deploy the rivals' executors, then run their bots until the context is left.

    Mines blocks while it deploys: enter it before our own bot starts and before slots run.

    Raises:
        DeploymentError: an executor cannot be deployed.
        SearcherError: a rival's bot stopped; inside an ExceptionGroup.
    """
    async with open_rpc(stage.network.http_url.get_secret_value()) as rpc:
        ready = [
            await _deployed(rpc, stage.deployment, rival, index=index)
            for index, rival in enumerate(rivals)
        ]
    with tempfile.TemporaryDirectory(prefix="rivals-") as folder:
        entrants = [
            _Entrant(
                rival=rival,
                secrets=_secrets(index),
                executor=ready[index].executor,
                ledger=Path(folder) / f"{index}.sqlite",
            )
            for index, rival in enumerate(rivals)
        ]
        async with asyncio.TaskGroup() as tasks:
            bots = [tasks.create_task(_compete(stage, entrant)) for entrant in entrants]
            for entrant in entrants:
                await entrant.started.wait()
            with _cancelled_at_the_end(bots):
                yield tuple(ready)


@contextmanager
def _cancelled_at_the_end(tasks: Sequence[asyncio.Task[None]]) -> Iterator[None]:
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entrant:
    rival: Rival
    secrets: Secrets
    executor: Address
    ledger: Path
    started: asyncio.Event = field(default_factory=asyncio.Event)

    def watch(self, event: Notice) -> None:
        if isinstance(event, Started):
            self.started.set()


async def _compete(stage: RivalStage, entrant: _Entrant) -> None:
    rival, settings = entrant.rival, stage.settings
    bidding = settings.bidding.model_copy(
        update={
            "tip_share_bps": rival.tip_share_bps,
            "min_net_profit_wei": rival.min_net_profit_wei,
        }
    )
    (relay,) = stage.network.relays
    async with _held_back(relay.url.get_secret_value(), rival.reaction_s) as url:
        own = {
            "executor": entrant.executor,
            "relays": (RelaySettings(name=relay.name, url=SecretStr(url)),),
        }
        run = Run(
            settings=settings.model_copy(update={"bidding": bidding}),
            network=stage.network.model_copy(update=own),
            secrets=entrant.secrets,
            ledger=entrant.ledger,
            sends=True,
        )
        await run_live(run, entrant.watch)


def _secrets(index: int) -> Secrets:
    first = FIRST_ACCOUNT + 2 * index
    return Secrets(trading=public_key(first), identity=public_key(first + 1))


async def _deployed(rpc: Rpc, deployment: Deployment, rival: Rival, *, index: int) -> RunningRival:
    account = public_address(FIRST_ACCOUNT + 2 * index)
    await rpc.call("anvil_setBalance", account, hex(GAS_MONEY_WEI))
    head = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
    contracts = await asyncio.to_thread(compile_contracts, ROOT)
    deployer = Deployer(rpc, address=public_address(DEPLOYER), timestamp_s=head.timestamp_s)
    code = compiled_code(contracts["ArbitrageExecutor"])
    executor = await deployer.deploy(code, constructor_argument(_wiring(deployment, account)))
    return RunningRival(account=account, executor=executor, tip_share_bps=rival.tip_share_bps)


def _wiring(deployment: Deployment, owner: Address) -> Wiring:
    """The wiring of our own executor, with another owner who is its own beneficiary."""
    lenders = {str(lender.kind): lender.address for lender in deployment.lenders}
    return Wiring(
        owner=owner,
        beneficiary=owner,
        weth=deployment.weth,
        aave_pool=lenders["aave_v3"],
        balancer_v2_vault=lenders["balancer_v2"],
        uniswap_v4_manager=lenders["uniswap_v4"],
        concentrated_factories=tuple(
            ConcentratedFactory(deployer=factory.address, init_code_hash=factory.init_code_hash)
            for factory in deployment.factories
            if factory.kind == "uniswap_v3"
        ),
    )


@asynccontextmanager
async def _held_back(url: str, seconds: float) -> AsyncIterator[str]:
    """Yield the URL of something that forwards each request to the relay, that much later."""
    if not seconds:
        yield url
        return
    async with aiohttp.ClientSession() as session:
        app = web.Application()
        app.router.add_post("/", _forwarder(session, url, seconds))
        async with listening(app, host="127.0.0.1", port=0) as slow_url:
            yield slow_url


def _forwarder(session: aiohttp.ClientSession, url: str, seconds: float) -> Handler:
    clock = SystemClock()

    async def forward(request: web.Request) -> web.Response:
        await clock.wait_until_ns(clock.now_ns() + int(seconds * NS_PER_SECOND))
        headers = {
            name: request.headers[name]
            for name in ("Content-Type", SIGNATURE_HEADER)
            if name in request.headers
        }
        body = await request.read()
        async with session.post(url, data=body, headers=headers) as answer:
            return web.Response(
                body=await answer.read(),
                status=answer.status,
                content_type=answer.content_type,
            )

    return forward
