"""All pools at one block, as an immutable value: the only input of search, quotes and sizing.

A what-if is another Market that shares all but the replaced pools, so every pending transaction
and every block can have its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from graphs.paged_pools import PagedPools
from graphs.pools.base import Pool
from graphs.tokens import Token
from graphs.units import Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A snapshot. Never mutate the mappings: every change makes a new Market."""

    block_number: int
    """The block after which this state holds."""

    block_hash: str
    """That block's hash: two Markets of one height differ by it after a reorg."""

    tokens: Mapping[Address, Token]
    """What is known of the tokens; a traded token may be absent."""

    pools: Mapping[PoolId, Pool]
    """Every pool, by id, in order of discovery. Whatever is given is kept as PagedPools."""

    def __post_init__(self) -> None:
        """Take a copy of the pools that nobody can change, unless they are one already."""
        object.__setattr__(self, "pools", PagedPools.from_mapping(self.pools))

    def with_pools(self, pools: Iterable[Pool]) -> "Market":
        """The what-if Market in which these pools replace those of the same id.

        Shares the pages of all other pools; O(all pools) only when a pool is new.
        """
        return replace(self, pools=PagedPools.from_mapping(self.pools).replacing(pools))
