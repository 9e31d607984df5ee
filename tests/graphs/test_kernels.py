"""Loading the kernels compiles everything that the next search needs."""

from dataclasses import replace

from graphs import bellman_ford, best_first_kernels, profit_bounds, standing, trails
from graphs.horizon import find_cycles_after
from graphs.kernels import load_kernels
from searcher.scan import scan_snapshot
from searcher.strategy import find_opportunities
from tests.searcher.records import GAP, SEARCH, START, TERMS, WETH, snapshot


def test_search_compiles_nothing_once_the_kernels_are_loaded() -> None:
    load_kernels()
    loaded = signatures()
    cut_short = replace(TERMS, search=SEARCH.model_copy(update={"max_cycles": 1}))
    moved = GAP[0].with_reserves(10**21, 3 * 10**24)

    for terms in (TERMS, cut_short):
        scan = scan_snapshot(snapshot(), terms, before=None)
        find_opportunities(scan, terms, set_aside=())
        scan_snapshot(scan.snapshot, terms, before=scan)
        horizon = scan.standings[WETH].horizon
        find_cycles_after(horizon, START.with_pools([moved]), [moved.id], limit=100)

    assert loaded
    assert signatures() == loaded


def signatures() -> dict[str, int]:
    """How many versions of each kernel are compiled."""
    modules = (bellman_ford, best_first_kernels, profit_bounds, standing, trails)
    return {
        f"{module.__name__}.{name}": len(kernel.signatures)
        for module in modules
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }
