"""Whose word counts when several simulators stand behind one port, and how that is told."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from searcher.adapters.flashbots_rpc import FlashbotsEndpoint, open_relay_session
from searcher.adapters.request_budget import RequestBudget
from searcher.adapters.simulator_chain import ConfirmedSimulator, SimulatorChain
from searcher.adapters.simulators import CallBundleSimulator, not_run, reverted
from searcher.bundles import admit
from searcher.model import AdmittedBundle, Bundle, Simulation
from searcher.ports import Simulator
from tests.searcher.adapters.http_endpoint import closed_url
from tests.searcher.fakes import AgreeingSimulator, HandClock
from tests.searcher.records import bundle, simulated

BUNDLE = bundle()
GOOD = simulated(BUNDLE)
SILENT = not_run(BUNDLE, "relay", "HTTP 502")
BAD = reverted(BUNDLE, "relay", "Panic(17)")


class Scripted(Simulator):
    """Says one thing and counts how often."""

    def __init__(self, says: Simulation) -> None:
        self._says = says
        self.asked = 0

    @override
    async def simulate(self, bundle: Bundle) -> Simulation:
        """As told."""
        self.asked += 1
        return self._says


@given(says=st.lists(st.sampled_from([GOOD, SILENT, BAD]), min_size=1, max_size=5))
async def test_first_that_has_run_decides_and_nobody_after_it_is_asked(
    says: list[Simulation],
) -> None:
    simulators = [Scripted(said) for said in says]

    verdict = await SimulatorChain(simulators).simulate(BUNDLE)

    ran = [index for index, said in enumerate(says) if said.has_run]
    decisive = ran[0] if ran else len(says) - 1
    assert [simulator.asked for simulator in simulators] == [
        int(index <= decisive) for index in range(len(says))
    ]
    assert verdict.has_run == bool(ran)
    assert verdict.simulator.startswith(says[decisive].simulator)
    told = verdict.simulator if ran else str(verdict.revert_reason)
    assert told.count("relay: HTTP 502") == (decisive if ran else max(0, decisive))


async def test_chain_of_one_says_what_that_one_says() -> None:
    for said in (GOOD, SILENT, BAD):
        assert await SimulatorChain([Scripted(said)]).simulate(BUNDLE) == said


async def test_relay_without_a_working_simulation_falls_back_and_says_so() -> None:
    chain = SimulatorChain([Scripted(SILENT), AgreeingSimulator()])

    verdict = await chain.simulate(BUNDLE)

    assert isinstance(admit(BUNDLE, verdict), AdmittedBundle)
    assert verdict == replace(GOOD, simulator="fake (after relay: HTTP 502)")


async def test_relay_tries_only_finalists_and_its_word_counts() -> None:
    relay = Scripted(BAD)

    rejected = await ConfirmedSimulator(Scripted(BAD), relay).simulate(BUNDLE)
    assert (rejected, relay.asked) == (BAD, 0)
    confirmed = await ConfirmedSimulator(Scripted(GOOD), relay).simulate(BUNDLE)
    assert (confirmed.revert_reason, confirmed.simulator) == ("Panic(17)", "fake, relay")
    assert not isinstance(admit(BUNDLE, confirmed), AdmittedBundle)


async def test_finalist_that_the_relay_cannot_try_goes_out_and_says_so() -> None:
    verdict = await ConfirmedSimulator(Scripted(GOOD), Scripted(SILENT)).simulate(BUNDLE)

    assert isinstance(admit(BUNDLE, verdict), AdmittedBundle)
    assert verdict.simulator == "fake (not confirmed by relay: HTTP 502)"


async def test_simulator_beyond_its_budget_asks_nobody() -> None:
    async with open_relay_session() as session:
        endpoint = FlashbotsEndpoint(session, name="relay", url=closed_url(), sign=None)
        budget = RequestBudget(HandClock(), lambda _method: 0)
        verdict = await CallBundleSimulator(endpoint, budget).simulate(BUNDLE)

    assert not verdict.has_run
    assert str(verdict.revert_reason).startswith("rate_limited: not sent: ")
