"""Who gets the bundles, and who tries them first."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from searcher.settings.fields import Section
from searcher.submission_policy import SubmissionPolicy


class SimulatorKind(StrEnum):
    """Who can execute a bundle without sending it."""

    SIMULATE_V1 = "simulate_v1"
    """The network's node with `eth_simulateV1`."""

    CALL_BUNDLE = "call_bundle"
    """The network's node with `eth_callBundle`, unsigned."""

    RELAY = "relay"
    """The first relay with `eth_callBundle`."""

    TENDERLY = "tenderly"
    """The network's `tenderly_url`."""


class SubmissionSettings(Section):
    """What happens between a bundle and the builders."""

    policy: SubmissionPolicy = SubmissionPolicy.FLASHBOTS_ONLY
    """Which relays of the network are used; more of them cost Flashbots' refunds."""

    builders: tuple[str, ...] = ()
    """Registered names that Flashbots may forward to under `builders_field`."""

    simulators: Annotated[tuple[SimulatorKind, ...], Field(min_length=1)] = (
        SimulatorKind.SIMULATE_V1,
        SimulatorKind.RELAY,
    )
    """Asked in this order until one has run the bundle."""

    has_relay_confirm: bool = True
    """Whether the relay tries once more what another simulator found good; where it cannot, the
    bundle goes out on the word of the other."""
