"""Several simulators behind the one port, and on whose word a bundle goes out.

Local ones come first: a relay counts what it is asked to simulate, and answers few of a minute.
Which one answered, and why those before it did not, is part of the answer's name.
"""

from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from searcher.model import Bundle, Simulation
from searcher.ports import Simulator


class SimulatorChain(Simulator):
    """Asks in order until one has run the bundle; its verdict stands, be it a revert."""

    def __init__(self, simulators: Sequence[Simulator]) -> None:
        """At least one."""
        self._first, *self._others = simulators

    @override
    async def simulate(self, bundle: Bundle) -> Simulation:
        """The first verdict, named with the reasons of those who gave none."""
        simulation = await self._first.simulate(bundle)
        silent: list[str] = []
        for simulator in self._others:
            if simulation.has_run:
                break
            silent.append(f"{simulation.simulator}: {simulation.revert_reason}")
            simulation = await simulator.simulate(bundle)
        if not silent:
            return simulation
        after = "; ".join(silent)
        if simulation.has_run:
            return replace(simulation, simulator=f"{simulation.simulator} (after {after})")
        return replace(simulation, revert_reason=f"{after}; {simulation.revert_reason}")


class ConfirmedSimulator(Simulator):
    """A relay tries again what the first simulator found good: the finalists alone.

    A relay that cannot simulate does not stop the bundle; that it could not is said.
    """

    def __init__(self, first: Simulator, relay: Simulator) -> None:
        self._first = first
        self._relay = relay

    @override
    async def simulate(self, bundle: Bundle) -> Simulation:
        """The relay's verdict on a bundle that survived the first; else the first one's."""
        found = await self._first.simulate(bundle)
        if not found.has_run or found.revert_reason is not None:
            return found
        confirmed = await self._relay.simulate(bundle)
        if confirmed.has_run:
            return replace(confirmed, simulator=f"{found.simulator}, {confirmed.simulator}")
        unconfirmed = f"{confirmed.simulator}: {confirmed.revert_reason}"
        return replace(found, simulator=f"{found.simulator} (not confirmed by {unconfirmed})")
