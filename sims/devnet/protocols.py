"""Deploys everything: the order of the stages, and the record of what stands at the end."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from graphs.pools.pool_key import NO_HOOKS, PoolKey
from graphs.units import Address
from searcher.adapters.rpc import Rpc
from searcher.flash_lenders import LenderKind
from searcher.wiring import ConcentratedFactory, Wiring, constructor_argument
from sims.devnet.aave import deploy_aave
from sims.devnet.accounts import DEPLOYER, SEARCHER, TRADERS, public_address
from sims.devnet.artifacts import compiled_code
from sims.devnet.balancer import Balancer, create_weighted_pool, deploy_vault
from sims.devnet.compiler import Artifact
from sims.devnet.deployer import Deployer
from sims.devnet.deployment import DeployedPool, Deployment, Factory, FlashLender
from sims.devnet.plan import (
    BENEFICIARY,
    FEE_PIPS_LOW,
    FEE_PIPS_MEDIUM,
    GENESIS_TIMESTAMP_S,
    PANCAKESWAP,
    UNISWAP_V3,
    Plan,
)
from sims.devnet.tokens import TokenSet, approve, deploy_tokens, fund
from sims.devnet.uniswap import (
    create_pair,
    create_v3_pool,
    deploy_pancakeswap,
    deploy_positions,
    deploy_quoter,
    deploy_uniswap_v2,
    deploy_uniswap_v3,
)
from sims.devnet.uniswap_v4 import create_v4_pool, deploy_uniswap_v4

MULTICALL3: Final = Address("0xca11bde05977b3631167028862be2a173976ca11")
"""The same on every chain (https://www.multicall3.com)."""

TICK_SPACING_MEDIUM: Final = 60
"""Of Uniswap's pools with the medium fee."""

Progress = Callable[[str], None]
"""Told the name of each stage when it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchanges:
    factories: tuple[Factory, ...]
    positions: Address
    quoter: Address

    @property
    def concentrated(self) -> tuple[ConcentratedFactory, ...]:
        return tuple(
            ConcentratedFactory(deployer=factory.address, init_code_hash=factory.init_code_hash)
            for factory in self.factories
            if factory.kind == "uniswap_v3"
        )


async def deploy(
    rpc: Rpc, plan: Plan, *, chain_id: int, contracts: Mapping[str, Artifact], progress: Progress
) -> Deployment:
    """Deploy the plan on an empty chain that mines only when told.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    deployer = Deployer(
        rpc,
        address=public_address(DEPLOYER),
        timestamp_s=GENESIS_TIMESTAMP_S,
        places=plan.places,
    )
    tokens = await _deploy_money(deployer, plan, contracts, progress=progress)
    exchanges = await _deploy_exchanges(deployer, plan, tokens.address("WETH"), progress=progress)
    pools = await _create_pools(deployer, plan, exchanges, tokens=tokens, progress=progress)
    balancer = await _deploy_balancer(deployer, plan, tokens, progress=progress)
    manager = await _deploy_manager(deployer, plan, tokens, progress=progress)
    progress("Aave V3")
    aave = await deploy_aave(deployer, tokens, depth_wei=plan.aave_depth_wei)
    progress("executor and traders")
    searcher, weth = public_address(SEARCHER), tokens.address("WETH")
    wiring = Wiring(
        owner=searcher,
        beneficiary=BENEFICIARY,
        weth=weth,
        aave_pool=aave,
        balancer_v2_vault=balancer.vault,
        uniswap_v4_manager=manager,
        concentrated_factories=exchanges.concentrated,
    )
    code = compiled_code(contracts["ArbitrageExecutor"])
    executor = await deployer.deploy_deterministic(code, constructor_argument(wiring))
    await _settle_in(deployer, plan, contracts, tokens=tokens, exchanges=exchanges)
    return Deployment(
        chain_id=chain_id,
        weth=weth,
        tokens=tuple(tokens.by_symbol.values()),
        factories=exchanges.factories,
        pools=pools,
        lenders=(
            FlashLender(kind=LenderKind.AAVE_V3, address=aave),
            FlashLender(kind=LenderKind.BALANCER_V2, address=balancer.vault),
            FlashLender(kind=LenderKind.UNISWAP_V4, address=manager),
            *_lending_pools(pools, weth),
        ),
        quoter=exchanges.quoter,
        weighted_pool_id=balancer.pool_id,
        multicall3=MULTICALL3,
        executor=executor,
        trading_account=searcher,
        beneficiary=BENEFICIARY,
        start_block=plan.genesis_block + 1,
        head_block=int(str(await rpc.call("eth_blockNumber")), 16),
        head_timestamp_s=deployer.timestamp_s,
    )


def _lending_pools(pools: Iterable[DeployedPool], weth: Address) -> list[FlashLender]:
    """The pools that charge no more than Aave for a loan."""
    return [
        FlashLender(kind=LenderKind.UNISWAP_V3, address=pool.address)
        for pool in pools
        if pool.venue == UNISWAP_V3 and pool.fee_pips == FEE_PIPS_LOW and weth in pool.tokens
    ]


async def _deploy_money(
    deployer: Deployer, plan: Plan, contracts: Mapping[str, Artifact], *, progress: Progress
) -> TokenSet:
    progress("tokens")
    tokens = await deploy_tokens(deployer, plan, compiled_code(contracts["DevnetToken"]))
    holders = tuple(public_address(index) for index in (DEPLOYER, *TRADERS))
    await fund(deployer, tokens, holders, worth_wei=plan.wealth_wei)
    return tokens


async def _deploy_exchanges(
    deployer: Deployer, plan: Plan, weth: Address, *, progress: Progress
) -> _Exchanges:
    progress("Uniswap V2, PancakeSwap")
    pairs = [await deploy_uniswap_v2(deployer, weth)]
    if any(pool.venue == PANCAKESWAP for pool in plan.pools):
        pairs.append(await deploy_pancakeswap(deployer, weth))
    progress("Uniswap V3")
    v3 = await deploy_uniswap_v3(deployer, weth)
    return _Exchanges(
        factories=(*pairs, v3),
        positions=await deploy_positions(deployer, v3, weth),
        quoter=await deploy_quoter(deployer, v3, weth),
    )


async def _create_pools(
    deployer: Deployer,
    plan: Plan,
    exchanges: _Exchanges,
    *,
    tokens: TokenSet,
    progress: Progress,
) -> tuple[DeployedPool, ...]:
    progress("pools")
    spenders = (exchanges.positions,)
    await approve(deployer, tokens, holders=(deployer.address,), spenders=spenders)
    factories = {factory.venue: factory for factory in exchanges.factories}
    pools = []
    for pool in plan.pools:
        factory = factories[pool.venue]
        if pool.venue == UNISWAP_V3:
            positions = exchanges.positions
            created = await create_v3_pool(deployer, factory, positions, pool=pool, tokens=tokens)
        else:
            created = await create_pair(deployer, factory, pool=pool, tokens=tokens)
        pools.append(created)
    return tuple(pools)


async def _deploy_balancer(
    deployer: Deployer, plan: Plan, tokens: TokenSet, *, progress: Progress
) -> Balancer:
    progress("Balancer V2")
    vault = await deploy_vault(deployer, tokens.address("WETH"))
    await approve(deployer, tokens, holders=(deployer.address,), spenders=(vault,))
    return await create_weighted_pool(deployer, vault, tokens, depth_wei=plan.vault_depth_wei)


async def _deploy_manager(
    deployer: Deployer, plan: Plan, tokens: TokenSet, *, progress: Progress
) -> Address:
    """Uniswap V4 with one pool, so that its manager has something to lend."""
    progress("Uniswap V4")
    uniswap = await deploy_uniswap_v4(deployer)
    sides = sorted(
        (tokens.address(symbol), tokens.amount(symbol, plan.manager_depth_wei))
        for symbol in ("WETH", "DAI")
    )
    key = PoolKey(
        currency0=sides[0][0],
        currency1=sides[1][0],
        fee_pips=FEE_PIPS_MEDIUM,
        tick_spacing=TICK_SPACING_MEDIUM,
        hooks=NO_HOOKS,
    )
    await create_v4_pool(deployer, uniswap, key, amounts=(sides[0][1], sides[1][1]))
    return uniswap.manager


async def _settle_in(
    deployer: Deployer,
    plan: Plan,
    contracts: Mapping[str, Artifact],
    *,
    tokens: TokenSet,
    exchanges: _Exchanges,
) -> None:
    """Let the traders trade, give the searcher gas money, and end on a realistic base fee."""
    rpc = deployer.rpc
    reader = contracts["Multicall3"].deployed_bytecode
    await rpc.call("anvil_setCode", MULTICALL3, reader)
    traders = tuple(public_address(index) for index in TRADERS)
    routers = tuple(factory.router for factory in exchanges.factories)
    await approve(deployer, tokens, holders=traders, spenders=routers)
    await rpc.call("anvil_setBalance", public_address(SEARCHER), hex(plan.gas_money_wei))
    await rpc.call("anvil_setNextBlockBaseFeePerGas", hex(plan.base_fee_wei))
    await deployer.mine()
