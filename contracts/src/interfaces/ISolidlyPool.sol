// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a Solidly pool can besides a Uniswap V2 pair
interface ISolidlyPool {
    /// @notice What an input buys, after the pool's own fee and along its own curve.
    /// @param amountIn In raw units.
    /// @param tokenIn What is sold.
    /// @return In raw units of the other token.
    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256);
}
