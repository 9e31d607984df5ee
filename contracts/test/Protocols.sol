// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IConcentratedPool} from "../src/interfaces/IConcentratedPool.sol";
import {IConstantProductPool} from "../src/interfaces/IConstantProductPool.sol";
import {IUniswapV4Manager} from "../src/interfaces/IUniswapV4Manager.sol";
import {IWrappedEther} from "../src/interfaces/IWrappedEther.sol";

// What only the tests need of the protocols.

interface IPairFactory {
    function createPair(address tokenA, address tokenB) external returns (address pair);
}

interface IPair is IConstantProductPool {
    function mint(address to) external returns (uint256 liquidity);
    function skim(address to) external;
    function sync() external;
}

interface IConcentratedFactory {
    function createPool(address tokenA, address tokenB, uint24 fee) external returns (address pool);
}

interface IConcentrated is IConcentratedPool {
    function initialize(uint160 sqrtPriceX96) external;
    function mint(
        address recipient,
        int24 tickLower,
        int24 tickUpper,
        uint128 amount,
        bytes calldata data
    ) external returns (uint256 amount0, uint256 amount1);
    function token0() external view returns (address);
    function token1() external view returns (address);
}

interface IV4Setup {
    function initialize(
        IUniswapV4Manager.PoolKey calldata key,
        uint160 sqrtPriceX96
    ) external returns (int24 tick);
}

interface IV4Liquidity {
    struct ModifyLiquidityParams {
        int24 tickLower;
        int24 tickUpper;
        int256 liquidityDelta;
        bytes32 salt;
    }

    function modifyLiquidity(
        IUniswapV4Manager.PoolKey calldata key,
        ModifyLiquidityParams calldata params,
        bytes calldata hookData
    ) external payable returns (int256 delta);
}

interface IWeightedPoolFactory {
    function create(
        string calldata name,
        string calldata symbol,
        address[] calldata tokens,
        uint256[] calldata weights,
        uint256 swapFeePercentage,
        address owner
    ) external returns (address pool);
}

interface IWeightedPool {
    function getPoolId() external view returns (bytes32);
}

interface IVaultSetup {
    struct JoinPoolRequest {
        address[] assets;
        uint256[] maxAmountsIn;
        bytes userData;
        bool fromInternalBalance;
    }

    function joinPool(
        bytes32 poolId,
        address sender,
        address recipient,
        JoinPoolRequest calldata request
    ) external payable;
}

interface IWrappedEtherMint is IWrappedEther {
    function deposit() external payable;
}
