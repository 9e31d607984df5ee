"""Arbitrages that somebody landed, and whether the search finds each and does no worse.

Each line of a file holds a transaction with the state of each pool just before its hop. From these
states alone the finder must list the cycle, and sizing must earn at least what was earned. Two
shapes are read: recorded blocks, and classified traces, which name the kind of a pool differently.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from graphs.bellman_ford import find_cycles
from graphs.cycles import Cycle, Hop
from graphs.fixed_point import INT256_MAX, UINT112_MAX, UINT128_MAX, UINT160_MAX, UINT256_MAX
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.tick_math import MAX_TICK, MIN_TICK
from graphs.sizing import SizedCycle, size_cycle
from graphs.token_graph import TokenGraph
from graphs.units import PIPS, Address, PoolId
from sims.recorded_states.document import lines, parsed
from sims.recorded_states.fields import (
    FieldError,
    Record,
    address,
    items,
    record,
    text,
    whole,
)
from sims.recorded_states.states import PoolFileError, Refusal, read_state

V2_FEE_PIPS: Final = 3_000
"""Of Uniswap V2 and Sushiswap, where recorded pairs without a fee come from."""

PAIRS: Final = ("v2", "UniswapV2Pair")
"""How the two shapes name a pair."""

CONCENTRATED: Final = ("v3", "UniswapV3Pool")
"""How they name a pool of Uniswap V3."""

MOST_CYCLES: Final = 1_000_000
"""More than the few pools of one arbitrage have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArbitrage:
    """What a transaction did."""

    tx_hash: str
    """Of the transaction."""

    block_number: int
    """Where it landed."""

    market: Market
    """Its pools, each just before its hop."""

    cycle: Cycle
    """Its hops, from the token that it profited in."""

    amount_in: int
    """What it sold first, raw."""

    profit: int
    """What it gained, raw units of the base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheck:
    """One arbitrage beside what the search makes of the same states."""

    known: KnownArbitrage
    """What was done."""

    is_listed: bool
    """Whether the finder lists the very cycle."""

    sized: SizedCycle | None
    """The best size of that cycle; None where none is profitable."""

    @property
    def is_met(self) -> bool:
        """Whether the cycle is listed and sized to at least the recorded profit."""
        return (
            self.is_listed
            and self.sized is not None
            and self.sized.gross_profit >= self.known.profit
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReport:
    """All arbitrages of a file."""

    checks: tuple[KnownCheck, ...]
    """Those whose states are recorded, in order."""

    refusals: tuple[Refusal, ...]
    """Those that cannot be judged, and why."""

    @property
    def is_met(self) -> bool:
        """Whether every one that can be judged is met."""
        return all(check.is_met for check in self.checks)

    def as_json(self) -> str:
        """Write one JSON object; amounts are strings of raw units, which no reader may round."""
        return json.dumps(
            {
                "known": len(self.checks),
                "met": sum(check.is_met for check in self.checks),
                "refused": [str(refusal) for refusal in self.refusals],
                "checks": [_as_dict(check) for check in self.checks],
            },
            indent=2,
        )


def check_known(path: Path, *, max_hops: int) -> KnownReport:
    """Search the states of every recorded arbitrage for its cycle, up to its own length at least.

    Raises:
        PoolFileError: the file cannot be read, or no arbitrage in it can be judged.
    """
    entries = list(read_known(path))
    refusals = tuple(entry for entry in entries if isinstance(entry, Refusal))
    checks = tuple(
        _checked(entry, max_hops) for entry in entries if isinstance(entry, KnownArbitrage)
    )
    if not checks:
        nothing = Refusal(
            path=path, place="", reason="no arbitrage", remedy="write one on each line, as JSON"
        )
        raise PoolFileError(refusals[0] if refusals else nothing)
    return KnownReport(checks=checks, refusals=refusals)


def read_known(path: Path) -> Iterator[KnownArbitrage | Refusal]:
    """Yield every arbitrage of the file, or why it cannot be judged.

    Raises:
        PoolFileError: the file cannot be read as text.
    """
    for number, line in enumerate(lines(path), start=1):
        place = f"line {number}"
        try:
            value = parsed(path, place, line)
        except PoolFileError as error:
            yield error.refusal
            continue
        yield read_state(path, place, partial(_known, value))


def _checked(known: KnownArbitrage, max_hops: int) -> KnownCheck:
    graph = TokenGraph.from_market(known.market)
    hops = max(max_hops, len(known.cycle.hops))
    search = find_cycles(graph, known.cycle.base, max_hops=hops, limit=MOST_CYCLES)
    sized = size_cycle(
        known.market,
        known.cycle,
        fee_bps=0,
        max_input=UINT112_MAX,
    )
    return KnownCheck(known=known, is_listed=known.cycle in search, sized=sized)


def _known(value: object) -> KnownArbitrage:
    """Judge one line."""
    source = record(value, "arbitrage")
    if source.get("reverted") is True:
        raise FieldError(reason="the transaction reverted", remedy="keep those that landed")
    if source.get("duplicate_of_block") is not None:
        raise FieldError(reason="the transaction is listed before", remedy="keep one of the two")
    base, profit = _profit(source)
    swaps = [record(item, "swap") for item in items(source, "swaps")]
    start = next((i for i, swap in enumerate(swaps) if address(swap, "token_in") == base), None)
    if start is None:
        raise FieldError(reason=f"no swap sells {base}", remedy="record the whole cycle")
    swaps = swaps[start:] + swaps[:start]
    pools = [_pool(swap) for swap in swaps]
    hops = tuple(_hop(swap) for swap in swaps)
    _check_closed(hops)
    return KnownArbitrage(
        tx_hash=text(source, "tx_hash"),
        block_number=whole(source, "block", maximum=UINT112_MAX),
        market=Market(
            block_number=0, block_hash="", tokens={}, pools={pool.id: pool for pool in pools}
        ),
        cycle=Cycle(hops=hops),
        amount_in=whole(swaps[0], "amount_in", maximum=UINT256_MAX),
        profit=profit,
    )


def _profit(source: Record) -> tuple[Address, int]:
    """Read the token that was gained and how much of it."""
    if "profit_token" in source:
        gained = whole(source, "profit_amount", minimum=-INT256_MAX, maximum=INT256_MAX)
        return address(source, "profit_token"), gained
    gains = record(source.get("profit"), "profit")
    if len(gains) != 1:
        reason = f"a profit in {len(gains)} tokens"
        raise FieldError(reason=reason, remedy="keep those that profit in one")
    (base,) = gains
    return address({"profit": base}, "profit"), whole(gains, base, maximum=INT256_MAX)


def _hop(swap: Record) -> Hop:
    return Hop(
        pool_id=PoolId(address(swap, "pool")),
        token_in=address(swap, "token_in"),
        token_out=address(swap, "token_out"),
    )


def _check_closed(hops: tuple[Hop, ...]) -> None:
    """Refuse what is no simple cycle.

    Raises:
        FieldError: a hop does not sell what the one before bought, or a pool or token repeats.
    """
    is_chain = all(
        a.token_out == b.token_in for a, b in zip(hops, hops[1:] + hops[:1], strict=True)
    )
    is_simple = len({hop.pool_id for hop in hops}) == len({hop.token_in for hop in hops})
    if not is_chain or not is_simple or len({hop.pool_id for hop in hops}) < len(hops):
        raise FieldError(reason="the swaps are no simple cycle", remedy="record one cycle a line")


def _pool(swap: Record) -> Pool:
    """Build the pool of a hop as it was just before."""
    kind = text(swap, "kind" if "kind" in swap else "abi")
    if kind in PAIRS:
        return _pair(swap)
    if kind in CONCENTRATED:
        return _range(swap)
    reason = f"the state of {kind} {address(swap, 'pool')} is not recorded"
    raise FieldError(reason=reason, remedy="keep cycles of Uniswap's pools")


def _pair(swap: Record) -> ConstantProductPool:
    if swap.get("reserves_before") is None:
        reason = f"the state of pair {address(swap, 'pool')} is not recorded"
        raise FieldError(reason=reason, remedy="record reserves_before")
    recorded = dict(enumerate(items(swap, "reserves_before")))
    token0, token1 = sorted((address(swap, "token_in"), address(swap, "token_out")))
    reserve0, reserve1 = (
        whole({"reserve": recorded.get(side)}, "reserve", maximum=UINT112_MAX) for side in (0, 1)
    )
    return ConstantProductPool(
        id=PoolId(address(swap, "pool")),
        venue="uniswap v2",
        token0=token0,
        token1=token1,
        reserve0=reserve0,
        reserve1=reserve1,
        fee_pips=V2_FEE_PIPS,
    )


def _range(swap: Record) -> ConcentratedPool:
    """Build a V3 pool with the liquidity that its own swap proves, and none beyond.

    Liquidity changes at multiples of the tick spacing only. Where it was the same before and
    after, it was the same between the multiples around both prices; that is all that is taken.

    Raises:
        FieldError: no state is recorded, or the swap changed the liquidity.
    """
    if swap.get("liquidity_before") is None:
        reason = f"the state of pool {address(swap, 'pool')} is not recorded"
        raise FieldError(reason=reason, remedy="record what it was before the swap")
    liquidity = whole(swap, "liquidity_before", maximum=UINT128_MAX)
    if whole(swap, "liquidity_after", maximum=UINT128_MAX) != liquidity:
        remedy = "keep swaps inside one range"
        raise FieldError(
            reason="the swap crossed a tick, and ticks are not recorded", remedy=remedy
        )
    spacing = whole(swap, "tick_spacing", minimum=1, maximum=MAX_TICK)
    tick, reached = (
        whole(swap, key, minimum=MIN_TICK, maximum=MAX_TICK)
        for key in ("tick_before", "tick_after")
    )
    token0, token1 = sorted((address(swap, "token_in"), address(swap, "token_out")))
    return ConcentratedPool(
        id=PoolId(address(swap, "pool")),
        venue="uniswap v3",
        token0=token0,
        token1=token1,
        fee_pips=whole(swap, "fee", maximum=PIPS - 1),
        tick_spacing=spacing,
        sqrt_price_x96=whole(swap, "sqrtPriceX96_before", maximum=UINT160_MAX),
        tick=tick,
        liquidity=liquidity,
        ticks=(_floor(min(tick, reached), spacing), _floor(max(tick, reached), spacing) + spacing),
        liquidity_nets=(liquidity, -liquidity),
        liquidity_grosses=(liquidity, liquidity),
    )


def _floor(tick: int, spacing: int) -> int:
    """The multiple of the spacing at or below a tick."""
    return tick - tick % spacing


def _as_dict(check: KnownCheck) -> dict[str, object]:
    known, sized = check.known, check.sized
    return {
        "tx_hash": known.tx_hash,
        "block": known.block_number,
        "hops": len(known.cycle.hops),
        "listed": check.is_listed,
        "recorded_input": str(known.amount_in),
        "recorded_profit": str(known.profit),
        "amount_in": None if sized is None else str(sized.amounts[0]),
        "profit": None if sized is None else str(sized.gross_profit),
        "met": check.is_met,
    }
