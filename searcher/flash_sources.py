"""Where to borrow an opportunity's input: who can serve the cycle, who costs least, and why.

Lenders with the same fee share one sizing, by the deepest of them. Of those that can lend the
input, the one whose loan takes the least gas is chosen; every other one is named with a reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from graphs.cycles import Cycle
from graphs.flash_fees import (
    FeeRule,
    flash_fee_half_up,
    flash_fee_of_repayment_up,
    flash_fee_two_units,
    flash_fee_up,
)
from graphs.market import Market
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.stable import StablePool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.pools.weighted import WeightedPool
from graphs.ranking import Loan
from graphs.sizing import SizedCycle, size_cycle
from graphs.units import Address
from searcher.flash_lenders import Lender, LenderKind, PassedOver
from searcher.gas_bounds import LOAN_GAS

FEE_RULES: Final[Mapping[LenderKind, FeeRule]] = MappingProxyType(
    {
        LenderKind.NONE: flash_fee_up,
        LenderKind.AAVE_V3: flash_fee_half_up,
        LenderKind.BALANCER_V2: flash_fee_up,
        LenderKind.BALANCER_V3: flash_fee_up,
        LenderKind.UNISWAP_V2: flash_fee_of_repayment_up,
        LenderKind.UNISWAP_V3: flash_fee_up,
        LenderKind.UNISWAP_V4: flash_fee_up,
        LenderKind.DYDX_SOLO: flash_fee_two_units,
    }
)
"""How each protocol's fee follows from what it states."""


TOO_SHALLOW: Final = "lends too little"
DEARER: Final = "costs more"
MORE_GAS: Final = "takes no less gas"
"""Reasons besides a lender's refusal and an obstacle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """Lenders of one fee: the choice among them changes no amount."""

    lenders: tuple[Lender, ...]
    """In the block's order; at least one, each with something available."""

    @property
    def deepest(self) -> Lender:
        """The one that lends the most."""
        return max(self.lenders, key=_available)

    @property
    def loan(self) -> Loan:
        """The deepest one's terms."""
        deepest = self.deepest
        return Loan(
            fee_bps=deepest.fee_bps,
            max_input=deepest.available,
            flash_fee=FEE_RULES[deepest.kind],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Funded:
    """A sized cycle with the lender of its input."""

    sized: SizedCycle
    """Cycle and amounts."""

    lender: Lender
    """Where to borrow."""


def fundings(lenders: Iterable[Lender], base: Address) -> list[Funding]:
    """The lenders of the base that have something to lend, by fee, in order of appearance."""
    groups: dict[tuple[object, ...], list[Lender]] = {}
    for lender in lenders:
        if lender.asset == base and lender.available:
            rule = FEE_RULES[lender.kind]
            schedule = (*rule.owed(lender.fee_bps), rule.rounds_half_up, rule.fixed)
            groups.setdefault(schedule, []).append(lender)
    return [Funding(lenders=tuple(group)) for group in groups.values()]


def fund(sized: SizedCycle, lenders: Sequence[Lender], market: Market) -> Funded | None:
    """Choose among lenders of one fee; a cycle that is too large for all of them is sized again.

    None when no lender can serve the cycle, or none with a profit.
    """
    serving = [lender for lender in lenders if obstacle(lender, sized.cycle, market) is None]
    if not serving:
        return None
    depth = max(map(_available, serving))
    if depth < sized.amounts[0]:
        again = size_cycle(
            market,
            sized.cycle,
            fee_bps=serving[0].fee_bps,
            max_input=depth,
            flash_fee=FEE_RULES[serving[0].kind],
        )
        if again is None:
            return None
        sized = again
    deep = [lender for lender in serving if lender.available >= sized.amounts[0]]
    return Funded(sized=sized, lender=min(deep, key=_loan_gas))


def obstacle(lender: Lender, cycle: Cycle, market: Market) -> str | None:
    """Why the lender cannot serve the cycle, whatever it has; None when it can."""
    pools = [market.pools[hop.pool_id] for hop in cycle.hops]
    match lender.kind:
        case LenderKind.NONE if not isinstance(pools[0], ConstantProductPool | ConcentratedPool):
            return "the first pool does not pay before it is paid"
        case LenderKind.UNISWAP_V2 | LenderKind.UNISWAP_V3 if any(
            Address(pool.id) == lender.address for pool in pools
        ):
            return "the cycle trades with it"
        case LenderKind.BALANCER_V2 if any(
            isinstance(pool, WeightedPool | StablePool) for pool in pools
        ):
            return "the cycle trades with its vault"
        case LenderKind.UNISWAP_V4 if isinstance(pools[-1], UniswapV4Pool):
            return "the last pool pays out of what it lends"
        case _:
            return None


def passed_over(
    funded: Funded, lenders: Iterable[Lender], market: Market
) -> tuple[PassedOver, ...]:
    """Every other lender of the base token with the first reason that holds."""
    return tuple(
        _verdict(lender, funded, market)
        for lender in lenders
        if lender.asset == funded.lender.asset and lender != funded.lender
    )


def _verdict(lender: Lender, funded: Funded, market: Market) -> PassedOver:
    amount = funded.sized.amounts[0]
    blocked = lender.refusal or obstacle(lender, funded.sized.cycle, market)
    dearer = FEE_RULES[lender.kind](amount, lender.fee_bps) - funded.sized.flash_fee
    more_gas = LOAN_GAS[lender.kind] - LOAN_GAS[funded.lender.kind]
    if blocked is not None:
        return PassedOver(lender=lender, reason=str(blocked))
    if lender.available < amount:
        return PassedOver(lender=lender, reason=TOO_SHALLOW, by=amount - lender.available)
    if dearer > 0:
        return PassedOver(lender=lender, reason=DEARER, by=dearer)
    return PassedOver(lender=lender, reason=MORE_GAS, by=more_gas)


def _available(lender: Lender) -> int:
    return lender.available


def _loan_gas(lender: Lender) -> int:
    return LOAN_GAS[lender.kind]
