"""What names a Uniswap V4 pool, and whether a pool of that name can be quoted without asking it.

Separate from the pool: keys arrive in Initialize events, and most of them are refused, before
anything of the state is fetched.
"""

from dataclasses import dataclass
from typing import Final

from eth_utils.crypto import keccak

from graphs.units import Address, PoolId

NATIVE_CURRENCY: Final = Address("0x" + "0" * 40)
"""What stands for ether as a currency. CurrencyLibrary of v4-core."""

NO_HOOKS: Final = Address("0x" + "0" * 40)
"""The hooks of a pool that has none. Hooks of v4-core."""

DYNAMIC_FEE_FLAG: Final = 0x800000
"""The fee of a pool whose hooks set the fee. LPFeeLibrary of v4-core."""

_WORD_BYTES: Final = 32
"""Of a value in the ABI."""

_HEX_BASE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolKey:
    """The five values that a pool of the PoolManager is looked up by."""

    currency0: Address
    """The token with the lower address; NATIVE_CURRENCY for ether."""

    currency1: Address
    """The token with the higher address."""

    fee_pips: int
    """Share of the input for the liquidity providers, or DYNAMIC_FEE_FLAG."""

    tick_spacing: int
    """Positions start and end at multiples of this many ticks."""

    hooks: Address
    """The contract that is called around swaps; NO_HOOKS for none."""

    @property
    def id(self) -> PoolId:
        """The hash of the ABI encoding, under which the PoolManager keeps the pool. PoolId."""
        words = (
            int(self.currency0, _HEX_BASE),
            int(self.currency1, _HEX_BASE),
            self.fee_pips,
            self.tick_spacing,
            int(self.hooks, _HEX_BASE),
        )
        encoded = b"".join(word.to_bytes(_WORD_BYTES, "big") for word in words)
        return PoolId("0x" + keccak(encoded).hex())


def find_refusal(key: PoolKey) -> str | None:
    """Say why a pool of this key is not admitted; None if it is."""
    if key.hooks != NO_HOOKS:
        return f"its hooks at {key.hooks} may change any amount"
    if key.fee_pips == DYNAMIC_FEE_FLAG:
        return "its fee is dynamic"
    if key.currency0 == NATIVE_CURRENCY:
        return "it trades native ether, which the executor does not hold"
    return None
