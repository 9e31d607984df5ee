"""The search command: every profitable cycle of recorded pools, timed.

Separate from the command line, which prints what this returns. There is no lender here: profit is
output minus input, before any fee of a loan and before gas. Profits in several bases are compared
by what they sell for in one of them, or in wrapped ether.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from graphs.bellman_ford import CycleSearch, find_cycles, find_cycles_of
from graphs.bridges import Pruning
from graphs.fixed_point import UINT112_MAX
from graphs.market import Market
from graphs.objective import NetCycle, Objective, best_by_net_profit, by_net_profit
from graphs.ranking import Loan
from graphs.sizing import SizedCycle
from graphs.token_graph import TokenGraph
from graphs.units import Address
from graphs.valuation import find_valuation
from searcher.ports import Clock
from sims.errors import SimsError
from sims.pool_files import read_pools
from sims.recorded_states.states import Refusal
from sims.together import NS_PER_MS, Together, choose_together, sized_as_dict

MOST_CYCLES: Final = 50_000_000
"""Cycles that a search may find before it is given up: about two gigabytes of them."""


NO_FEE: Final = Loan(fee_bps=0, max_input=UINT112_MAX)
"""Own capital without end: what a constant-product pool can hold is the only limit."""


GROSS: Final = Objective(fixed_cost_wei=0, hop_cost_wei=0, tip_share_bps=0, min_net_profit_wei=0)
"""Nobody is paid."""


class SearchError(SimsError):
    """The root of what stops a search of pools that were read; see also PoolFileError."""


class SearchOptionsError(SearchError):
    """Options that do not say what to search."""

    def __init__(self) -> None:
        super().__init__(
            "nothing to search, or too much: give --pools FILE or --books FILE with --base ADDRESS "
            "(a drawing and --together need pools), or --known FILE alone"
        )


class OneBaseError(SearchError):
    """Several base tokens where one is searched at a time."""

    def __init__(self) -> None:
        super().__init__("--books and --together search from one token: give --base once")


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


class NoWorthError(SearchError):
    """A base token that cannot be sold for the one that profits are compared in."""

    def __init__(self, base: Address, weth: Address) -> None:
        super().__init__(
            f"no path of pools leads from {base} to {weth}, so profits cannot be compared; "
            "search it alone"
        )
        self.base = base
        self.weth = weth


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """Where cycles start, and how their profits are compared."""

    tokens: tuple[Address, ...]
    """At least one."""

    weth: Address | None = None
    """What profits are valued in; None for the first token."""


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

    found: CycleSearch
    """Every cycle of the first base."""

    tokens: int
    """Traded by at least one funded pool."""

    pools: int
    """Funded: those that trade."""

    pools_left_out: int
    """Without a reserve, or recorded without a state."""

    refusals: tuple[Refusal, ...]
    """States that cannot be used; the rest was searched."""

    cycles: int
    """Found: simple, with a marginal product above one, for each base. None is left out."""

    build_ms: float
    """To compile the pools that can be on a cycle to a graph, without reading the file."""

    search_ms: float
    """To find all cycles."""

    size_ms: float
    """To bound the profit of all cycles, and to size to the wei those that can be the best."""

    best: tuple[SizedCycle, ...]
    """The most profitable cycles, greatest worth first: those that sizing all would yield."""

    worths: tuple[int, ...]
    """What each of their profits sells for, rounded down, in raw units of what they are valued in;
    the profit itself where that is the base."""

    together: Together | None = None
    """What to execute one after the other; None where nobody asked."""

    def as_json(self) -> str:
        """Write one JSON object."""
        return json.dumps(self.as_dict(), indent=2)

    def as_dict(self) -> dict[str, object]:
        """Give what the JSON holds; amounts as strings of raw units, which no reader may round."""
        figures = {name: getattr(self, name) for name in FIGURES}
        refused = [str(refusal) for refusal in self.refusals]
        best = [
            {**sized_as_dict(sized), "worth": str(worth)}
            for sized, worth in zip(self.best, self.worths, strict=True)
        ]
        together = {"together": self.together.as_dict()} if self.together else {}
        return {**figures, "refused": refused, "top": best, **together}


FIGURES: Final = ("tokens", "pools", "pools_left_out", "cycles", "build_ms", "search_ms", "size_ms")
"""Fields that go into the JSON as they are."""


def search_pools(
    selection: PoolSelection, *, bases: Bases, max_hops: int, top: int, clock: Clock
) -> SearchReport:
    """Find every profitable cycle of up to `max_hops` hops from each base, and size the best.

    Raises:
        PoolFileError: nothing in the file can be used.
        UnknownBaseError: no funded pool trades a base.
        NoWorthError: a base cannot be sold for what profits are valued in.
        TooManyCyclesError: the cycles do not fit in memory.
        ValueError: `max_hops` is out of the search's range.
    """
    states = read_pools(selection.path, chain=selection.chain)
    started_ns = clock.now_ns()
    tokens = tuple(dict.fromkeys(Address(token.lower()) for token in bases.tokens))
    weth = Address((bases.weth or tokens[0]).lower())
    joined = frozenset((token, weth) for token in tokens if token != weth)
    graph = TokenGraph.pruned(states.market, Pruning(joined=joined))
    built_ns = clock.now_ns()
    if selection.needs_base:
        _check_tokens(tokens, graph, selection.path)
    # The first call loads the kernels, which is no part of a search.
    find_cycles(graph, tokens[0], max_hops=max_hops, limit=0)
    loaded_ns = clock.now_ns()
    searches = find_cycles_of(graph, tokens, max_hops=max_hops, limit=MOST_CYCLES)
    found_ns = clock.now_ns()
    if any(search.truncated for search in searches.values()):
        raise TooManyCyclesError(MOST_CYCLES, max_hops)
    best = sorted(_best(states.market, searches, weth=weth, top=top), key=by_net_profit)[:top]
    sized_ns = clock.now_ns()
    return SearchReport(
        market=states.market,
        graph=graph,
        found=searches[tokens[0]],
        tokens=len(graph.topology.tokens),
        pools=len(graph.topology.pools),
        pools_left_out=states.pools_left_out,
        refusals=states.refusals,
        cycles=sum(len(search) for search in searches.values()),
        build_ms=(built_ns - started_ns) / NS_PER_MS,
        search_ms=(found_ns - loaded_ns) / NS_PER_MS,
        size_ms=(sized_ns - found_ns) / NS_PER_MS,
        best=tuple(earned.sized for earned in best),
        worths=tuple(earned.net_profit_wei for earned in best),
    )


def with_together(report: SearchReport, *, most: int, clock: Clock) -> SearchReport:
    """Add up to so many cycles of the first base to execute together; nothing where that is 0."""
    if not most:
        return report
    together = choose_together(report.market, report.found, NO_FEE, most=most, clock=clock)
    return replace(report, together=together)


def _check_tokens(tokens: Iterable[Address], graph: TokenGraph, path: Path) -> None:
    for token in tokens:
        if token not in graph.topology.token_index:
            raise UnknownBaseError(token, path)


def _best(
    market: Market, searches: Mapping[Address, CycleSearch], *, weth: Address, top: int
) -> Iterator[NetCycle]:
    """Yield the best cycles of each base."""
    for base, search in searches.items():
        valuation = find_valuation(search.graph, base, weth)
        if valuation is None:
            raise NoWorthError(base, weth)
        objective = replace(GROSS, valuation=valuation)
        yield from best_by_net_profit(market, search, loan=NO_FEE, objective=objective, top=top)
