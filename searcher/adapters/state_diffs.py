"""A prestate tracer's difference as pool updates: storage slots of pairs and of Uniswap V3 pools.

A pair is told whole by one slot. A V3 pool is told by two as long as nothing but swaps happened to
it; a position that changed shows in slots that no swap writes, and ends the reading.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from eth_utils.crypto import keccak

from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import PoolId
from searcher.adapters.decoding import address, hash32, member
from searcher.effects.outcome import Reason, UnforeseenError
from searcher.errors import WireError
from searcher.pool_updates import PoolUpdate, PriceSet, ReservesSet

WORD: Final = 32
RESERVES_SLOT: Final = 8
"""UniswapV2Pair: both reserves and a timestamp in one word."""

RESERVE_BITS: Final = 112
PRICE_SLOT: Final = 0
"""UniswapV3Pool: price, tick and the oracle's indices in one word."""

PRICE_BITS: Final = 160
TICK_BITS: Final = 24
LIQUIDITY_SLOT: Final = 4
LIQUIDITY_BITS: Final = 128
TICKS_SLOT: Final = 5
"""The mapping of ticks."""

TICK_WORDS: Final = 4
"""Of a tick; crossing it writes growth and seconds."""

FIRST_OBSERVATION: Final = 8
OBSERVATIONS: Final = 65_535
"""The oracle's ring, a word each."""

_Storage = Mapping[int, int]


def decode_state_diff(value: object, pools: Mapping[PoolId, Pool]) -> list[PoolUpdate]:
    """What the difference says of known pools.

    Raises:
        WireError: it is malformed.
        UnforeseenError: a pool changed in a way that its storage does not tell us.
    """
    before, after = _accounts(value, "pre"), _accounts(value, "post")
    updates: list[PoolUpdate] = []
    for pool_id, changed in after.items():
        pool = pools.get(pool_id)
        if pool is not None:
            # A slot that was cleared is not among those after.
            cleared = dict.fromkeys(before.get(pool_id, {}), 0)
            updates.extend(_updates(pool, cleared | changed))
    return updates


def _accounts(value: object, side: str) -> dict[PoolId, dict[int, int]]:
    accounts = member(value, side)
    if not isinstance(accounts, dict):
        raise WireError(side, "not an object")
    return {
        PoolId(address(named, side)): _storage(account.get("storage", {}))
        for named, account in accounts.items()
        if isinstance(account, dict)
    }


def _updates(pool: Pool, changed: _Storage) -> Iterator[PoolUpdate]:
    match pool:
        case ConstantProductPool():
            yield from _pair_updates(pool, changed)
        case ConcentratedPool() if not isinstance(pool, UniswapV4Pool):
            yield from _range_updates(pool, changed)
        case _:
            raise UnforeseenError(Reason.UNTRACEABLE)


def _pair_updates(pool: ConstantProductPool, changed: _Storage) -> Iterator[PoolUpdate]:
    if RESERVES_SLOT in changed:
        packed, mask = changed[RESERVES_SLOT], (1 << RESERVE_BITS) - 1
        yield ReservesSet(
            pool_id=pool.id, reserve0=packed & mask, reserve1=packed >> RESERVE_BITS & mask
        )


def _range_updates(pool: ConcentratedPool, changed: _Storage) -> Iterator[PoolUpdate]:
    if PRICE_SLOT not in changed:
        if changed:
            raise UnforeseenError(Reason.UNTRACEABLE)
        return
    packed = changed[PRICE_SLOT]
    unsigned = packed >> PRICE_BITS & (1 << TICK_BITS) - 1
    tick = unsigned - (1 << TICK_BITS) if unsigned >> TICK_BITS - 1 else unsigned
    if not _is_swap(pool, tick, changed):
        raise UnforeseenError(Reason.UNTRACEABLE)
    liquidity = changed.get(LIQUIDITY_SLOT)
    yield PriceSet(
        pool_id=pool.id,
        sqrt_price_x96=packed & (1 << PRICE_BITS) - 1,
        tick=tick,
        liquidity=pool.liquidity if liquidity is None else liquidity & (1 << LIQUIDITY_BITS) - 1,
    )


def _is_swap(pool: ConcentratedPool, tick: int, changed: _Storage) -> bool:
    """Whether nothing else is written than what swaps between the two ticks can write."""
    low, high = sorted((pool.tick, tick))
    crossed = {
        slot
        for place in pool.ticks
        if low <= place <= high + 1
        for slot in range(_tick_slot(place), _tick_slot(place) + TICK_WORDS)
    }
    last = FIRST_OBSERVATION + OBSERVATIONS
    return all(
        slot <= LIQUIDITY_SLOT or FIRST_OBSERVATION <= slot < last or slot in crossed
        for slot in changed
    )


def _tick_slot(tick: int) -> int:
    """Where Solidity keeps an element of a mapping: the hash of key and slot."""
    key = (tick % (1 << 256)).to_bytes(WORD, "big") + TICKS_SLOT.to_bytes(WORD, "big")
    return int.from_bytes(keccak(key), "big")


def _storage(value: object) -> dict[int, int]:
    if not isinstance(value, dict):
        raise WireError("storage", "not an object")
    return {
        int(hash32(slot, "storage.slot"), 16): int(hash32(held, "storage.value"), 16)
        for slot, held in value.items()
    }
