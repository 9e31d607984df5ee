"""What a profit in some token is worth in wei, by exact quotes through the market itself.

Separate from the objective because it looks for a path, once for each token and graph.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from graphs.bellman_ford import UNREACHABLE, arrays_of, layered_distances
from graphs.cycles import Hop
from graphs.errors import AmountOutOfRangeError, InsufficientLiquidityError
from graphs.market import Market
from graphs.profit_bounds import RATE_SLACK_FLOAT, rate_float
from graphs.token_graph import UNUSABLE, TokenGraph, Weights
from graphs.units import Address

MOST_HOPS: Final = 3
"""Hops of the longest path that a profit is valued along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A path from a token to wrapped ether; none is needed where the token is that."""

    path: tuple[Hop, ...]
    """Where the token would be sold."""

    rate_float: float
    """No amount is worth more than this times itself, for rates only fall with the size."""

    def value_down(self, market: Market, amount: int) -> int:
        """Quote what the most of an amount sells for that the pools take, each rounding down.

        So a greater amount is never worth less.
        """
        part, refused = amount, amount + 1
        while (value := self._quoted(market, part)) is None:
            part, refused = part // 2, part
        while part and refused - part > 1:
            middle = (part + refused) // 2
            quoted = self._quoted(market, middle)
            if quoted is None:
                refused = middle
            else:
                part, value = middle, quoted
        return value

    def _quoted(self, market: Market, amount: int) -> int | None:
        """Quote an amount; None where a pool refuses it, and nothing for nothing."""
        if amount <= 0:
            return 0
        for hop in self.path:
            try:
                pool = market.pools[hop.pool_id]
                amount = pool.amount_out(hop.token_in, hop.token_out, amount)
            except (AmountOutOfRangeError, InsufficientLiquidityError):
                return None
        return amount


IDENTITY: Final = Valuation(path=(), rate_float=1.0)
"""Of wrapped ether."""


def find_valuation(graph: TokenGraph, token: Address, weth: Address) -> Valuation | None:
    """Find the path of up to MOST_HOPS hops with the best marginal rate; None without any.

    It repeats no pool and no token. O(hops * edges).
    """
    if token == weth:
        return IDENTITY
    index = graph.topology.token_index
    if token not in index or weth not in index:
        return None
    arrays = arrays_of(graph, index[weth])
    ways = _Ways(graph=graph, goal=index[weth], distance=layered_distances(arrays, MOST_HOPS - 1))
    best = ways.least(_Path(tokens=(index[token],), edges=(), weight=0))
    if best is None:
        return None
    return Valuation(
        path=tuple(graph.hop(edge) for edge in best.edges),
        rate_float=rate_float(best.weight) * (1 + RATE_SLACK_FLOAT),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """An open walk."""

    tokens: tuple[int, ...]
    edges: tuple[int, ...]
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """The paths to one token, with the bounds of `graphs/bellman_ford.py`."""

    graph: TokenGraph
    goal: int
    distance: Weights

    def least(self, path: _Path) -> _Path | None:
        """Complete a path with the least weight: depth first, by rising bound."""
        topology, token = self.graph.topology, path.tokens[-1]
        first, end = topology.outgoing_first[token], topology.outgoing_first[token + 1]
        weights = self.graph.weights[first:end]
        onward = self.distance[MOST_HOPS - len(path.edges) - 1, topology.edge_target[first:end]]
        bounds = np.where(weights == UNUSABLE, UNREACHABLE, weights + onward)
        best, least = None, UNUSABLE
        while len(bounds) and path.weight + int(bounds.min()) < least:
            place = int(bounds.argmin())
            bounds[place] = UNREACHABLE
            longer = self._longer(path, int(first) + place)
            if longer and longer.tokens[-1] != self.goal:
                longer = self.least(longer)
            if longer and longer.weight < least:
                best, least = longer, longer.weight
        return best

    def _longer(self, path: _Path, edge: int) -> _Path | None:
        """Take one more hop; None where that repeats a pool or a token."""
        topology = self.graph.topology
        token, pool = int(topology.edge_target[edge]), topology.edge_pool[edge]
        if token in path.tokens or any(topology.edge_pool[taken] == pool for taken in path.edges):
            return None
        return _Path(
            tokens=(*path.tokens, token),
            edges=(*path.edges, edge),
            weight=path.weight + int(self.graph.weights[edge]),
        )
