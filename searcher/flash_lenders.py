"""Where the input of a cycle can come from: the records of the flash lenders.

Separate from the pipeline's records because the adapters, the strategy and the plans all speak of
lenders, and nothing of a lender depends on what is done with it.
"""

from dataclasses import dataclass
from enum import StrEnum

from graphs.units import Address
from searcher.plans import Source


class LenderKind(StrEnum):
    """Where the input of a cycle comes from."""

    NONE = "none"
    """Nowhere: the first hop's own pool pays before it is paid."""

    AAVE_V3 = "aave_v3"
    BALANCER_V2 = "balancer_v2"
    BALANCER_V3 = "balancer_v3"
    UNISWAP_V2 = "uniswap_v2"
    UNISWAP_V3 = "uniswap_v3"
    UNISWAP_V4 = "uniswap_v4"
    DYDX_SOLO = "dydx_solo"


class LenderRefusal(StrEnum):
    """Why a lender lends nothing after a block."""

    MISSING = "no such contract"
    UNLISTED = "does not lend this token"
    SILENT = "does not answer"
    GARBLED = "answers what its protocol does not"
    UNKNOWN_FACTORY = "the executor does not know its factory"
    PAUSED = "paused"
    DISABLED = "flash loans are switched off"
    DRAINED = "nothing to lend"
    OVERPRICED = "asks the whole loan as its fee"
    UNPRICED = "fee is no whole number of basis points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """One asset of one flash lender, as it stands after a block."""

    kind: LenderKind
    """The protocol."""

    address: Address
    """The contract that lends."""

    asset: Address
    """What is lent."""

    source: Source
    """How a plan names it."""

    available: int
    """The most that a flash loan can take, below 2^112 as in pools; 0 when it refuses."""

    fee_bps: int
    """As the protocol states it; `flash_sources` knows what follows from it."""

    refusal: LenderRefusal | None = None
    """Why nothing is available; None when something is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A lender that an opportunity does not borrow from."""

    lender: Lender
    """Which."""

    reason: str
    """Why not: one of a closed set of words."""

    by: int = 0
    """By how much, in raw units of the base token or in gas; 0 where that says nothing."""
