"""The state of created pools at one block, as pools that quote.

Each kind of exchange has its own views; all pools of a kind are asked together. A pool that cannot
be understood is refused by name and reason instead of ending the discovery.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Generic, Literal, TypeVar

from graphs.errors import MalformedPoolError
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.tick_math import MAX_TICK
from graphs.units import Address, PoolId
from searcher.adapters.abi import (
    ADDRESS_BITS,
    WORD_BITS,
    decode_signed,
    decode_unsigned,
    encode_word,
    selector,
)
from searcher.adapters.decoding import LIQUIDITY_BITS, RESERVE_BITS, TICK_BITS
from searcher.adapters.multicall import Call, Multicall
from searcher.errors import WireError

GET_RESERVES: Final = selector("getReserves()")
SLOT0: Final = selector("slot0()")
LIQUIDITY: Final = selector("liquidity()")
TICK_BITMAP: Final = selector("tickBitmap(int16)")
TICKS: Final = selector("ticks(int24)")

WORD_SHIFT: Final = 8
"""A word holds 256 usable ticks. TickBitmap.position of v3-core."""


PoolKind = Literal["uniswap_v2", "uniswap_v3"]
"""The ABI of a factory and of its pools, by the exchange that forks have copied it from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedPool:
    """A pool as its factory announced it."""

    kind: PoolKind
    """The curve and the ABI."""

    venue: str
    """The exchange's name, for people and for the ledger."""

    id: PoolId
    """Its address."""

    token0: Address
    """The token with the lower address."""

    token1: Address
    """The token with the higher address."""

    fee_pips: int
    """Share of the input that stays in the pool."""

    tick_spacing: int
    """Of a uniswap_v3 pool; 0 for uniswap_v2, which has no ticks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A pool that is left out of the Market."""

    pool_id: PoolId
    """Which pool."""

    reason: str
    """Why, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    """A concentrated pool once its price is known."""

    created: CreatedPool
    sqrt_price_x96: int
    tick: int
    liquidity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ticked:
    """A concentrated pool once it is known which of its ticks are initialised."""

    priced: _Priced
    ticks: tuple[int, ...]


Item = TypeVar("Item")
Result = TypeVar("Result")
Answers = Sequence[bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage(Generic[Item, Result]):
    """One round of questions about pools: what to ask of each, and what to make of the answers."""

    pool_id: Callable[[Item], PoolId]
    calls: Callable[[Item], list[Call]]
    make: Callable[[Item, Answers], Result]

    async def run(
        self, multicall: Multicall, items: Sequence[Item], block_hash: str
    ) -> tuple[list[Result], list[Refusal]]:
        """Ask about all items together; an item whose answers make no sense is refused."""
        groups = [self.calls(item) for item in items]
        answers = await multicall.aggregate(
            [call for group in groups for call in group], block_hash
        )
        results: list[Result] = []
        refusals: list[Refusal] = []
        start = 0
        for item, group in zip(items, groups, strict=True):
            end = start + len(group)
            try:
                results.append(self.make(item, answers[start:end]))
            except WireError as error:
                reason = f"{error.field}: {error.reason}"
                refusals.append(Refusal(pool_id=self.pool_id(item), reason=reason))
            except MalformedPoolError as error:
                refusals.append(Refusal(pool_id=self.pool_id(item), reason=error.reason))
            start = end
        return results, refusals


async def read_pools(
    multicall: Multicall, created: Sequence[CreatedPool], block_hash: str
) -> tuple[list[Pool], list[Refusal]]:
    """Every pool's state after the block in order of creation, and those without a usable one.

    A pair without reserves is usable, since it may be funded later. A concentrated pool without a
    price is not: nothing else of it is defined.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    pairs = [pool for pool in created if pool.kind == "uniswap_v2"]
    ranged = [pool for pool in created if pool.kind == "uniswap_v3"]
    constant_product, refused_pairs = await _RESERVES.run(multicall, pairs, block_hash)
    priced, unpriced = await _PRICES.run(multicall, ranged, block_hash)
    ticked, unticked = await _BITMAPS.run(multicall, priced, block_hash)
    concentrated, refused = await _LIQUIDITIES.run(multicall, ticked, block_hash)
    pools: list[Pool] = [*constant_product, *concentrated]
    position = {pool.id: index for index, pool in enumerate(created)}
    pools.sort(key=lambda pool: position[pool.id])
    return pools, [*refused_pairs, *unpriced, *unticked, *refused]


def bitmap_words(tick_spacing: int) -> range:
    """The words of TickBitmap that can hold an initialised tick of that spacing."""
    highest = MAX_TICK // tick_spacing
    return range(-highest >> WORD_SHIFT, (highest >> WORD_SHIFT) + 1)


def bitmap_ticks(word: int, bitmap: int, *, tick_spacing: int) -> Iterator[int]:
    """The initialised ticks that a word of TickBitmap names, ascending."""
    for bit in range(WORD_BITS):
        if bitmap >> bit & 1:
            yield ((word << WORD_SHIFT) + bit) * tick_spacing


def _reserve_calls(created: CreatedPool) -> list[Call]:
    return [Call(to=Address(created.id), data=GET_RESERVES)]


def _constant_product(created: CreatedPool, answers: Answers) -> ConstantProductPool:
    reserves = _given(answers[0], "getReserves")
    return ConstantProductPool(
        id=created.id,
        venue=created.venue,
        token0=created.token0,
        token1=created.token1,
        reserve0=decode_unsigned(reserves, 0, bits=RESERVE_BITS, field="getReserves"),
        reserve1=decode_unsigned(reserves, 1, bits=RESERVE_BITS, field="getReserves"),
        fee_pips=created.fee_pips,
    )


def _price_calls(created: CreatedPool) -> list[Call]:
    pool = Address(created.id)
    return [Call(to=pool, data=SLOT0), Call(to=pool, data=LIQUIDITY)]


def _priced(created: CreatedPool, answers: Answers) -> _Priced:
    slot0, liquidity = _given(answers[0], "slot0"), _given(answers[1], "liquidity")
    sqrt_price_x96 = decode_unsigned(slot0, 0, bits=ADDRESS_BITS, field="slot0")
    if sqrt_price_x96 == 0:
        raise WireError("slot0", "the price is not initialised")
    return _Priced(
        created=created,
        sqrt_price_x96=sqrt_price_x96,
        tick=decode_signed(slot0, 1, bits=TICK_BITS, field="slot0"),
        liquidity=decode_unsigned(liquidity, 0, bits=LIQUIDITY_BITS, field="liquidity"),
    )


def _bitmap_calls(priced: _Priced) -> list[Call]:
    return [
        Call(to=Address(priced.created.id), data=TICK_BITMAP + encode_word(word))
        for word in bitmap_words(priced.created.tick_spacing)
    ]


def _ticked(priced: _Priced, answers: Answers) -> _Ticked:
    spacing = priced.created.tick_spacing
    ticks: list[int] = []
    for word, answer in zip(bitmap_words(spacing), answers, strict=True):
        bitmap = decode_unsigned(
            _given(answer, "tickBitmap"), 0, bits=WORD_BITS, field="tickBitmap"
        )
        ticks.extend(bitmap_ticks(word, bitmap, tick_spacing=spacing))
    return _Ticked(priced=priced, ticks=tuple(ticks))


def _tick_calls(ticked: _Ticked) -> list[Call]:
    pool = Address(ticked.priced.created.id)
    return [Call(to=pool, data=TICKS + encode_word(tick)) for tick in ticked.ticks]


def _concentrated(ticked: _Ticked, answers: Answers) -> ConcentratedPool:
    priced, created = ticked.priced, ticked.priced.created
    rows = [_given(answer, "ticks") for answer in answers]
    pool = ConcentratedPool(
        id=created.id,
        venue=created.venue,
        token0=created.token0,
        token1=created.token1,
        fee_pips=created.fee_pips,
        tick_spacing=created.tick_spacing,
        sqrt_price_x96=priced.sqrt_price_x96,
        tick=priced.tick,
        liquidity=priced.liquidity,
        ticks=ticked.ticks,
        liquidity_nets=tuple(
            decode_signed(row, 1, bits=LIQUIDITY_BITS, field="ticks") for row in rows
        ),
        liquidity_grosses=tuple(
            decode_unsigned(row, 0, bits=LIQUIDITY_BITS, field="ticks") for row in rows
        ),
    )
    pool.check_ticks()
    return pool


def _given(answer: bytes | None, field: str) -> bytes:
    if answer is None:
        raise WireError(field, "reverted")
    return answer


_RESERVES: Final = _Stage(pool_id=attrgetter("id"), calls=_reserve_calls, make=_constant_product)
_PRICES: Final = _Stage(pool_id=attrgetter("id"), calls=_price_calls, make=_priced)
_BITMAPS: Final = _Stage(pool_id=attrgetter("created.id"), calls=_bitmap_calls, make=_ticked)
_LIQUIDITIES: Final = _Stage(
    pool_id=attrgetter("priced.created.id"), calls=_tick_calls, make=_concentrated
)
