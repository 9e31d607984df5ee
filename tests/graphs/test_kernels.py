"""Loading the kernels compiles everything that the next search needs."""

from graphs import bellman_ford
from graphs.bellman_ford import find_cycles
from graphs.kernels import load_kernels
from graphs.token_graph import TokenGraph
from tests.searcher.records import START, WETH


def test_search_compiles_nothing_once_the_kernels_are_loaded() -> None:
    load_kernels()
    loaded = signatures()

    find_cycles(TokenGraph.from_market(START), WETH, max_hops=4, limit=100)

    assert loaded
    assert signatures() == loaded


def signatures() -> dict[str, int]:
    """How many versions of each kernel are compiled."""
    kernels = vars(bellman_ford)
    return {
        name: len(kernel.signatures)
        for name, kernel in kernels.items()
        if hasattr(kernel, "signatures")
    }
