"""The StableSwap curve itself, without the rounding of any contract: its exact slope.

    A n^n S + D = A n^n D + D^(n+1) / (n^n P)      S: sum, P: product, D: invariant

Egorov, StableSwap, 2019. Contracts call A n^(n-1) the amplification and keep it with some decimals.
Separate from the pools because Balancer's and Curve's differ in their rounding alone.
"""

from functools import lru_cache
from math import prod
from typing import Final

from graphs.pools.newton import MAX_ITERATIONS

_FRACTION_BITS: Final = 64
"""Of the invariant behind a slope, so that the dust of a pool has a slope as precise as riches."""

_INVARIANT_CACHE_SIZE: Final = 4096
"""Pool states remembered: all directions of a pool share one invariant; about 2 MB when full."""


def slope(
    balances: tuple[int, ...], amplification: int, *, precision: int, pair: tuple[int, int]
) -> tuple[int, int]:
    """Compute -dy/dx of the tokens sold and bought as a fraction; all balances are above zero.

    y (A x + P) / (x (A y + P)) with A the amplification times n, and P = D^(n+1) / (n^n prod x).
    The invariant is off by less than 2^-56 of itself, so the fraction by less than 2^-50.
    """
    count = len(balances)
    sold, bought = (balances[index] << _FRACTION_BITS for index in pair)
    invariant = _fine_invariant(balances, amplification, precision)
    power = precision * invariant ** (count + 1)
    divisor = amplification * count * count**count * prod(balances) << _FRACTION_BITS * count
    return bought * (divisor * sold + power), sold * (divisor * bought + power)


@lru_cache(maxsize=_INVARIANT_CACHE_SIZE)
def _fine_invariant(balances: tuple[int, ...], amplification: int, precision: int) -> int:
    """The invariant with 64 fraction bits, by Newton's iteration from the sum."""
    count = len(balances)
    fine = [balance << _FRACTION_BITS for balance in balances]
    total = sum(fine)
    amplified = amplification * count
    invariant = total
    for _ in range(MAX_ITERATIONS):
        power = invariant
        for balance in fine:
            power = power * invariant // (balance * count)
        previous = invariant
        numerator = (amplified * total + precision * power * count) * invariant
        denominator = (amplified - precision) * invariant + precision * (count + 1) * power
        invariant = numerator // denominator
        if abs(invariant - previous) <= 1:
            break
    return invariant
