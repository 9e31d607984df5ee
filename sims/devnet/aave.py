"""Aave V3, complete: libraries, provider, access control, pool, configurator, oracle, reserves.

The order is the contracts' own: each step asks the addresses provider for what the ones before
it registered.
"""

from typing import Final

from graphs.units import WEI_PER_ETHER, Address
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Call, Deployer
from sims.devnet.tokens import TokenSet, approve

PROTOCOL: Final = "@aave/core-v3/artifacts/contracts/protocol"
AGGREGATOR: Final = (
    "@aave/core-v3/artifacts/contracts/mocks/oracle/CLAggregators/MockAggregator.sol"
    "/MockAggregator.json"
)
ORACLE: Final = "@aave/core-v3/artifacts/contracts/misc/AaveOracle.sol/AaveOracle.json"
PROVIDER: Final = f"{PROTOCOL}/configuration/PoolAddressesProvider.sol/PoolAddressesProvider.json"
ACL_MANAGER: Final = f"{PROTOCOL}/configuration/ACLManager.sol/ACLManager.json"
POOL: Final = f"{PROTOCOL}/pool/Pool.sol/Pool.json"
PROXY_NAME: Final = "InitializableImmutableAdminUpgradeabilityProxy"
PROXY: Final = f"{PROTOCOL}/libraries/aave-upgradeability/{PROXY_NAME}.sol/{PROXY_NAME}.json"
CONFIGURATOR: Final = f"{PROTOCOL}/pool/PoolConfigurator.sol/PoolConfigurator.json"
STRATEGY: Final = (
    f"{PROTOCOL}/pool/DefaultReserveInterestRateStrategy.sol"
    "/DefaultReserveInterestRateStrategy.json"
)

POOL_ID: Final = b"POOL".ljust(32, b"\0")
"""PoolAddressesProvider: what the pool is known by."""

LIBRARIES: Final = (
    "SupplyLogic",
    "BorrowLogic",
    "LiquidationLogic",
    "EModeLogic",
    "BridgeLogic",
    "PoolLogic",
    "ConfiguratorLogic",
    "FlashLoanLogic",
)
"""The last one calls BorrowLogic."""

ACCOUNTING_TOKENS: Final = ("AToken", "StableDebtToken", "VariableDebtToken")
RESERVES: Final = ("WETH", "USDC", "DAI")
FLASH_PREMIUM_BPS: Final = 5
"""Of a flash loan, as on mainnet."""

RAY: Final = 10**27
RATE_PERCENTAGES: Final = (80, 0, 4, 60, 1, 60, 1, 8, 20)
"""Usage ratios and rates of DefaultReserveInterestRateStrategy, in per cent."""

PERCENT: Final = 100
PRICE_UNIT: Final = 10**8
"""AaveOracle: of one unit of its base currency, here ether."""

LOAN_TO_VALUE_BPS: Final = 8_000
LIQUIDATION_THRESHOLD_BPS: Final = 8_500
LIQUIDATION_BONUS_BPS: Final = 10_500
NOBODY: Final = Address("0x" + "00" * 20)

INIT_RESERVES: Final = (
    "initReserves((address,address,address,uint8,address,address,address,address,"
    "string,string,string,string,string,string,bytes)[])"
)


async def deploy_aave(deployer: Deployer, tokens: TokenSet, *, depth_wei: int) -> Address:
    """Deploy everything, list the reserves, allow flash loans and supply; the pool's address.

    Raises:
        ArtifactError, DeploymentError: it cannot.
    """
    provider = await deployer.deploy(load_code(PROVIDER), "devnet", deployer.address)
    await _deploy_access_control(deployer, provider)
    pool, configurator = await _deploy_pool(deployer, provider)
    await _deploy_oracle(deployer, provider, tokens)
    await _list_reserves(deployer, provider, pool, configurator=configurator, tokens=tokens)
    await _supply(deployer, pool, tokens, depth_wei=depth_wei)
    return pool


async def _deploy_access_control(deployer: Deployer, provider: Address) -> None:
    await deployer.call(provider, "setACLAdmin(address)", deployer.address)
    manager = await deployer.deploy(load_code(ACL_MANAGER), provider)
    await deployer.call(provider, "setACLManager(address)", manager)
    roles = ("addPoolAdmin", "addAssetListingAdmin", "addRiskAdmin", "addEmergencyAdmin")
    await deployer.send(
        *(
            Call(to=manager, signature=f"{role}(address)", arguments=(deployer.address,))
            for role in roles
        )
    )


async def _deploy_pool(deployer: Deployer, provider: Address) -> tuple[Address, Address]:
    """The proxies of the pool and of its configurator."""
    libraries: dict[str, Address] = {}
    for name in LIBRARIES:
        code = load_code(f"{PROTOCOL}/libraries/logic/{name}.sol/{name}.json")
        libraries[name] = await deployer.deploy(code.linked(libraries))
    pool = await deployer.deploy(load_code(POOL).linked(libraries), provider)
    configurator = await deployer.deploy(load_code(CONFIGURATOR).linked(libraries))
    if PROXY_NAME in deployer.places:
        # The provider makes the pool's proxy itself, unless it knows one.
        proxy = await deployer.deploy(load_code(PROXY), provider)
        await deployer.call(provider, "setAddress(bytes32,address)", POOL_ID, proxy)
    await deployer.call(provider, "setPoolImpl(address)", pool)
    await deployer.call(provider, "setPoolConfiguratorImpl(address)", configurator)
    return (
        await deployer.read_address(provider, "getPool()"),
        await deployer.read_address(provider, "getPoolConfigurator()"),
    )


async def _deploy_oracle(deployer: Deployer, provider: Address, tokens: TokenSet) -> None:
    prices = [tokens.prices_wei[symbol] * PRICE_UNIT // WEI_PER_ETHER for symbol in RESERVES]
    sources = [await deployer.deploy(load_code(AGGREGATOR), price) for price in prices]
    assets = [tokens.address(symbol) for symbol in RESERVES]
    oracle = await deployer.deploy(
        load_code(ORACLE), provider, assets, sources, NOBODY, NOBODY, PRICE_UNIT
    )
    await deployer.call(provider, "setPriceOracle(address)", oracle)


async def _list_reserves(
    deployer: Deployer,
    provider: Address,
    pool: Address,
    *,
    configurator: Address,
    tokens: TokenSet,
) -> None:
    accounting = [
        await deployer.deploy(load_code(f"{PROTOCOL}/tokenization/{name}.sol/{name}.json"), pool)
        for name in ACCOUNTING_TOKENS
    ]
    rates = [percentage * RAY // PERCENT for percentage in RATE_PERCENTAGES]
    strategy = await deployer.deploy(load_code(STRATEGY), provider, *rates)
    listed = []
    for symbol in RESERVES:
        token = tokens.by_symbol[symbol]
        names = [f"{prefix} {symbol}" for prefix in ("aToken", "a", "Variable", "v", "Stable", "s")]
        known = (token.decimals, strategy, token.address, deployer.address, NOBODY)
        listed.append((*accounting, *known, *names, b""))
    await deployer.call(configurator, INIT_RESERVES, listed)
    await deployer.send(*_reserve_settings(configurator, tokens))


def _reserve_settings(configurator: Address, tokens: TokenSet) -> list[Call]:
    limits = (LOAN_TO_VALUE_BPS, LIQUIDATION_THRESHOLD_BPS, LIQUIDATION_BONUS_BPS)
    settings: list[tuple[str, tuple[object, ...]]] = [
        ("updateFlashloanPremiumTotal(uint128)", (FLASH_PREMIUM_BPS,))
    ]
    for symbol in RESERVES:
        asset = tokens.address(symbol)
        settings += [
            (
                "configureReserveAsCollateral(address,uint256,uint256,uint256)",
                (asset, *limits),
            ),
            ("setReserveBorrowing(address,bool)", (asset, True)),
            ("setReserveFlashLoaning(address,bool)", (asset, True)),
        ]
    return [
        Call(to=configurator, signature=signature, arguments=arguments)
        for signature, arguments in settings
    ]


async def _supply(deployer: Deployer, pool: Address, tokens: TokenSet, *, depth_wei: int) -> None:
    holder = deployer.address
    await approve(deployer, tokens, holders=(holder,), spenders=(pool,))
    await deployer.send(
        *(
            Call(
                to=pool,
                signature="supply(address,uint256,address,uint16)",
                arguments=(tokens.address(symbol), tokens.amount(symbol, depth_wei), holder, 0),
            )
            for symbol in RESERVES
        )
    )
