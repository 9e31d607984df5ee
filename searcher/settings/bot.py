"""What the bot looks for, pays and writes down, whatever the network."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from graphs.units import BPS, WEI_PER_ETHER
from searcher.settings.fields import (
    UNIX_PREFIX,
    HexAddress,
    KeyReference,
    Section,
    SignerReference,
    Wei,
)
from searcher.tip_policy import Bounded, FixedShare, ShareCurve, TipPolicy, check_curve

MAX_HOPS = 8
"""What the executor's plan can hold."""


class SearchSettings(Section):
    """What the search walks."""

    max_hops: Annotated[int, Field(ge=2, le=MAX_HOPS)] = 4
    """Longest cycle."""

    max_cycles: Annotated[int, Field(ge=1)] = 200_000
    """Cycles listed per base; where there are more, only those with the greatest bounds are."""

    max_trials: Annotated[int, Field(ge=1)] = 500_000
    """Hops that are tried for those, per lender: some 0.3 s."""

    bases: tuple[HexAddress, ...] = ()
    """Tokens that cycles start and end with; WETH alone when empty."""

    refused_tokens: tuple[HexAddress, ...] = ()
    """Tokens that no cycle may trade."""


class BiddingSettings(Section):
    """What is paid for inclusion, and what must remain."""

    tip_share_bps: Annotated[int, Field(ge=0, le=BPS)] = 8_000
    """Of the realised gross profit, to the block's coinbase; where there is no curve."""

    tip_curve: tuple[tuple[int, int], ...] = ()
    """Instead: gross profits in wei, rising, each with its share; straight lines between them."""

    most_tip_share_bps: Annotated[int, Field(ge=0, le=BPS)] = 9_900
    """What no policy exceeds."""

    min_net_profit_wei: Wei = WEI_PER_ETHER // 10_000
    """Expected profit after tip and gas below which nothing is sent."""

    leak_bps: Annotated[int, Field(ge=0, le=BPS)] = 10
    """How many of ten thousand transactions are taken to land outside their bundle and revert."""

    target_blocks: Annotated[int, Field(ge=1, le=5)] = 2
    """Each opportunity is offered for so many of the blocks to come; a backrun for the next one."""

    max_sequels: Annotated[int, Field(ge=0, le=8)] = 3
    """Further opportunities of the same block that may follow in the same bundle."""

    @model_validator(mode="after")
    def _the_curve_never_takes_more_of_more(self) -> Self:
        if self.tip_curve:
            check_curve(self.tip_curve)
        return self

    @property
    def tip_policy(self) -> TipPolicy:
        """What proposes the share, below the bound."""
        policy = (
            ShareCurve(points=self.tip_curve)
            if self.tip_curve
            else FixedShare(bps=self.tip_share_bps)
        )
        return Bounded(policy=policy, most_bps=self.most_tip_share_bps)


class KeySettings(Section):
    """References to keys; never keys."""

    trading: KeyReference = "env:SEARCHER_TRADING_KEY"
    """Signs transactions; its account pays gas and owns the executor."""

    identity: KeyReference = "env:SEARCHER_IDENTITY_KEY"
    """Signs requests to relays; hold no funds on it and keep it for its reputation."""

    signer: SignerReference | None = None
    """The socket of a process that holds the trading key in the bot's place; None for no such."""

    @property
    def signer_socket(self) -> Path | None:
        """Where that process listens."""
        return None if self.signer is None else Path(self.signer.removeprefix(UNIX_PREFIX))


class LedgerSettings(Section):
    """Where decisions are recorded."""

    folder: Path = Path(".cache/ledgers")
    """Holds a file for each network; created when missing, relative to the working directory."""


class DiscoverySettings(Section):
    """Where discovered pools are kept, so that the next start takes seconds."""

    folder: Path = Path(".cache/pools")
    """Holds a file for each network; relative to the working directory."""


class DeploymentSettings(Section):
    """Where `searcher deploy` notes what it deployed."""

    folder: Path = Path(".cache/deployments")
    """Holds a file for each network; relative to the working directory."""
