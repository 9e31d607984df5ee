"""The state of Uniswap V4's hook-free pools, from the PoolManager's storage by `extsload`.

Words are read where StateLibrary of v4-core reads them, many at a time.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from eth_utils.crypto import keccak

from graphs.pools.uniswap_v4 import PROTOCOL_FEE_BITS, UniswapV4Pool
from graphs.units import PoolId
from searcher.adapters.abi import ADDRESS_BITS, WORD_BYTES, encode_word, selector
from searcher.adapters.concentrated_states import Priced, Ticked, bitmap_ticks, bitmap_words
from searcher.adapters.created_pools import FEE_BITS, CreatedPool, Refusal
from searcher.adapters.decoding import LIQUIDITY_BITS, TICK_BITS
from searcher.adapters.multicall import Call
from searcher.adapters.reading_stage import Answers, Stage, StateBlock, decode_words, given
from searcher.errors import WireError

EXTSLOAD: Final = selector("extsload(bytes32[])")

POOLS_SLOT: Final = 6
LIQUIDITY_OFFSET: Final = 3
TICKS_OFFSET: Final = 4
BITMAP_OFFSET: Final = 5
"""Of the mapping of pools, and of the members of a pool's state. StateLibrary of v4-core."""

WORDS_PER_CALL: Final = 200
"""A cold word costs 2,100 gas, and a request of several hundred calls must fit a node's cap."""


def state_slot(pool_id: PoolId) -> int:
    """Where the PoolManager keeps the pool."""
    return int.from_bytes(keccak(bytes.fromhex(pool_id[2:]) + encode_word(POOLS_SLOT)))


def _entry(index: int, mapping: int) -> int:
    return int.from_bytes(keccak(encode_word(index) + encode_word(mapping)))


def _load(created: CreatedPool, slots: Sequence[int]) -> list[Call]:
    """Calls that read the slots in their order."""
    chunks = (
        slots[start : start + WORDS_PER_CALL] for start in range(0, len(slots), WORDS_PER_CALL)
    )
    return [
        Call(
            to=created.keeper,
            data=EXTSLOAD + b"".join(map(encode_word, (WORD_BYTES, len(chunk), *chunk))),
        )
        for chunk in chunks
    ]


def _loaded(answers: Answers, expected: int) -> list[int]:
    loads = (decode_words(given(answer, "extsload"), 0, "extsload") for answer in answers)
    words = [word for load in loads for word in load]
    if len(words) != expected:
        raise WireError("extsload", f"{len(words)} words of {expected}")
    return words


def _bits(word: int, start: int, width: int) -> int:
    return word >> start & (1 << width) - 1


def _signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


def _price_calls(created: CreatedPool) -> list[Call]:
    state = state_slot(created.id)
    return _load(created, (state, state + LIQUIDITY_OFFSET))


def _priced(created: CreatedPool, answers: Answers) -> tuple[Priced, int]:
    """The price and the protocol fee: slot0 packs price, tick, protocol fee and fee."""
    slot0, liquidity = _loaded(answers, 2)
    sqrt_price_x96 = _bits(slot0, 0, ADDRESS_BITS)
    if sqrt_price_x96 == 0:
        raise WireError("slot0", "the price is not initialised")
    protocol_start = ADDRESS_BITS + TICK_BITS
    fee_start = protocol_start + 2 * PROTOCOL_FEE_BITS
    if _bits(slot0, fee_start, FEE_BITS) != created.fee_pips:
        raise WireError("slot0", "a fee that its key does not name")
    priced = Priced(
        created=created,
        sqrt_price_x96=sqrt_price_x96,
        tick=_signed(_bits(slot0, ADDRESS_BITS, TICK_BITS), TICK_BITS),
        liquidity=_bits(liquidity, 0, LIQUIDITY_BITS),
    )
    return priced, _bits(slot0, protocol_start, 2 * PROTOCOL_FEE_BITS)


def _bitmap_calls(item: tuple[Priced, int]) -> list[Call]:
    created = item[0].created
    mapping = state_slot(created.id) + BITMAP_OFFSET
    words = bitmap_words(created.tick_spacing)
    return _load(created, [_entry(word, mapping) for word in words])


def _ticked(item: tuple[Priced, int], answers: Answers) -> tuple[Ticked, int]:
    priced, protocol_fee = item
    spacing = priced.created.tick_spacing
    places = bitmap_words(spacing)
    ticks = tuple(
        tick
        for word, bitmap in zip(places, _loaded(answers, len(places)), strict=True)
        for tick in bitmap_ticks(word, bitmap, tick_spacing=spacing)
    )
    return Ticked(priced=priced, ticks=ticks), protocol_fee


def _tick_calls(item: tuple[Ticked, int]) -> list[Call]:
    created = item[0].priced.created
    mapping = state_slot(created.id) + TICKS_OFFSET
    return _load(created, [_entry(tick, mapping) for tick in item[0].ticks])


def _pool(item: tuple[Ticked, int], answers: Answers) -> UniswapV4Pool:
    """A tick's word holds its gross liquidity below and its net above."""
    ticked, protocol_fee = item
    priced, created = ticked.priced, ticked.priced.created
    rows = _loaded(answers, len(ticked.ticks))
    token0, token1 = created.tokens
    pool = UniswapV4Pool(
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
        liquidity_nets=tuple(_signed(row >> LIQUIDITY_BITS, LIQUIDITY_BITS) for row in rows),
        liquidity_grosses=tuple(_bits(row, 0, LIQUIDITY_BITS) for row in rows),
        protocol_fee=protocol_fee,
    )
    pool.check_ticks()
    return pool


def _priced_id(item: tuple[Priced, int]) -> PoolId:
    return item[0].created.id


def _ticked_id(item: tuple[Ticked, int]) -> PoolId:
    return item[0].priced.created.id


_PRICES: Final = Stage(pool_id=attrgetter("id"), calls=_price_calls, make=_priced)
_BITMAPS: Final = Stage(pool_id=_priced_id, calls=_bitmap_calls, make=_ticked)
_LIQUIDITIES: Final = Stage(pool_id=_ticked_id, calls=_tick_calls, make=_pool)


async def read_v4(
    block: StateBlock, created: Sequence[CreatedPool]
) -> tuple[list[UniswapV4Pool], list[Refusal]]:
    """Price, liquidity and fees, then which ticks are initialised, then those.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    priced, unpriced = await _PRICES.run(block, created)
    ticked, unticked = await _BITMAPS.run(block, priced)
    pools, refused = await _LIQUIDITIES.run(block, ticked)
    return pools, [*unpriced, *unticked, *refused]
