"""A relay whose node never answers: enough for everything that is decided before execution."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from searcher.adapters.rpc import open_rpc
from searcher.ports import Clock
from sims.listening import listening
from sims.relay.endpoint import Sleep
from sims.relay.faults import InjectedFault
from sims.relay.profiles import Profile
from sims.relay.server import RelayOptions, make_relay
from tests.searcher.fakes import HandClock


async def never(seconds: float) -> None:
    """Let no test wait."""
    raise AssertionError(f"waited {seconds} s")


NOWHERE = "http://127.0.0.1:9"


@asynccontextmanager
async def relay_nowhere(
    profile: Profile,
    *,
    faults: tuple[InjectedFault, ...] = (),
    clock: Clock | None = None,
    sleep: Sleep | None = None,
) -> AsyncIterator[str]:
    """Serve; yields the URL."""
    options = RelayOptions(
        node_url=NOWHERE,
        profile=profile,
        faults=faults,
        clock=clock or HandClock(),
        sleep=sleep or never,
    )
    async with open_rpc(NOWHERE) as rpc:
        relay = make_relay(rpc, options, chain_id=31_337)
        async with listening(relay.app, host=options.host, port=0) as url:
            yield url
