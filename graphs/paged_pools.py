"""An immutable mapping of pools that is cheap to derive: pages of pools, shared where unchanged.

Separate from the Market because it is a data structure and knows nothing of blocks. A replacement
copies the pages that it touches and the list of pages; a lookup stays two steps deep however long
the chain of derivations, so nothing has to be compacted.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, final

from typing_extensions import override

from graphs.pools.base import Pool
from graphs.units import PoolId

PAGE_POOLS: Final = 128
"""Pools on a page: copying one costs about a microsecond, and so does a list of 300 pages."""


@final
class PagedPools(Mapping[PoolId, Pool]):
    """Pools by id, in order of discovery. No method changes one."""

    __slots__ = ("_pages", "_positions")

    def __init__(
        self, positions: Mapping[PoolId, int], pages: tuple[tuple[Pool, ...], ...]
    ) -> None:
        self._positions = positions
        self._pages = pages

    @classmethod
    def from_mapping(cls, pools: Mapping[PoolId, Pool]) -> "PagedPools":
        """Copy a mapping, unless it is one of these. O(all pools)."""
        if isinstance(pools, PagedPools):
            return pools
        in_order = tuple(pools.values())
        pages = tuple(
            in_order[first : first + PAGE_POOLS] for first in range(0, len(in_order), PAGE_POOLS)
        )
        return cls({pool_id: position for position, pool_id in enumerate(pools)}, pages)

    def replacing(self, pools: Iterable[Pool]) -> "PagedPools":
        """Put these pools in the place of those of the same id, and new ones at the end.

        O(pages + touched pages * PAGE_POOLS); O(all pools) when one is new.
        """
        replacements = {pool.id: pool for pool in pools}
        if not replacements.keys() <= self._positions.keys():
            return PagedPools.from_mapping({**self, **replacements})
        copies: dict[int, list[Pool]] = {}
        for pool_id, pool in replacements.items():
            page, place = divmod(self._positions[pool_id], PAGE_POOLS)
            if page not in copies:
                copies[page] = list(self._pages[page])
            copies[page][place] = pool
        pages = list(self._pages)
        for page, copy in copies.items():
            pages[page] = tuple(copy)
        return PagedPools(self._positions, tuple(pages))

    @override
    def __getitem__(self, pool_id: PoolId) -> Pool:
        page, place = divmod(self._positions[pool_id], PAGE_POOLS)
        return self._pages[page][place]

    @override
    def __contains__(self, pool_id: object) -> bool:
        return pool_id in self._positions

    @override
    def __iter__(self) -> Iterator[PoolId]:
        return iter(self._positions)

    @override
    def __len__(self) -> int:
        return len(self._positions)

    @override
    def __repr__(self) -> str:
        return f"PagedPools({dict(self)!r})"
