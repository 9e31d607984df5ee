"""Uniswap V2 and V3 pools of rollups: a table of states and, beside it, one of ticks.

Ticks come with their net liquidity only, those that positions left among them. A net of zero is
taken as such a tick; one that is initialised all the same could move the last digit of a quote.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from graphs.fixed_point import UINT112_MAX, UINT128_MAX, UINT160_MAX
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.tick_math import MAX_TICK, MIN_TICK
from graphs.units import PIPS, PoolId
from sims.recorded_states.fields import MAX_DIGITS, FieldError, address, named_tokens, whole
from sims.recorded_states.states import Entry, RecordedPool, Refusal, Unfunded, read_state
from sims.recorded_states.table import rows

COLUMNS: Final = (
    "chain",
    "protocol",
    "version",
    "pool",
    "token0",
    "token1",
    "symbol0",
    "symbol1",
    "decimals0",
    "decimals1",
    "fee_pips",
    "reserve0",
    "reserve1",
    "sqrtPriceX96",
    "liquidity",
    "tick",
    "coherent",
)
"""Of the table of states."""

TICK_COLUMNS: Final = ("pool", "tick", "liquidity_net")
"""Of the table of ticks."""

TICKS_FILE: Final = "v3_ticks.csv"
"""The table of ticks, in the same folder."""

TICK_SPACINGS: Final = {100: 1, 500: 10, 3_000: 60, 10_000: 200}
"""By fee in pips: those that the factory of Uniswap V3 opens pools with."""

VERSIONS: Final = ("v2", "v3")
"""What the column `version` can say."""

NO_STATE: Final = "null"
"""What the column `coherent` says of a pool that was recorded without a state."""

Curves = Mapping[str, Mapping[int, int]]
"""Net liquidity by pool and tick."""


def l2_uniswap(path: Path) -> Iterator[Entry]:
    """Yield every pool of the table of states, with its ticks from the table beside it.

    Raises:
        PoolFileError: one of the tables cannot be read, or its header lacks a column.
    """
    curves: dict[str, dict[int, int]] = defaultdict(dict)
    yield from _read_ticks(path.with_name(TICKS_FILE), curves)
    for row in rows(path, COLUMNS):
        if isinstance(row, Refusal):
            yield row
        else:
            reader = partial(_entry, path, row.place, row=row.fields, curves=curves)
            yield read_state(path, row.place, reader)


def _read_ticks(path: Path, curves: dict[str, dict[int, int]]) -> Iterator[Refusal]:
    """Add the ticks to the curves of their pools; yield the rows that are none."""
    for row in rows(path, TICK_COLUMNS):
        if isinstance(row, Refusal):
            yield row
            continue
        try:
            tick = whole(row.fields, "tick", minimum=MIN_TICK, maximum=MAX_TICK)
            net = whole(row.fields, "liquidity_net", minimum=-UINT128_MAX, maximum=UINT128_MAX)
            curves[address(row.fields, "pool")][tick] = net
        except FieldError as error:
            yield Refusal(path=path, place=row.place, reason=error.reason, remedy=error.remedy)


def _entry(path: Path, place: str, *, row: Mapping[str, str], curves: Curves) -> Entry:
    """Build the pool of a row; what was recorded without a state is left out."""
    version, chain = row["version"], row["chain"]
    if version not in VERSIONS:
        reason = f"version {version[:MAX_DIGITS]!r} is not known"
        raise FieldError(reason=reason, remedy=f"choose from {' and '.join(VERSIONS)}")
    if row["coherent"] == NO_STATE:
        return Unfunded(chain=chain)
    pool = _pair(row) if version == "v2" else _curve(row, curves)
    tokens = tuple(named_tokens(row))
    return RecordedPool(path=path, place=place, chain=chain, pool=pool, tokens=tokens)


def _pair(row: Mapping[str, str]) -> ConstantProductPool:
    return ConstantProductPool(
        id=PoolId(address(row, "pool")),
        venue=f"{row['protocol']} v2",
        token0=address(row, "token0"),
        token1=address(row, "token1"),
        reserve0=whole(row, "reserve0", maximum=UINT112_MAX),
        reserve1=whole(row, "reserve1", maximum=UINT112_MAX),
        fee_pips=whole(row, "fee_pips", maximum=PIPS - 1),
    )


def _curve(row: Mapping[str, str], curves: Curves) -> ConcentratedPool:
    """Build a V3 pool whose ticks explain its liquidity, whatever the row says of itself.

    Raises:
        FieldError: the fee is not one that the factory knows.
        MalformedPoolError: the ticks do not.
    """
    fee_pips = whole(row, "fee_pips", maximum=PIPS - 1)
    if fee_pips not in TICK_SPACINGS:
        remedy = f"choose from {', '.join(map(str, TICK_SPACINGS))}"
        raise FieldError(reason=f"no tick spacing is known for fee_pips {fee_pips}", remedy=remedy)
    pool_id = address(row, "pool")
    ticks = sorted((tick, net) for tick, net in curves.get(pool_id, {}).items() if net)
    pool = ConcentratedPool(
        id=PoolId(pool_id),
        venue=f"{row['protocol']} v3",
        token0=address(row, "token0"),
        token1=address(row, "token1"),
        fee_pips=fee_pips,
        tick_spacing=TICK_SPACINGS[fee_pips],
        sqrt_price_x96=whole(row, "sqrtPriceX96", maximum=UINT160_MAX),
        tick=whole(row, "tick", minimum=MIN_TICK, maximum=MAX_TICK),
        liquidity=whole(row, "liquidity", maximum=UINT128_MAX),
        ticks=tuple(tick for tick, _ in ticks),
        liquidity_nets=tuple(net for _, net in ticks),
        liquidity_grosses=tuple(abs(net) for _, net in ticks),
    )
    pool.check_ticks()
    return pool
