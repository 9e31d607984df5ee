"""Tests on the recordings themselves: how many states of each file are used, and what is not.

Sources: see shared/data/README.md. A market that is quoted at every pool is a market that is read.
"""

import pytest

from graphs.pools.base import Pool
from sims.pool_files import read_pools
from sims.recorded_states.states import PoolStates
from tests.graphs.pools.recorded import recorded_file

pytestmark = pytest.mark.slow


def recorded(name: str, chain: str | None = None) -> PoolStates:
    return read_pools(recorded_file(name), chain=chain)


def counts(states: PoolStates) -> tuple[int, int, int]:
    return len(states.market.pools), states.pools_left_out, len(states.refusals)


@pytest.mark.parametrize(("chain", "pools"), [("base", 31), ("arbitrum", 34), ("optimism", 12)])
def test_coherent_rollup_pools_are_all_read_and_the_twelve_others_refused(
    chain: str, pools: int
) -> None:
    states = recorded("l2_uniswap_2024-11-01/pools_state.csv", chain)

    assert len(states.market.pools) == pools
    assert len(states.refusals) == 12
    assert all("liquidity" in refusal.reason for refusal in states.refusals)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("balancer/v2_mainnet_block_14717479.json", (208, 27, 137)),
        ("balancer/snapshots_mainnet_2021.jsonl.gz", (1_247, 0, 33)),
    ],
)
def test_weighted_and_stable_pools_of_balancer_are_read(
    name: str, expected: tuple[int, int, int]
) -> None:
    assert counts(recorded(name)) == expected


@pytest.mark.parametrize(("chain", "pools"), [("1", 19), ("8453", 3)])
def test_every_kind_of_contract_answer_is_read(chain: str, pools: int) -> None:
    states = recorded("amm_oracle/chain_data", chain)

    assert counts(states) == (pools, 0, 5)
    assert {refusal.path.name for refusal in states.refusals} == {
        "block_24945920.json",
        "block_24947230.json",
        "curve_metapool_rai_3crv_multiblock_18850030_18850480.json",
        "curve_tricrypto_block_24407242.json",
        "aerodrome_v3_cbeth_weth_block_46875151.json",
    }


def kinds(states: PoolStates) -> set[str]:
    def kind(pool: Pool) -> str:
        return type(pool).__name__

    return {kind(pool) for pool in states.market.pools.values()}


def test_kinds_of_contract_answers_are_those_of_the_files() -> None:
    mainnet, base = (recorded("amm_oracle/chain_data", chain) for chain in ("1", "8453"))

    assert kinds(mainnet) | kinds(base) == {
        "ConstantProductPool",
        "ConcentratedPool",
        "UniswapV4Pool",
        "WeightedPool",
        "StablePool",
        "CurvePool",
        "SolidlyPool",
    }
