"""Exact quotes of cycles in kernels: every amount as the pools' own integers give it.

Separate from sizing because a batch of cycles may be quoted at inputs that are already decided.
"""

from typing import Final

import numpy as np

from graphs.bulk.concentrated import amount_in_concentrated, amount_out_concentrated
from graphs.bulk.pool_arrays import (
    CONCENTRATED,
    CONSTANT_PRODUCT,
    KEPT0,
    KIND,
    RESERVE0,
    RESERVE1,
    PoolArrays,
)
from graphs.bulk.word_instructions import Word
from graphs.bulk.words import Limbs, div_down, word, word_at, write_amount
from graphs.compilation import compiled, inlined, inner
from graphs.token_graph import Indices
from graphs.units import PIPS

AMOUNT_LIMBS: Final = 2
"""Limbs of an amount."""

_RESERVE_BITS: Final = 112
"""Bits of a Uniswap V2 reserve."""


@compiled
def quote_rows(arrays: PoolArrays, trades: Indices, inputs: Limbs) -> Limbs:
    """Quote each row of trades at its input: what it ends with, 0 where a pool refuses."""
    outputs = np.zeros((len(trades), AMOUNT_LIMBS), np.uint64)
    for row in range(len(trades)):
        write_amount(outputs, row, quote(arrays, trades[row], word_at(inputs, row, 0)))
    return outputs


@inner
def quote(arrays: PoolArrays, trades: Indices, amount_in: Word) -> Word:
    """Quote a row of trades, which ends in -1 where it is short; 0 where a pool refuses."""
    amount = amount_in
    for trade in trades:
        if trade < 0 or amount == word(0):
            break
        amount = amount_out(arrays, trade, amount)
    return amount


@inner
def least_input(arrays: PoolArrays, trades: Indices, output: Word) -> Word:
    """Quote backwards the least input of full trades for an output; 0 where a pool refuses."""
    amount = output
    for place in range(len(trades) - 1, -1, -1):
        if amount == word(0):
            break
        amount = amount_in(arrays, trades[place], amount)
    return amount


@inlined
def amount_out(arrays: PoolArrays, trade: int, amount: Word) -> Word:
    """Quote an exact input; 0 where the pool refuses, gives nothing, or no kernel knows it."""
    kind = arrays.pools[trade >> 1, KIND]
    if kind == CONSTANT_PRODUCT:
        return amount_out_constant_product(arrays, trade, amount)
    if kind == CONCENTRATED:
        return amount_out_concentrated(arrays, trade, amount)
    return word(0)


@inlined
def amount_in(arrays: PoolArrays, trade: int, amount: Word) -> Word:
    """Quote an exact output; 0 where the pool refuses, or no kernel knows it."""
    kind = arrays.pools[trade >> 1, KIND]
    if kind == CONSTANT_PRODUCT:
        return amount_in_constant_product(arrays, trade, amount)
    if kind == CONCENTRATED:
        return amount_in_concentrated(arrays, trade, amount)
    return word(0)


@inlined
def reserves(arrays: PoolArrays, trade: int) -> tuple[Word, Word]:
    """The reserve of the token sold, then of the token bought."""
    reserve0 = word_at(arrays.pools, trade >> 1, RESERVE0)
    reserve1 = word_at(arrays.pools, trade >> 1, RESERVE1)
    return (reserve0, reserve1) if trade & 1 else (reserve1, reserve0)


@inlined
def amount_out_constant_product(arrays: PoolArrays, trade: int, amount: Word) -> Word:
    """Quote as ConstantProductPool does; 0 where it refuses."""
    reserve_in, reserve_out = reserves(arrays, trade)
    kept_pips = arrays.pools[trade >> 1, KEPT0]
    is_too_much = (reserve_in + amount) >> _RESERVE_BITS > word(0)
    if is_too_much or reserve_in == word(0) or reserve_out == word(0):
        return word(0)
    taxed = amount * word(kept_pips)
    return div_down(taxed * reserve_out, reserve_in * word(PIPS) + taxed)


@inlined
def amount_in_constant_product(arrays: PoolArrays, trade: int, amount: Word) -> Word:
    """Quote as ConstantProductPool does; 0 where it refuses."""
    reserve_in, reserve_out = reserves(arrays, trade)
    kept_pips = arrays.pools[trade >> 1, KEPT0]
    if reserve_in == word(0) or amount >= reserve_out:
        return word(0)
    scaled = (reserve_in * amount) * word(PIPS)
    least = div_down(scaled, (reserve_out - amount) * word(kept_pips)) + word(1)
    return word(0) if (reserve_in + least) >> _RESERVE_BITS > word(0) else least
