"""Uniswap V2, its PancakeSwap fork with another fee, and Uniswap V3: factories, routers, pools."""

import math
from typing import Final

from eth_utils.crypto import keccak

from graphs.units import Address
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Call, Deployer
from sims.devnet.deployment import DeployedPool, Factory
from sims.devnet.plan import (
    FEE_PIPS_PANCAKESWAP,
    FEE_PIPS_V2,
    PANCAKESWAP,
    UNISWAP_V2,
    UNISWAP_V3,
    PoolPlan,
)
from sims.devnet.tokens import TokenSet

V2_FACTORY: Final = "@uniswap/v2-core/build/UniswapV2Factory.json"
V2_PAIR: Final = "@uniswap/v2-core/build/UniswapV2Pair.json"
V2_ROUTER: Final = "@uniswap/v2-periphery/build/UniswapV2Router02.json"
PANCAKE_FACTORY: Final = "@pancakeswap-libs/pancake-swap-core/build/PancakeFactory.json"
PANCAKE_PAIR: Final = "@pancakeswap-libs/pancake-swap-core/build/PancakePair.json"
V3_FACTORY: Final = (
    "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json"
)
V3_POOL: Final = "@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"
V3_PERIPHERY: Final = "@uniswap/v3-periphery/artifacts/contracts"
V3_ROUTER: Final = f"{V3_PERIPHERY}/SwapRouter.sol/SwapRouter.json"
V3_QUOTER: Final = f"{V3_PERIPHERY}/lens/QuoterV2.sol/QuoterV2.json"
V3_POSITIONS: Final = (
    f"{V3_PERIPHERY}/NonfungiblePositionManager.sol/NonfungiblePositionManager.json"
)

MINT: Final = (
    "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
)

NO_DESCRIPTOR: Final = Address("0x" + "00" * 20)
"""Without one the position manager does everything but describe its tokens."""

FOREVER: Final = 2**64
"""Unix seconds, later than any block."""

TICK_BASE: Final = 1.0001
"""TickMath: the price ratio between two ticks."""

TICK_GRID: Final = 60
"""A multiple of the tick spacings of both fee tiers, 10 and 60."""

POSITIONS: Final = ((1_200, 50), (6_000, 30), (24_000, 20))
"""Half-widths in ticks, each with its percentage of the liquidity at the first price."""

PERCENT: Final = 100
PER_MILLE: Final = 1_000
Q96_BITS: Final = 96
"""UniswapV3 keeps square roots of prices times 2^96."""

_Sides = tuple[tuple[Address, int], tuple[Address, int]]


async def deploy_uniswap_v2(deployer: Deployer, weth: Address) -> Factory:
    """Deploy the original.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    factory = await deployer.deploy(load_code(V2_FACTORY), deployer.address)
    return Factory(
        kind="uniswap_v2",
        venue=UNISWAP_V2,
        address=factory,
        router=await deployer.deploy(load_code(V2_ROUTER), factory, weth),
        fee_pips=FEE_PIPS_V2,
        init_code_hash=_init_code_hash(V2_PAIR),
    )


async def deploy_pancakeswap(deployer: Deployer, weth: Address) -> Factory:
    """Deploy the fork, with a router of its own.

    The package ships none, and a router finds pairs by the hash of their creation code. So this is
    Uniswap's with that hash exchanged. It quotes with Uniswap's higher fee: whoever swaps through
    it leaves the difference to the pool.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    factory = await deployer.deploy(load_code(PANCAKE_FACTORY), deployer.address)
    own_hash = _init_code_hash(PANCAKE_PAIR)
    router = load_code(V2_ROUTER).replaced(
        bytes.fromhex(_init_code_hash(V2_PAIR)[2:]), bytes.fromhex(own_hash[2:])
    )
    return Factory(
        kind="uniswap_v2",
        venue=PANCAKESWAP,
        address=factory,
        router=await deployer.deploy(router, factory, weth),
        fee_pips=FEE_PIPS_PANCAKESWAP,
        init_code_hash=own_hash,
    )


async def deploy_uniswap_v3(deployer: Deployer, weth: Address) -> Factory:
    """Deploy factory and router.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    factory = await deployer.deploy(load_code(V3_FACTORY))
    return Factory(
        kind="uniswap_v3",
        venue=UNISWAP_V3,
        address=factory,
        router=await deployer.deploy(load_code(V3_ROUTER), factory, weth),
        fee_pips=None,
        init_code_hash=_init_code_hash(V3_POOL),
    )


async def deploy_quoter(deployer: Deployer, factory: Factory, weth: Address) -> Address:
    """Deploy QuoterV2.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    return await deployer.deploy(load_code(V3_QUOTER), factory.address, weth)


async def deploy_positions(deployer: Deployer, factory: Factory, weth: Address) -> Address:
    """Deploy NonfungiblePositionManager.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    return await deployer.deploy(load_code(V3_POSITIONS), factory.address, weth, NO_DESCRIPTOR)


async def create_pair(
    deployer: Deployer, factory: Factory, *, pool: PoolPlan, tokens: TokenSet
) -> DeployedPool:
    """Create and fill a constant-product pool.

    Raises:
        DeploymentError: it cannot.
    """
    (token0, amount0), (token1, amount1) = _sides(pool, tokens)
    await deployer.call(factory.address, "createPair(address,address)", token0, token1)
    pair = await deployer.read_address(factory.address, "getPair(address,address)", token0, token1)
    transfer = "transfer(address,uint256)"
    await deployer.send(
        Call(to=token0, signature=transfer, arguments=(pair, amount0)),
        Call(to=token1, signature=transfer, arguments=(pair, amount1)),
        Call(to=pair, signature="mint(address)", arguments=(deployer.address,)),
    )
    return _deployed(pool, pair, ((token0, amount0), (token1, amount1)))


async def create_v3_pool(
    deployer: Deployer, factory: Factory, positions: Address, *, pool: PoolPlan, tokens: TokenSet
) -> DeployedPool:
    """Create a concentrated pool and fill it with positions around its price.

    Raises:
        DeploymentError: it cannot.
    """
    sides = _sides(pool, tokens)
    (token0, amount0), (token1, amount1) = sides
    await deployer.call(
        positions,
        "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
        token0,
        token1,
        pool.fee_pips,
        math.isqrt((amount1 << 2 * Q96_BITS) // amount0),
    )
    await deployer.send(*_mints(positions, sides, fee_pips=pool.fee_pips, owner=deployer.address))
    get_pool = "getPool(address,address,uint24)"
    address = await deployer.read_address(factory.address, get_pool, token0, token1, pool.fee_pips)
    return _deployed(pool, address, sides)


def _sides(pool: PoolPlan, tokens: TokenSet) -> _Sides:
    """Both tokens with their amounts, in the order of the contract."""
    low, high = sorted(
        (tokens.address(symbol), tokens.amount(symbol, pool.depth_wei)) for symbol in pool.symbols
    )
    return low, high


def _mints(positions: Address, sides: _Sides, *, fee_pips: int, owner: Address) -> list[Call]:
    """One position for each width, centred on the price of the sides."""
    (token0, amount0), (token1, amount1) = sides
    centre = round(math.log(amount1 / amount0, TICK_BASE) / TICK_GRID) * TICK_GRID
    calls = []
    for half_width, percentage in POSITIONS:
        desired = (
            _concentrated(amount0 * percentage // PERCENT, half_width),
            _concentrated(amount1 * percentage // PERCENT, half_width),
        )
        ticks = (centre - half_width, centre + half_width)
        key = (token0, token1, fee_pips, *ticks)
        calls.append(
            Call(to=positions, signature=MINT, arguments=((*key, *desired, 0, 0, owner, FOREVER),))
        )
    return calls


def _concentrated(amount: int, half_width: int) -> int:
    """What a position needs to be as deep at its centre as that much without bounds.

    Whitepaper of Uniswap V3, equation 6.29: 1 - sqrt(lower price / price), to the per mille.
    """
    share_float: float = 1 - TICK_BASE ** (-half_width / 2)
    return amount * round(PER_MILLE * share_float) // PER_MILLE


def _deployed(pool: PoolPlan, address: Address, sides: _Sides) -> DeployedPool:
    (token0, amount0), (token1, amount1) = sides
    return DeployedPool(
        venue=pool.venue,
        address=address,
        tokens=(token0, token1),
        fee_pips=pool.fee_pips,
        amounts=(amount0, amount1),
        depth_wei=pool.depth_wei,
    )


def _init_code_hash(path: str) -> str:
    return "0x" + keccak(load_code(path).creation_code).hex()
