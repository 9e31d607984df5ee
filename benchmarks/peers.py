"""How well paths are sized: ours beside the package `degenbot`, in an environment of its own.

Separate from the search's benchmark because the package pins an older web3: another process gets
the same pools and paths as JSON, and yields inputs, profits and times. Both sides borrow for
nothing, up to what the package takes as its limit when it is given none. Each row's time is the
median over the paths of the median of a path's runs.
"""

import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.report import Direction, Row, report
from benchmarks.search import LIMIT, US, median_s
from benchmarks.synthetic import BASE, Shape, synthetic_market
from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.cycles import Cycle
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.quotes import quote_cycle
from graphs.ranking import Loan, best_cycles
from graphs.sizing import size_cycle
from graphs.token_graph import TokenGraph

ROOT: Final = Path(__file__).parents[1]
INTERPRETER: Final = ROOT / ".venv-peers" / "bin" / "python"
PROGRAM: Final = ROOT / "benchmarks" / "degenbot_sizing.py"
DENSE: Final = Shape(tokens=40, pools=400, gaps=40)
PATHS: Final = 20
TOLERANCE: Final = 1e-12
"""Share of a profit that rounding alone decides about."""

LOAN: Final = Loan(fee_bps=0, max_input=100 * 10**18)
V2: Final = ConstantProductPool
V3: Final = ConcentratedPool
KINDS: Final[tuple[tuple[str, tuple[type[Pool], ...]], ...]] = (
    ("two V2 pools", (V2, V2)),
    ("three V2 pools", (V2, V2, V2)),
    ("a V2 and a V3 pool", (V2, V3)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """What the package makes of a path."""

    input: int
    """Its optimum, in raw units of the base."""

    profit: int
    """What its own exact pools give for that input, in raw units of the base."""

    seconds: float
    """Of the median run."""


def paths_of(market: Market, kinds: tuple[type[Pool], ...]) -> CycleSearch:
    """The first cycles over pools of these kinds, in any order of the kinds."""
    search = find_cycles(TokenGraph.from_market(market), BASE, max_hops=len(kinds), limit=LIMIT)
    rows = [
        row
        for row, cycle in enumerate(search)
        if Counter(type(market.pools[pool_id]) for pool_id in cycle.pool_ids) == Counter(kinds)
    ][:PATHS]
    return replace(search, edges=search.edges[rows], weights=search.weights[rows])


def compared(market: Market, kinds: tuple[type[Pool], ...], name: str) -> Iterator[Row]:
    """Both sides on paths of one kind."""
    paths = paths_of(market, kinds)
    theirs = sized_by_degenbot(market, paths)
    sizings = [partial(size, market, path) for path in paths]
    theirs_s = statistics.median(sized.seconds for sized in theirs)
    ours_s = statistics.median(median_s(sizing) for sizing in sizings)
    together_s = median_s(lambda: best_cycles(market, paths, LOAN, top=len(paths))) / len(paths)
    shares = [
        (sizing() - sized.profit) / sized.profit
        for sizing, sized in zip(sizings, theirs, strict=True)
    ]
    name = f"{name} ({len(paths)} paths):"
    yield Row(measure=f"{name} degenbot", value=theirs_s * US, unit="us", target=None)
    yield Row(measure=f"{name} ours, one at a time", value=ours_s * US, unit="us", target=None)
    yield Row(measure=f"{name} ours, all at once", value=together_s * US, unit="us", target=None)
    yield at_least(f"{name} degenbot / ours at once", theirs_s / together_s, "x", target=1)
    yield at_least(
        f"{name} our profit over degenbot's, least", min(shares), "share", target=-TOLERANCE
    )


def size(market: Market, path: Cycle) -> int:
    """Size one path of ours; yields the profit."""
    sized = size_cycle(market, path, fee_bps=LOAN.fee_bps, max_input=LOAN.max_input)
    return sized.gross_profit if sized else 0


def sized_by_degenbot(market: Market, paths: CycleSearch) -> list[Sized]:
    """Have the package size the paths.

    Raises:
        RuntimeError: its exact pools and ours give different amounts for the same input.
    """
    pools = {pool_id: market.pools[pool_id] for path in paths for pool_id in path.pool_ids}
    question = {
        "base": BASE,
        "max_input": LOAN.max_input,
        "pools": [state_of(pool) for pool in pools.values()],
        "paths": [path.pool_ids for path in paths],
    }
    finished = subprocess.run(
        [INTERPRETER, PROGRAM],
        input=json.dumps(question),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers = [Sized(**answer) for answer in json.loads(finished.stdout)]
    for path, answer in zip(paths, answers, strict=True):
        if quote_cycle(market, path, answer.input)[-1] - answer.input != answer.profit:
            raise RuntimeError(f"degenbot and we quote differently: {path}")
    return answers


def state_of(pool: Pool) -> dict[str, object]:
    """What the package needs to know of a pool: its fields, with the ticks as one list."""
    state = asdict(pool)
    if isinstance(pool, ConcentratedPool):
        ticks = zip(pool.ticks, pool.liquidity_nets, pool.liquidity_grosses, strict=True)
        state["ticks"] = list(ticks)
    return state


def at_least(measure: str, value: float, unit: str, *, target: float) -> Row:
    """A measure that must reach its target."""
    return Row(measure=measure, value=value, unit=unit, target=target, direction=Direction.AT_LEAST)


def main() -> None:
    """Measure and print."""
    if not INTERPRETER.exists():
        sys.exit("degenbot is not installed: run `bin/setup peers`")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    market = synthetic_market(DENSE)
    rows: list[Row] = []
    for name, kinds in KINDS:
        print(f"measuring {name}", file=sys.stderr)
        rows += compared(market, kinds, name)
    report("peers", rows)


if __name__ == "__main__":
    main()
