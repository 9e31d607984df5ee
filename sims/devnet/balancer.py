"""Balancer V2: the vault, and one weighted pool whose WETH the vault can lend."""

from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode

from graphs.units import WEI_PER_ETHER, Address
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Deployer
from sims.devnet.tokens import TokenSet

TASKS: Final = "@balancer-labs/v2-deployments/dist/tasks"
AUTHORIZER: Final = f"{TASKS}/20210418-authorizer/artifact/Authorizer.json"
VAULT: Final = f"{TASKS}/20210418-vault/artifact/Vault.json"
WEIGHTED_POOL_FACTORY: Final = (
    f"{TASKS}/deprecated/20210418-weighted-pool/artifact/WeightedPoolFactory.json"
)

SECONDS_PER_DAY: Final = 86_400
PAUSE_WINDOW_SECONDS: Final = 90 * SECONDS_PER_DAY
BUFFER_SECONDS: Final = 30 * SECONDS_PER_DAY
"""TemporarilyPausable: the longest that the constructor takes."""

SWAP_FEE: Final = 3 * 10**15
"""0.3 %, of 10^18."""

JOIN_INIT: Final = 0
"""WeightedPool.JoinKind.INIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """What was deployed."""

    vault: Address
    """Holds and lends everything."""

    pool_id: str
    """Of the weighted pool, hex with 0x."""


async def deploy_vault(deployer: Deployer, weth: Address) -> Address:
    """Deploy the vault with its authorizer.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    authorizer = await deployer.deploy(load_code(AUTHORIZER), deployer.address)
    windows = (PAUSE_WINDOW_SECONDS, BUFFER_SECONDS)
    return await deployer.deploy(load_code(VAULT), authorizer, weth, *windows)


async def create_weighted_pool(
    deployer: Deployer, vault: Address, tokens: TokenSet, *, depth_wei: int
) -> Balancer:
    """Create a pool of WETH and DAI in equal parts and fill it; the vault may take both tokens.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    factory = await deployer.deploy(load_code(WEIGHTED_POOL_FACTORY), vault)
    sides = sorted(
        (tokens.address(symbol), tokens.amount(symbol, depth_wei)) for symbol in ("WETH", "DAI")
    )
    assets = [address for address, _ in sides]
    amounts = [amount for _, amount in sides]
    create = "create(string,string,address[],uint256[],uint256,address)"
    weights = [WEI_PER_ETHER // 2, WEI_PER_ETHER // 2]
    arguments = ("50WETH-50DAI", "50WETH-50DAI", assets, weights, SWAP_FEE, deployer.address)
    pool = await deployer.read_address(factory, create, *arguments)
    await deployer.call(factory, create, *arguments)
    pool_id = await deployer.read(pool, "getPoolId()")
    user_data = encode(["uint256", "uint256[]"], [JOIN_INIT, amounts])
    await deployer.call(
        vault,
        "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))",
        pool_id,
        deployer.address,
        deployer.address,
        (assets, amounts, user_data, False),
    )
    return Balancer(vault=vault, pool_id="0x" + pool_id.hex())
