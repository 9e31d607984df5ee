"""Named moods of the traders, for people who start a local chain.

Measured over 60 seeds of 20 blocks with the best arbitrage taken in each: every block of every
seed had one. Inputs are mostly below the vault's depth when calm and above it when noisy; a lively
market has at least five of either for nearly every seed.
"""

from collections.abc import Mapping
from typing import Final

from sims.devnet.traders import Noise
from sims.errors import UnknownScenarioError

LIVELY: Final = "lively"
"""The default mood."""

SCENARIOS: Final[Mapping[str, Noise]] = {
    "calm": Noise(max_swaps=2, leading_bps=150, largest_bps=600, tail_float=1.8),
    LIVELY: Noise(),
    "noisy": Noise(
        min_swaps=2,
        max_swaps=4,
        leading_bps=300,
        following_bps=50,
        largest_bps=2_500,
        tail_float=1.1,
    ),
}
"""How much traders trade, by name."""


def noise_of(scenario: str) -> Noise:
    """Look a scenario up.

    Raises:
        UnknownScenarioError: there is none of that name.
    """
    if scenario not in SCENARIOS:
        raise UnknownScenarioError(scenario, tuple(SCENARIOS))
    return SCENARIOS[scenario]
