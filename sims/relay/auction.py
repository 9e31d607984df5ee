"""Which bundles a block takes, and in which order.

Every bundle is simulated at the top of the block and ranked by what it pays per gas. The best are
merged greedily: each is simulated again after those already taken, and kept while it still pays
99 % of what it paid at the top. Bundles are atomic; whoever is left out is named with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Final

from graphs.units import Address
from searcher.transactions import Transaction
from sims.relay.bundle_pool import PooledBundle
from sims.relay.simulation import BlockContext, BundleSimulator, Execution, TransactionOutcome
from sims.relay.validity import Refusal, RefusalKind

KEPT_SHARE: Final = Fraction(99, 100)
"""Of the price at the top of the block that a bundle must still pay (flashbots/builder)."""


class DropReason(StrEnum):
    """Why a bundle is not in the block."""

    INVALID = "invalid"
    """A transaction cannot be executed on the parent's state."""

    REVERT = "revert"
    """A transaction fails that is not allowed to."""

    GAS_LIMIT = "gas_limit"
    """The block has no room left for it."""

    NONCE_COLLISION = "nonce_collision"
    """A better bundle uses one of its nonces."""

    OUTBID = "outbid"
    """It works at the top of the block, but not after a better bundle."""

    PRICE_DROP = "price_drop"
    """After better bundles it pays less than the share it must keep."""

    EARLY = "early"
    """The block's timestamp is before its window."""

    EXPIRED = "expired"
    """The block's timestamp is after its window."""

    LATE = "late"
    """It arrived when its block was built already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedBundle:
    """A bundle that the block does not contain."""

    bundle_hash: str
    """Which bundle."""

    signer: Address
    """Who sent it."""

    reason: DropReason
    """Why, from a closed list."""

    detail: str
    """Why, in words; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedBundle:
    """A bundle at its place in the block, as simulated there."""

    bundle: PooledBundle
    """What was sent."""

    outcomes: tuple[TransactionOutcome, ...]
    """One per transaction."""

    value_wei: int
    """What the builder gains: without the fees of transactions that are public anyway."""

    def coinbase_diff_wei(self) -> int:
        """Return what the coinbase gains by its transactions."""
        return sum(outcome.coinbase_diff_wei for outcome in self.outcomes)

    def gas_used_gas(self) -> int:
        """Return the gas of its transactions."""
        return sum(outcome.gas_used_gas for outcome in self.outcomes)

    def price(self) -> Fraction:
        """Return the builder's gain per gas, exactly."""
        return Fraction(self.value_wei, self.gas_used_gas())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionResult:
    """The bundle part of a block."""

    included: tuple[IncludedBundle, ...]
    """In block order."""

    dropped: tuple[DroppedBundle, ...]
    """Everybody else."""

    def txs(self) -> tuple[Transaction, ...]:
        """Return the transactions of the included bundles, in block order."""
        return _txs(self.included)


class Auction:
    """Chooses among the bundles for one block."""

    def __init__(
        self,
        simulator: BundleSimulator,
        context: BlockContext,
        *,
        public_tx_hashes: frozenset[str],
    ) -> None:
        self._simulator = simulator
        self._context = context
        self._public_tx_hashes = public_tx_hashes

    async def run(self, bundles: Sequence[PooledBundle]) -> AuctionResult:
        """Rank the bundles, oldest first among equals, and merge them."""
        ranked: list[IncludedBundle] = []
        dropped: list[DroppedBundle] = []
        for bundle in bundles:
            trial = await self._at_top(bundle)
            if isinstance(trial, DroppedBundle):
                dropped.append(trial)
            else:
                ranked.append(trial)
        taken: list[IncludedBundle] = []
        for alone in sorted(ranked, key=IncludedBundle.price, reverse=True):
            trial = await self._merged(alone, taken)
            if isinstance(trial, DroppedBundle):
                dropped.append(trial)
            else:
                taken.append(trial)
        return AuctionResult(included=tuple(taken), dropped=tuple(dropped))

    async def _at_top(self, bundle: PooledBundle) -> IncludedBundle | DroppedBundle:
        if bundle.is_expired(self._context.timestamp_s):
            return _dropped(bundle, DropReason.EXPIRED)
        if bundle.is_early(self._context.timestamp_s):
            return _dropped(bundle, DropReason.EARLY)
        trial = await self._tried(bundle, after=())
        if isinstance(trial, DroppedBundle) and trial.reason is DropReason.NONCE_COLLISION:
            return replace(trial, reason=DropReason.INVALID)
        return trial

    async def _merged(
        self, alone: IncludedBundle, taken: Sequence[IncludedBundle]
    ) -> IncludedBundle | DroppedBundle:
        trial = await self._tried(alone.bundle, after=_txs(taken))
        if isinstance(trial, DroppedBundle):
            is_broken = trial.reason in {DropReason.INVALID, DropReason.REVERT}
            return replace(trial, reason=DropReason.OUTBID) if is_broken else trial
        if trial.price() < alone.price() * KEPT_SHARE:
            detail = f"{alone.value_wei} wei at the top, {trial.value_wei} wei here"
            return _dropped(alone.bundle, DropReason.PRICE_DROP, detail)
        return trial

    async def _tried(
        self, bundle: PooledBundle, *, after: Sequence[Transaction]
    ) -> IncludedBundle | DroppedBundle:
        execution = await self._simulator.simulate((*after, *bundle.txs), self._context)
        if isinstance(execution, Refusal):
            is_nonce = execution.kind is RefusalKind.NONCE
            reason = DropReason.NONCE_COLLISION if is_nonce else DropReason.INVALID
            return _dropped(bundle, reason, execution.reason)
        outcomes = execution.outcomes[len(after) :]
        for outcome in outcomes:
            error = outcome.error()
            if error is not None and outcome.tx.hash not in bundle.reverting_tx_hashes:
                return _dropped(bundle, DropReason.REVERT, f"{error}: {outcome.tx.hash}")
        if execution.overflow() is not None:
            return _dropped(bundle, DropReason.GAS_LIMIT)
        return IncludedBundle(
            bundle=bundle, outcomes=outcomes, value_wei=self._value_wei(execution, outcomes)
        )

    def _value_wei(self, execution: Execution, outcomes: Sequence[TransactionOutcome]) -> int:
        """A public transaction would pay its fees without the bundle: they are no credit to it."""
        public_fees = sum(
            execution.gas_fees_wei(outcome)
            for outcome in outcomes
            if outcome.tx.hash in self._public_tx_hashes
        )
        return sum(outcome.coinbase_diff_wei for outcome in outcomes) - public_fees


def late(bundle: PooledBundle) -> DroppedBundle:
    """Return the verdict on a bundle whose block exists already."""
    return _dropped(bundle, DropReason.LATE)


def _txs(bundles: Sequence[IncludedBundle]) -> tuple[Transaction, ...]:
    return tuple(tx for included in bundles for tx in included.bundle.txs)


def _dropped(bundle: PooledBundle, reason: DropReason, detail: str = "") -> DroppedBundle:
    return DroppedBundle(
        bundle_hash=bundle.hash(), signer=bundle.signer, reason=reason, detail=detail
    )
