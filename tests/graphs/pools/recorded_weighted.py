"""Weighted pools of Ethereum as they were recorded at one block: states, without any quotes."""

import json
from fractions import Fraction
from typing import Final

from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.weighted import WeightedPool
from graphs.units import Address, PoolId
from tests.graphs.pools.recorded import recorded_file

RECORDED_POOLS: Final = (
    "apu_pepe_spx_3_token",
    "aura_kaiaura_50_50",
    "dai_gp_weth_usdt_4_token",
    "dai_weth_40_60",
    "gel_dexg_60_40",
    "par_mimo_75_25",
    "sdvecrv_crv_90_10",
    "usdc_weth",
    "usdc_weth_50_50",
    "weth_bal",
    "weth_rpl",
)
"""At block 24407242."""


def recorded_weighted_pool(name: str) -> WeightedPool:
    """One of the recorded pools; skips the test where it is absent."""
    path = recorded_file(f"amm_oracle/chain_data/1/balancer_weighted_{name}.json")
    state = json.loads(path.read_text())
    return WeightedPool(
        id=PoolId(state["pool_id"]),
        venue="balancer-v2",
        tokens=tuple(Address(token["address"].lower()) for token in state["tokens"]),
        balances=tuple(state["balances"]),
        weights=tuple(state["weights"]),
        decimals=tuple(token["decimals"] for token in state["tokens"]),
        swap_fee=int(Fraction(state["fee"]) * ONE),
        has_exact_powers=state["pow_version"] == "v2",
    )
