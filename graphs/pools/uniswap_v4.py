"""Hook-free pools of Uniswap V4: the curve of V3 with the rules of the PoolManager.

What differs, in Pool and ProtocolFeeLibrary of v4-core: the protocol may take a share of the input
before the providers do, one for each direction; a fee may be the whole input; balance changes are
signed 128-bit integers; and a tick's share counts the outermost tick below the grid as well.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from typing_extensions import override

from graphs.errors import InsufficientLiquidityError, MalformedPoolError
from graphs.fixed_point import UINT128_MAX, checked
from graphs.pools.concentrated import ConcentratedPool, SwapState
from graphs.pools.tick_math import MAX_TICK, MIN_TICK
from graphs.units import PIPS

MAX_PROTOCOL_FEE_PIPS: Final = 1000
"""The most that the protocol may take in a direction. ProtocolFeeLibrary."""

PROTOCOL_FEE_BITS: Final = 12
"""Of each direction's share in a packed protocol fee: the low ones while token0 is sold."""

_LOW_SHARE: Final = (1 << PROTOCOL_FEE_BITS) - 1
"""Masks the share that is taken while token0 is sold."""

_INT128_MAX: Final = 2**127 - 1
"""The most that a swap pays out, and that one settlement pays in. BalanceDelta, settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV4Pool(ConcentratedPool):
    """A concentrated pool that the PoolManager holds, without hooks and with a static fee."""

    max_fee_pips: ClassVar[int] = PIPS
    """The highest fee of the liquidity providers. LPFeeLibrary."""

    protocol_fee: int
    """Two shares of the input in pips, 12 bits each, the lower for token0 sold; 0 when off."""

    @override
    def __post_init__(self) -> None:
        """Refuse, in constant time, what no initialised pool can hold.

        Raises:
            MalformedPoolError: a field out of range, or a tick that is not the price's.
        """
        super(UniswapV4Pool, self).__post_init__()
        falling, rising = self.protocol_fee & _LOW_SHARE, self.protocol_fee >> PROTOCOL_FEE_BITS
        if not 0 <= falling <= MAX_PROTOCOL_FEE_PIPS or not 0 <= rising <= MAX_PROTOCOL_FEE_PIPS:
            raise MalformedPoolError(self.id, f"protocol fee of {falling} and {rising} pips")

    @property
    @override
    def max_liquidity_per_tick(self) -> int:
        """The most gross liquidity that a tick may hold: the lowest index is rounded down."""
        indices = MAX_TICK // self.tick_spacing - MIN_TICK // self.tick_spacing + 1
        return UINT128_MAX // indices

    @property
    @override
    def swap_fee0_pips(self) -> int:
        """Share that stays behind of token0 sold: the protocol's and the providers'."""
        return _calculate_swap_fee(self.protocol_fee & _LOW_SHARE, self.fee_pips)

    @property
    @override
    def swap_fee1_pips(self) -> int:
        """Share that stays behind of token1 sold: the protocol's and the providers'."""
        return _calculate_swap_fee(self.protocol_fee >> PROTOCOL_FEE_BITS, self.fee_pips)

    @override
    def with_price(self, sqrt_price_x96: int, *, tick: int, liquidity: int | None = None) -> Self:
        """The state after a Swap event; without a liquidity, the one that the ticks imply.

        Raises:
            MalformedPoolError: the price is out of range, or the tick is not the price's.
        """
        if liquidity is None:
            liquidity = self._liquidity_at(tick)
        return type(self)(
            id=self.id,
            venue=self.venue,
            token0=self.token0,
            token1=self.token1,
            fee_pips=self.fee_pips,
            tick_spacing=self.tick_spacing,
            sqrt_price_x96=sqrt_price_x96,
            tick=tick,
            liquidity=liquidity,
            ticks=self.ticks,
            liquidity_nets=self.liquidity_nets,
            liquidity_grosses=self.liquidity_grosses,
            protocol_fee=self.protocol_fee,
        )

    @override
    def _swap(self, amount: int, *, zero_for_one: bool, is_exact_in: bool) -> SwapState:
        """Run Pool.swap without a price limit, until the amount is traded.

        A fee of the whole input sells nothing: InvalidFeeForExactOut.
        """
        checked("amount", amount, minimum=1, maximum=_INT128_MAX)
        fee_pips = self.swap_fee0_pips if zero_for_one else self.swap_fee1_pips
        if fee_pips == PIPS and not is_exact_in:
            raise InsufficientLiquidityError(self.id, amount)
        # A slotted dataclass is a second class, which super() without arguments does not know.
        end = super(UniswapV4Pool, self)._swap(
            amount, zero_for_one=zero_for_one, is_exact_in=is_exact_in
        )
        checked("amount_calculated", end.amount_calculated, maximum=_INT128_MAX)
        return end


def _calculate_swap_fee(protocol_pips: int, provider_pips: int) -> int:
    """The protocol's share of the input, then the providers' of what remains, rounded up.

    ProtocolFeeLibrary.
    """
    return protocol_pips + provider_pips - protocol_pips * provider_pips // PIPS
