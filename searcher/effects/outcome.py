"""The two things that can be said of a pending transaction: what changes, or why nobody knows."""

from dataclasses import dataclass
from enum import StrEnum

from graphs.pools.base import Pool
from searcher.errors import SearcherError


class Reason(StrEnum):
    """Why a pending transaction has no what-if Market. Closed: ledgers count by it."""

    NOT_A_ROUTER = "not sent to a router that we know"
    UNSUPPORTED_CALL = "a call of the router that is not decoded"
    OPAQUE_ROUTE = "the router is told what to do in a private language"
    MALFORMED = "the calldata is malformed"
    OTHER_CHAIN = "signed for another chain"
    UNDERPRICED = "pays less than the next base fee"
    UNKNOWN_POOL = "trades at a pool that is not followed"
    REPEATED_POOL = "quotes a pool twice before it trades there"
    FEE_ON_TRANSFER = "trades a token that takes a fee on transfers"
    PRICE_LIMIT = "reaches its price limit, where it is filled in part"
    NOT_FILLED = "a pool cannot fill it"
    UNFUNDED = "spends what the router held before"
    EXPIRED = "would revert: too late"
    TOO_LITTLE = "would revert: too little received"
    TOO_MUCH = "would revert: too much requested"
    INVALID_CALL = "would revert: the router refuses the call"
    REVERTED = "reverts in simulation"
    UNTRACEABLE = "the node cannot run it"
    NO_POOL = "changes no pool that is followed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A transaction whose consequences are known to the wei."""

    touched: tuple[Pool, ...]
    """The pools that it changes, as it leaves them; at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A transaction that is not built upon."""

    reason: Reason
    """Why not."""


class UnforeseenError(SearcherError):
    """Ends the decoding or the execution of one transaction; becomes an Unknown."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason
