"""Flash lenders against their contracts: depth, fee to the wei, and why one does not lend.

dYdX is a partial double: its contract is real, the library behind `operate` is a stand-in.
"""

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from eth_abi.abi import decode
from eth_utils.crypto import keccak
from hypothesis import settings

from graphs.units import Address
from searcher.adapters.lending_desk import LenderSource
from searcher.flash_lenders import LenderKind, LenderRefusal
from searcher.flash_sources import FEE_RULES
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.deployer import encode_call
from tests.integration.flash_lenders import FlashChain, flash_chain

pytestmark = [pytest.mark.anvil, pytest.mark.asyncio(loop_scope="module")]

CASES = max(60, settings().max_examples // 5)
"""Random amounts for each lender."""

NAMES = (
    "uniswap-v2 3000",
    "pancakeswap-v1 2000",
    "uniswap-v3 500",
    "uniswap-v3 3000",
    "aave_v3",
    "balancer_v2",
    "balancer_v3",
    "uniswap_v4",
    "dydx_solo",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def built() -> AsyncIterator[FlashChain]:
    async with flash_chain() as chain:
        yield chain


@pytest_asyncio.fixture(loop_scope="module")
async def flash(built: FlashChain) -> AsyncIterator[FlashChain]:
    """The chain, which forgets what the test did to it."""
    snapshot = await built.chain.rpc.call("evm_snapshot")
    yield built
    await built.chain.rpc.call("evm_revert", snapshot)


def amounts(name: str, depth: int) -> list[int]:
    """Amounts of every size up to the depth, the ends included."""
    generator = np.random.default_rng(keccak(text=name)[0])
    sizes = generator.uniform(0, depth.bit_length(), CASES)
    return [1, 2, 999, 1_000, depth - 1, depth, *(min(int(2**bits), depth) for bits in sizes)]


@pytest.mark.parametrize("name", NAMES)
async def test_lender_takes_the_predicted_fee_and_not_a_unit_less(
    flash: FlashChain, name: str
) -> None:
    lender = (await flash.lenders())[name]
    assert lender.refusal is None
    sizes = amounts(name, lender.available)
    fees = [FEE_RULES[lender.kind](amount, lender.fee_bps) for amount in sizes]

    spent = await flash.spent([(name, *terms) for terms in zip(sizes, fees, strict=True)])
    short = await flash.spent(
        [(name, amount, fee - 1) for amount, fee in zip(sizes, fees, strict=True)]
    )

    assert spent == fees
    assert short == [None] * len(sizes)


@pytest.mark.parametrize("name", NAMES)
async def test_lender_has_nothing_beyond_its_stated_depth(flash: FlashChain, name: str) -> None:
    lender = (await flash.lenders())[name]
    beyond = lender.available + 1
    fee = FEE_RULES[lender.kind](beyond, lender.fee_bps)

    assert await flash.spent([(name, beyond, fee)]) == [None]


async def test_balancer_v2_fee_follows_its_setting(flash: FlashChain) -> None:
    await set_flash_fee(flash, 7 * 10**14)
    lender = (await flash.lenders())["balancer_v2"]
    sizes = amounts("balancer_v2", lender.available)
    fees = [FEE_RULES[lender.kind](amount, lender.fee_bps) for amount in sizes]

    spent = await flash.spent([("balancer_v2", *t) for t in zip(sizes, fees, strict=True)])

    assert lender.fee_bps == 7
    assert spent == fees


@pytest.mark.parametrize("name", [name for name in NAMES if "uniswap-v3" not in name])
async def test_drained_lender_says_so(flash: FlashChain, name: str) -> None:
    before = (await flash.lenders())[name]
    await empty(flash, name)

    lender = (await flash.lenders())[name]

    assert (before.refusal, lender.refusal) == (None, LenderRefusal.DRAINED)
    assert await flash.spent([(name, 1_000, 1_000)]) == [None]


async def test_drained_concentrated_pool_says_so(flash: FlashChain) -> None:
    name = "uniswap-v3 500"
    await flash.drain(flash.sources[name].address)

    lender = (await flash.lenders())[name]

    assert lender.refusal is LenderRefusal.DRAINED


async def test_pool_without_liquidity_in_range_lends_nothing(flash: FlashChain) -> None:
    name = "uniswap-v3 500"
    pool = flash.sources[name].address
    await flash.chain.rpc.call("anvil_setStorageAt", pool, "0x4", "0x" + "0" * 64)

    lender = (await flash.lenders())[name]

    assert lender.refusal is LenderRefusal.DRAINED
    assert await flash.spent([(name, 1_000, 1_000)]) == [None]


async def test_paused_aave_reserve_says_so(flash: FlashChain) -> None:
    await configure(flash, "setReservePause(address,bool)", is_on=True)

    lender = (await flash.lenders())["aave_v3"]

    assert (lender.available, lender.refusal) == (0, LenderRefusal.PAUSED)
    assert await flash.spent([("aave_v3", 10_000, 5)]) == [None]


async def test_aave_reserve_with_flash_loans_switched_off_says_so(flash: FlashChain) -> None:
    await configure(flash, "setReserveFlashLoaning(address,bool)", is_on=False)

    lender = (await flash.lenders())["aave_v3"]

    assert lender.refusal is LenderRefusal.DISABLED
    assert await flash.spent([("aave_v3", 10_000, 5)]) == [None]


async def test_frozen_aave_reserve_still_lends(flash: FlashChain) -> None:
    await configure(flash, "setReserveFreeze(address,bool)", is_on=True)

    lender = (await flash.lenders())["aave_v3"]

    assert lender.refusal is None
    assert await flash.spent([("aave_v3", 10_000, 5)]) == [5]


async def test_paused_balancer_v2_vault_says_so(flash: FlashChain) -> None:
    vault = flash.sources["balancer_v2"].address
    await permit(flash, vault, "setPaused(bool)")
    await switch(flash, vault, "setPaused(bool)", is_on=True)

    lender = (await flash.lenders())["balancer_v2"]

    assert lender.refusal is LenderRefusal.PAUSED
    assert await flash.spent([("balancer_v2", 1_000, 0)]) == [None]


async def test_paused_balancer_v3_vault_still_lends(flash: FlashChain) -> None:
    vault = flash.sources["balancer_v3"].address
    await flash.chain.call(vault, "pauseVault()")
    paused = await flash.chain.read(vault, "isVaultPaused()")

    lender = (await flash.lenders())["balancer_v3"]

    assert int.from_bytes(paused) == 1
    assert lender.refusal is None
    assert await flash.spent([("balancer_v3", 1_000, 0)]) == [0]


async def test_address_without_a_contract_is_missing(flash: FlashChain) -> None:
    nobody = Address("0x" + "99" * 20)
    for name, source in list(flash.sources.items()):
        flash.sources[f"missing {name}"] = LenderSource(kind=source.kind, address=nobody)
    names = [f"missing {name}" for name in NAMES]

    lenders = await flash.lenders(names)

    assert {lender.refusal for lender in lenders.values()} == {LenderRefusal.MISSING}
    for name in names:
        del flash.sources[name]


async def test_token_that_a_lender_does_not_know_is_unlisted(flash: FlashChain) -> None:
    other = next(
        pool for pool in flash.deployment.pools if flash.deployment.weth not in pool.tokens
    )
    flash.sources["other"] = LenderSource(kind=LenderKind.UNISWAP_V2, address=other.address)

    lenders = await flash.lenders(["other"])

    assert lenders["other"].refusal is LenderRefusal.UNLISTED
    del flash.sources["other"]


async def configure(flash: FlashChain, signature: str, *, is_on: bool) -> None:
    """Tell Aave's configurator something about WETH."""
    pool = flash.sources["aave_v3"].address
    provider = await flash.chain.read_address(pool, "ADDRESSES_PROVIDER()")
    configurator = await flash.chain.read_address(provider, "getPoolConfigurator()")
    await flash.chain.call(configurator, signature, flash.deployment.weth, is_on)


async def switch(flash: FlashChain, contract: Address, signature: str, *, is_on: bool) -> None:
    await flash.chain.call(contract, signature, is_on)


async def permit(flash: FlashChain, contract: Address, signature: str) -> None:
    """Let the deployer call a function that Balancer V2's authorizer protects."""
    vault = flash.sources["balancer_v2"].address
    authorizer = await flash.chain.read_address(vault, "getAuthorizer()")
    selector = keccak(text=signature)[:4]
    role = await flash.chain.read(contract, "getActionId(bytes4)", selector)
    grant = "grantRole(bytes32,address)"
    await flash.chain.call(authorizer, grant, role, public_address(DEPLOYER))


async def set_flash_fee(flash: FlashChain, fraction: int) -> None:
    vault = flash.sources["balancer_v2"].address
    answer = await flash.chain.read(vault, "getProtocolFeesCollector()")
    collector = Address(decode(["address"], answer)[0])
    await permit(flash, collector, "setFlashLoanFeePercentage(uint256)")
    await flash.chain.call(collector, "setFlashLoanFeePercentage(uint256)", fraction)


async def empty(flash: FlashChain, name: str) -> None:
    """Leave the lender without WETH, in its own books too."""
    source, weth = flash.sources[name], flash.deployment.weth
    if source.kind is LenderKind.AAVE_V3:
        row = await flash.chain.read(source.address, "getReserveData(address)", weth)
        await flash.drain(Address("0x" + row[8 * 32 + 12 : 9 * 32].hex()))
        return
    await flash.drain(source.address)
    if source.kind is LenderKind.UNISWAP_V2:
        await flash.chain.call(source.address, "sync()")
    if source.kind is LenderKind.BALANCER_V3:
        await forget_reserves(flash, source.address)


async def forget_reserves(flash: FlashChain, vault: Address) -> None:
    """Clear the word in which the vault counts its WETH: the one that the view reads."""
    data = encode_call("getReservesOf(address)", flash.deployment.weth)
    call = {"to": vault, "data": "0x" + data.hex()}
    answer = await flash.chain.rpc.call("eth_createAccessList", call, "latest")
    assert isinstance(answer, dict)
    (slot,) = (
        key
        for entry in answer["accessList"]
        if entry["address"] == vault
        for key in entry["storageKeys"]
    )
    await flash.chain.rpc.call("anvil_setStorageAt", vault, slot, "0x" + "0" * 64)
