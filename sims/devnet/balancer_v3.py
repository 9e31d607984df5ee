"""Balancer V3's vault, compiled from the sources of its packages, which ship no bytecode.

The authorizer is a stand-in that allows everything to everybody. The first compilation takes half a
minute; its result is kept.
"""

from typing import Final

from eth_typing import HexAddress, HexStr
from web3.types import Nonce
from web3.utils.address import get_create_address

from graphs.units import Address
from sims.devnet.artifacts import ContractCode
from sims.devnet.balancer import BUFFER_SECONDS, PAUSE_WINDOW_SECONDS
from sims.devnet.deployer import Deployer
from sims.devnet.package_sources import SourceSet, compile_sources

VAULT: Final = "node_modules/@balancer-labs/v3-vault/contracts"
SOURCES: Final = SourceSet(
    paths=tuple(
        f"{VAULT}/{name}.sol"
        for name in ("Vault", "VaultExtension", "VaultAdmin", "ProtocolFeeController")
    ),
    remappings=(
        "@openzeppelin/=node_modules/@openzeppelin/",
        "@balancer-labs/=node_modules/@balancer-labs/",
    ),
    optimizer_runs=1,
    via_ir=True,
)
"""More runs make the vault too large for a chain (EIP-170)."""

ALLOW_ALL: Final = ContractCode(
    name="an authorizer that allows everything",
    creation_code=bytes.fromhex("69600160005260206000f3600052600a6016f3"),
    constructor_types=(),
)
"""PUSH10 of the code that returns one, and its return as the contract."""

MIN_TRADE: Final = 10**6
MIN_WRAP: Final = 10**4
"""As on mainnet, with 18 decimals."""

DEPLOYMENTS_BEFORE_VAULT: Final = 3


async def deploy_balancer_v3(deployer: Deployer) -> Address:
    """Deploy the vault with its parts, which are told its address in advance.

    Raises:
        CompilationError, DeploymentError: it cannot.
    """
    code = compile_sources(SOURCES)
    authorizer = await deployer.deploy(ALLOW_ALL)
    nonce = int(
        str(await deployer.rpc.call("eth_getTransactionCount", deployer.address, "latest")), 16
    )
    creator = HexAddress(HexStr(deployer.address))
    vault = Address(get_create_address(creator, Nonce(nonce + DEPLOYMENTS_BEFORE_VAULT)).lower())
    windows = (PAUSE_WINDOW_SECONDS, BUFFER_SECONDS)
    admin = await deployer.deploy(code["VaultAdmin"], vault, *windows, MIN_TRADE, MIN_WRAP)
    extension = await deployer.deploy(code["VaultExtension"], vault, admin)
    controller = await deployer.deploy(code["ProtocolFeeController"], vault, 0, 0)
    return await deployer.deploy(code["Vault"], extension, authorizer, controller)
