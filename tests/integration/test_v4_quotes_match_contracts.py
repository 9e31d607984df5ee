"""Quotes of Uniswap V4 pools against the real PoolManager: equal to the wei, or both refuse."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from eth_abi.abi import decode
from eth_utils.crypto import keccak
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import GraphError
from graphs.pools.pool_key import PoolKey
from graphs.pools.tick_math import get_sqrt_ratio_at_tick
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import Address
from tests.graphs.pools.strategies import amounts
from tests.graphs.pools.v4_strategies import empty_v4_pool, funded_v4_pools, packed
from tests.integration.uniswap_v4 import (
    INITIALIZE,
    MODIFY_LIQUIDITY,
    SET_PROTOCOL_FEE,
    SWAP,
    Manager,
    RealSwap,
    as_tuple,
    key_of,
    real_manager,
    storage_of,
    swap_arguments,
)

pytestmark = [pytest.mark.anvil, pytest.mark.asyncio(loop_scope="module")]

INITIALIZED = "Initialize(bytes32,address,address,uint24,int24,address,uint160,int24)"
POSITIONS = ((-1200, 1200), (-60, 120), (0, 600), (3000, 6000), (-887_220, 887_220))
LIQUIDITY = 10**21

# Transactions change what stays in storage, so this pool has a fee that no written state has.
UNWRITTEN = empty_v4_pool(fee_pips=2500, protocol_fee=packed(500, 1000))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def manager() -> AsyncIterator[Manager]:
    async with real_manager() as standing:
        yield standing


def narrow(*, fee_pips: int = 3000, protocol_fee: int = 0) -> UniswapV4Pool:
    """Two positions with a gap between them, the price on the lower end of the upper one."""
    pool = empty_v4_pool(
        fee_pips=fee_pips,
        tick_spacing=1,
        sqrt_price_x96=get_sqrt_ratio_at_tick(900),
        protocol_fee=protocol_fee,
    )
    pool = pool.with_liquidity(900, 1100, liquidity_delta=10**18)
    return pool.with_liquidity(-5, 0, liquidity_delta=10**18)


def expected_sale(pool: UniswapV4Pool, pair: tuple[Address, Address], amount: int) -> RealSwap:
    """What the manager is to say of an exact input, by our own account."""
    after = pool.after_swap(*pair, amount)
    return RealSwap(
        paid=amount,
        got=pool.amount_out(*pair, amount),
        sqrt_price_x96=after.sqrt_price_x96,
        liquidity=after.liquidity,
        tick=after.tick,
        fee_pips=pool.swap_fee0_pips if pair[0] == pool.token0 else pool.swap_fee1_pips,
    )


@given(pool=funded_v4_pools(), amount=amounts(), zero_for_one=st.booleans())
@example(pool=narrow(), amount=10**17, zero_for_one=True)
@example(pool=narrow(fee_pips=10**6), amount=10**17, zero_for_one=True)
@example(pool=narrow(fee_pips=999_999, protocol_fee=packed(1000, 0)), amount=5, zero_for_one=True)
@example(pool=narrow(), amount=2**127 - 1, zero_for_one=False)
async def test_exact_input_ends_as_the_managers(
    manager: Manager, *, pool: UniswapV4Pool, amount: int, zero_for_one: bool
) -> None:
    here = manager.at_home(pool)
    pair = (here.token0, here.token1) if zero_for_one else (here.token1, here.token0)

    real = await manager.swap(here, sold=pair[0], amount_specified=-amount)

    try:
        expected = expected_sale(here, pair, amount)
    except GraphError:
        # The manager fills a part of what reaches the last price; we refuse that.
        assert real is None or real.paid < amount
    else:
        assert real == expected


@given(pool=funded_v4_pools(), amount=amounts(), zero_for_one=st.booleans())
@example(pool=narrow(), amount=10**15, zero_for_one=True)
@example(pool=narrow(fee_pips=10**6), amount=1, zero_for_one=False)
@example(pool=narrow(fee_pips=999_999, protocol_fee=packed(0, 1000)), amount=5, zero_for_one=False)
async def test_exact_output_costs_what_the_manager_charges(
    manager: Manager, *, pool: UniswapV4Pool, amount: int, zero_for_one: bool
) -> None:
    here = manager.at_home(pool)
    pair = (here.token0, here.token1) if zero_for_one else (here.token1, here.token0)

    real = await manager.swap(here, sold=pair[0], amount_specified=amount)

    try:
        expected = here.amount_in(*pair, amount)
    except GraphError:
        assert real is None or real.got < amount
    else:
        assert real is not None
        assert (real.paid, real.got) == (expected, amount)


@pytest.mark.parametrize("spacing", [1, 10, 60, 200, 32_767])
async def test_the_manager_grants_a_ticks_share_and_not_one_unit_more(
    manager: Manager, spacing: int
) -> None:
    pool = manager.at_home(empty_v4_pool(tick_spacing=spacing, sqrt_price_x96=2**96 - 1))
    share = pool.max_liquidity_per_tick

    assert await manager.grants_position(pool, liquidity=share)
    assert not await manager.grants_position(pool, liquidity=share + 1)


async def test_minted_pool_keeps_the_managers_state_through_real_swaps(manager: Manager) -> None:
    pool = await _minted(manager, UNWRITTEN)
    for count in range(12):
        pair = (pool.token0, pool.token1) if count % 3 else (pool.token1, pool.token0)
        amount = 7 ** (count + 12)
        arguments = swap_arguments(pool, sold=pair[0], amount_specified=-amount)

        await manager.deployer.call(manager.swapper, SWAP, *arguments)
        pool = pool.after_swap(*pair, amount)

        assert await _kept(manager, pool) == storage_of(pool)


async def test_key_hashes_to_the_id_that_the_manager_announces(manager: Manager) -> None:
    key = key_of(manager.at_home(empty_v4_pool(fee_pips=12_345, tick_spacing=77)))

    await manager.deployer.call(manager.address, INITIALIZE, as_tuple(key), 2**96)

    assert await _announced(manager, key)


async def _minted(manager: Manager, pool: UniswapV4Pool) -> UniswapV4Pool:
    """Create the pool and its positions by transactions, and the same of ours."""
    pool = manager.at_home(pool)
    key, deployer = as_tuple(key_of(pool)), manager.deployer
    await deployer.call(manager.address, INITIALIZE, key, pool.sqrt_price_x96)
    await deployer.call(manager.address, SET_PROTOCOL_FEE, key, pool.protocol_fee)
    for lower, upper in POSITIONS:
        terms = (lower, upper, LIQUIDITY, b"")
        await deployer.call(manager.provider, MODIFY_LIQUIDITY, key, terms, b"")
        pool = pool.with_liquidity(lower, upper, liquidity_delta=LIQUIDITY)
    return pool


async def _kept(manager: Manager, pool: UniswapV4Pool) -> dict[str, str]:
    """What the manager's storage holds where ours would lie."""
    slots = list(storage_of(pool))
    words = await manager.deployer.rpc.batch(
        [("eth_getStorageAt", (manager.address, slot, "latest")) for slot in slots]
    )
    return dict(zip(slots, map(str, words), strict=True))


async def _announced(manager: Manager, key: PoolKey) -> bool:
    """Whether an Initialize event names the key's id with the key's tokens."""
    topics = ["0x" + keccak(text=INITIALIZED).hex(), key.id]
    query = {"address": manager.address, "topics": topics, "fromBlock": "0x0"}
    logs = await manager.deployer.rpc.call("eth_getLogs", query)
    assert isinstance(logs, list)
    return [
        [decode(["address"], bytes.fromhex(topic[2:]))[0] for topic in log["topics"][2:]]
        for log in logs
    ] == [[key.currency0, key.currency1]]
