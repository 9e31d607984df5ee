"""Bundles that wait for their block, as the builder holds them.

Every bundle is for one block. The newest of a (signer, replacement id) counts, whatever its
block; the same bundle twice is one bundle.
"""

from collections.abc import Callable
from dataclasses import dataclass

from graphs.units import Address
from searcher.flashbots import bundle_hash
from searcher.transactions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledBundle:
    """A bundle as it was accepted."""

    txs: tuple[Transaction, ...]
    """In order."""

    block_number: int
    """The only block that it is valid in."""

    min_timestamp_s: int
    """Earliest block timestamp; 0 for any."""

    max_timestamp_s: int
    """Latest block timestamp; 0 for any."""

    reverting_tx_hashes: frozenset[str]
    """These may revert without invalidating the bundle."""

    replacement_uuid: str | None
    """For replacing and cancelling; None when it can be neither replaced nor cancelled."""

    signer: Address
    """Who signed the request."""

    def hash(self) -> str:
        """Return the bundle's public identity."""
        return bundle_hash([tx.hash for tx in self.txs])

    def is_early(self, timestamp_s: int) -> bool:
        """Whether the block comes before the bundle's window."""
        return timestamp_s < self.min_timestamp_s

    def is_expired(self, timestamp_s: int) -> bool:
        """Whether the block comes after the bundle's window."""
        return 0 < self.max_timestamp_s < timestamp_s


class BundlePool:
    """The builder's waiting room, in order of arrival."""

    def __init__(self) -> None:
        self._bundles: dict[PooledBundle, None] = {}

    def add(self, bundle: PooledBundle) -> None:
        """Accept a bundle; it takes the place of an older one with its replacement id."""
        if bundle.replacement_uuid is not None and bundle not in self._bundles:
            self.cancel(bundle.signer, bundle.replacement_uuid)
        self._bundles.setdefault(bundle)

    def cancel(self, signer: Address, replacement_uuid: str) -> tuple[str, ...]:
        """Forget the signer's bundle of that id; return the hashes of what was forgotten."""
        identity = (signer, replacement_uuid)
        cancelled = self._take(
            lambda bundle: (bundle.signer, bundle.replacement_uuid) == identity,
        )
        return tuple(bundle.hash() for bundle in cancelled)

    def candidates(self, block_number: int) -> tuple[PooledBundle, ...]:
        """Return the bundles for that block, oldest first."""
        return tuple(bundle for bundle in self._bundles if bundle.block_number == block_number)

    def take_until(self, block_number: int) -> tuple[PooledBundle, ...]:
        """Remove and return every bundle for that block or an earlier one, oldest first."""
        return self._take(lambda bundle: bundle.block_number <= block_number)

    def _take(self, is_taken: Callable[[PooledBundle], bool]) -> tuple[PooledBundle, ...]:
        taken = tuple(bundle for bundle in self._bundles if is_taken(bundle))
        for bundle in taken:
            del self._bundles[bundle]
        return taken
