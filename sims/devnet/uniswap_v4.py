"""Uniswap V4: the manager, which lends whatever its pools hold, and pools without hooks."""

import math
from dataclasses import dataclass
from typing import Final

from graphs.pools.pool_key import PoolKey
from graphs.pools.tick_math import MAX_TICK
from graphs.units import Address
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Call, Deployer
from sims.devnet.tokens import MAX_UINT256

CORE: Final = "@uniswap/v4-core/out/{0}.sol/{0}.json"
KEY: Final = "(address,address,uint24,int24,address)"
INITIALIZE: Final = f"initialize({KEY},uint160)"
MODIFY_LIQUIDITY: Final = f"modifyLiquidity({KEY},(int24,int24,int256,bytes32),bytes)"
NO_SALT: Final = bytes(32)
Q96_BITS: Final = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV4:
    """What was deployed."""

    manager: Address
    """PoolManager: holds and lends everything."""

    provider: Address
    """PoolModifyLiquidityTest of the same package, which adds liquidity for whoever asks."""


async def deploy_uniswap_v4(deployer: Deployer) -> UniswapV4:
    """Deploy the manager and the contract that fills its pools.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    manager = await deployer.deploy(load_code(CORE.format("PoolManager")), deployer.address)
    provider = await deployer.deploy(load_code(CORE.format("PoolModifyLiquidityTest")), manager)
    return UniswapV4(manager=manager, provider=provider)


async def create_v4_pool(
    deployer: Deployer, uniswap: UniswapV4, key: PoolKey, *, amounts: tuple[int, int]
) -> None:
    """Create a pool at the price of the amounts, and fill it with them over all prices.

    Raises:
        DeploymentError: it cannot.
    """
    names = (key.currency0, key.currency1, key.fee_pips, key.tick_spacing, key.hooks)
    amount0, amount1 = amounts
    price_x96 = math.isqrt((amount1 << 2 * Q96_BITS) // amount0)
    outermost = MAX_TICK // key.tick_spacing * key.tick_spacing
    position = (-outermost, outermost, math.isqrt(amount0 * amount1), NO_SALT)
    approvals = [
        Call(
            to=currency,
            signature="approve(address,uint256)",
            arguments=(uniswap.provider, MAX_UINT256),
        )
        for currency in (key.currency0, key.currency1)
    ]
    await deployer.send(
        *approvals,
        Call(to=uniswap.manager, signature=INITIALIZE, arguments=(names, price_x96)),
        Call(to=uniswap.provider, signature=MODIFY_LIQUIDITY, arguments=(names, position, b"")),
    )
