"""A closed walk through pools, in canonical form, so that equal cycles compare equal.

Separate from the search because every later stage, and the ledger, speaks of cycles.
"""

from dataclasses import dataclass

from graphs.units import Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Hop:
    """One trade of a cycle."""

    pool_id: PoolId
    """Where."""

    token_in: Address
    """Sold."""

    token_out: Address
    """Bought."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cycle:
    """Hops in trading order: each sells what the one before bought.

    The last buys what the first sold.
    Two rotations are different values: the first hop sells the base token, which is borrowed.
    """

    hops: tuple[Hop, ...]
    """At least two; no token and no pool twice."""

    @property
    def base(self) -> Address:
        """The token that the cycle starts and ends with."""
        return self.hops[0].token_in

    @property
    def pool_ids(self) -> tuple[PoolId, ...]:
        """The pools that it trades at, in trading order."""
        return tuple(hop.pool_id for hop in self.hops)

    def canonical(self) -> "Cycle":
        """The rotation that begins at the least hop: equal for all rotations of one cycle."""
        start = self.hops.index(min(self.hops))
        return Cycle(hops=self.hops[start:] + self.hops[:start])
