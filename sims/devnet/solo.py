"""dYdX's SoloMargin: a partial double. The contract is real, one of its libraries is not.

`OperationImpl`, the body of `operate`, is in no published package; a stand-in of ours with
deposits, withdrawals and calls takes its place, without margin accounts.
"""

from typing import Final

from graphs.units import WEI_PER_ETHER, Address
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Deployer
from sims.devnet.package_sources import SourceSet, compile_sources

PUBLISHED: Final = "@dydxprotocol/solo/dist/build/published_contracts"
STAND_IN: Final = SourceSet(paths=("devnet/doubles/SoloOperationDouble.sol",))
PERCENT: Final = WEI_PER_ETHER // 100
RISK_PARAMETERS: Final = ((15 * PERCENT,), (5 * PERCENT,), (95 * PERCENT,), (5 * PERCENT,))
RISK_LIMITS: Final = (
    2 * WEI_PER_ETHER,
    WEI_PER_ETHER // 2,
    WEI_PER_ETHER,
    2 * WEI_PER_ETHER,
    2 * WEI_PER_ETHER,
    100 * WEI_PER_ETHER,
)
"""Storage.RiskParams and Storage.RiskLimits, as dYdX deployed them."""


async def deploy_solo(deployer: Deployer, tokens: tuple[Address, ...]) -> Address:
    """Deploy SoloMargin with a market for each token, numbered in this order, and nothing in them.

    Raises:
        ArtifactError, CompilationError, DeploymentError: it cannot.
    """
    libraries = {
        "AdminImpl": await deployer.deploy(load_code(f"{PUBLISHED}/AdminImpl.json")),
        "OperationImpl": await deployer.deploy(compile_sources(STAND_IN)["SoloOperationDouble"]),
    }
    code = load_code(f"{PUBLISHED}/SoloMargin.json").linked(libraries)
    solo = await deployer.deploy(code, RISK_PARAMETERS, RISK_LIMITS)
    oracle = await deployer.deploy(load_code(f"{PUBLISHED}/TestPriceOracle.json"))
    setter = await deployer.deploy(load_code(f"{PUBLISHED}/TestInterestSetter.json"))
    add_market = "ownerAddMarket(address,address,address,(uint256),(uint256))"
    for token in tokens:
        await deployer.call(oracle, "setPrice(address,uint256)", token, WEI_PER_ETHER)
        await deployer.call(solo, add_market, token, oracle, setter, (0,), (0,))
    return solo
