"""Many cycles sized at once: floats nominate an input, the contracts' integers decide.

Separate from `graphs/sizing`, which knows every kind of pool and sizes what is refused here. The
same promise holds: no input earns more by over one base unit, plus the worth of one unit of each
token on the way, plus 1e-12 of the profit. The nomination is the optimum of the smooth curves, and
floats are good to 1e-15 of a rate: where the margin of a cycle is wider than LEAST_MARGIN, the
input is good to 1e-7 of itself, and the profit, whose slope is zero there, to the square of that.
Where a pair ends at 112 bits before the optimum, RESERVE_SLACK_FLOAT of the profit may be missing.
A swap of a concentrated pool rounds once a step: where liquidity is so thin that the steps' units
are a share of the input, that loss is not in the curves, and the promise does not hold.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphs.bulk.curves import (
    BOUGHT,
    CURVE_COLUMNS,
    RATE,
    Chain,
    best_input_float,
    enter_curves,
)
from graphs.bulk.pool_arrays import PoolArrays
from graphs.bulk.quotes import AMOUNT_LIMBS, least_input, quote
from graphs.bulk.word_instructions import Word
from graphs.bulk.words import (
    Limbs,
    div_down,
    float_of,
    lesser,
    word,
    word_at,
    word_of_float_down,
    write_amount,
)
from graphs.compilation import compiled, inlined, inner
from graphs.profit_bounds import TermsFloat
from graphs.token_graph import Indices

NOT_PROFITABLE: Final = 0
"""No input earns anything."""

SIZED: Final = 1
"""The input is the best."""

UNKNOWN: Final = 2
"""Only the pools themselves can tell."""

LEAST_MARGIN: Final = 1e-8
"""Margins of a cycle's rate over what is owed that floats are not trusted below."""

FEW_BITS: Final = 4
"""Bits of an amount below which every amount is tried."""

FEW: Final = float(1 << FEW_BITS)
"""Units from which on rounding alone leaves something to sell at every hop."""

MANY_BITS: Final = 24
"""Bits of an amount beyond which one unit more or less does not matter."""

_SCORE_BITS: Final = 200
"""Two to this power stands for a profit of zero, so that a loss is a Word too."""


class BulkTerms(NamedTuple):
    """A loan as the kernels see it: the fee is (x (owed - lent) + addend) / lent, down, + fixed."""

    smooth: TermsFloat
    """In floats."""

    max_input: Limbs
    """One row: the most that is lent."""

    owed: int
    """What is repaid, before rounding, for the next."""

    lent: int
    """What is lent."""

    addend: int
    """For the lender's rounding."""

    fixed: int
    """Raw units that are charged besides."""


class Sizes(NamedTuple):
    """What sizing made of each row."""

    status: NDArray[np.int8]
    """NOT_PROFITABLE, SIZED or UNKNOWN."""

    inputs: Limbs
    """Of those that are sized."""

    profits: Limbs
    """Of those that are sized, after the flash fee."""


class Trial(NamedTuple):
    """An input and what it comes to."""

    amount_in: Word
    """0 where a pool refuses it."""

    score: Word
    """The profit plus two to _SCORE_BITS."""


@compiled
def size_rows(arrays: PoolArrays, rows: Indices, terms: BulkTerms) -> Sizes:
    """Size every row of trades."""
    sizes = Sizes(
        np.empty(len(rows), np.int8),
        np.zeros((len(rows), AMOUNT_LIMBS), np.uint64),
        np.zeros((len(rows), AMOUNT_LIMBS), np.uint64),
    )
    curves = np.empty((rows.shape[1], CURVE_COLUMNS))
    for index in range(len(rows)):
        chain = Chain(arrays, trades_in(rows[index]), curves)
        status, input_float = nominated(chain, terms)
        if status == SIZED:
            best = decided(chain, terms, word_of_float_down(input_float))
            if best.amount_in == word(0):
                status = NOT_PROFITABLE if is_little(chain, input_float) else UNKNOWN
            elif best.score <= word(1) << _SCORE_BITS:
                status = NOT_PROFITABLE
            write_amount(sizes.inputs, index, best.amount_in)
            write_amount(sizes.profits, index, best.score - (word(1) << _SCORE_BITS))
        sizes.status[index] = status
    return sizes


@inner
def trades_in(row: Indices) -> Indices:
    """A row without the marks that fill it up."""
    hops = len(row)
    while hops and row[hops - 1] < 0:
        hops -= 1
    return row[:hops]


@inner
def nominated(chain: Chain, terms: BulkTerms) -> tuple[int, float]:
    """Find the best input in floats, and tell whether it can be built on."""
    if not enter_curves(chain):
        return UNKNOWN, 0.0
    margin = 1 / terms.smooth.owed
    for hop in range(len(chain.trades)):
        margin *= chain.curves[hop, RATE]
    margin -= 1
    if margin < -LEAST_MARGIN:
        return NOT_PROFITABLE, 0.0
    input_float = best_input_float(chain, terms.smooth)
    if margin < LEAST_MARGIN or input_float < 0:
        return UNKNOWN, 0.0
    return (SIZED if input_float > 0 else NOT_PROFITABLE), input_float


@inner
def decided(chain: Chain, terms: BulkTerms, nomination: Word) -> Trial:
    """Settle how much of the coarsest token is bought, and the least input that buys it.

    The smooth optimum lies between two whole amounts of it, and all other roundings weigh less. The
    loss of the lower amount alone is about the square of one part in it, and below 1e-12 of the
    profit from MANY_BITS on. Where the amounts are few, all that can be profitable are tried: the
    roundings of other tokens weigh as much there, and profit ends near twice the optimum.
    """
    amount_in = lesser(nomination, word_at(terms.max_input, 0, 0))
    trades = chain.trades[: coarsest(chain)]
    amount = quote(chain.arrays, trades, amount_in)
    if amount == word(0) and not is_little(chain, float_of(nomination)):
        return refused_trial()
    is_few = amount >> FEW_BITS == word(0)
    last = amount + amount + word(2) if is_few else amount + word(1)
    tried = word(1) if is_few else amount
    best = refused_trial()
    while tried <= last:
        best = better_of(best, trial(chain, terms, least_input(chain.arrays, trades, tried)))
        if tried >> MANY_BITS > word(0) and best.amount_in > word(0):
            break
        tried = tried + word(1)
    return best


@inner
def better_of(one: Trial, other: Trial) -> Trial:
    """The one that earns more; the first where they are equal."""
    return other if other.score > one.score else one


@inner
def coarsest(chain: Chain) -> int:
    """The hops to the token whose unit is worth the most: none where that is the base itself."""
    hops, most, worth = 0, 1.0, 1.0
    for place in range(len(chain.trades) - 1, 0, -1):
        worth *= chain.curves[place, RATE]
        if worth > most:
            hops, most = place, worth
    return hops


@inner
def is_little(chain: Chain, input_float: float) -> bool:
    """Tell whether a refusal is a matter of rounding.

    The best input is less than a unit, or some hop would give few units, or none. Any other refusal
    is one for the pools to explain.
    """
    return input_float < 1 or bool(chain.curves[: len(chain.trades), BOUGHT].min() < FEW)


@inner
def trial(chain: Chain, terms: BulkTerms, amount_in: Word) -> Trial:
    """Quote an input; refused where it is more than is lent."""
    if amount_in == word(0) or amount_in > word_at(terms.max_input, 0, 0):
        return refused_trial()
    amount_out = quote(chain.arrays, chain.trades, amount_in)
    if amount_out == word(0):
        return refused_trial()
    owed = amount_in + flash_fee(terms, amount_in)
    return Trial(amount_in, (word(1) << _SCORE_BITS) + amount_out - owed)


@inlined
def refused_trial() -> Trial:
    """What stands for a refusal."""
    return Trial(word(0), word(0))


@inner
def flash_fee(terms: BulkTerms, amount_in: Word) -> Word:
    """What the lender asks for, as FeeRule has it."""
    if terms.owed == terms.lent:
        return word(terms.fixed)
    charged = amount_in * word(terms.owed - terms.lent) + word(terms.addend)
    return div_down(charged, word(terms.lent)) + word(terms.fixed)
