"""The search command: every profitable cycle of recorded pools, timed.

Separate from the command line, which prints what this returns. There is no lender here: profit is
output minus input, before any fee of a loan and before gas.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphs.bellman_ford import find_cycles
from graphs.fixed_point import UINT112_MAX
from graphs.market import Market
from graphs.ranking import Loan, best_cycles
from graphs.sizing import SizedCycle
from graphs.token_graph import TokenGraph
from graphs.units import Address
from searcher.ports import Clock
from sims.errors import SimsError
from sims.pool_files import read_pools
from sims.recorded_states.states import Refusal

NS_PER_MS: Final = 1_000_000
"""Nanoseconds in a millisecond."""

MOST_CYCLES: Final = 50_000_000
"""Cycles that a search may find before it is given up: about two gigabytes of them."""


NO_FEE: Final = Loan(fee_bps=0, max_input=UINT112_MAX)
"""Own capital without end: what a constant-product pool can hold is the only limit."""


class SearchError(SimsError):
    """The root of what stops a search of pools that were read; see also PoolFileError."""


class SearchOptionsError(SearchError):
    """Options that do not say what to search."""

    def __init__(self) -> None:
        super().__init__(
            "nothing to search, or too much: give --pools FILE or --books FILE with --base ADDRESS "
            "(a drawing needs pools), or --known FILE alone"
        )


class TooManyCyclesError(SearchError):
    """More cycles than can be held."""

    def __init__(self, limit: int, max_hops: int) -> None:
        super().__init__(f"more than {limit} cycles of up to {max_hops} hops; search fewer hops")
        self.limit = limit
        self.max_hops = max_hops


class UnknownBaseError(SearchError):
    """A base token that no funded pool trades."""

    def __init__(self, base: str, path: Path) -> None:
        super().__init__(f"no funded pool in {path} trades {base}; name a token that one trades")
        self.base = base
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSelection:
    """Which recorded pools to search."""

    path: Path
    """A file, or a folder of files."""

    chain: str | None
    """As the files name it; None where they hold one chain."""

    needs_base: bool = True
    """Whether one of them must trade the base; beside order books none need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """What a search found and how long its stages took."""

    market: Market
    """The funded pools that were searched."""

    graph: TokenGraph
    """The same, compiled."""

    tokens: int
    """Traded by at least one funded pool."""

    pools: int
    """Funded: those that trade."""

    pools_left_out: int
    """Without a reserve, or recorded without a state."""

    refusals: tuple[Refusal, ...]
    """States that cannot be used; the rest was searched."""

    cycles: int
    """Found: simple, through the base, with a marginal product above one. None is left out."""

    build_ms: float
    """To compile the pools to a graph, without reading the file."""

    search_ms: float
    """To find all cycles."""

    size_ms: float
    """To bound the profit of all cycles, and to size to the wei those that can be the best."""

    best: tuple[SizedCycle, ...]
    """The most profitable cycles, greatest profit first: those that sizing all would yield."""

    def as_json(self) -> str:
        """Write one JSON object."""
        return json.dumps(self.as_dict(), indent=2)

    def as_dict(self) -> dict[str, object]:
        """Give what the JSON holds; amounts as strings of raw units, which no reader may round."""
        figures = {name: getattr(self, name) for name in FIGURES}
        refused = [str(refusal) for refusal in self.refusals]
        best = [_as_dict(sized) for sized in self.best]
        return {**figures, "refused": refused, "top": best}


FIGURES: Final = ("tokens", "pools", "pools_left_out", "cycles", "build_ms", "search_ms", "size_ms")
"""Fields that go into the JSON as they are."""


def search_pools(
    selection: PoolSelection, *, base: Address, max_hops: int, top: int, clock: Clock
) -> SearchReport:
    """Find every profitable cycle of up to `max_hops` hops from the base, and size the best.

    Raises:
        PoolFileError: nothing in the file can be used.
        UnknownBaseError: no funded pool trades the base.
        TooManyCyclesError: the cycles do not fit in memory.
        ValueError: `max_hops` is out of the search's range.
    """
    states = read_pools(selection.path, chain=selection.chain)
    started_ns = clock.now_ns()
    graph = TokenGraph.from_market(states.market)
    built_ns = clock.now_ns()
    base = Address(base.lower())
    if selection.needs_base and base not in graph.topology.token_index:
        raise UnknownBaseError(base, selection.path)
    # The first call loads the kernels, which is no part of a search.
    find_cycles(graph, base, max_hops=max_hops, limit=0)
    loaded_ns = clock.now_ns()
    search = find_cycles(graph, base, max_hops=max_hops, limit=MOST_CYCLES)
    found_ns = clock.now_ns()
    if search.truncated:
        raise TooManyCyclesError(MOST_CYCLES, max_hops)
    best = best_cycles(states.market, search, NO_FEE, top=top)
    sized_ns = clock.now_ns()
    return SearchReport(
        market=states.market,
        graph=graph,
        tokens=len(graph.topology.tokens),
        pools=len(graph.topology.pools),
        pools_left_out=states.pools_left_out,
        refusals=states.refusals,
        cycles=len(search),
        build_ms=(built_ns - started_ns) / NS_PER_MS,
        search_ms=(found_ns - loaded_ns) / NS_PER_MS,
        size_ms=(sized_ns - found_ns) / NS_PER_MS,
        best=best,
    )


def _as_dict(sized: SizedCycle) -> dict[str, object]:
    return {
        "hops": [
            {"pool": hop.pool_id, "token_in": hop.token_in, "token_out": hop.token_out}
            for hop in sized.cycle.hops
        ],
        "amount_in": str(sized.amounts[0]),
        "amount_out": str(sized.amounts[-1]),
        "profit": str(sized.gross_profit),
    }
