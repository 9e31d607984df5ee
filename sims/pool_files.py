"""Any file or folder of recorded pools into one Market, whatever its shape.

The suffix tells tables from JSON, the content tells the rest: a user names what they have. Separate
from the readers, which know one shape each.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sims import pool_table
from sims.recorded_states import l2_uniswap
from sims.recorded_states.amm_oracle import amm_oracle, is_amm_oracle
from sims.recorded_states.balancer import balancer, is_balancer
from sims.recorded_states.document import document
from sims.recorded_states.states import (
    Entry,
    PoolFileError,
    PoolStates,
    Refusal,
    collected,
)
from sims.recorded_states.table import header

TABLE_SUFFIX: Final = ".csv"
"""Of tables."""

SUFFIXES: Final = (TABLE_SUFFIX, ".json", ".jsonl", ".json.gz", ".jsonl.gz")
"""Of what is read in a folder."""


def read_pools(path: Path, *, chain: str | None = None) -> PoolStates:
    """Read every pool of a file, or of all files in a folder and below, in order of their paths.

    With a chain, as the files name it, pools of others are passed over.

    Raises:
        PoolFileError: there is no usable pool, or there are pools of several chains.
    """
    if not path.is_dir():
        return collected(path, _entries(path), chain=chain)
    return collected(path, _entries_below(path), chain=chain)


def _entries_below(folder: Path) -> Iterator[Entry]:
    """Yield the states of all files; a file of which nothing can be used is refused as one."""
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(SUFFIXES) and path.name != l2_uniswap.TICKS_FILE:
            try:
                yield from _entries(path)
            except PoolFileError as error:
                yield error.refusal


def _entries(path: Path) -> Iterator[Entry]:
    """Choose the reader by the columns or the keys."""
    if path.name.endswith(TABLE_SUFFIX) or not path.name.endswith(SUFFIXES):
        is_l2 = set(l2_uniswap.COLUMNS) <= set(header(path))
        return l2_uniswap.l2_uniswap(path) if is_l2 else pool_table.pool_table(path)
    read = document(path)
    if is_balancer(read.value):
        return balancer(path, read)
    if is_amm_oracle(read.value):
        return amm_oracle(path, read)
    reason = "no pool state of a kind that is read"
    remedy = "record it in a shape of sims/recorded_states"
    raise PoolFileError(Refusal(path=path, place=read.place, reason=reason, remedy=remedy))
