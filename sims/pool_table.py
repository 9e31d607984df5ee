"""Reading a table of constant-product pools, the plain CSV that people write themselves.

Separate from the readers of recordings because this shape is ours: its columns are documented to
users, and a fee may be left out.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from graphs.fixed_point import UINT112_MAX
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import BPS, PIPS, PoolId
from sims.recorded_states.fields import address, named_tokens, whole
from sims.recorded_states.states import Entry, RecordedPool, Refusal, read_state
from sims.recorded_states.table import rows

COLUMNS: Final = (
    "chain",
    "dex",
    "pool",
    "token0",
    "token1",
    "symbol0",
    "symbol1",
    "decimals0",
    "decimals1",
    "reserve0",
    "reserve1",
    "fee_bps",
    "factory_index",
)
"""Of the header, in any order; others are ignored."""

DEFAULT_FEE_BPS: Final = 30
"""Where a row names no fee: that of Uniswap V2 and of most forks."""

PIPS_PER_BPS: Final = PIPS // BPS
"""Scale from basis points to hundredths of them."""


def pool_table(path: Path) -> Iterator[Entry]:
    """Yield every pool of a CSV file, and why a row is none.

    Raises:
        PoolFileError: the file cannot be read, or its header lacks a column.
    """
    for row in rows(path, COLUMNS):
        if isinstance(row, Refusal):
            yield row
        else:
            yield read_state(path, row.place, partial(_entry, path, row.place, row.fields))


def _entry(path: Path, place: str, row: Mapping[str, str]) -> RecordedPool:
    """Build the pool of a row."""
    fee_bps = whole(row, "fee_bps", maximum=BPS - 1) if row["fee_bps"] else DEFAULT_FEE_BPS
    pool = ConstantProductPool(
        id=PoolId(address(row, "pool")),
        venue=row["dex"],
        token0=address(row, "token0"),
        token1=address(row, "token1"),
        reserve0=whole(row, "reserve0", maximum=UINT112_MAX),
        reserve1=whole(row, "reserve1", maximum=UINT112_MAX),
        fee_pips=fee_bps * PIPS_PER_BPS,
    )
    tokens = tuple(named_tokens(row))
    return RecordedPool(path=path, place=place, chain=row["chain"], pool=pool, tokens=tokens)
