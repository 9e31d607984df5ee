"""The base fee of the next block, known exactly as soon as its parent is (EIP-1559).

Shared by the bidding and by the local relay, so that what is bid, simulated and mined agree to
the wei.
"""

from typing import Final

BASE_FEE_MAX_CHANGE_DENOMINATOR: Final = 8
"""The base fee moves by at most one eighth per block (EIP-1559)."""

ELASTICITY_MULTIPLIER: Final = 2
"""The gas limit over the gas target (EIP-1559)."""


def next_base_fee(*, base_fee_wei: int, gas_used_gas: int, gas_limit_gas: int) -> int:
    """Return the child's base fee in wei per gas, from its parent's three figures.

    Every division rounds down, and a block above its target raises the fee by at least 1 wei, as
    in EIP-1559. Clients round the same way, so the result is consensus, not an estimate.

    Raises:
        ValueError: figures that no block can have.
    """
    target = gas_limit_gas // ELASTICITY_MULTIPLIER
    if base_fee_wei < 0 or target <= 0 or not 0 <= gas_used_gas <= gas_limit_gas:
        raise ValueError(base_fee_wei, gas_used_gas, gas_limit_gas)
    distance = abs(gas_used_gas - target)
    change = base_fee_wei * distance // target // BASE_FEE_MAX_CHANGE_DENOMINATOR
    if gas_used_gas > target:
        return base_fee_wei + max(change, 1)
    return base_fee_wei - change


def greatest_next_base_fee(base_fee_wei: int) -> int:
    """Return the most that the child's base fee can be: after a full block, in wei per gas."""
    return base_fee_wei + max(base_fee_wei // BASE_FEE_MAX_CHANGE_DENOMINATOR, 1)
