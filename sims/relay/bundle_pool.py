"""Bundles that wait for their block, as the builder holds them.

The newest of a (signer, replacement id) counts, whatever its block; the same bundle twice is one
bundle. A private transaction waits here too: it is a bundle of one, good for several blocks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from graphs.units import Address
from searcher.flashbots import bundle_hash
from searcher.transactions import Transaction
from sims.relay.identity import BundleIdentity
from sims.relay.refunds import RefundRule


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledBundle:
    """A bundle as it was accepted."""

    txs: tuple[Transaction, ...]
    """In order."""

    block_number: int
    """The first block that it is valid in; 0 for the next one, whichever that is."""

    last_block_number: int | None = None
    """The last block that it is valid in; None for the first."""

    min_timestamp_s: int = 0
    """Earliest block timestamp; 0 for any."""

    max_timestamp_s: int = 0
    """Latest block timestamp; 0 for any."""

    reverting_tx_hashes: frozenset[str] = frozenset()
    """These may revert without invalidating the bundle."""

    dropping_tx_hashes: frozenset[str] = frozenset()
    """These may be left out where they are invalid or revert."""

    replacement_uuid: str | None = None
    """For replacing and cancelling; None when it can be neither replaced nor cancelled."""

    replacement_nonce: int | None = None
    """Of several versions the highest counts; None where the newest counts."""

    refunds: tuple[RefundRule, ...] = ()
    """What is paid back of its payment."""

    signer: Address
    """Who signed the request."""

    arrived_ms: int | None = field(default=None, compare=False)
    """Since the slot began; None where no slot is measured."""

    late_for_block: int | None = field(default=None, compare=False)
    """The block for which it came too late in the slot; None for none."""

    is_withheld: bool = field(default=False, compare=False)
    """Whether it is acknowledged and never included, because a fault was asked for."""

    def hash(self) -> str:
        """Return the bundle's public identity."""
        return bundle_hash([tx.hash for tx in self.txs])

    def last_block(self) -> int:
        """Return the last block that it is valid in."""
        return self.block_number if self.last_block_number is None else self.last_block_number

    def is_for(self, block_number: int) -> bool:
        """Whether the block is one of those that it is valid in."""
        return not self.block_number or self.block_number <= block_number <= self.last_block()

    def is_early(self, timestamp_s: int) -> bool:
        """Whether the block comes before the bundle's window."""
        return timestamp_s < self.min_timestamp_s

    def is_expired(self, timestamp_s: int) -> bool:
        """Whether the block comes after the bundle's window."""
        return 0 < self.max_timestamp_s < timestamp_s

    def key(self) -> tuple[str, int, tuple[RefundRule, ...]]:
        """Return what the same bundle twice has in common."""
        identity = BundleIdentity(
            block_number=self.block_number,
            tx_hashes=tuple(tx.hash for tx in self.txs),
            raws=tuple(tx.raw for tx in self.txs),
            sender=self.txs[0].sender,
            min_timestamp_s=self.min_timestamp_s or None,
            max_timestamp_s=self.max_timestamp_s or None,
            reverting_tx_hashes=tuple(self.reverting_tx_hashes),
            dropping_tx_hashes=tuple(self.dropping_tx_hashes),
            replacement_uuid=self.replacement_uuid,
            replacement_nonce=self.replacement_nonce,
            signer=self.signer,
        )
        return identity.unique_key(), self.last_block(), self.refunds


class BundlePool:
    """The builder's waiting room, in order of arrival."""

    def __init__(self) -> None:
        self._bundles: dict[object, PooledBundle] = {}
        self._nonces: dict[tuple[Address, str], int] = {}

    def add(self, bundle: PooledBundle) -> None:
        """Accept a bundle; it takes the place of an older one with its replacement id."""
        uuid = bundle.replacement_uuid
        if uuid is not None:
            if not self._is_newest(bundle.signer, uuid, bundle.replacement_nonce):
                return
            if bundle.key() not in self._bundles:
                self._forget(bundle.signer, uuid)
        self._bundles.setdefault(bundle.key(), bundle)

    def cancel(
        self, signer: Address, replacement_uuid: str, *, nonce: int | None = None
    ) -> tuple[str, ...]:
        """Forget the signer's bundle of that id; return the hashes of what was forgotten."""
        if not self._is_newest(signer, replacement_uuid, nonce):
            return ()
        return self._forget(signer, replacement_uuid)

    def take(self, bundle: PooledBundle) -> bool:
        """Forget one bundle; return whether it was there."""
        return self._bundles.pop(bundle.key(), None) is not None

    def candidates(self, block_number: int) -> tuple[PooledBundle, ...]:
        """Return the bundles for that block, oldest first."""
        return tuple(bundle for bundle in self._bundles.values() if bundle.is_for(block_number))

    def take_until(self, block_number: int) -> tuple[PooledBundle, ...]:
        """Remove and return every bundle for that block or an earlier one, oldest first."""
        return self._take(lambda bundle: bundle.last_block() <= block_number)

    def _is_newest(self, signer: Address, uuid: str, nonce: int | None) -> bool:
        """Whether no higher number of the id was seen; remembers the number."""
        if nonce is None:
            return True
        if nonce < self._nonces.get((signer, uuid), 0):
            return False
        self._nonces[signer, uuid] = nonce
        return True

    def _forget(self, signer: Address, replacement_uuid: str) -> tuple[str, ...]:
        identity = (signer, replacement_uuid)
        cancelled = self._take(lambda bundle: (bundle.signer, bundle.replacement_uuid) == identity)
        return tuple(bundle.hash() for bundle in cancelled)

    def _take(self, is_taken: Callable[[PooledBundle], bool]) -> tuple[PooledBundle, ...]:
        taken = tuple(bundle for bundle in self._bundles.values() if is_taken(bundle))
        for bundle in taken:
            del self._bundles[bundle.key()]
        return taken
