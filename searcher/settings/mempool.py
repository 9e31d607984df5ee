"""Where pending transactions are heard of."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from searcher.settings.fields import Endpoint, Section


class PendingMethod(StrEnum):
    """What the endpoint offers. Configured, never probed: nodes refuse in too many ways."""

    FULL = "full"
    """`newPendingTransactions` with bodies: geth, reth, Nethermind, anvil."""

    HASHES = "hashes"
    """`newPendingTransactions` without bodies, each looked up over HTTP."""

    ALCHEMY = "alchemy"
    """`alchemy_pendingTransactions`."""

    ERIGON = "erigon"
    """`newPendingTransactionsWithBody`."""

    FILTER = "filter"
    """Polled over HTTP: `eth_newPendingTransactionFilter`."""


class MempoolSettings(Section):
    """One source of pending transactions over JSON-RPC."""

    name: str
    """What it is called in health and counts."""

    method: PendingMethod = PendingMethod.FULL
    """How it announces."""

    ws_url: Endpoint | None = None
    """Of the subscription; the network's own where it is not given. Method filter needs none."""

    http_url: Endpoint | None = None
    """For lookups and the pool's content; the network's own where it is not given."""

    reads_content: bool = False
    """Whether to ask for `txpool_content` after every connection: for a node of your own only."""

    silence_seconds: Annotated[float, Field(gt=0)] = 30.0
    """Without any message the source is stale, and is connected again."""

    poll_seconds: Annotated[float, Field(gt=0)] = 0.5
    """Between polls of method filter."""
