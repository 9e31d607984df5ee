"""One step of a swap: up to a target price, at constant liquidity.

SwapMath of Uniswap V3 core. The contract infers exact input or output from a sign; here the two
are separate functions, because a quote knows which one it is.
"""

from typing import NamedTuple

from graphs.fixed_point import mul_div_down, mul_div_up
from graphs.pools.sqrt_price_math import (
    get_amount0_delta_down,
    get_amount0_delta_up,
    get_amount1_delta_down,
    get_amount1_delta_up,
    get_next_sqrt_price_from_input,
    get_next_sqrt_price_from_output,
)
from graphs.units import PIPS


class SwapStep(NamedTuple):
    """What one step trades and where it ends."""

    sqrt_price_x96: int
    """The price after the step, not past the target."""

    amount_in: int
    """The input that the step takes, fee included."""

    amount_out: int
    """The output that the step gives."""


def compute_swap_step_exact_in(
    current_x96: int, target_x96: int, *, liquidity: int, amount_remaining: int, fee_pips: int
) -> SwapStep:
    """Trade at most this input, fee included, towards the target price.

    A step that stops short of the target takes the whole input: the dust is fee.
    """
    zero_for_one = current_x96 >= target_x96
    if zero_for_one:
        needed = get_amount0_delta_up(target_x96, current_x96, liquidity)
    else:
        needed = get_amount1_delta_up(current_x96, target_x96, liquidity)
    after_fee = mul_div_down(amount_remaining, PIPS - fee_pips, PIPS)
    if after_fee >= needed:
        reached = target_x96
        # Needing nothing costs nothing, also where the fee is the whole input: SwapMath of V4.
        amount_in = needed and needed + mul_div_up(needed, fee_pips, PIPS - fee_pips)
    else:
        # Never the target: `needed` is the least input whose rounded price gets there.
        reached = get_next_sqrt_price_from_input(
            current_x96, liquidity, amount_in=after_fee, zero_for_one=zero_for_one
        )
        amount_in = amount_remaining
    if zero_for_one:
        amount_out = get_amount1_delta_down(reached, current_x96, liquidity)
    else:
        amount_out = get_amount0_delta_down(current_x96, reached, liquidity)
    return SwapStep(reached, amount_in, amount_out)


def compute_swap_step_exact_out(
    current_x96: int, target_x96: int, *, liquidity: int, amount_remaining: int, fee_pips: int
) -> SwapStep:
    """Trade for at most this output towards the target price.

    The fee is below the whole input: no input buys an output otherwise.
    """
    zero_for_one = current_x96 >= target_x96
    if zero_for_one:
        amount_out = get_amount1_delta_down(target_x96, current_x96, liquidity)
    else:
        amount_out = get_amount0_delta_down(current_x96, target_x96, liquidity)
    if amount_remaining >= amount_out:
        reached = target_x96
    else:
        reached = get_next_sqrt_price_from_output(
            current_x96, liquidity, amount_out=amount_remaining, zero_for_one=zero_for_one
        )
        amount_out = amount_remaining
    if zero_for_one:
        amount_in = get_amount0_delta_up(reached, current_x96, liquidity)
    else:
        amount_in = get_amount1_delta_up(current_x96, reached, liquidity)
    fee = mul_div_up(amount_in, fee_pips, PIPS - fee_pips)
    return SwapStep(reached, amount_in + fee, amount_out)
