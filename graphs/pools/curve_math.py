"""The StableSwap invariant as Curve's contracts compute it: every division rounds down.

get_D and get_y of StableSwap3Pool (amplification without decimals) and of SwapTemplateBase (with
two). Separate from the pool so that the iterations can be compared with recorded virtual prices.
Far out of balance an iteration may circle around its root: the first contracts go on with where it
stands after the last step, the later ones revert.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from graphs.errors import AmountOutOfRangeError
from graphs.pools.newton import MAX_ITERATIONS, quotient_down

_INVARIANT_CACHE_SIZE: Final = 4096
"""Pool states remembered: sizing quotes one state many times; about 2 MB when full."""


class Curve(NamedTuple):
    """What of a pool does not change when it trades."""

    amplification: int
    """A * n^(n - 1), times `precision`."""

    precision: int
    """The scale of the amplification."""

    reverts_unsettled: bool
    """Whether the contract reverts when an iteration has not settled after its last step."""


@lru_cache(maxsize=_INVARIANT_CACHE_SIZE)
def get_d(balances: tuple[int, ...], curve: Curve) -> int:
    """Compute the invariant of balances with 18 decimals.

    Raises:
        AmountOutOfRangeError: a product wider than a word, an empty balance, or an iteration that
            reverts unsettled.
    """
    count, total = len(balances), sum(balances)
    amplified, precision = curve.amplification * count, curve.precision
    invariant = total
    if not total:
        return 0
    for _ in range(MAX_ITERATIONS):
        power = invariant
        for balance in balances:
            power = quotient_down(power * invariant, balance * count)
        previous = invariant
        invariant = quotient_down(
            (amplified * total // precision + power * count) * invariant,
            (amplified - precision) * invariant // precision + (count + 1) * power,
        )
        if -1 <= invariant - previous <= 1:
            return invariant
    if curve.reverts_unsettled:
        raise AmountOutOfRangeError("invariant", invariant)
    return invariant


def get_y(balances: tuple[int, ...], curve: Curve, *, pair: tuple[int, int], x: int) -> int:
    """Compute the balance of the token bought once that of the token sold is `x`.

    Raises:
        AmountOutOfRangeError: a product wider than a word, an empty balance, or an iteration that
            reverts unsettled.
    """
    sold, bought = pair
    count = len(balances)
    amplified, precision = curve.amplification * count, curve.precision
    invariant = get_d(balances, curve)
    constant, others = invariant, 0
    for index, balance in enumerate(balances):
        if index != bought:
            held = x if index == sold else balance
            others += held
            constant = quotient_down(constant * invariant, held * count)
    constant = quotient_down(constant * invariant * precision, amplified * count)
    linear = others + invariant * precision // amplified
    found = invariant
    for _ in range(MAX_ITERATIONS):
        previous = found
        found = quotient_down(found * found + constant, 2 * found + linear - invariant)
        if -1 <= found - previous <= 1:
            return found
    if curve.reverts_unsettled:
        raise AmountOutOfRangeError("balance", found)
    return found
