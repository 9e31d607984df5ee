"""The simulators that the configuration names, in its order, behind the one port."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from searcher.adapters.flashbots_rpc import FlashbotsEndpoint
from searcher.adapters.request_budget import RequestBudget
from searcher.adapters.rpc import HttpRpc, Rpc
from searcher.adapters.simulate_v1 import Conditions, SimulateV1Simulator, TenderlySimulator
from searcher.adapters.simulator_chain import ConfirmedSimulator, SimulatorChain
from searcher.adapters.simulators import CallBundleSimulator
from searcher.builder_table import BY_NAME
from searcher.errors import ConfigError
from searcher.ports import Clock, Simulator
from searcher.settings.network import NetworkSettings
from searcher.settings.submission import SimulatorKind, SubmissionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """What simulators talk through."""

    rpc: Rpc
    """The network's node."""

    session: aiohttp.ClientSession
    """For everything else."""

    relay: FlashbotsEndpoint
    """The network's first relay."""

    clock: Clock
    """For the relay's limit."""


def simulator_of(
    settings: SubmissionSettings, network: NetworkSettings, connections: Connections
) -> Simulator:
    """Build the chain.

    Raises:
        ConfigError: Tenderly is to be asked and has no URL.
    """
    budget = RequestBudget(connections.clock, BY_NAME[network.relays[0].profile].limit)
    relay = CallBundleSimulator(connections.relay, budget)
    makers: Mapping[SimulatorKind, Callable[[], Simulator]] = {
        SimulatorKind.SIMULATE_V1: lambda: SimulateV1Simulator(
            connections.rpc, conditions(network)
        ),
        SimulatorKind.CALL_BUNDLE: lambda: _node(network, connections),
        SimulatorKind.RELAY: lambda: relay,
        SimulatorKind.TENDERLY: lambda: _tenderly(network, connections),
    }
    first, *others = settings.simulators
    simulators = [makers[kind]() for kind in (first, *others)]
    if not settings.has_relay_confirm or first is SimulatorKind.RELAY:
        return SimulatorChain(simulators)
    local = [
        simulator
        for kind, simulator in zip(settings.simulators, simulators, strict=True)
        if kind is not SimulatorKind.RELAY
    ]
    # The relay comes last at any rate: it confirms what others found, or stands in for them.
    return SimulatorChain([ConfirmedSimulator(SimulatorChain(local), relay), relay])


def conditions(network: NetworkSettings) -> Conditions:
    """What is assumed of every target block of a network."""
    return Conditions(chain_id=network.chain_id, slot_seconds=network.slot_seconds)


def _node(network: NetworkSettings, connections: Connections) -> Simulator:
    url = network.http_url.get_secret_value()
    return CallBundleSimulator(
        FlashbotsEndpoint(connections.session, name="node", url=url, sign=None)
    )


def _tenderly(network: NetworkSettings, connections: Connections) -> Simulator:
    if network.tenderly_url is None:
        raise ConfigError("simulator tenderly has no tenderly_url in the network; add one")
    tenderly = HttpRpc(connections.session, network.tenderly_url.get_secret_value())
    return TenderlySimulator(tenderly, connections.rpc, conditions(network))
