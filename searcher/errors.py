"""The error tree of the package.

    SearcherError
    ├── ConfigError       a setting is unknown, missing or out of range
    ├── CalldataError     a plan that the executor's wire format cannot express
    ├── FeedError         a source of blocks ended, or left a gap that cannot be filled
    ├── LagError          the pipeline is too slow for its feed
    ├── WireError         bytes from outside that are not what their protocol promises
    ├── RpcError          a node is unreachable, or refused a call
    ├── DivergenceError   our picture of the chain contradicts the chain
    ├── UndecodableTransactionError  bytes that are no signed transaction
    ├── UnforeseenError   what a pending transaction does cannot be told (effects.outcome)
    ├── SnapshotError     a file of pools is damaged, or of another chain or other settings
    ├── LedgerError       the record of decisions cannot be written
    ├── ArchiveError      what was received cannot be kept, or read back
    ├── DeployError       the executor cannot be deployed, or is not what it should be
    ├── SignerError       the signer process is not there, or refused
    └── KeyMissingError   a signing key is configured but not there

Expected outcomes (no cycle, a revert, a refusal, a late answer) are values, not errors.
"""

from enum import StrEnum


class SearcherError(Exception):
    """The root of everything that this package raises on purpose."""


class ConfigError(SearcherError):
    """A setting that the program cannot start with."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """One line that names the setting and the remedy."""


class CalldataError(SearcherError):
    """A plan field outside what the executor's wire format can carry."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"calldata field {field}: {reason}")
        self.field = field
        self.reason = reason


class FeedError(SearcherError):
    """A source that ended or lost its place: nothing after it can be trusted."""

    def __init__(self, feed: str, reason: str) -> None:
        super().__init__(f"feed {feed}: {reason}")
        self.feed = feed
        self.reason = reason


class LagError(SearcherError):
    """A queue that must not drop anything is full."""

    def __init__(self, bound: int) -> None:
        super().__init__(f"the pipeline is {bound} blocks behind its feed")
        self.bound = bound


class WireError(SearcherError):
    """Outside bytes that break their protocol. Names the field, never quotes the bytes."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"cannot decode {field}: {reason}")
        self.field = field
        self.reason = reason


class RpcError(SearcherError):
    """A JSON-RPC call without a result. The URL is masked: provider keys live in its path."""

    def __init__(
        self,
        *,
        method: str,
        node: str,
        reason: str,
        code: int | None = None,
        data: str | None = None,
    ) -> None:
        super().__init__(f"{method} at {node}: {reason}" + ("" if code is None else f" ({code})"))
        self.method = method
        self.node = node
        """Scheme, host and port only."""
        self.reason = reason
        self.code = code
        """The JSON-RPC error code; None when the node never answered."""
        self.data = data
        """Revert data in hex, where the node sends it; not part of the message."""


class DivergenceError(SearcherError):
    """Our state and the chain's contradict each other: stop, never heal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SnapshotError(SearcherError):
    """A file of pools that cannot be used: damaged, of another chain, or of other settings."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """One line that names the file."""


class LedgerError(SearcherError):
    """The record of decisions cannot be written; trading without it must stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ArchiveError(SearcherError):
    """What was received cannot be kept, or what was kept cannot be read back."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """One line that names the file."""


class DeployError(SearcherError):
    """A deployment that was not made, or did not leave what it should have."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """One line that names the remedy."""


class KeyMissingError(SearcherError):
    """A signing key that a reference promises and the environment does not hold."""

    def __init__(self, reference: str, remedy: str) -> None:
        super().__init__(f"no key at {reference}: {remedy}")
        self.reference = reference
        self.remedy = remedy


class SignerError(SearcherError):
    """The signer process did not sign; without signatures nothing can be sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"signer: {reason}")
        self.reason = reason


class TransactionFlaw(StrEnum):
    """Why bytes are no signed transaction."""

    EMPTY = "empty"
    TYPE = "transaction type not supported"
    TRUNCATED = "truncated"
    TRAILING = "bytes after the end"
    CANONICAL = "not canonical"
    DEPTH = "nested too deeply"
    SHAPE = "wrong fields"
    SIGNATURE = "invalid transaction v, r, s values"
    SIDECAR = "blobs that are not this transaction's"
    HASH = "hash of other bytes"
    FIELD = "a field that its type does not have, or a malformed one"


class UndecodableTransactionError(SearcherError):
    """Bytes that are no signed transaction. Never quotes them."""

    def __init__(self, flaw: TransactionFlaw) -> None:
        super().__init__(f"undecodable transaction: {flaw}")
        self.flaw = flaw
