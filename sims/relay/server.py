"""The relay as a whole: its rooms, its web application, and the socket that it listens on.

One address serves what the public relay spreads over several hosts: requests are posted to any
path; `/tx/<hash>` tells of a private transaction and `/trace` of the auctions.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from graphs.units import Address
from searcher.adapters.clock import NS_PER_SECOND, SystemClock
from searcher.adapters.decoding import quantity
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.ports import Clock
from sims.listening import listening
from sims.relay.builder import COINBASE, SLOT_SECONDS, Builder, BuilderIdentity, BuilderRooms
from sims.relay.bundle_pool import BundlePool
from sims.relay.endpoint import MAX_BODY_BYTES, Dispatch, Endpoint, Sleep
from sims.relay.faults import FaultPlan, InjectedFault
from sims.relay.limits import RateLimits
from sims.relay.methods import BundleMethods, RelayRooms
from sims.relay.mev_share import MevShare
from sims.relay.mev_share_events import PING_SECONDS, EventHub
from sims.relay.private_transactions import PrivateTransactions
from sims.relay.profiles import FLASHBOTS, Profile
from sims.relay.simulation import BundleSimulator
from sims.relay.slots import SlotRules, Slots
from sims.relay.trace import BlockTrace

ANY_METHOD: Final = "*"


async def _sleep(seconds: float) -> None:
    clock = SystemClock()
    await clock.wait_until_ns(clock.now_ns() + int(seconds * NS_PER_SECOND))


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayOptions:
    """What distinguishes one local relay from another."""

    node_url: str
    """HTTP URL of an anvil that mines only when told, in order of arrival."""

    host: str = "127.0.0.1"
    """Where to listen."""

    port: int = 0
    """Where to listen; 0 for any free port."""

    coinbase: Address = COINBASE
    """Who is paid in every block."""

    slot_seconds: int = SLOT_SECONDS
    """Between a block and its parent, on the chain's own clock."""

    profile: Profile = FLASHBOTS
    """Whose manners the relay has."""

    slot_rules: SlotRules = field(default_factory=SlotRules)
    """When a bundle is late, and which slots are won."""

    faults: tuple[InjectedFault, ...] = ()
    """To happen on demand."""

    seed: int = 0
    """Of the faults."""

    clock: Clock = field(default_factory=SystemClock)
    """For the slot and for the limits."""

    sleep: Sleep = _sleep
    """For faults that take time."""

    ping_seconds: float = PING_SECONDS
    """Of silence on the event stream before a ping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRelay:
    """A relay that listens, and the builder behind it."""

    url: str
    """For requests."""

    builder: Builder
    """Builds one block per call."""

    trace: BlockTrace
    """What became of every bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Everything behind the socket."""

    app: web.Application
    """Speaks the protocol."""

    builder: Builder
    """Builds one block per call."""

    trace: BlockTrace
    """What became of every bundle."""

    share: MevShare
    """Makes the events of the stream while it is told to."""


@asynccontextmanager
async def running_relay(options: RelayOptions) -> AsyncIterator[RunningRelay]:
    """Serve bundles for the node's next blocks until the context is left.

    Raises:
        RelayPortInUseError: somebody else listens there.
        RpcError: the node does not answer.
    """
    async with open_rpc(options.node_url) as rpc:
        chain_id = quantity(await rpc.call("eth_chainId"), "chain id")
        relay = make_relay(rpc, options, chain_id=chain_id)
        async with (
            asyncio.TaskGroup() as tasks,
            listening(relay.app, host=options.host, port=options.port) as url,
        ):
            publisher = tasks.create_task(relay.share.publish_forever())
            try:
                yield RunningRelay(url=url, builder=relay.builder, trace=relay.trace)
            finally:
                publisher.cancel()


def make_relay(rpc: Rpc, options: RelayOptions, *, chain_id: int) -> Relay:
    """Put the relay together; nothing is asked of the node yet."""
    identity = BuilderIdentity(coinbase=options.coinbase, slot_seconds=options.slot_seconds)
    simulator = BundleSimulator(rpc, chain_id=chain_id)
    slots, trace, pool = Slots(options.slot_rules, options.clock), BlockTrace(), BundlePool()
    rooms = RelayRooms(
        rpc=rpc,
        pool=pool,
        simulator=simulator,
        identity=identity,
        slots=slots,
        profile=options.profile,
    )
    hub = EventHub(ping_seconds=options.ping_seconds)
    share = MevShare(rooms, hub)
    private = PrivateTransactions(rooms, trace, share)
    dispatch = Dispatch(
        profile=options.profile,
        methods={**BundleMethods(rooms).table(), **private.table(), **share.table()},
        limits=RateLimits(options.profile, options.clock),
        faults=FaultPlan(options.faults, seed=options.seed),
        sleep=options.sleep,
    )
    builder = Builder(
        rpc,
        BuilderRooms(pool=pool, slots=slots, trace=trace),
        simulator=simulator,
        identity=identity,
    )
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    pages = _Pages(private, trace)
    app.router.add_get("/livez", pages.alive)
    app.router.add_get("/readyz", pages.alive)
    app.router.add_get("/trace", pages.blocks)
    app.router.add_get("/tx/{hash}", pages.transaction)
    app.router.add_get("/api/v1/history", hub.history)
    app.router.add_get("/api/v1/history/info", hub.info)
    app.router.add_route(ANY_METHOD, "/{path:.*}", _streaming(hub, Endpoint(dispatch)))
    return Relay(app=app, builder=builder, trace=trace, share=share)


def _streaming(hub: EventHub, endpoint: Endpoint) -> Handler:
    """Who asks for a stream of events is given one; everything else is a request."""

    async def handle(request: web.Request) -> web.StreamResponse:
        wants_events = "text/event-stream" in request.headers.get("Accept", "")
        if request.method == "GET" and wants_events:
            return await hub.stream(request)
        return await endpoint.handle(request)

    return handle


class _Pages:
    """What is asked for with GET."""

    def __init__(self, private: PrivateTransactions, trace: BlockTrace) -> None:
        self._private = private
        self._trace = trace

    async def alive(self, _request: web.Request) -> web.Response:
        return web.Response()

    async def transaction(self, request: web.Request) -> web.Response:
        return _json(await self._private.status(request.match_info["hash"]))

    async def blocks(self, request: web.Request) -> web.Response:
        """The auctions of one block, `?block=17`, or of all that are remembered."""
        number = request.query.get("block", "")
        return _json({"blocks": self._trace.as_dicts(int(number) if number.isdecimal() else None)})


def _json(content: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), content_type="application/json")
