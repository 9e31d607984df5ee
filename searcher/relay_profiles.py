"""How each builder wants to be asked, as data: adding one is a row in `builder_table` and a test.

A profile says which fields an endpoint knows; nothing else is ever sent to it, because strict
servers refuse a request for one unknown member.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Signing(StrEnum):
    """How a request proves who sent it."""

    NONE = "none"
    """Not at all."""

    FLASHBOTS = "flashbots"
    """`X-Flashbots-Signature` over the exact body."""

    BUILDERNET = "buildernet"
    """The same text and signature as `X-BuilderNet-Signature`."""

    BEARER = "bearer"
    """`Authorization` with a credential from the environment."""


class Cancelling(StrEnum):
    """How a bundle is taken back."""

    METHOD = "method"
    """`eth_cancelBundle` with its uuid."""

    EMPTY_BUNDLE = "empty_bundle"
    """`eth_sendBundle` with its uuid and no transactions."""

    NONE = "none"
    """Not at all."""


class Parameters(StrEnum):
    """What stands under `params`."""

    LIST = "list"
    """An array with one object."""

    OBJECT = "object"
    """The object itself."""


TXS: Final = "txs"
BLOCK: Final = "blockNumber"
MIN_TIMESTAMP: Final = "minTimestamp"
MAX_TIMESTAMP: Final = "maxTimestamp"
REVERTING: Final = "revertingTxHashes"
DROPPING: Final = "droppingTxHashes"
REPLACEMENT: Final = "replacementUuid"
BUILDERS: Final = "builders"
REFUND_PERCENT: Final = "refundPercent"
REFUND_RECIPIENT: Final = "refundRecipient"
REFUND_TXS: Final = "refundTxHashes"

STANDARD_FIELDS: Final = frozenset(
    {TXS, BLOCK, MIN_TIMESTAMP, MAX_TIMESTAMP, REVERTING, REPLACEMENT}
)
"""What every follower of the original relay knows."""

REFUND_FIELDS: Final = frozenset({DROPPING, REFUND_PERCENT, REFUND_RECIPIENT, REFUND_TXS})
"""What the newer builders know besides."""

SEND: Final = "eth_sendBundle"
CANCEL: Final = "eth_cancelBundle"
CALL: Final = "eth_callBundle"
SEND_PRIVATE: Final = "eth_sendPrivateTransaction"
CANCEL_PRIVATE: Final = "eth_cancelPrivateTransaction"
MEV_SEND: Final = "mev_sendBundle"
MEV_SIMULATE: Final = "mev_simBundle"

OTHER_REQUESTS: Final = 120
"""A minute, of a method without a limit of its own: the strictest that is documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayProfile:
    """One builder's or relay's endpoint."""

    name: str
    """What configuration and ledger call it."""

    url: str
    """Where to POST, unless the configuration says another place."""

    chain_id: int = 1
    """The only chain that it builds for."""

    signing: Signing = Signing.NONE
    """How a request is signed."""

    send_method: str = SEND
    """The method that takes a bundle."""

    fields: frozenset[str] = STANDARD_FIELDS
    """What it knows of a bundle, by the standard names."""

    renamed: tuple[tuple[str, str], ...] = ()
    """Its own word for a standard name, where they differ."""

    cancelling: Cancelling = Cancelling.METHOD
    """How a bundle is taken back."""

    is_block_optional: bool = False
    """Whether it takes a missing block for the next one."""

    has_hex_prefix: bool = True
    """Whether raw transactions begin with 0x."""

    parameters: Parameters = Parameters.LIST
    """What stands under `params`."""

    constants: tuple[tuple[str, str], ...] = ()
    """Members of an object that each request carries as JSON, by its own names."""

    registered_as: str | None = None
    """Its name in Flashbots' `builders`; None where it is not registered."""

    keeps_refunds: bool = False
    """Whether a bundle sent here and nowhere else keeps Flashbots' gas-fee refunds."""

    max_txs: int = 100
    """Transactions in a bundle."""

    max_bytes: int = 300_000
    """Of all raw transactions together."""

    requests_per_minute: tuple[tuple[str, int], ...] = ()
    """Limits by method."""

    timeout_seconds: float = 1.0
    """After which an answer is not waited for."""

    is_active: bool = True
    """False for endpoints that were found silent, and are kept for the day they return."""

    def dialect(self) -> tuple[object, ...]:
        """Return what decides a request's bytes: endpoints alike in it share one body."""
        return (
            self.send_method,
            self.fields,
            self.renamed,
            self.cancelling,
            self.has_hex_prefix,
            self.parameters,
            self.constants,
        )

    def limit(self, method: str) -> int:
        """Return how many requests of a method a minute may see."""
        return dict(self.requests_per_minute).get(method, OTHER_REQUESTS)

    def word(self, field: str) -> str:
        """Return this endpoint's own name of a standard field."""
        return dict(self.renamed).get(field, field)
