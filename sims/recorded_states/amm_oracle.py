"""One pool a file: its whole state at a block, as integers, as the contracts answered.

Kinds are told apart by the keys that only they have. Separate functions a kind, because the
protocols name and scale the same things differently.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypedDict

from graphs.fixed_point import UINT112_MAX, UINT128_MAX, UINT160_MAX, UINT256_MAX
from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.curve import FEE_DENOMINATOR, CurvePool
from graphs.pools.solidly import SolidlyPool
from graphs.pools.stable import StablePool
from graphs.pools.tick_math import MAX_TICK, MIN_TICK
from graphs.pools.uniswap_v4 import PROTOCOL_FEE_BITS, UniswapV4Pool
from graphs.pools.weighted import WeightedPool
from graphs.tokens import Token
from graphs.units import BPS, PIPS, Address, PoolId
from sims.recorded_states.document import Document
from sims.recorded_states.fields import (
    FieldError,
    Record,
    address,
    items,
    pool_id,
    record,
    share,
    text,
    token,
    whole,
)
from sims.recorded_states.states import Entry, RecordedPool, read_state

EXACT_POWERS: Final = "v2"
"""What `pow_version` says of weighted pools that multiply where a power is a small whole one."""

ROUNDS_INVARIANT_UP: Final = "2"
"""What `invariant_version` says of stable pools whose swaps round the invariant up."""

RATE_DECIMALS: Final = 36
"""Of the rate of a coin without decimals. StableSwap3Pool."""

TICK_VALUES: Final = 2
"""Of each tick, first its gross, then its net liquidity; what follows is no state."""


def is_amm_oracle(value: object) -> bool:
    """Whether a document is the state of one pool."""
    return isinstance(value, dict) and any(all(key in value for key in keys) for keys in _KINDS)


def amm_oracle(path: Path, document: Document) -> Iterator[Entry]:
    """Yield the pool of the file, or why it is none."""
    yield read_state(path, document.place, partial(_entry, path, document))


def _entry(path: Path, document: Document) -> Entry:
    source = record(document.value, "pool")
    reader = next(reader for keys, reader in _KINDS.items() if all(key in source for key in keys))
    pool, tokens = reader(source)
    chain = text(source, "chain_id")
    return RecordedPool(path=path, place=document.place, chain=chain, pool=pool, tokens=tokens)


State = tuple[Pool, tuple[Token, ...]]
"""A pool, and what is known of its tokens."""


def _pair_tokens(source: Record) -> tuple[Token, Token]:
    return token(source.get("token0"), "token0"), token(source.get("token1"), "token1")


def _listed_tokens(source: Record) -> tuple[Token, ...]:
    return tuple(token(item, f"tokens[{i}]") for i, item in enumerate(items(source, "tokens")))


def _listed_wholes(source: Record, key: str, *, maximum: int) -> tuple[int, ...]:
    values = items(source, key)
    names = [f"{key}[{i}]" for i in range(len(values))]
    return tuple(
        whole({name: value}, name, maximum=maximum)
        for name, value in zip(names, values, strict=True)
    )


def _pair(source: Record) -> State:
    """A fork of Uniswap V2 with its own fee."""
    token0, token1 = tokens = _pair_tokens(source)
    scale = whole(source, "fee_denom", minimum=1, maximum=PIPS)
    share_pips, rest = divmod(whole(source, "fee_numer", maximum=scale - 1) * PIPS, scale)
    if rest:
        raise FieldError(reason="fee is no whole number of pips", remedy="check fee_denom")
    pool = ConstantProductPool(
        id=PoolId(address(source, "pool")),
        venue=text(source, "dex"),
        token0=token0.address,
        token1=token1.address,
        reserve0=whole(source, "reserves_token0", maximum=UINT112_MAX),
        reserve1=whole(source, "reserves_token1", maximum=UINT112_MAX),
        fee_pips=share_pips,
    )
    return pool, tokens


class ConcentratedFields(TypedDict):
    """The fields that V3 and V4 share, by their names in ConcentratedPool."""

    token0: Address
    token1: Address
    fee_pips: int
    tick_spacing: int
    sqrt_price_x96: int
    tick: int
    liquidity: int
    ticks: tuple[int, ...]
    liquidity_nets: tuple[int, ...]
    liquidity_grosses: tuple[int, ...]


def _concentrated(source: Record) -> State:
    """Uniswap V3 and its like."""
    tokens = _pair_tokens(source)
    pool = ConcentratedPool(
        id=PoolId(address(source, "pool")),
        venue=text(source, "name"),
        **_concentrated_fields(source, tokens),
    )
    pool.check_ticks()
    return pool, tokens


def _uniswap_v4(source: Record) -> State:
    """A pool of the PoolManager. Its hooks are not recorded: those of this set have none."""
    tokens = _pair_tokens(source)
    scalars = record(source["scalars"], "scalars")
    falling = whole(scalars, "protocol_fee_zero_for_one", maximum=PIPS)
    rising = whole(scalars, "protocol_fee_one_for_zero", maximum=PIPS)
    pool = UniswapV4Pool(
        id=PoolId(pool_id(source, "pool_id")),
        venue=text(source, "name"),
        protocol_fee=falling | rising << PROTOCOL_FEE_BITS,
        **_concentrated_fields(source, tokens),
    )
    pool.check_ticks()
    return pool, tokens


def _concentrated_fields(source: Record, tokens: tuple[Token, Token]) -> ConcentratedFields:
    scalars = record(source["scalars"], "scalars")
    ticks = sorted(_ticks(record(source.get("tick_data"), "tick_data")))
    return ConcentratedFields(
        token0=tokens[0].address,
        token1=tokens[1].address,
        fee_pips=whole(scalars, "fee", maximum=PIPS),
        tick_spacing=whole(scalars, "tick_spacing", maximum=MAX_TICK),
        sqrt_price_x96=whole(scalars, "sqrt_price_x96", maximum=UINT160_MAX),
        tick=whole(scalars, "tick", minimum=MIN_TICK, maximum=MAX_TICK),
        liquidity=whole(scalars, "liquidity", maximum=UINT128_MAX),
        ticks=tuple(tick for tick, _, _ in ticks),
        liquidity_nets=tuple(net for _, _, net in ticks),
        liquidity_grosses=tuple(gross for _, gross, _ in ticks),
    )


def _ticks(recorded: Record) -> Iterator[tuple[int, int, int]]:
    """Yield each tick with its gross and its net liquidity."""
    for key in recorded:
        tick = whole({"tick": key}, "tick", minimum=MIN_TICK, maximum=MAX_TICK)
        values = items(recorded, key)[:TICK_VALUES]
        if len(values) < TICK_VALUES:
            raise FieldError(reason=f"tick {tick} lacks a value", remedy="write gross and net")
        gross, net = ({"liquidity": value} for value in values)
        yield (
            tick,
            whole(gross, "liquidity", maximum=UINT128_MAX),
            whole(net, "liquidity", minimum=-UINT128_MAX, maximum=UINT128_MAX),
        )


def _weighted(source: Record) -> State:
    """A weighted pool of Balancer V2."""
    tokens = _listed_tokens(source)
    pool = WeightedPool(
        id=PoolId(pool_id(source, "pool_id")),
        venue="balancer v2",
        tokens=tuple(known.address for known in tokens),
        balances=_listed_wholes(source, "balances", maximum=UINT112_MAX),
        weights=_listed_wholes(source, "weights", maximum=ONE),
        decimals=tuple(known.decimals for known in tokens),
        swap_fee=share(source, "fee", scale=ONE),
        has_exact_powers=text(source, "pow_version") == EXACT_POWERS,
    )
    return pool, tokens


def _stable(source: Record) -> State:
    """A stable pool of Balancer V2, without its own share."""
    tokens = _listed_tokens(source)
    columns = zip(
        tokens,
        _listed_wholes(source, "balances", maximum=UINT112_MAX),
        _listed_wholes(source, "resolved_scaling_factors", maximum=UINT256_MAX),
        strict=False,
    )
    own = address(source, "address")
    rows = [row for row in columns if row[0].address != own]
    pool = StablePool(
        id=PoolId(pool_id(source, "pool_id")),
        venue="balancer v2",
        tokens=tuple(known.address for known, _, _ in rows),
        balances=tuple(balance for _, balance, _ in rows),
        scaling_factors=tuple(factor for _, _, factor in rows),
        amplification=whole(source, "amp", maximum=UINT112_MAX),
        swap_fee=share(source, "fee", scale=ONE),
        rounds_invariant_up=text(source, "invariant_version") == ROUNDS_INVARIANT_UP,
    )
    return pool, tokens


def _solidly(source: Record) -> State:
    """A pair of Aerodrome."""
    token0, token1 = tokens = _pair_tokens(source)
    pool = SolidlyPool(
        id=PoolId(address(source, "pool")),
        venue=text(source, "dex"),
        token0=token0.address,
        token1=token1.address,
        reserve0=whole(source, "reserves_token0", maximum=UINT256_MAX),
        reserve1=whole(source, "reserves_token1", maximum=UINT256_MAX),
        decimals0=token0.decimals,
        decimals1=token1.decimals,
        fee_bps=whole(source, "fee_raw", maximum=BPS - 1),
        is_stable=source["stable"] is True,
    )
    return pool, tokens


def _curve_pool(source: Record) -> State:
    """A plain pool of Curve, or a metapool with the prices that it had cached.

    Raises:
        FieldError: it lends its coins, is on the way to another amplification, or has a fee that
            depends on its balance.
    """
    tokens = _listed_tokens(source)
    if any(flag is not False for flag in items(source, "use_lending")):
        raise FieldError(reason="the pool lends its coins", remedy="keep plain pools")
    if source.get("offpeg_fee_multiplier"):
        raise FieldError(reason="the fee depends on the balance", remedy="keep plain pools")
    amplification, precision = _amplification(source)
    pool = CurvePool(
        id=PoolId(address(source, "address")),
        venue="curve",
        tokens=tuple(known.address for known in tokens),
        balances=_listed_wholes(source, "balances", maximum=UINT256_MAX),
        rates=_rates(source, tokens),
        amplification=amplification,
        a_precision=precision,
        # The contracts that scale the amplification are those that revert.
        reverts_unsettled=precision > 1,
        fee=whole(source, "fee", maximum=FEE_DENOMINATOR),
        admin_fee=whole(source, "admin_fee", maximum=FEE_DENOMINATOR),
    )
    return pool, tokens


def _amplification(source: Record) -> tuple[int, int]:
    """Read the amplification in the contract's own scale, and that scale."""
    ends, block = (
        whole(source, key, maximum=UINT256_MAX) for key in ("future_a_time", "block_timestamp")
    )
    if block < ends:
        remedy = "keep pools whose amplification stands still"
        raise FieldError(reason=f"the amplification changes until {ends}", remedy=remedy)
    final = whole(source, "future_a", maximum=UINT256_MAX)
    shown = whole(source, "a_coefficient", minimum=1, maximum=UINT256_MAX)
    return final, final // shown


def _rates(source: Record, tokens: Sequence[Token]) -> tuple[int, ...]:
    """What turns raw units into 18 decimals, times the price of a coin that has one."""
    rates = [10 ** max(RATE_DECIMALS - known.decimals, 0) for known in tokens]
    if not rates:
        return ()
    if "redemption_price" in source:
        rates[0] = whole(source, "redemption_price", maximum=UINT256_MAX)
    if "base_virtual_price" in source:
        rates[-1] = whole(source, "base_virtual_price", maximum=UINT256_MAX)
    return tuple(rates)


def _tricrypto(source: Record) -> State:
    """Curve's other invariant.

    Raises:
        FieldError: always.
    """
    reason = f"{text(source, 'name')} keeps Curve's crypto invariant"
    raise FieldError(reason=reason, remedy="keep StableSwap pools")


_KINDS: Final[Mapping[tuple[str, ...], Callable[[Record], State]]] = {
    ("fee_numer", "reserves_token0"): _pair,
    ("fee_raw", "stable"): _solidly,
    ("pool_manager", "scalars"): _uniswap_v4,
    ("scalars", "tick_data"): _concentrated,
    ("weights", "pow_version"): _weighted,
    ("amp", "resolved_scaling_factors"): _stable,
    ("gamma", "price_scale"): _tricrypto,
    ("a_coefficient", "use_lending"): _curve_pool,
}
"""Readers by the keys that tell their kind; the first that fits."""
