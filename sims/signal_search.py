"""Every signal of recorded order books, alone or beside recorded pools, timed.

Separate from the search of pools because what it finds is not atomic: it is shown and never sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from graphs.market import Market
from graphs.signals import Signal, best_signals, find_book_cycles
from graphs.token_graph import TokenGraph
from graphs.tokens import Token
from graphs.units import Address
from searcher.ports import Clock
from sims.book_files import read_books
from sims.recorded_states.states import Refusal
from sims.search import MOST_CYCLES, NO_FEE, SearchError, TooManyCyclesError
from sims.together import NS_PER_MS


class UnknownBookBaseError(SearchError):
    """A base token that is traded nowhere."""

    def __init__(self, base: str) -> None:
        super().__init__(
            f"neither an order book nor a funded pool trades {base}; name a token that one trades"
        )
        self.base = base


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSelection:
    """Which recorded books to search, and beside which pools."""

    paths: Sequence[Path]
    """Files, or folders of files; one at least."""

    beside: Market | None
    """Pools that cycles may cross too; None for books alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalReport:
    """What a search across order books found and how long its stages took."""

    market: Market
    """The books that were searched, and the pools beside them."""

    books: int
    """That have a level."""

    books_left_out: int
    """Without a level."""

    pools: int
    """Beside the books."""

    refusals: tuple[Refusal, ...]
    """Books that cannot be used; the rest was searched."""

    cycles: int
    """Found: simple, through the base and a book, with a marginal product above one."""

    build_ms: float
    """To compile books and pools to a graph, without reading the files."""

    search_ms: float
    """To find all cycles."""

    size_ms: float
    """To size those that can be the best."""

    best: tuple[Signal, ...]
    """The most profitable, greatest profit first."""

    def as_dict(self) -> dict[str, object]:
        """Give what the JSON holds; amounts are strings, which no reader may round."""
        return {
            **{name: getattr(self, name) for name in FIGURES},
            "refused": [str(refusal) for refusal in self.refusals],
            "top": [_as_dict(signal, self.market.tokens) for signal in self.best],
        }


FIGURES: Final = (
    "books",
    "books_left_out",
    "pools",
    "cycles",
    "build_ms",
    "search_ms",
    "size_ms",
)
"""Fields that go into the JSON as they are."""


def search_signals(
    selection: BookSelection, *, base: Address, max_hops: int, top: int, clock: Clock
) -> SignalReport:
    """Find every cycle of up to `max_hops` hops from the base across a book, and size the best.

    Raises:
        PoolFileError: there is no usable book.
        UnknownBookBaseError: neither a book nor a pool trades the base.
        TooManyCyclesError: the cycles do not fit in memory.
        ValueError: `max_hops` is out of the search's range.
    """
    known = selection.beside.tokens if selection.beside else {}
    states = read_books(selection.paths, known=known)
    market = _together(states.market, selection.beside)
    started_ns = clock.now_ns()
    graph = TokenGraph.from_market(market, with_books=True)
    built_ns = clock.now_ns()
    base = Address(base.lower())
    if base not in graph.topology.token_index:
        raise UnknownBookBaseError(base)
    # The first call loads the kernels, which is no part of a search.
    find_book_cycles(market, graph, base, max_hops=max_hops, limit=0)
    loaded_ns = clock.now_ns()
    search = find_book_cycles(market, graph, base, max_hops=max_hops, limit=MOST_CYCLES)
    found_ns = clock.now_ns()
    if search.truncated:
        raise TooManyCyclesError(MOST_CYCLES, max_hops)
    best = best_signals(market, search, capital=NO_FEE.max_input, top=top)
    sized_ns = clock.now_ns()
    return SignalReport(
        market=market,
        books=len(states.market.pools),
        books_left_out=states.pools_left_out,
        pools=len(market.pools) - len(states.market.pools),
        refusals=states.refusals,
        cycles=len(search),
        build_ms=(built_ns - started_ns) / NS_PER_MS,
        search_ms=(found_ns - loaded_ns) / NS_PER_MS,
        size_ms=(sized_ns - found_ns) / NS_PER_MS,
        best=best,
    )


def _together(books: Market, pools: Market | None) -> Market:
    """Books and pools in one Market; ids of books have a colon, so none is the id of a pool."""
    if pools is None:
        return books
    tokens = {**books.tokens, **pools.tokens}
    return replace(pools.with_pools(books.pools.values()), tokens=tokens)


def whole_tokens(amount: int, token: Token | None) -> str | None:
    """Write an amount in whole tokens, every digit; None where the decimals are not known."""
    if token is None:
        return None
    digits = str(amount).rjust(token.decimals + 1, "0")
    split = len(digits) - token.decimals
    return f"{digits[:split]}.{digits[split:]}".rstrip("0").rstrip(".")


def _as_dict(signal: Signal, tokens: Mapping[Address, Token]) -> dict[str, object]:
    base = tokens.get(signal.cycle.base)
    return {
        "kind": signal.kind,
        "is_atomic": False,
        "hops": list(_hops(signal, tokens)),
        "amount_in": str(signal.amounts[0]),
        "amount_out": str(signal.amounts[-1]),
        "profit": str(signal.gross_profit),
        "whole_profit": whole_tokens(signal.gross_profit, base),
    }


def _hops(signal: Signal, tokens: Mapping[Address, Token]) -> Iterator[dict[str, object]]:
    places = zip(signal.cycle.hops, signal.venues, signal.on_exchange, strict=True)
    for (hop, venue, is_on_exchange), (sold, bought) in zip(
        places, pairwise(signal.amounts), strict=True
    ):
        yield {
            "pool": hop.pool_id,
            "venue": venue,
            "on_exchange": is_on_exchange,
            "token_in": hop.token_in,
            "token_out": hop.token_out,
            "amount_in": str(sold),
            "amount_out": str(bought),
            "whole_in": whole_tokens(sold, tokens.get(hop.token_in)),
            "whole_out": whole_tokens(bought, tokens.get(hop.token_out)),
        }
