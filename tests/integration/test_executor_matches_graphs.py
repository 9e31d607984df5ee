"""The profit that graphs predicts is the profit on chain, to the wei, for any plan.

Uniswap V2, V3 and V4, PancakeSwap and Balancer V2 run their own bytecode; Curve and Solidly are
doubles, and so are dYdX's operations. Gas stays below the bounds that bids are priced with.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from hypothesis import settings

from graphs.market import Market
from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.created_pools import Factory
from searcher.adapters.decoding import HEADER_ONLY, decode_header
from searcher.adapters.discovery import Survey, discover
from searcher.adapters.lenders import FIRST_POOL
from searcher.flash_lenders import Lender, LenderKind
from searcher.gas_bounds import gas_bound
from searcher.wiring import ConcentratedFactory, Wiring, constructor_argument
from sims.devnet.accounts import SEARCHER, public_address
from sims.devnet.anvil import ROOT
from sims.devnet.artifacts import compiled_code, load_code
from sims.devnet.compiler import compile_contracts
from sims.devnet.plan import BENEFICIARY
from sims.devnet.scenarios import SCENARIOS
from sims.devnet.traders import open_traders
from sims.devnet.uniswap_v4 import CORE, UniswapV4
from tests.integration.flash_lenders import FlashChain, flash_chain
from tests.integration.mixed_pools import builder_of, create_mixed_pools
from tests.integration.random_plans import Case, Draw, Ran, by_id, run_plans

pytestmark = [pytest.mark.anvil, pytest.mark.asyncio(loop_scope="module")]

CASES = max(1_000, settings().max_examples)
OWNER = public_address(SEARCHER)
ROUNDS = 20
"""Blocks of trades before the plans."""

ENDING_GAS = 110_000
"""What a loss saves: the payout to a new account, the unwrapping of the tip and its payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Every plan, and what became of it."""

    cases: list[Case]
    ran: list[Ran]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def compared() -> AsyncIterator[Compared]:
    async with flash_chain() as flash:
        chain = flash.chain
        manager = flash.sources["uniswap_v4"].address
        provider = await chain.deploy(load_code(CORE.format("PoolModifyLiquidityTest")), manager)
        uniswap = UniswapV4(manager=manager, provider=provider)
        mixed = await create_mixed_pools(builder_of(chain, flash.deployment), uniswap)
        executor = await deploy_executor(flash)
        await move_prices(flash)
        await flash.give(executor, 10**6 * WEI_PER_ETHER)
        market, lenders = await market_and_lenders(flash)
        market = Market(
            block_number=market.block_number,
            block_hash=market.block_hash,
            tokens=market.tokens,
            pools={**market.pools, **by_id(mixed)},
        )
        draw = Draw(market, lenders, seed=20)
        cases = [draw.case() for _ in range(CASES)]
        url = chain._http_url
        ran = await run_plans(url, cases, market, executor=executor, owner=OWNER)
        yield Compared(cases=cases, ran=ran)


async def move_prices(flash: FlashChain) -> None:
    """Let traders open gaps, so that some plans earn something."""
    traders = await open_traders(
        flash.chain.rpc, flash.deployment, seed=20, noise=SCENARIOS["noisy"]
    )
    for _ in range(ROUNDS):
        await traders.trade(flash.chain.rpc)
        await flash.chain.mine()


async def deploy_executor(flash: FlashChain) -> Address:
    """One that knows every protocol of the chain."""
    addresses = {source.kind: source.address for source in flash.sources.values()}
    factories = [
        ConcentratedFactory(deployer=factory.address, init_code_hash=factory.init_code_hash)
        for factory in flash.deployment.factories
        if factory.kind == "uniswap_v3"
    ]
    wiring = Wiring(
        owner=OWNER,
        beneficiary=BENEFICIARY,
        weth=flash.deployment.weth,
        aave_pool=addresses[LenderKind.AAVE_V3],
        balancer_v2_vault=addresses[LenderKind.BALANCER_V2],
        balancer_v3_vault=addresses[LenderKind.BALANCER_V3],
        uniswap_v4_manager=addresses[LenderKind.UNISWAP_V4],
        solo_margin=addresses[LenderKind.DYDX_SOLO],
        concentrated_factories=tuple(factories),
    )
    code = compiled_code(compile_contracts(ROOT)["ArbitrageExecutor"])
    return await flash.chain.deploy(code, constructor_argument(wiring))


async def market_and_lenders(flash: FlashChain) -> tuple[Market, list[Lender]]:
    """What the bot sees at the head, and the first pool as a lender."""
    rpc = flash.chain.rpc
    head = decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
    factories = [
        Factory(
            kind=factory.kind,
            venue=factory.venue,
            address=factory.address,
            fee_pips=factory.fee_pips or 0,
        )
        for factory in flash.deployment.factories
    ]
    survey = Survey(factories=factories, multicall3=flash.deployment.multicall3, start_block=0)
    found = await discover(rpc, survey, block=head)
    flash.sources["none"] = FIRST_POOL
    lenders = list((await flash.lenders()).values())
    market = Market(
        block_number=head.number, block_hash=head.hash, tokens=found.tokens, pools=found.pools
    )
    return market, lenders


async def test_profit_on_chain_is_the_predicted_one_to_the_wei(compared: Compared) -> None:
    differing = [
        (case.bid.opportunity, case.predicted, ran)
        for case, ran in zip(compared.cases, compared.ran, strict=True)
        if case.predicted != ran.profit
    ]

    assert differing == []


async def test_plans_cover_every_kind_of_pool_and_every_source(compared: Compared) -> None:
    valid = [case for case in compared.cases if case.predicted is not None]
    pools = Counter(pool.venue for case in valid for pool in case.pools)
    kinds = Counter(type(pool).__name__ for case in valid for pool in case.pools)
    lenders = Counter(case.bid.opportunity.lender.kind for case in valid)
    hops = Counter(len(case.pools) for case in valid)

    assert set(lenders) == set(LenderKind)
    assert min(lenders.values()) >= CASES // 100
    assert len(kinds) == 7
    assert min(pools.values()) >= CASES // 100
    assert set(hops) == {2, 3, 4}
    assert sum(ran.profit is not None and ran.profit > 0 for ran in compared.ran) >= CASES // 20
    assert len(valid) >= CASES * 3 // 4


async def test_gas_stays_below_the_bound_that_bids_are_priced_with(compared: Compared) -> None:
    over = [
        (case.bid.opportunity.lender.kind, [type(pool).__name__ for pool in case.pools], spare)
        for case, ran in zip(compared.cases, compared.ran, strict=True)
        if ran.profit is not None
        for ending in [ENDING_GAS if ran.profit < 0 else 0]
        for spare in [gas_bound(case.bid.opportunity.lender.kind, case.pools) - ran.gas - ending]
        if spare < 0
    ]

    assert over == []
