"""All pools at one block, as an immutable value: the only input of search, quotes and sizing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

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
    """Every pool, by id, in order of discovery."""

    def with_pools(self, pools: Iterable[Pool]) -> "Market":
        """The what-if Market in which these pools replace those of the same id. O(all pools)."""
        return replace(self, pools={**self.pools, **{pool.id: pool for pool in pools}})
