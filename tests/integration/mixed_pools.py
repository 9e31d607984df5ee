"""Pools of every kind that the executor trades with, on one chain at consistent prices.

Curve and Solidly are doubles that hold tokens; all others run the protocols' own bytecode.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Final

from eth_abi.abi import encode

from graphs.pools.base import Pool
from graphs.pools.curve import CurvePool
from graphs.pools.pool_key import NO_HOOKS, PoolKey
from graphs.pools.solidly import SolidlyPool
from graphs.pools.stable import StablePool
from graphs.pools.tick_math import MAX_TICK, get_tick_at_sqrt_ratio
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.pools.weighted import WeightedPool
from graphs.tokens import Token
from graphs.units import WEI_PER_ETHER, Address, PoolId
from sims.devnet.artifacts import load_code
from sims.devnet.balancer import JOIN_INIT
from sims.devnet.deployment import Deployment
from sims.devnet.package_sources import SourceSet, compile_sources
from sims.devnet.plan import DEFAULT_PLAN
from sims.devnet.tokens import TokenSet
from sims.devnet.uniswap_v4 import MODIFY_LIQUIDITY, NO_SALT, UniswapV4, create_v4_pool
from tests.integration.balancer import CREATE_V1, FACTORIES, JOIN, BalancerVault
from tests.integration.real_exchanges import Chain
from tests.integration.stable_pools import deploy_factories, deploy_stable

DOUBLES: Final = SourceSet(
    paths=("devnet/doubles/CurvePlainPool.sol", "devnet/doubles/SolidlyCurvedPool.sol")
)
DEPTH_WEI: Final = 400 * WEI_PER_ETHER
"""Worth of each side of each pool."""

NARROW: Final = 20
"""Tick spacings to either side of a concentrated pool's second position."""

CURVE_FEE: Final = 4 * 10**6
CURVE_ADMIN_FEE: Final = 5 * 10**9
AMPLIFICATION: Final = 20_000
"""Of Curve, with two decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """What the pools are built with."""

    chain: Chain
    tokens: TokenSet
    deployment: Deployment

    @property
    def vault(self) -> Address:
        """Balancer V2's."""
        return next(
            lender.address for lender in self.deployment.lenders if lender.kind == "balancer_v2"
        )

    def sides(self, *symbols: str, depth_wei: int = DEPTH_WEI) -> list[tuple[Token, int]]:
        """The tokens by ascending address, each with its share of the depth."""
        chosen = [
            (self.tokens.by_symbol[symbol], self.tokens.amount(symbol, depth_wei))
            for symbol in symbols
        ]
        return sorted(chosen, key=lambda side: side[0].address)


def builder_of(chain: Chain, deployment: Deployment) -> Builder:
    """The planned prices with the deployed tokens."""
    prices = {token.symbol: token.price_wei for token in DEFAULT_PLAN.tokens}
    tokens = TokenSet(
        by_symbol={token.symbol: token for token in deployment.tokens},
        prices_wei={"WETH": WEI_PER_ETHER, **prices},
    )
    return Builder(chain=chain, tokens=tokens, deployment=deployment)


async def create_mixed_pools(builder: Builder, uniswap: UniswapV4) -> list[Pool]:
    """Everything but the constant-product and V3 pools that are there already."""
    vault = await _vault(builder)
    return [
        await _v4(builder, uniswap, ("WETH", "USDC"), fee_pips=500, spacing=10),
        await _v4(builder, uniswap, ("USDC", "DAI"), fee_pips=100, spacing=1),
        await _v4(builder, uniswap, ("WBTC", "WETH"), fee_pips=3_000, spacing=60),
        await _weighted(builder, vault, ("WETH", "LINK"), shares=(80, 20)),
        await _weighted(builder, vault, ("WETH", "UNI", "WBTC"), shares=(50, 25, 25)),
        await _stable(builder, vault, ("USDC", "DAI")),
        await _curve(builder, ("DAI", "USDC")),
        await _solidly(builder, ("WETH", "LINK"), is_stable=False),
        await _solidly(builder, ("USDC", "DAI"), is_stable=True),
    ]


async def _v4(
    builder: Builder, uniswap: UniswapV4, symbols: Sequence[str], *, fee_pips: int, spacing: int
) -> UniswapV4Pool:
    """Two positions: over all prices, and around the first."""
    (token0, amount0), (token1, amount1) = builder.sides(*symbols)
    key = PoolKey(
        currency0=token0.address,
        currency1=token1.address,
        fee_pips=fee_pips,
        tick_spacing=spacing,
        hooks=NO_HOOKS,
    )
    await create_v4_pool(builder.chain, uniswap, key, amounts=(amount0, amount1))
    price_x96 = isqrt((amount1 << 192) // amount0)
    tick, liquidity = get_tick_at_sqrt_ratio(price_x96), isqrt(amount0 * amount1)
    centre, outermost = tick // spacing * spacing, MAX_TICK // spacing * spacing
    around = (centre - NARROW * spacing, centre + NARROW * spacing)
    names = (token0.address, token1.address, fee_pips, spacing, NO_HOOKS)
    position = (*around, 3 * liquidity, NO_SALT)
    await builder.chain.call(uniswap.provider, MODIFY_LIQUIDITY, names, position, b"")
    pool = UniswapV4Pool(
        id=key.id,
        venue="uniswap-v4",
        token0=token0.address,
        token1=token1.address,
        fee_pips=fee_pips,
        tick_spacing=spacing,
        sqrt_price_x96=price_x96,
        tick=tick,
        liquidity=0,
        ticks=(),
        liquidity_nets=(),
        liquidity_grosses=(),
        protocol_fee=0,
    )
    wide = pool.with_liquidity(-outermost, outermost, liquidity_delta=liquidity)
    return wide.with_liquidity(*around, liquidity_delta=3 * liquidity)


async def _vault(builder: Builder) -> BalancerVault:
    chain = builder.chain
    factory = await chain.deploy(load_code(FACTORIES["v1"]), builder.vault)
    decimals = {token.address: token.decimals for token in builder.deployment.tokens}
    return BalancerVault(
        chain=chain, address=builder.vault, factories={"v1": factory}, decimals=decimals
    )


async def _weighted(
    builder: Builder, vault: BalancerVault, symbols: Sequence[str], *, shares: Sequence[int]
) -> WeightedPool:
    """Balances in proportion to the weights, so that prices are the planned ones."""
    share_of = dict(zip(symbols, shares, strict=True))
    sides = sorted(
        (
            token.address,
            builder.tokens.amount(token.symbol, DEPTH_WEI * share_of[token.symbol] // 50),
            share_of[token.symbol] * 10**16,
        )
        for token, _ in builder.sides(*symbols)
    )
    assets, amounts, weights = (list(column) for column in zip(*sides, strict=True))
    fee = 3 * 10**15
    terms = ("Pool", "BPT", assets, weights, fee, builder.chain.address)
    address = await builder.chain.read_address(vault.factories["v1"], CREATE_V1, *terms)
    await builder.chain.call(vault.factories["v1"], CREATE_V1, *terms)
    pool_id = await builder.chain.read(address, "getPoolId()")
    await _join(builder, pool_id, assets=assets, amounts=amounts)
    return WeightedPool(
        id=PoolId("0x" + pool_id.hex()),
        venue="balancer-v2",
        tokens=tuple(assets),
        balances=tuple(amounts),
        weights=tuple(weights),
        decimals=tuple(vault.decimals[asset] for asset in assets),
        swap_fee=fee,
        has_exact_powers=False,
    )


async def _stable(builder: Builder, vault: BalancerVault, symbols: Sequence[str]) -> StablePool:
    factory, _ = await deploy_factories(vault)
    sides = builder.sides(*symbols)
    assets = tuple(token.address for token, _ in sides)
    amounts = tuple(amount for _, amount in sides)
    deployed = await deploy_stable(vault, factory, assets)
    await _join(builder, bytes.fromhex(deployed.state.id[2:]), assets=assets, amounts=amounts)
    return replace(deployed.state, balances=amounts)


async def _join(
    builder: Builder, pool_id: bytes, *, assets: Sequence[Address], amounts: Sequence[int]
) -> None:
    user_data = encode(["uint256", "uint256[]"], [JOIN_INIT, amounts])
    request = (assets, amounts, user_data, False)
    me = builder.chain.address
    await builder.chain.call(builder.vault, JOIN, pool_id, me, me, request)


async def _curve(builder: Builder, symbols: Sequence[str]) -> CurvePool:
    sides = [
        (builder.tokens.by_symbol[symbol], builder.tokens.amount(symbol, DEPTH_WEI))
        for symbol in symbols
    ]
    coins = tuple(token.address for token, _ in sides)
    rates = tuple(10 ** (36 - token.decimals) for token, _ in sides)
    fees = (CURVE_FEE, CURVE_ADMIN_FEE)
    state = ([0] * len(coins), rates, AMPLIFICATION, 100, True, *fees)
    pool = await builder.chain.deploy(compile_sources(DOUBLES)["CurvePlainPool"], coins, state)
    await _give(builder, pool, sides)
    return CurvePool(
        id=PoolId(pool),
        venue="curve",
        tokens=coins,
        balances=tuple(amount for _, amount in sides),
        rates=rates,
        amplification=AMPLIFICATION,
        a_precision=100,
        reverts_unsettled=True,
        fee=CURVE_FEE,
        admin_fee=CURVE_ADMIN_FEE,
    )


async def _solidly(builder: Builder, symbols: Sequence[str], *, is_stable: bool) -> SolidlyPool:
    sides = builder.sides(*symbols)
    (token0, reserve0), (token1, reserve1) = sides
    fee_bps = 5 if is_stable else 30
    units = (10**token0.decimals, 10**token1.decimals)
    pool = await builder.chain.deploy(
        compile_sources(DOUBLES)["SolidlyCurvedPool"],
        token0.address,
        token1.address,
        (0, 0, *units, fee_bps, is_stable),
    )
    await _give(builder, pool, sides)
    return SolidlyPool(
        id=PoolId(pool),
        venue="solidly",
        token0=token0.address,
        token1=token1.address,
        reserve0=reserve0,
        reserve1=reserve1,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
        fee_bps=fee_bps,
        is_stable=is_stable,
    )


async def _give(builder: Builder, pool: Address, sides: Sequence[tuple[Token, int]]) -> None:
    for token, amount in sides:
        await builder.chain.call(token.address, "transfer(address,uint256)", pool, amount)
    await builder.chain.call(pool, "sync()")
