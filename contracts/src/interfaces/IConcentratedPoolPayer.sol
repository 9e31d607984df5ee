// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a Uniswap V3 pool calls on whoever swaps
interface IConcentratedPoolPayer {
    /// @notice Transfers the positive amount to the calling pool.
    /// @param amount0Delta What the pool is owed of the token with the lower address.
    /// @param amount1Delta What the pool is owed of the other token.
    /// @param data As given with the swap.
    function uniswapV3SwapCallback(
        int256 amount0Delta,
        int256 amount1Delta,
        bytes calldata data
    ) external;
}
