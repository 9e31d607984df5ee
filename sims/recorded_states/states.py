"""What readers of recorded states yield, and how it becomes a Market.

Separate from the readers because all of them refuse, leave out and report in the same way.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from graphs.errors import GraphError, MalformedPoolError
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.tokens import Token
from graphs.units import Address, PoolId
from sims.errors import SimsError
from sims.recorded_states.fields import FieldError

State = TypeVar("State")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A state that cannot be used, and why. One line when it is shown."""

    path: Path
    """The file."""

    place: str
    """In the file: `line 3`, `[17]`, or both; empty for all of it."""

    reason: str
    """What is wrong."""

    remedy: str
    """What would make it usable."""

    @override
    def __str__(self) -> str:
        """Name the file, the place, the reason and the remedy."""
        where = f"{self.path}, {self.place}" if self.place else f"{self.path}"
        return f"{where}: {self.reason}; {self.remedy}"


class PoolFileError(SimsError):
    """A file of which nothing can be used. One line: file, place, what is wrong, what to do."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal

    @property
    def remedy(self) -> str:
        """What would make the file usable."""
        return self.refusal.remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPool:
    """One state that was read."""

    path: Path
    """The file."""

    place: str
    """In the file."""

    chain: str
    """As the file names it; empty where it names none."""

    pool: Pool
    """The state."""

    tokens: tuple[Token, ...]
    """Those of its tokens whose decimals the file names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfunded:
    """A pool that the file lists without a state: it trades nothing."""

    chain: str
    """As the file names it; empty where it names none."""


Entry = RecordedPool | Unfunded | Refusal
"""What a reader yields for each state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStates:
    """What a file or a folder of files holds."""

    market: Market
    """The pools that trade, and the tokens whose decimals are named."""

    pools_left_out: int
    """Pools that trade in no direction, or were recorded without a state."""

    refusals: tuple[Refusal, ...]
    """States that cannot be used, in order."""


def read_state(path: Path, place: str, reader: Callable[[], State]) -> State | Refusal:
    """Run the reader of one state; what is wrong with it becomes a refusal with its place."""
    try:
        return reader()
    except FieldError as error:
        return Refusal(path=path, place=place, reason=error.reason, remedy=error.remedy)
    except MalformedPoolError as error:
        remedy = "record it as the contract holds it"
        return Refusal(path=path, place=place, reason=error.reason, remedy=remedy)
    except GraphError as error:
        remedy = "record it as the contract holds it"
        return Refusal(path=path, place=place, reason=str(error), remedy=remedy)


def collected(path: Path, entries: Iterable[Entry], *, chain: str | None) -> PoolStates:
    """Make a Market of block 0 with no hash, since files of many blocks are searched as one.

    A pool that is listed twice is refused at its second place.

    Raises:
        PoolFileError: no pool of the chain trades, or the pools are of several chains and none
            was asked for.
    """
    refusals: list[Refusal] = []
    states = list(_accepted(entries, refusals))
    chains = sorted({state.chain for state in states})
    if chain is None and len(chains) > 1:
        shown = " and ".join(name or "an unnamed chain" for name in chains)
        raise _unusable(path, reason=f"pools of {shown}", remedy="name one of them with --chain")
    wanted = [state for state in states if chain is None or state.chain == chain]
    pools = [state for state in wanted if isinstance(state, RecordedPool)]
    live = [state for state in pools if is_live(state.pool)]
    if not wanted:
        is_read = bool(states) or not refusals
        raise _nothing(path, chain, chains) if is_read else PoolFileError(refusals[0])
    tokens: dict[Address, Token] = {}
    for state in live:
        for token in state.tokens:
            tokens.setdefault(token.address, token)
    market = Market(
        block_number=0,
        block_hash="",
        tokens=tokens,
        pools={state.pool.id: state.pool for state in live},
    )
    return PoolStates(
        market=market, pools_left_out=len(wanted) - len(live), refusals=tuple(refusals)
    )


def _accepted(
    entries: Iterable[Entry], refusals: list[Refusal]
) -> Iterator[RecordedPool | Unfunded]:
    """Yield what is usable, and collect what is not."""
    seen: set[tuple[str, PoolId]] = set()
    for entry in entries:
        if isinstance(entry, Refusal):
            refusals.append(entry)
        elif isinstance(entry, RecordedPool) and (entry.chain, entry.pool.id) in seen:
            reason = f"pool {entry.pool.id} is listed twice"
            remedy = "keep one of its states"
            refusals.append(
                Refusal(path=entry.path, place=entry.place, reason=reason, remedy=remedy)
            )
        else:
            if isinstance(entry, RecordedPool):
                seen.add((entry.chain, entry.pool.id))
            yield entry


def is_live(pool: Pool) -> bool:
    """Whether the pool trades in any direction."""
    return any(
        pool.marginal_rate_float(token_in, token_out) > 0
        for token_in, token_out in permutations(pool.tokens, 2)
    )


def _nothing(path: Path, chain: str | None, chains: list[str]) -> PoolFileError:
    if chain is None:
        return _unusable(path, reason="no pool", remedy="add a row for each pool below the header")
    known = ", ".join(name or "an unnamed chain" for name in chains)
    return _unusable(path, reason=f"no pool of {chain}", remedy=f"choose from {known}")


def _unusable(path: Path, *, reason: str, remedy: str) -> PoolFileError:
    return PoolFileError(Refusal(path=path, place="", reason=reason, remedy=remedy))
