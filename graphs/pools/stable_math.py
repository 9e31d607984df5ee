"""The StableSwap invariant as Balancer V2 computes it, with its rounding.

StableMath of Balancer's pool-stable, function by function, in its two generations: until 2022
(stable and metastable pools) the invariant was rounded up for swaps, after that (composable
pools) always down. Balances have 18 decimals.
"""

from functools import lru_cache
from typing import Final

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT256_MAX
from graphs.pools.newton import MAX_ITERATIONS, quotient_down, quotient_up

AMP_PRECISION: Final = 1000
"""The scale of the amplification. StableMath."""

_INVARIANT_CACHE_SIZE: Final = 4096
"""Pool states remembered: sizing quotes one state many times; about 2 MB when full."""


@lru_cache(maxsize=_INVARIANT_CACHE_SIZE)
def calculate_invariant_up(balances: tuple[int, ...], amplification: int) -> int:
    """Compute the invariant, rounding every step up; the first generation's.

    Raises:
        AmountOutOfRangeError: a product wider than a word, or no convergence.
    """
    count, total = len(balances), sum(balances)
    amplified = amplification * count
    invariant = total
    if not total:
        return 0
    for _ in range(MAX_ITERATIONS):
        power = balances[0] * count
        for balance in balances[1:]:
            power = quotient_up(power * balance * count, invariant)
        previous = invariant
        curved = quotient_up(amplified * total * power, AMP_PRECISION)
        invariant = quotient_up(
            count * invariant * invariant + curved,
            (count + 1) * invariant + (amplified - AMP_PRECISION) * power // AMP_PRECISION,
        )
        if -1 <= invariant - previous <= 1:
            return invariant
    raise AmountOutOfRangeError("invariant", invariant)


@lru_cache(maxsize=_INVARIANT_CACHE_SIZE)
def calculate_invariant_down(balances: tuple[int, ...], amplification: int) -> int:
    """Compute the invariant, rounding every step down; the second generation's.

    Raises:
        AmountOutOfRangeError: a product wider than a word, an empty balance, or no convergence.
    """
    count, total = len(balances), sum(balances)
    amplified = amplification * count
    invariant = total
    if not total:
        return 0
    for _ in range(MAX_ITERATIONS):
        power = invariant
        for balance in balances:
            power = quotient_down(power * invariant, balance * count)
        previous = invariant
        curved = amplified * total // AMP_PRECISION
        invariant = quotient_down(
            (curved + power * count) * invariant,
            (amplified - AMP_PRECISION) * invariant // AMP_PRECISION + (count + 1) * power,
        )
        if -1 <= invariant - previous <= 1:
            return invariant
    raise AmountOutOfRangeError("invariant", invariant)


def get_token_balance_up(
    balances: list[int], amplification: int, *, invariant: int, index: int
) -> int:
    """Compute one balance from the invariant and the other balances, rounding up overall.

    The balance in place of the one sought must be above zero: it cancels out.

    Raises:
        AmountOutOfRangeError: a product wider than a word, an empty balance, or no convergence.
    """
    count = len(balances)
    amplified = amplification * count
    power = balances[0] * count
    for balance in balances[1:]:
        power = quotient_down(power * balance * count, invariant)
    square = invariant * invariant
    constant = quotient_up(square, amplified * power) * AMP_PRECISION * balances[index]
    if constant > UINT256_MAX:
        raise AmountOutOfRangeError("constant", constant)
    others = sum(balances) - balances[index]
    linear = others + invariant // amplified * AMP_PRECISION
    found = quotient_up(square + constant, invariant + linear)
    for _ in range(MAX_ITERATIONS):
        previous = found
        found = quotient_up(found * found + constant, 2 * found + linear - invariant)
        if -1 <= found - previous <= 1:
            return found
    raise AmountOutOfRangeError("balance", found)
