"""The market as a directed multigraph, compiled to arrays: tokens are nodes, trades are edges.

Separate from the search so that a block that touches ten pools recomputes ten weights: the
topology is built once and shared, the weights are one array per snapshot. A weight is minus the
binary logarithm of the marginal rate after fees, as an integer, rounded against us.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from graphs.bridges import KEEP_CYCLES, Pruning, pools_on_cycles
from graphs.curvature import curvature_float
from graphs.cycles import Cycle, Hop
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.units import Address, PoolId

Indices = NDArray[np.int32]
"""Positions of tokens, pools or edges."""

Floats = NDArray[np.float64]
"""One number per cycle or per edge."""

Weights = NDArray[np.int64]
"""Minus log2 of a rate, in units of 1 / WEIGHT_SCALE."""

WEIGHT_SCALE: Final = 2**32
"""Weight units in a factor of two: one unit is 1.6e-10 of a rate."""

FLOAT_MARGIN_UNITS: Final = 2.0**-6
"""Weight units that cover a marginal rate wrong by 2^-40 of itself and a log2 wrong by two ulps.

A weight exceeds the true one by at least nothing and by less than 1 + 2^-5 units, so a cycle of
negative weight multiplies by more than one in truth, and a cycle of k hops that multiplies by
more than 1 + k * 1.7e-10 (under one part in a billion up to five hops) has a negative weight.
"""

UNUSABLE: Final = 2**54
"""The weight of a direction that gives nothing.

A float's log2 lies within 1,075, so 255 good hops weigh more than -2^51 and cannot pay for one
of these; 256 of these sum to 2^62, which an int64 holds.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topology:
    """Who trades what: everything about the graph that a price change leaves alone.

    Edges are sorted by source, then target, then order of discovery of the pool.
    """

    tokens: tuple[Address, ...]
    """Nodes, in order of discovery."""

    pools: tuple[PoolId, ...]
    """In the Market's order."""

    venues: tuple[str, ...]
    """Of each pool, for people."""

    token_index: Mapping[Address, int]
    """Where each token stands in `tokens`."""

    pool_index: Mapping[PoolId, int]
    """Where each pool stands in `pools`."""

    edge_source: Indices
    """The token that each edge sells."""

    edge_target: Indices
    """The token that each edge buys."""

    edge_pool: Indices
    """The pool of each edge."""

    outgoing_first: Indices
    """First edge of each token's row, and the number of edges as last element."""

    incoming_first: Indices
    """First position of each token's row in `incoming_edge`, closed in the same way."""

    incoming_edge: Indices
    """Edges sorted by target, then as they stand."""

    pool_first: Indices
    """First position of each pool's row in `pool_edge`, closed in the same way."""

    pool_edge: Indices
    """Edges of each pool, in the order of its directions."""

    pruning: Pruning | None
    """Which pools have no edges, beside those on no cycle; None where all have some."""

    with_books: bool
    """Whether pools that are not atomic have edges too: a cycle across one is a signal."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repricing:
    """What a graph becomes where a few of its pools changed, without a copy of the rest."""

    pools: Indices
    """Positions of the pools that were asked and have edges, each once, ascending."""

    edges: Indices
    """Their edges, pool by pool, in the order of their directions."""

    weights: Weights
    """Of these edges, as in TokenGraph."""

    curvatures_float: Floats
    """Of these edges, as in TokenGraph."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenGraph:
    """A Market's trades with their weights. Immutable: the arrays are marked read-only."""

    topology: Topology
    """Shared by all snapshots with the same pools."""

    weights: Weights
    """Of each edge; `UNUSABLE` where the pool is dry."""

    curvatures_float: Floats
    """Of each edge, a lower bound; see `graphs/curvature.py`."""

    @classmethod
    def from_market(cls, market: Market, *, with_books: bool = False) -> "TokenGraph":
        """Compile every direction of every atomic pool, of books on request. O(edges log edges)."""
        return cls._compiled(market, None, with_books=with_books)

    @classmethod
    def pruned(
        cls, market: Market, pruning: Pruning = KEEP_CYCLES, *, with_books: bool = False
    ) -> "TokenGraph":
        """Compile the pools that can be part of a cycle.

        The same cycles are found, at no cost for the others. O(edges log edges).
        """
        return cls._compiled(market, pruning, with_books=with_books)

    @classmethod
    def _compiled(
        cls, market: Market, pruning: Pruning | None, *, with_books: bool
    ) -> "TokenGraph":
        pools = _connected(market, pruning, with_books=with_books)
        topology = _compiled_topology(market, pools, pruning, with_books=with_books)
        edges = topology.pool_edge
        weights, curvatures_float = np.empty(len(edges), np.int64), np.empty(len(edges))
        weights[edges], curvatures_float[edges] = _curves(pools.values())
        _freeze(weights, curvatures_float)
        return cls(topology=topology, weights=weights, curvatures_float=curvatures_float)

    def refreshed(self, market: Market, pool_ids: Iterable[PoolId]) -> "TokenGraph":
        """Follow a Market in which only these pools changed; build anew when pools came or went."""
        touched = tuple(pool_ids)
        if not self.has_pools_of(market, touched):
            topology = self.topology
            return self._compiled(market, topology.pruning, with_books=topology.with_books)
        return self.repriced(self.repricing(market, touched))

    def has_pools_of(self, market: Market, pool_ids: Iterable[PoolId]) -> bool:
        """Tell whether a Market that differs in these pools alone has the pools of this graph."""
        index = self.topology.pool_index
        is_same_size = len(market.pools) == len(index)
        return is_same_size and all(i in index and i in market.pools for i in pool_ids)

    def repricing(self, market: Market, pool_ids: Iterable[PoolId]) -> Repricing:
        """Ask these pools of this graph for their curves in a Market. O(pools asked)."""
        index, first = self.topology.pool_index, self.topology.pool_first
        positions = sorted({index[pool_id] for pool_id in pool_ids})
        connected = [i for i in positions if first[i] < first[i + 1]]
        pools = (market.pools[self.topology.pools[i]] for i in connected)
        weights, curvatures_float = _curves(pools)
        return Repricing(
            pools=np.array(connected, np.int32),
            edges=edges_of(self.topology, connected),
            weights=weights,
            curvatures_float=curvatures_float,
        )

    def repriced(self, repricing: Repricing) -> "TokenGraph":
        """Put the curves of a repricing in the place of those of this graph. O(edges)."""
        weights, curvatures_float = self.weights.copy(), self.curvatures_float.copy()
        weights[repricing.edges] = repricing.weights
        curvatures_float[repricing.edges] = repricing.curvatures_float
        _freeze(weights, curvatures_float)
        return replace(self, weights=weights, curvatures_float=curvatures_float)

    def cycle(self, edges: Sequence[int]) -> Cycle:
        """Name the hops of a walk along these edges."""
        return Cycle(hops=tuple(self.hop(edge) for edge in edges))

    def hop(self, edge: int) -> Hop:
        """Name one edge."""
        topology = self.topology
        return Hop(
            pool_id=topology.pools[topology.edge_pool[edge]],
            token_in=topology.tokens[topology.edge_source[edge]],
            token_out=topology.tokens[topology.edge_target[edge]],
        )

    def as_networkx(self) -> nx.MultiDiGraph:
        """Show the usable edges to people: keyed by pool id, with `venue` and `weight`.

        `weight` is a float: minus log2 of the rate after fees.
        """
        topology = self.topology
        graph = nx.MultiDiGraph()
        graph.add_nodes_from(topology.tokens)
        for edge in np.flatnonzero(self.weights != UNUSABLE).tolist():
            hop = self.hop(edge)
            graph.add_edge(
                hop.token_in,
                hop.token_out,
                key=hop.pool_id,
                venue=topology.venues[topology.edge_pool[edge]],
                weight=float(self.weights[edge]) / WEIGHT_SCALE,
            )
        return graph


def edges_of(topology: Topology, pools: Iterable[int]) -> Indices:
    """The edges of these pools, given by position, each in the order of its directions."""
    first = topology.pool_first
    rows = [topology.pool_edge[first[pool] : first[pool + 1]] for pool in pools]
    return np.concatenate(rows) if rows else np.empty(0, np.int32)


def _curves(pools: Iterable[Pool]) -> tuple[Weights, Floats]:
    """Ask each pool for weight and curvature of each direction, in order."""
    rates_float: list[float] = []
    curvatures_float: list[float] = []
    for pool in pools:
        for token_in, token_out in permutations(pool.tokens, 2):
            rate_float = pool.marginal_rate_float(token_in, token_out)
            rates_float.append(rate_float)
            curvatures_float.append(
                curvature_float(pool, token_in, token_out, rate_float=rate_float)
            )
    return _weights(np.array(rates_float, np.float64)), np.array(curvatures_float, np.float64)


def _weights(rates_float: NDArray[np.float64]) -> Weights:
    """Take minus log2, scaled and rounded up; a rate that is no positive number is unusable."""
    is_usable = np.isfinite(rates_float) & (rates_float > 0)
    logs_float = np.log2(np.where(is_usable, rates_float, 1.0))
    scaled = np.ceil(FLOAT_MARGIN_UNITS - logs_float * WEIGHT_SCALE)
    return np.where(is_usable, scaled, UNUSABLE).astype(np.int64)


def _connected(market: Market, pruning: Pruning | None, *, with_books: bool) -> Mapping[int, Pool]:
    """Choose the pools that get edges, by position: those wanted, and on a cycle when pruned."""
    numbered = enumerate(market.pools.values())
    wanted = {i: pool for i, pool in numbered if pool.is_atomic or with_books}
    if pruning is None:
        return wanted
    kept = pools_on_cycles(wanted.values(), pruning)
    return {i: pool for i, pool in wanted.items() if pool.id in kept}


def _compiled_topology(
    market: Market, pools: Mapping[int, Pool], pruning: Pruning | None, *, with_books: bool
) -> Topology:
    """Number tokens, pools and edges, and sort the edges both ways."""
    token_index: dict[Address, int] = {}
    for pool in market.pools.values():
        for token in pool.tokens:
            token_index.setdefault(token, len(token_index))
    source, target, edge_pool = _directions(pools, token_index)
    order = np.lexsort((target, source))
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    target_sorted = target[order]
    topology = Topology(
        tokens=tuple(token_index),
        pools=tuple(market.pools),
        venues=tuple(pool.venue for pool in market.pools.values()),
        token_index=token_index,
        pool_index={pool_id: i for i, pool_id in enumerate(market.pools)},
        edge_source=source[order],
        edge_target=target_sorted,
        edge_pool=edge_pool[order],
        outgoing_first=_row_starts(source, len(token_index)),
        incoming_first=_row_starts(target, len(token_index)),
        incoming_edge=np.argsort(target_sorted, kind="stable").astype(np.int32),
        pool_first=_row_starts(edge_pool, len(market.pools)),
        pool_edge=position.astype(np.int32),
        pruning=pruning,
        with_books=with_books,
    )
    _freeze(
        topology.edge_source,
        topology.edge_target,
        topology.edge_pool,
        topology.outgoing_first,
        topology.incoming_first,
        topology.incoming_edge,
        topology.pool_first,
        topology.pool_edge,
    )
    return topology


def _directions(
    pools: Mapping[int, Pool], token_index: Mapping[Address, int]
) -> tuple[Indices, Indices, Indices]:
    """List source, target and pool of every direction, in order of discovery."""
    directions = [
        (token_index[token_in], token_index[token_out], pool_position)
        for pool_position, pool in pools.items()
        for token_in, token_out in permutations(pool.tokens, 2)
    ]
    source, target, edge_pool = np.array(directions, np.int32).reshape(-1, 3).T.copy()
    return source, target, edge_pool


def _row_starts(rows: Indices, count: int) -> Indices:
    """Where each row begins once the elements are sorted by row, and where the last one ends."""
    return np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count)))).astype(np.int32)


def _freeze(*arrays: Indices | Weights | Floats) -> None:
    """Mark the arrays read-only: snapshots share them."""
    for array in arrays:
        array.setflags(write=False)
