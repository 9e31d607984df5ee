"""What flash lenders charge, each rounded as its contract rounds.

Separate from sizing because a rule is more than a function: the closed form of the best input needs
the exact ratio of what is repaid to what is lent.
"""

from dataclasses import dataclass
from typing import Final

from graphs.units import BPS


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule:
    """How a fee in raw units follows from an amount and the fee that a lender states.

    Called with the amount and the fee in basis points.
    """

    is_of_repayment: bool = False
    """Whether the stated fee is a share of what is repaid; else it is one of the loan."""

    rounds_half_up: bool = False
    """Whether the fee is rounded to the nearest unit, halves up; else it is rounded up."""

    fixed: int = 0
    """Raw units that are charged besides."""

    def __call__(self, amount: int, fee_bps: int) -> int:
        """Charge for a loan of that amount."""
        owed, lent = self.owed(fee_bps)
        return (amount * (owed - lent) + self.addend(fee_bps)) // lent + self.fixed

    def addend(self, fee_bps: int) -> int:
        """What is added to the numerator before the division that rounds down."""
        _, lent = self.owed(fee_bps)
        return lent // 2 if self.rounds_half_up else lent - 1

    def owed(self, fee_bps: int) -> tuple[int, int]:
        """What is repaid for how much, before rounding and without the fixed charge."""
        return (BPS, BPS - fee_bps) if self.is_of_repayment else (BPS + fee_bps, BPS)


flash_fee_half_up: Final = FeeRule(rounds_half_up=True)
"""As Aave V3: PercentageMath.percentMul of the premium."""

flash_fee_up: Final = FeeRule()
"""As FixedPoint.mulUp of Balancer V2 and FullMath.mulDivRoundingUp of Uniswap V3."""

flash_fee_of_repayment_up: Final = FeeRule(is_of_repayment=True)
"""As a Uniswap V2 pair, to which the repayment is the input of a swap: 997 parts of 1000 count."""

flash_fee_two_units: Final = FeeRule(fixed=2)
"""As dYdX's SoloMargin, whose interest index may round a deposit down by a unit each way."""
