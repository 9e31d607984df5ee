"""The composition root of `searcher doctor`: opens what a network names and puts it to the checks.

Nothing is sent that changes anything, and no key leaves its module but as an address or a
signature. What a failed check makes pointless is not tried.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from graphs.units import Address
from searcher.adapters.clock import SystemClock
from searcher.adapters.decoding import Header
from searcher.adapters.flashbots_rpc import open_relay_session
from searcher.adapters.keys import IdentityKey, TradingKey, load_secret
from searcher.adapters.relays import RequestDesk
from searcher.adapters.rpc import open_rpc
from searcher.adapters.sources import mev_share_feed, open_exchanges, open_pending_feed
from searcher.adapters.surroundings import Surroundings
from searcher.config import Settings, load_network
from searcher.doctor.account_checks import balance_finding, executor_finding
from searcher.doctor.finding import Finding, Verdict, failure, ok, warning
from searcher.doctor.machine_checks import kernels_finding, ledger_finding
from searcher.doctor.node_checks import (
    chain_finding,
    contract_finding,
    head_finding,
    heads_finding,
    latency_finding,
    method_finding,
    probes,
    read_head,
)
from searcher.doctor.relay_checks import clock_finding, relay_finding
from searcher.doctor.source_checks import (
    exchange_findings,
    hints_finding,
    mempool_finding,
    pending_findings,
)
from searcher.errors import ConfigError, KeyMissingError, RpcError, WireError
from searcher.settings.endpoints import EndpointSettings
from searcher.settings.network import NetworkSettings

ANSWER_SECONDS: Final = 5.0
"""For a node to answer one question."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Keys:
    """What the keys are for; None where one is not there."""

    account: Address | None
    """Of the trading key."""

    identity: IdentityKey | None
    """Signs requests."""


class Examination:
    """One look at everything that a network's configuration names."""

    def __init__(self, settings: Settings, variables: Mapping[str, str]) -> None:
        """Take the settings, and the environment that its references point into."""
        self._settings = settings
        self._variables = variables
        self._clock = SystemClock()
        self._around = Surroundings(clock=self._clock, random=Random())  # noqa: S311 - jitter
        self._head: Header | None = None

    async def findings(self, name: str) -> AsyncIterator[Finding]:
        """Everything that was found, as it is found."""
        yield ledger_finding(self._settings.ledger.folder)
        yield kernels_finding()
        keys, found = self._keys()
        for finding in found:
            yield finding
        try:
            network = load_network(self._settings, name, self._variables)
        except ConfigError as error:
            words, _, remedy = error.reason.rpartition("; ")
            yield failure("configuration", words or remedy, remedy if words else "correct it")
            return
        yield ok("configuration", f"network {name} is complete")
        for number, node in enumerate(network.nodes, start=1):
            async for finding in self._node(f"node {number}", node, network):
                yield finding
        async for finding in self._ours(network, keys):
            yield finding
        async for finding in self._relays(network, keys):
            yield finding
        async for finding in self._sources(network):
            yield finding

    def _keys(self) -> tuple[Keys, list[Finding]]:
        """The keys that are there, and what is wrong with the references to them."""
        references = self._settings.keys
        secrets: dict[str, bytes | None] = {}
        found = []
        for name, reference in (
            ("trading", references.trading),
            ("identity", references.identity),
        ):
            title = f"key {name}"
            try:
                secrets[name] = load_secret(reference, self._variables)
            except KeyMissingError as error:
                secrets[name] = None
                found.append(failure(title, f"no key at {reference}", error.remedy))
            else:
                found.append(ok(title, f"{reference} holds a key"))
        trading, identity = secrets["trading"], secrets["identity"]
        if trading is not None and trading == identity:
            words = "signs for relays with the key that holds the money"
            found.append(warning("key identity", words, "use a key of its own, without funds"))
        account = None if trading is None else TradingKey(trading, chain_id=1).address
        signer = None if identity is None else IdentityKey(identity)
        return Keys(account=account, identity=signer), found

    async def _node(
        self, name: str, node: EndpointSettings, network: NetworkSettings
    ) -> AsyncIterator[Finding]:
        url = node.http_url.get_secret_value()
        async with open_rpc(url, timeout_seconds=ANSWER_SECONDS) as rpc:
            chain = await chain_finding(name, rpc, url=url, expected=network.chain_id)
            yield chain
            if chain.verdict is not Verdict.OK:
                return
            yield await latency_finding(name, rpc, self._clock)
            try:
                head = await read_head(rpc)
            except (RpcError, WireError) as error:
                yield failure(f"{name}: head", error.reason, "wait until the node has synchronised")
                return
            self._head = self._head or head
            yield head_finding(name, head, network=network, clock=self._clock)
            yield await contract_finding(name, rpc, network)
            for probe in probes(network, head, self._settings.submission.simulators):
                yield await method_finding(name, rpc, probe)
        ws_url = node.ws_url.get_secret_value() if node.ws_url else None
        yield await heads_finding(name, ws_url)

    async def _ours(self, network: NetworkSettings, keys: Keys) -> AsyncIterator[Finding]:
        """Our contract and our account, by the first node; nothing where no node is usable."""
        if self._head is None:
            return
        async with open_rpc(
            network.http_url.get_secret_value(), timeout_seconds=ANSWER_SECONDS
        ) as rpc:
            yield await executor_finding(rpc, network.executor, owner=keys.account)
            if keys.account is not None:
                yield await balance_finding(rpc, keys.account, self._head)

    async def _relays(self, network: NetworkSettings, keys: Keys) -> AsyncIterator[Finding]:
        if not network.relays:
            yield failure("relays", "none is configured", "add one under the network's relays")
            return
        if keys.identity is None:
            yield warning("relays", "not asked: no key signs", "set the identity key")
            return
        desk = RequestDesk(keys.identity.header)
        number = self._head.number if self._head else 0
        async with open_relay_session() as session:
            for relay in network.relays:
                answer = await relay_finding(relay, session, desk, head_number=number)
                yield answer
                if answer.verdict is Verdict.OK:
                    yield await clock_finding(relay, session, self._clock)

    async def _sources(self, network: NetworkSettings) -> AsyncIterator[Finding]:
        for settings in network.mempool:
            yield await mempool_finding(settings, network)
        streams = network.model_copy(update={"mempool": ()})
        async with open_pending_feed(streams, self._around) as pending:
            for finding in await pending_findings(pending, self._around):
                yield finding
        hints = mev_share_feed(network, self._around)
        if hints is not None:
            yield await hints_finding(hints, self._around)
        exchanges = self._settings.exchanges
        async with open_exchanges(exchanges, network, self._around) as desk:
            for finding in await exchange_findings(desk, self._around):
                yield finding
