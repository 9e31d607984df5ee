"""The state of pools of Uniswap V3 and its forks, tick by tick."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.tick_math import MAX_TICK
from searcher.adapters.abi import (
    ADDRESS_BITS,
    WORD_BITS,
    decode_signed,
    decode_unsigned,
    encode_word,
    selector,
)
from searcher.adapters.created_pools import CreatedPool, Refusal
from searcher.adapters.decoding import LIQUIDITY_BITS, TICK_BITS
from searcher.adapters.multicall import Call
from searcher.adapters.reading_stage import Answers, Stage, StateBlock, given
from searcher.errors import WireError

SLOT0: Final = selector("slot0()")
LIQUIDITY: Final = selector("liquidity()")
TICK_BITMAP: Final = selector("tickBitmap(int16)")
TICKS: Final = selector("ticks(int24)")

WORD_SHIFT: Final = 8
"""A word holds 256 usable ticks. TickBitmap.position of v3-core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A concentrated pool once its price is known."""

    created: CreatedPool
    """As announced."""

    sqrt_price_x96: int
    """Q64.96."""

    tick: int
    """The contract's."""

    liquidity: int
    """Active at the tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """A concentrated pool once it is known which of its ticks are initialised."""

    priced: Priced
    """The pool."""

    ticks: tuple[int, ...]
    """Ascending."""


def bitmap_words(tick_spacing: int) -> range:
    """The words of TickBitmap that can hold an initialised tick of that spacing."""
    highest = MAX_TICK // tick_spacing
    return range(-highest >> WORD_SHIFT, (highest >> WORD_SHIFT) + 1)


def bitmap_ticks(word: int, bitmap: int, *, tick_spacing: int) -> Iterator[int]:
    """The initialised ticks that a word of TickBitmap names, ascending."""
    for bit in range(WORD_BITS):
        if bitmap >> bit & 1:
            yield ((word << WORD_SHIFT) + bit) * tick_spacing


def _price_calls(created: CreatedPool) -> list[Call]:
    pool = created.contract
    return [Call(to=pool, data=SLOT0), Call(to=pool, data=LIQUIDITY)]


def _priced(created: CreatedPool, answers: Answers) -> Priced:
    slot0, liquidity = given(answers[0], "slot0"), given(answers[1], "liquidity")
    sqrt_price_x96 = decode_unsigned(slot0, 0, bits=ADDRESS_BITS, field="slot0")
    if sqrt_price_x96 == 0:
        raise WireError("slot0", "the price is not initialised")
    return Priced(
        created=created,
        sqrt_price_x96=sqrt_price_x96,
        tick=decode_signed(slot0, 1, bits=TICK_BITS, field="slot0"),
        liquidity=decode_unsigned(liquidity, 0, bits=LIQUIDITY_BITS, field="liquidity"),
    )


def _bitmap_calls(priced: Priced) -> list[Call]:
    return [
        Call(to=priced.created.contract, data=TICK_BITMAP + encode_word(word))
        for word in bitmap_words(priced.created.tick_spacing)
    ]


def _ticked(priced: Priced, answers: Answers) -> Ticked:
    spacing = priced.created.tick_spacing
    ticks: list[int] = []
    for word, answer in zip(bitmap_words(spacing), answers, strict=True):
        bitmap = decode_unsigned(given(answer, "tickBitmap"), 0, bits=WORD_BITS, field="tickBitmap")
        ticks.extend(bitmap_ticks(word, bitmap, tick_spacing=spacing))
    return Ticked(priced=priced, ticks=tuple(ticks))


def _tick_calls(ticked: Ticked) -> list[Call]:
    pool = ticked.priced.created.contract
    return [Call(to=pool, data=TICKS + encode_word(tick)) for tick in ticked.ticks]


def _concentrated(ticked: Ticked, answers: Answers) -> ConcentratedPool:
    priced, created = ticked.priced, ticked.priced.created
    rows = [given(answer, "ticks") for answer in answers]
    token0, token1 = created.tokens
    pool = ConcentratedPool(
        id=created.id,
        venue=created.venue,
        token0=token0,
        token1=token1,
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


_PRICES: Final = Stage(pool_id=attrgetter("id"), calls=_price_calls, make=_priced)
_BITMAPS: Final = Stage(pool_id=attrgetter("created.id"), calls=_bitmap_calls, make=_ticked)
_LIQUIDITIES: Final = Stage(
    pool_id=attrgetter("priced.created.id"), calls=_tick_calls, make=_concentrated
)


async def read_concentrated(
    block: StateBlock, created: Sequence[CreatedPool]
) -> tuple[list[ConcentratedPool], list[Refusal]]:
    """Price and liquidity, then which ticks are initialised, then those.

    A pool without a price is refused: nothing else of it is defined.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    priced, unpriced = await _PRICES.run(block, created)
    ticked, unticked = await _BITMAPS.run(block, priced)
    pools, refused = await _LIQUIDITIES.run(block, ticked)
    return pools, [*unpriced, *unticked, *refused]
