"""The composition root of the live bot: builds the adapters of a network and runs the pipeline.

The command line and the local demonstration both come through here, so that what is shown locally
is what runs on mainnet, with other addresses.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiohttp

from graphs.kernels import load_kernels
from graphs.market import Market
from graphs.token_graph import TokenGraph
from graphs.units import Address
from searcher.adapters.block_reader import BlockReader
from searcher.adapters.blocks import BlockFeed
from searcher.adapters.chainlink import Oracles
from searcher.adapters.clock import NS_PER_SECOND, SystemClock
from searcher.adapters.decoding import HEADER_ONLY, Header, decode_header
from searcher.adapters.discovery import Discovered, Progress, discover
from searcher.adapters.endpoints import Endpoints, open_endpoints
from searcher.adapters.exchanges.desk import ExchangeDesk
from searcher.adapters.flashbots_rpc import FlashbotsEndpoint, open_relay_session
from searcher.adapters.keys import IdentityKey, TradingKey, assert_native_signing, load_secret
from searcher.adapters.ledger import open_ledger
from searcher.adapters.ledger_history import read_history
from searcher.adapters.multicall import Multicall
from searcher.adapters.pending_feed import PendingFeed
from searcher.adapters.pool_audit import PoolAuditor
from searcher.adapters.recalled_pools import SnapshotFile, discover_from
from searcher.adapters.reconciliation import Reconciled, reconcile
from searcher.adapters.reference_prices import ReferencePrices
from searcher.adapters.relays import BuilderRelay, RequestDesk
from searcher.adapters.remote_signer import RemoteSigner
from searcher.adapters.rpc import Rpc
from searcher.adapters.sources import asset_tokens, open_exchanges, open_pending_feed
from searcher.adapters.surroundings import Surroundings
from searcher.adapters.token_gate import TokenGate, keepers_of
from searcher.adapters.token_probe import TokenTrial, Trader, load_probe
from searcher.adapters.traces import NodeForesight
from searcher.backrunning import Surrounding
from searcher.builder_table import BY_NAME
from searcher.chain_wiring import (
    Beginning,
    check_chain,
    checked_executor,
    feed_terms,
    reader_of,
    survey_of,
)
from searcher.config import (
    Settings,
)
from searcher.errors import ConfigError
from searcher.exchange_signals import SignalSearch
from searcher.execution import Ports, Venue
from searcher.pipeline import Event, Pipeline, Strategy
from searcher.ports import Clock, Ledger, Signer
from searcher.price_guard import GuardLimits
from searcher.scan import Terms
from searcher.settings.bot import (
    KeySettings,
)
from searcher.settings.network import (
    NetworkSettings,
)
from searcher.simulator_wiring import Connections, simulator_of
from searcher.submission_policy import forwarded, is_chosen
from searcher.tracker import KEPT_BLOCKS, Tracker


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secrets:
    """The two keys, as bytes. Never shown."""

    trading: bytes | None
    """Signs transactions; None where a signer process holds it."""

    identity: bytes
    """Signs requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the bot."""

    settings: Settings
    """From `config.toml`."""

    network: NetworkSettings
    """The chosen network, resolved."""

    secrets: Secrets
    """The keys."""

    ledger: Path
    """Where decisions are recorded; one network per file."""

    pools: Path | None = None
    """Where discovered pools are kept for the next start; None to discover anew."""

    sends: bool
    """False for a dry run, which simulates and records but submits nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The bot is ready and waits for the next block."""

    market: Market
    """What was discovered."""

    refused: Mapping[str, int]
    """Pools that were left out, by reason."""


Notice = Event | Started | Progress
"""What a run says of itself."""

Watch = Callable[[Notice], None]
"""Whoever looks on."""


def load_secrets(settings: KeySettings, variables: Mapping[str, str]) -> Secrets:
    """Resolve the key references; the trading key's only where no signer process holds it.

    Raises:
        KeyMissingError: a variable is not set, or holds no key.
    """
    return Secrets(
        trading=None if settings.signer else load_trading_key(settings, variables),
        identity=load_secret(settings.identity, variables),
    )


def load_trading_key(settings: KeySettings, variables: Mapping[str, str]) -> bytes:
    """Resolve the trading key's reference, for what no signer process does.

    Raises:
        KeyMissingError: the variable is not set, or holds no key.
    """
    return load_secret(settings.trading, variables)


def trading_address(trading_key: bytes) -> Address:
    """The account that pays gas and must own the executor."""
    return TradingKey(trading_key, chain_id=1).address


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """Every connection of a run."""

    rpc: Endpoints
    session: aiohttp.ClientSession
    pending: PendingFeed
    desk: ExchangeDesk
    around: Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """What the chain says at the start."""

    head: Header
    found: Discovered
    reader: BlockReader
    executor: Address
    signer: Signer

    @property
    def market(self) -> Market:
        """Every pool at the head."""
        return Market(
            block_number=self.head.number,
            block_hash=self.head.hash,
            tokens=self.found.tokens,
            pools=self.found.pools,
        )


async def run_live(run: Run, watch: Watch) -> None:
    """Discover the market, then search every new block until the feed fails or the caller cancels.

    Raises:
        ConfigError: the network does not fit the node, or the executor is not ours.
        SearcherError: the world is broken; also inside an ExceptionGroup.
    """
    assert_native_signing()
    async with _opened(run) as world:
        chain = await _asked(run, world, watch)
        history = read_history(run.ledger, since_block=chain.head.number - KEPT_BLOCKS)
        earlier = await reconcile(world.rpc, history, head=chain.head, executor=chain.executor)
        with open_ledger(run.ledger) as ledger:
            for inclusion in earlier.news:
                ledger.record(inclusion)
            ports = await _ports(run, world, chain, ledger=ledger)
            graph = TokenGraph.pruned(chain.market, _terms(run).pruning)
            tracker = Tracker(chain.market, graph)
            remember(tracker, earlier)
            await asyncio.to_thread(load_kernels)
            watch(Started(market=chain.market, refused=chain.found.refused_by_reason()))
            await Pipeline(ports, tracker, strategy=_strategy(run, chain), watch=watch).run()


@asynccontextmanager
async def _opened(run: Run) -> AsyncIterator[_World]:
    """Connect to everything that the network names; what never ends begins to listen."""
    clock, random = SystemClock(), Random()  # noqa: S311 - spreads attempts to connect
    around = Surroundings(clock=clock, random=random)
    async with (
        open_endpoints(run.network.nodes, clock=clock, random=random) as rpc,
        open_relay_session() as session,
        open_pending_feed(run.network, around) as pending,
        open_exchanges(run.settings.exchanges, run.network, around) as desk,
        desk.running(),
        pending.running(),
    ):
        yield _World(rpc=rpc, session=session, pending=pending, desk=desk, around=around)


async def _asked(run: Run, world: _World, watch: Watch) -> _Chain:
    """Check that the chain is the one, and find its pools."""
    rpc, network = world.rpc, run.network
    signer = _signer(run)
    await check_chain(rpc, network)
    executor = await checked_executor(rpc, network, owner=signer.address)
    head = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
    found = await _discovered(run, rpc, head, watch=watch)
    reader = await reader_of(
        rpc,
        network,
        Beginning(head=head, found=found, bases=_terms(run).bases, account=signer.address),
    )
    return _Chain(head=head, found=found, reader=reader, executor=executor, signer=signer)


async def _discovered(run: Run, rpc: Rpc, head: Header, *, watch: Watch) -> Discovered:
    """Find the pools, from what an earlier start has kept where there is a file for it."""
    survey = survey_of(run.network)
    if run.pools is None:
        return await discover(rpc, survey, block=head)
    file = SnapshotFile(path=run.pools, chain_id=run.network.chain_id, watch=watch)
    return await discover_from(rpc, survey, block=head, file=file)


async def _ports(run: Run, world: _World, chain: _Chain, *, ledger: Ledger) -> Ports:
    """Plug everything in."""
    rpc, clock, random = world.rpc, world.around.clock, world.around.random
    endpoints = _endpoints(run, world.session)
    connections = Connections(rpc=rpc, session=world.session, relay=endpoints[0], clock=clock)
    known, hears = chain.found.known, bool(world.pending.health())
    start = await chain.reader.read(chain.head.hash, parent_nonce=None, received_ns=clock.now_ns())
    terms = feed_terms(run.network, random)
    return Ports(
        feed=BlockFeed(chain.reader, rpc, clock=clock, terms=terms, start=start),
        simulator=simulator_of(run.settings.submission, run.network, connections),
        relays=_relays(run, endpoints, clock) if run.sends else (),
        signer=chain.signer,
        ledger=ledger,
        clock=clock,
        auditor=PoolAuditor(multicall=chain.reader.multicall, known=known, random=random),
        pending=world.pending if hears else None,
        foresight=NodeForesight(rpc, known) if hears else None,
        prices=_prices(run, world.desk, chain.reader.multicall),
        gate=_gate(run, chain),
    )


def _signer(run: Run) -> Signer:
    if run.secrets.trading is not None:
        return TradingKey(run.secrets.trading, chain_id=run.network.chain_id)
    socket = run.settings.keys.signer_socket
    if socket is None:
        raise ConfigError("there is neither a trading key nor a signer; set one in [keys]")
    return RemoteSigner.connected(socket, chain_id=run.network.chain_id)


def remember(tracker: Tracker, earlier: Reconciled) -> None:
    """Give the tracker what earlier runs have sent: a block may decide it, or decide it again."""
    for intent in earlier.open:
        tracker.open(intent)
    for intent, inclusion in earlier.decided:
        tracker.recall(intent, inclusion)


def _strategy(run: Run, chain: _Chain) -> Strategy:
    network, capital = run.network, run.settings.guard.signal_capital_wei
    return Strategy(
        terms=_terms(run),
        venue=Venue(executor=chain.executor, slot_seconds=network.slot_seconds),
        surrounding=Surrounding(
            chain_id=network.chain_id,
            slot_seconds=network.slot_seconds,
            routers={
                Address(one.address): one.router(Address(network.weth)) for one in network.routers
            },
            account=chain.signer.address,
        ),
        signals=SignalSearch(base=Address(network.weth), capital=capital) if capital else None,
    )


def _gate(run: Run, chain: _Chain) -> TokenGate:
    """Tries tokens as our executor and account would trade them."""
    trial = TokenTrial(
        multicall=chain.reader.multicall,
        trader=Trader(executor=chain.executor, account=chain.signer.address),
        settings=run.settings.admission,
        code=load_probe(),
    )
    return TokenGate(trial, keepers_of(chain.found.known))


def _prices(run: Run, desk: ExchangeDesk, multicall: Multicall) -> ReferencePrices | None:
    """None where neither an exchange nor an oracle is watched."""
    guard = run.settings.guard
    limits = GuardLimits(
        max_deviation_bps=guard.max_deviation_bps,
        max_oracle_age_ns=guard.max_oracle_age_seconds * NS_PER_SECOND,
        demands_reference=guard.demands_reference,
    )
    tokens = asset_tokens(run.network)
    oracles = Oracles([oracle.feed(tokens) for oracle in run.network.oracles])
    if not desk.health() and not run.network.oracles:
        return None
    return ReferencePrices(desk, oracles, limits, multicall=multicall)


def _terms(run: Run) -> Terms:
    return Terms(
        weth=Address(run.network.weth),
        search=run.settings.search,
        bidding=run.settings.bidding,
    )


def _relays(
    run: Run, endpoints: tuple[FlashbotsEndpoint, ...], clock: Clock
) -> tuple[BuilderRelay, ...]:
    """Those that the policy sends to, sharing one desk, which writes and signs a body once."""
    submission = run.settings.submission
    if not any(
        is_chosen(BY_NAME[relay.profile], submission.policy) for relay in run.network.relays
    ):
        raise ConfigError(
            f"policy {submission.policy} uses none of the relays; add one, or change it"
        )
    desk = RequestDesk(
        IdentityKey(run.secrets.identity).header,
        builders=forwarded(submission.policy, submission.builders),
    )
    return tuple(
        BuilderRelay(
            endpoint,
            clock,
            profile=BY_NAME[relay.profile],
            desk=desk,
            credential=relay.credential.get_secret_value() if relay.credential else "",
        )
        for relay, endpoint in zip(run.network.relays, endpoints, strict=True)
        if is_chosen(BY_NAME[relay.profile], submission.policy)
    )


def _endpoints(run: Run, session: aiohttp.ClientSession) -> tuple[FlashbotsEndpoint, ...]:
    if not run.network.relays:
        raise ConfigError("no relay is configured; add one to the network")
    identity = IdentityKey(run.secrets.identity)
    return tuple(
        FlashbotsEndpoint(
            session,
            name=relay.name,
            url=relay.url.get_secret_value(),
            sign=identity.header,
        )
        for relay in run.network.relays
    )
