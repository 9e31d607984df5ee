"""Reading a table of constant-product pools from a file into a Market.

Separate from the search command because any file that people hand in is judged here, once: a row
that no chain could have produced is refused by file and line, never repaired or skipped.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphs.errors import MalformedPoolError
from graphs.fixed_point import UINT112_MAX
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.tokens import Token
from graphs.units import BPS, PIPS, Address, PoolId
from sims.errors import SimsError

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

ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")
"""Of any case: checksums are not checked."""

MAX_DIGITS: Final = 80
"""Characters that any number in range fits in, and that are shown of one that does not."""

MAX_DECIMALS: Final = 255
"""What `decimals()` of ERC-20 can say: a uint8."""

PIPS_PER_BPS: Final = PIPS // BPS
"""Scale from basis points to hundredths of them."""


class PoolTableError(SimsError):
    """A table that cannot be used. One line: file, line, what is wrong, and what to do."""

    def __init__(self, path: Path, line: int | None, *, reason: str, remedy: str) -> None:
        place = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{place}: {reason}; {remedy}")
        self.path = path
        self.line = line
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTable:
    """What a file holds."""

    market: Market
    """The pools with two reserves, and the tokens whose decimals the file names."""

    pools_left_out: int
    """Pools without a reserve: they trade nothing."""


class _RowError(Exception):
    """What is wrong with one row, before its place is known."""

    def __init__(self, *, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def read_pool_table(path: Path) -> PoolTable:
    """Read every pool of a CSV file. Its Market is of block 0 with no hash: the file names none.

    Raises:
        PoolTableError: the file cannot be read, or a row is one that no chain could have produced.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return _table(path, csv.DictReader(file, strict=True))
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise PoolTableError(
            path, None, reason=reason, remedy="name a readable CSV file"
        ) from error
    except UnicodeDecodeError as error:
        raise PoolTableError(
            path, None, reason="not UTF-8 text", remedy="save it as UTF-8"
        ) from error


def _table(path: Path, reader: "csv.DictReader[str]") -> PoolTable:
    """Collect the rows; give what is wrong with one its place."""
    try:
        _check_header(reader.fieldnames or ())
        return _collected(reader)
    except _RowError as error:
        line = max(reader.reader.line_num, 1)
        raise PoolTableError(path, line, reason=error.reason, remedy=error.remedy) from error
    except csv.Error as error:
        remedy = "quote fields as RFC 4180 says"
        reason = f"not CSV: {error}"
        raise PoolTableError(path, reader.reader.line_num, reason=reason, remedy=remedy) from error


def _check_header(fields: Sequence[str]) -> None:
    missing = [column for column in COLUMNS if column not in fields]
    if missing:
        reason = f"header without {', '.join(missing)}"
        raise _RowError(reason=reason, remedy=f"begin with the line {','.join(COLUMNS)}")


def _collected(rows: Iterable[Mapping[str, str]]) -> PoolTable:
    """Make pools and tokens of the rows, which are of one chain and name no pool twice."""
    tokens: dict[Address, Token] = {}
    pools: dict[PoolId, ConstantProductPool] = {}
    chains: set[str] = set()
    for row in rows:
        _check_width(row)
        chains.add(row["chain"])
        if len(chains) > 1:
            found = " and ".join(sorted(chains))
            reason = f"pools of {found} in one table"
            raise _RowError(reason=reason, remedy="split it by chain")
        pool = _pool(row)
        if pool.id in pools:
            reason = f"pool {pool.id} is listed twice"
            raise _RowError(reason=reason, remedy="keep one of its rows")
        pools[pool.id] = pool
        if pool.reserve0 and pool.reserve1:
            for token in _tokens(row, pool):
                tokens.setdefault(token.address, token)
    if not pools:
        raise _RowError(reason="no pool", remedy="add a row for each pool below the header")
    funded = {pool.id: pool for pool in pools.values() if pool.reserve0 and pool.reserve1}
    market = Market(block_number=0, block_hash="", tokens=tokens, pools=funded)
    return PoolTable(market=market, pools_left_out=len(pools) - len(funded))


def _check_width(row: Mapping[str, str]) -> None:
    # csv.DictReader files surplus fields under None, and gives None for those that are absent.
    if None in row or any(row[column] is None for column in COLUMNS):
        reason = "not as many fields as the header"
        raise _RowError(reason=reason, remedy="write one field for each column")


def _pool(row: Mapping[str, str]) -> ConstantProductPool:
    """Build the pool of a row."""
    fee_bps = _whole(row, "fee_bps", BPS - 1) if row["fee_bps"] else DEFAULT_FEE_BPS
    try:
        return ConstantProductPool(
            id=PoolId(_address(row, "pool")),
            venue=row["dex"],
            token0=_address(row, "token0"),
            token1=_address(row, "token1"),
            reserve0=_whole(row, "reserve0", UINT112_MAX),
            reserve1=_whole(row, "reserve1", UINT112_MAX),
            fee_pips=fee_bps * PIPS_PER_BPS,
        )
    except MalformedPoolError as error:
        remedy = "write token0 and token1 as the pool orders them"
        raise _RowError(reason=error.reason, remedy=remedy) from error


def _tokens(row: Mapping[str, str], pool: ConstantProductPool) -> Iterator[Token]:
    """Yield the tokens whose decimals the row names."""
    for side, address in zip(("0", "1"), pool.tokens, strict=True):
        if row["decimals" + side]:
            decimals = _whole(row, "decimals" + side, MAX_DECIMALS)
            yield Token(address=address, symbol=row["symbol" + side], decimals=decimals)


def _address(row: Mapping[str, str], column: str) -> Address:
    text = row[column]
    if not ADDRESS.fullmatch(text):
        reason = f"{column} {text[:MAX_DIGITS]!r} is no address"
        raise _RowError(reason=reason, remedy="write 0x and 40 hexadecimal digits")
    return Address(text.lower())


def _whole(row: Mapping[str, str], column: str, maximum: int) -> int:
    """Read a whole number within 0 and the maximum, in plain ASCII digits."""
    text = row[column]
    is_short = text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
    if not is_short or int(text) > maximum:
        remedy = f"write a whole number from 0 to {maximum}"
        reason = f"{column} {text[:MAX_DIGITS]!r} is not in range"
        raise _RowError(reason=reason, remedy=remedy)
    return int(text)
