"""Every profitable cycle of a snapshot, from each base, carried over from the one before.

Separate from the strategy, which sizes and compares them, because a scan outlives its snapshot: the
next one only looks at what has changed, and so does a what-if market.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from graphs.bridges import Pruning
from graphs.cycles import Cycle
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.standing import Standing
from graphs.units import Address, PoolId
from searcher.settings.bot import (
    BiddingSettings,
    SearchSettings,
)
from searcher.tracker import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What to look for, and what must remain of it."""

    weth: Address
    """What gas and tips are paid in; the only base unless the settings name others."""

    search: SearchSettings
    """Bounds of the search."""

    bidding: BiddingSettings
    """Tip share and minimum."""

    @property
    def bases(self) -> tuple[Address, ...]:
        """Where cycles may start, each once."""
        return tuple(dict.fromkeys(map(Address, self.search.bases))) or (self.weth,)

    @property
    def pruning(self) -> Pruning:
        """What is left out of the graph; never a path by which a base is valued."""
        return Pruning(
            refused=frozenset(map(Address, self.search.refused_tokens)),
            joined=frozenset((base, self.weth) for base in self.bases if base != self.weth),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was found in a snapshot, before lenders, tips and gas."""

    snapshot: Snapshot
    """Where."""

    standings: Mapping[Address, Standing]
    """Of each base."""

    @property
    def nominated(self) -> int:
        """Cycles with a marginal product above one, once for each base that they can start at."""
        return sum(len(standing.cycles) for standing in self.standings.values())

    @property
    def truncated(self) -> bool:
        """Whether there are more than the settings allow to list."""
        return any(standing.cycles.truncated for standing in self.standings.values())


def scan_what_if(scan: Scan, pools: Iterable[Pool]) -> Scan:
    """Find every profitable cycle of the market in which these pools replace those of the same id.

    At the same head: only pools of the market may be replaced.
    """
    replaced = tuple(pools)
    market = scan.snapshot.market.with_pools(replaced)
    graph = scan.snapshot.graph.refreshed(market, [pool.id for pool in replaced])
    return Scan(
        snapshot=replace(scan.snapshot, market=market, graph=graph),
        standings={base: standing.after(graph) for base, standing in scan.standings.items()},
    )


def traded(market: Market, cycle: Cycle, amounts: Sequence[int]) -> dict[PoolId, Pool]:
    """Give the pools of a cycle once these amounts went through its hops.

    Raises:
        GraphError: the cycle cannot be traded so on this market.
    """
    pools: dict[PoolId, Pool] = {}
    for hop, amount_in in zip(cycle.hops, amounts, strict=False):
        pool = pools.get(hop.pool_id, market.pools[hop.pool_id])
        pools[hop.pool_id] = pool.after_swap(hop.token_in, hop.token_out, amount_in)
    return pools


def scan_snapshot(snapshot: Snapshot, terms: Terms, *, before: Scan | None) -> Scan:
    """Find every profitable cycle of each base; after another scan, by what has changed since."""
    settings = terms.search
    if before is not None:
        standings = {
            base: standing.after(snapshot.graph) for base, standing in before.standings.items()
        }
    else:
        standings = {
            base: Standing.from_graph(
                snapshot.graph, base, max_hops=settings.max_hops, limit=settings.max_cycles
            )
            for base in terms.bases
        }
    return Scan(snapshot=snapshot, standings=standings)
