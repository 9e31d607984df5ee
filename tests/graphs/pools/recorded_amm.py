"""Pools as recorded states describe them, and the StableSwap curve to as many digits as needed."""

import json
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from graphs.pools.curve import CurvePool
from graphs.pools.solidly import SolidlyPool
from graphs.pools.stable import StablePool
from graphs.units import Address, PoolId
from tests.graphs.pools.recorded import recorded_file

FOLDER = "amm_oracle/chain_data"
DIGITS = 100
ENOUGH_DIGITS = 60
"""Of a Decimal, and those after which an iteration has arrived."""

OLD_INVARIANT = 2
"""How the recordings call the Balancer pools that round the invariant up."""


def recorded_amm(name: str) -> dict[str, Any]:
    """A recorded state; skips the test where it is absent."""
    content: dict[str, Any] = json.loads(recorded_file(f"{FOLDER}/{name}.json").read_text())
    return content


def recorded_stable(name: str) -> StablePool:
    """A Balancer pool without its own share."""
    state = recorded_amm(f"1/balancer_stable_{name}")
    indices = [i for i in range(len(state["tokens"])) if i != state["bpt_idx"]]
    fee = Fraction(state["fee"]) * 10**18
    return StablePool(
        id=PoolId(state["pool_id"]),
        venue="balancer-v2",
        tokens=tuple(Address(state["tokens"][i]["address"].lower()) for i in indices),
        balances=tuple(state["balances"][i] for i in indices),
        scaling_factors=tuple(state["resolved_scaling_factors"][i] for i in indices),
        amplification=state["amp"],
        swap_fee=int(fee),
        rounds_invariant_up=state["invariant_version"] == OLD_INVARIANT,
    )


def curve_pool(
    state: dict[str, Any], balances: Sequence[int], rates: Sequence[int], *, a_precision: int
) -> CurvePool:
    """A Curve pool of which only the balances and rates differ from what was recorded."""
    return CurvePool(
        id=PoolId(state["address"].lower()),
        venue="curve",
        tokens=tuple(Address(token["address"].lower()) for token in state["tokens"]),
        balances=tuple(balances),
        rates=tuple(rates),
        amplification=state["a_coefficient"] * a_precision,
        a_precision=a_precision,
        reverts_unsettled=a_precision > 1,
        fee=state["fee"],
        admin_fee=state["admin_fee"],
    )


def recorded_tripool() -> CurvePool:
    """3pool."""
    state = recorded_amm("1/curve_tripool_block_24407242")
    rates = [10 ** (36 - token["decimals"]) for token in state["tokens"]]
    return curve_pool(state, state["balances"], rates, a_precision=1)


def recorded_solidly(name: str) -> SolidlyPool:
    """An Aerodrome pair."""
    state = recorded_amm(f"8453/aerodrome_v2_{name}_block_46875151")
    return SolidlyPool(
        id=PoolId(state["pool"].lower()),
        venue=state["dex"],
        token0=Address(state["token0"]["address"].lower()),
        token1=Address(state["token1"]["address"].lower()),
        reserve0=state["reserves_token0"],
        reserve1=state["reserves_token1"],
        decimals0=state["token0"]["decimals"],
        decimals1=state["token1"]["decimals"],
        fee_bps=state["fee_raw"],
        is_stable=state["stable"],
    )


def exact_invariant(balances: Sequence[int], amplification: Fraction) -> Decimal:
    """The root D of A n^n S + D = A n^n D + D^(n+1) / (n^n P), to at least 60 digits."""
    with localcontext() as context:
        context.prec = DIGITS
        count = len(balances)
        amplified = Decimal(amplification.numerator) / amplification.denominator * count
        total = Decimal(sum(balances))
        invariant, before = total, Decimal(0)
        while abs(invariant - before) > invariant.scaleb(-ENOUGH_DIGITS):
            power = _power(balances, invariant)
            before = invariant
            invariant = (
                (amplified * total + count * power)
                * invariant
                / ((amplified - 1) * invariant + (count + 1) * power)
            )
        return invariant


def exact_slope(balances: Sequence[int], amplification: Fraction, pair: tuple[int, int]) -> Decimal:
    """-dy/dx of the curve: the ratio of the invariant's derivatives by either balance."""
    invariant = exact_invariant(balances, amplification)
    with localcontext() as context:
        context.prec = DIGITS
        amplified = Decimal(amplification.numerator) / amplification.denominator * len(balances)
        power = _power(balances, invariant)
        by_sold, by_bought = (amplified + power / balances[index] for index in pair)
        return by_sold / by_bought


def _power(balances: Sequence[int], invariant: Decimal) -> Decimal:
    """D^(n+1) / (n^n P)."""
    power = invariant
    for balance in balances:
        power = power * invariant / (balance * len(balances))
    return power
