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
from sims.relay.refunds import Payout, payouts
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
    """It arrived when its block was built already, or too late in the slot."""

    NO_BOOST_PROPOSER = "no_boost_proposer"
    """Somebody else builds the block."""

    WITHHELD = "withheld"
    """A fault was asked for: acknowledged, and never included."""


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

    beaten_by: str | None = None
    """The hash of the bundle without which it would be in the block; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedBundle:
    """A bundle at its place in the block, as simulated there."""

    bundle: PooledBundle
    """What was sent."""

    outcomes: tuple[TransactionOutcome, ...]
    """One per transaction."""

    value_wei: int
    """What the builder gains: without the fees of transactions that are public anyway, and
    without what is paid back."""

    payouts: tuple[Payout, ...] = ()
    """What is paid back."""

    def txs(self) -> tuple[Transaction, ...]:
        """Return the transactions that are included: without those that were dropped."""
        return tuple(outcome.tx for outcome in self.outcomes)

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
                dropped.append(await self._with_winner(trial, alone, taken=taken))
            else:
                taken.append(trial)
        return AuctionResult(included=tuple(taken), dropped=tuple(dropped))

    async def _at_top(self, bundle: PooledBundle) -> IncludedBundle | DroppedBundle:
        verdict = self._without_execution(bundle)
        if verdict is not None:
            return verdict
        trial = await self._tried(bundle, after=())
        if isinstance(trial, DroppedBundle) and trial.reason is DropReason.NONCE_COLLISION:
            return replace(trial, reason=DropReason.INVALID)
        return trial

    def _without_execution(self, bundle: PooledBundle) -> DroppedBundle | None:
        if bundle.is_withheld:
            return drop(bundle, DropReason.WITHHELD)
        if bundle.late_for_block == self._context.number:
            return drop(bundle, DropReason.LATE, f"{bundle.arrived_ms} ms into the slot")
        if bundle.is_expired(self._context.timestamp_s):
            return drop(bundle, DropReason.EXPIRED)
        if bundle.is_early(self._context.timestamp_s):
            return drop(bundle, DropReason.EARLY)
        return None

    async def _merged(
        self, alone: IncludedBundle, taken: Sequence[IncludedBundle]
    ) -> IncludedBundle | DroppedBundle:
        trial = await self._tried(alone.bundle, after=_txs(taken))
        if isinstance(trial, DroppedBundle):
            is_broken = trial.reason in {DropReason.INVALID, DropReason.REVERT}
            return replace(trial, reason=DropReason.OUTBID) if is_broken else trial
        if trial.price() < alone.price() * KEPT_SHARE:
            detail = f"{alone.value_wei} wei at the top, {trial.value_wei} wei here"
            return drop(alone.bundle, DropReason.PRICE_DROP, detail)
        return trial

    async def _with_winner(
        self, verdict: DroppedBundle, alone: IncludedBundle, *, taken: Sequence[IncludedBundle]
    ) -> DroppedBundle:
        """Name the last bundle of the shortest prefix that it loses to."""
        for count in range(1, len(taken)):
            if isinstance(await self._merged(alone, taken[:count]), DroppedBundle):
                return replace(verdict, beaten_by=taken[count - 1].bundle.hash())
        return replace(verdict, beaten_by=taken[-1].bundle.hash()) if taken else verdict

    async def _tried(
        self, bundle: PooledBundle, *, after: Sequence[Transaction]
    ) -> IncludedBundle | DroppedBundle:
        """Execute it, and again without each transaction that fails and may be left out."""
        txs = bundle.txs
        while True:
            trial = await self._executed(bundle, txs, after=after)
            if isinstance(trial, IncludedBundle):
                return trial
            culprit, verdict = trial
            if culprit not in bundle.dropping_tx_hashes or len(txs) == 1:
                return verdict
            txs = tuple(tx for tx in txs if tx.hash != culprit)

    async def _executed(
        self,
        bundle: PooledBundle,
        txs: Sequence[Transaction],
        *,
        after: Sequence[Transaction],
    ) -> IncludedBundle | tuple[str | None, DroppedBundle]:
        """Return the bundle at its place, or the transaction that fails and the verdict."""
        execution = await self._simulator.simulate((*after, *txs), self._context)
        if isinstance(execution, Refusal):
            is_nonce = execution.kind is RefusalKind.NONCE
            reason = DropReason.NONCE_COLLISION if is_nonce else DropReason.INVALID
            return execution.tx_hash, drop(bundle, reason, execution.reason)
        outcomes = execution.outcomes[len(after) :]
        for outcome in outcomes:
            error, tx_hash = outcome.error(), outcome.tx.hash
            if error is not None and tx_hash not in bundle.reverting_tx_hashes:
                return tx_hash, drop(bundle, DropReason.REVERT, f"{error}: {tx_hash}")
        if execution.overflow() is not None:
            return None, drop(bundle, DropReason.GAS_LIMIT)
        paid_back = self._payouts(bundle, outcomes)
        if paid_back is None:
            return None, drop(bundle, DropReason.INVALID, "negative profit")
        value_wei = self._value_wei(execution, outcomes)
        return IncludedBundle(
            bundle=bundle,
            outcomes=outcomes,
            value_wei=value_wei - sum(payout.value_wei for payout in paid_back),
            payouts=paid_back,
        )

    def _payouts(
        self, bundle: PooledBundle, outcomes: Sequence[TransactionOutcome]
    ) -> tuple[Payout, ...] | None:
        payments = {outcome.tx.hash: outcome.coinbase_diff_wei for outcome in outcomes}
        return payouts(bundle.refunds, payments, base_fee_wei=self._context.base_fee_wei)

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
    return drop(bundle, DropReason.LATE)


def drop(bundle: PooledBundle, reason: DropReason, detail: str = "") -> DroppedBundle:
    """Return the verdict on a bundle that the block does not contain."""
    return DroppedBundle(
        bundle_hash=bundle.hash(), signer=bundle.signer, reason=reason, detail=detail
    )


def _txs(bundles: Sequence[IncludedBundle]) -> tuple[Transaction, ...]:
    return tuple(tx for included in bundles for tx in included.txs())
