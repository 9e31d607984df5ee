"""A source as it is configured: protocol, credential and filters arrive where they should."""

import asyncio
from contextlib import aclosing

import pytest

from searcher.adapters.mempool_grpc.bloxroute import NEW, PENDING
from searcher.adapters.mempool_grpc.configured import configured_source
from searcher.adapters.mempool_grpc.erigon import ON_ADD
from searcher.adapters.mempool_grpc.fiber import SUBSCRIBE
from searcher.adapters.surroundings import Surroundings
from searcher.config import Settings, load_network
from searcher.errors import ConfigError
from searcher.settings.mempool_grpc import GrpcSourceSettings
from sims.mempool.grpc_services import GrpcMempool, serving_grpc
from sims.mempool.steps import Script, Step
from tests.searcher.adapters.mempool_grpc.test_faults import RAWS, seeded
from tests.searcher.fakes import HandClock
from tests.searcher.test_config import NETWORK, VARIABLES

CREDENTIAL = "YWNjb3VudDpoYXNo"
TO = "0x" + "55" * 20


def settings(**source: object) -> GrpcSourceSettings:
    described = {"name": "local", "target": "127.0.0.1:1", **source}
    network = {**NETWORK, "grpc_sources": [described]}
    variables = {**VARIABLES, "MEMPOOL_AUTH": CREDENTIAL}
    loaded = load_network(Settings(networks={"local": network}), "local", variables)
    return loaded.grpc_sources[0]


async def first_call(**source: object) -> GrpcMempool:
    """A server that was asked by a configured source, which heard a transaction."""
    script = Script([Step(item=RAWS[0])])
    surroundings = Surroundings(clock=HandClock(), random=seeded(0))
    async with serving_grpc(script, random=seeded(0)) as server:
        configured = settings(target=server.target, **source)
        feed = configured_source(configured, chain_id=1, surroundings=surroundings)
        async with asyncio.timeout(5), aclosing(feed.transactions()) as transactions:
            await anext(transactions)
    return server


@pytest.mark.parametrize(
    ("source", "path", "key"),
    [
        ({"kind": "bloxroute"}, NEW, "authorization"),
        ({"kind": "bloxroute", "pending_only": True}, PENDING, "authorization"),
        ({"kind": "fiber", "to": [TO]}, SUBSCRIBE, "x-api-key"),
    ],
    ids=["bloxroute", "pending", "fiber"],
)
async def test_source_calls_its_method_with_its_credential(
    source: dict[str, object], path: str, key: str
) -> None:
    server = await first_call(auth="env:MEMPOOL_AUTH", **source)

    called, metadata = server.calls[0]
    assert (called, metadata[key]) == (path, CREDENTIAL)


async def test_node_of_ours_needs_no_credential() -> None:
    server = await first_call(kind="erigon")

    called, metadata = server.calls[0]
    assert called == ON_ADD
    assert set(metadata) == {"user-agent"}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"auth": CREDENTIAL}, "never the credential itself"),
        ({"auth": "env:UNSET"}, "UNSET is not set"),
        ({"target": "http://127.0.0.1:1"}, "without a scheme"),
        ({"methods": ["0x1234"]}, "8 hex digits"),
        ({"kind": "eden"}, "bloxroute"),
    ],
    ids=["literal", "unset", "scheme", "method", "kind"],
)
def test_mistake_is_named_without_the_credential(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as refusal:
        settings(**{"kind": "fiber", **wrong})

    assert CREDENTIAL not in str(refusal.value)
    assert CREDENTIAL not in repr(settings(kind="fiber", auth="env:MEMPOOL_AUTH"))
