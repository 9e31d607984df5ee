"""What a comparison of pools with the chain found, and how much difference is bearable.

State comes from events alone; an event that was missed shows only when somebody looks. A pool that
differs is closed until the chain's own words replace it. That happens; that it happens again to
the same pool, or to many, means that our picture of the chain is wrong.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.closed import ClosedPool
from graphs.units import PoolId
from searcher.errors import DivergenceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Pools of one block's Market beside what the chain says of them at that block."""

    block_number: int
    """Which block."""

    block_hash: str
    """Its identity."""

    checked: int
    """How many open pools were compared."""

    differing: tuple[PoolId, ...]
    """Of these, which the chain contradicts."""

    restored: tuple[Pool, ...]
    """Closed pools as the chain has them after the block."""

    failure: str = ""
    """Why there is no answer, in words; empty when there is one."""


class Auditor(Protocol):
    """Looks at the chain behind the events' back."""

    async def audit(self, market: Market, closed: Collection[PoolId]) -> Audit:
        """Compare some open pools, and read the closed ones again. No answer is a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLimits:
    """What is bearable."""

    max_closed_pools: int = 8
    """At one time; more mean that events are missed throughout."""

    max_repeats: int = 2
    """Times that a pool may differ again after it was read from the chain."""


BEARABLE: Final = AuditLimits()
"""Unless a caller wants other limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Which pools are closed, and how often each one differed."""

    limits: AuditLimits
    """What is bearable."""

    closed: frozenset[PoolId] = frozenset()
    """Pools that nothing is traded with."""

    differences: Mapping[PoolId, int] = field(default_factory=dict)
    """How often each pool differed since the start, where it ever did."""

    read_at: Mapping[PoolId, int] = field(default_factory=dict)
    """Height of the block at which each pool was read again last."""

    checked: int = 0
    """Pools compared since the start."""

    @property
    def found(self) -> int:
        """Differences since the start, of all pools."""
        return sum(self.differences.values())

    def closing(self, market: Market) -> dict[PoolId, Pool]:
        """What takes the place of closed pools that a Market still trades with."""
        pools = ((pool_id, market.pools.get(pool_id)) for pool_id in self.closed)
        return {
            pool_id: ClosedPool(pool=pool)
            for pool_id, pool in pools
            if pool is not None and not isinstance(pool, ClosedPool)
        }

    def before(self, market: Market) -> "Quarantine":
        """What holds where a block builds on this Market, maybe one from before a pool was read.

        After a reorg the parent's state may show a pool as it was wrong, or still closed.
        """
        doubtful = {
            pool_id
            for pool_id, height in self.read_at.items()
            if market.block_number < height or isinstance(market.pools.get(pool_id), ClosedPool)
        }
        return self if doubtful <= self.closed else replace(self, closed=self.closed | doubtful)

    def after(self, audit: Audit) -> "Quarantine":
        """Close what differs and open what was restored.

        Raises:
            DivergenceError: more than is bearable.
        """
        differing = [pool_id for pool_id in audit.differing if pool_id not in self.closed]
        counts = {pool_id: self.differences.get(pool_id, 0) + 1 for pool_id in differing}
        opened = {pool.id for pool in audit.restored}
        closed = (self.closed | counts.keys()) - opened
        self._check(audit, counts, closed)
        return replace(
            self,
            closed=frozenset(closed),
            differences={**self.differences, **counts},
            read_at={**self.read_at, **dict.fromkeys(opened, audit.block_number)},
            checked=self.checked + audit.checked,
        )

    def _check(
        self, audit: Audit, counts: Mapping[PoolId, int], closed: Collection[PoolId]
    ) -> None:
        if len(closed) > self.limits.max_closed_pools:
            raise DivergenceError(
                f"{len(closed)} pools differ from the chain at block {audit.block_number}"
            )
        for pool_id, count in counts.items():
            if count > 1 + self.limits.max_repeats:
                raise DivergenceError(
                    f"pool {pool_id} differs from the chain again at block "
                    f"{audit.block_number}: {count} times by now"
                )
