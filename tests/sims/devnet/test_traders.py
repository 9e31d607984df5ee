"""Noise repeats to the byte, stays within its limits, and always lands."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.units import BPS, Address
from searcher.adapters.rpc import Rpc
from sims.devnet.accounts import TRADERS, public_account
from sims.devnet.cache import Devnet
from sims.devnet.deployment import DeployedPool, Deployment, Factory
from sims.devnet.plan import UNISWAP_V2, UNISWAP_V3
from sims.devnet.scenarios import SCENARIOS, noise_of
from sims.devnet.traders import Noise, Traders, open_traders
from sims.errors import UnknownScenarioError

TOKENS = (Address("0x" + "01" * 20), Address("0x" + "02" * 20))
SOMEWHERE = Address("0x" + "03" * 20)
NONCES = {public_account(index): 0 for index in TRADERS}


def deployment() -> Deployment:
    """Two pools that exist on paper only."""
    venues: tuple[tuple[Literal["uniswap_v2", "uniswap_v3"], str], ...] = (
        ("uniswap_v2", UNISWAP_V2),
        ("uniswap_v3", UNISWAP_V3),
    )
    return Deployment(
        chain_id=31_337,
        weth=TOKENS[0],
        tokens=(),
        factories=tuple(
            Factory(
                kind=kind,
                venue=venue,
                address=SOMEWHERE,
                router=SOMEWHERE,
                fee_pips=3_000,
                init_code_hash="",
            )
            for kind, venue in venues
        ),
        pools=tuple(
            DeployedPool(
                venue=venue,
                address=SOMEWHERE,
                tokens=TOKENS,
                fee_pips=3_000,
                amounts=(10**20, 10**12),
                depth_wei=10**20,
            )
            for _, venue in venues
        ),
        lenders=(),
        quoter=SOMEWHERE,
        weighted_pool_id="",
        multicall3=SOMEWHERE,
        executor=SOMEWHERE,
        trading_account=SOMEWHERE,
        beneficiary=SOMEWHERE,
        start_block=1,
        head_block=1,
        head_timestamp_s=1,
    )


DEPLOYMENT = deployment()


def traders(seed: int, noise: Noise | None = None) -> Traders:
    return Traders(DEPLOYMENT, seed=seed, noise=noise or Noise(), nonces=NONCES)


def blocks(seed: int, count: int = 3) -> list[tuple[bytes, ...]]:
    stream = traders(seed)
    return [stream.sign() for _ in range(count)]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_same_seed_signs_the_same_bytes(seed: int) -> None:
    assert blocks(seed, 2) == blocks(seed, 2)


@settings(max_examples=20, deadline=None)
@given(seeds=st.lists(st.integers(0, 2**64), min_size=2, max_size=2, unique=True))
def test_other_seeds_sign_other_bytes(seeds: list[int]) -> None:
    assert blocks(seeds[0]) != blocks(seeds[1])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**64), is_leading=st.booleans())
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_swap_stays_within_the_limits_of_its_scenario(
    scenario: str, seed: int, *, is_leading: bool
) -> None:
    noise = noise_of(scenario)

    swap = traders(seed, noise).decide(is_leading=is_leading)

    smallest_bps = noise.leading_bps if is_leading else noise.following_bps
    depth = swap.pool.amounts[swap.pool.tokens.index(swap.token_in)]
    assert depth * smallest_bps <= swap.amount_in * BPS <= depth * noise.largest_bps


def test_reversion_undoes_what_was_done_before() -> None:
    stream = traders(1, Noise(reversion_percent=100))

    sold = [stream.decide(is_leading=True) for _ in range(50)]

    net = {
        token: sum(swap.amount_in for swap in sold if swap.token_in == token) for token in TOKENS
    }
    largest = [max(swap.amount_in for swap in sold if swap.token_in == token) for token in TOKENS]
    assert abs(net[TOKENS[0]] // 10**8 - net[TOKENS[1]]) <= max(largest[0] // 10**8, largest[1])


def test_unknown_scenario_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UnknownScenarioError, match=", ".join(SCENARIOS)):
        noise_of("placid")


@pytest.mark.anvil
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_swap_lands_and_succeeds(scenario: str, fresh_devnet: Devnet, rpc: Rpc) -> None:
    noise = noise_of(scenario)
    stream = await open_traders(rpc, fresh_devnet.deployment, seed=7, noise=noise)
    sent: list[str] = []

    for _ in range(20):
        sent += await stream.trade(rpc)
        await rpc.call("evm_mine")

    receipts = [await rpc.call("eth_getTransactionReceipt", tx_hash) for tx_hash in sent]
    assert {receipt["status"] for receipt in receipts if isinstance(receipt, dict)} == {"0x1"}
    assert None not in receipts


@pytest.mark.anvil
async def test_reopened_traders_go_on_from_the_nonces_of_the_chain(
    fresh_devnet: Devnet, rpc: Rpc
) -> None:
    for _ in range(3):
        stream = await open_traders(rpc, fresh_devnet.deployment, seed=7, noise=Noise())
        sent = await stream.trade(rpc)
        await rpc.call("evm_mine")

        assert None not in [await rpc.call("eth_getTransactionReceipt", tx) for tx in sent]
