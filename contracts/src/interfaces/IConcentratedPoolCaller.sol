// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a Uniswap V3 pool, or PancakeSwap's, calls on whoever swaps or borrows
interface IConcentratedPoolCaller {
    /// @notice Transfers the positive amount to the calling pool.
    /// @param amount0Delta What the pool is owed of the token with the lower address.
    /// @param amount1Delta What the pool is owed of the other token.
    /// @param data As given with the swap.
    function uniswapV3SwapCallback(
        int256 amount0Delta,
        int256 amount1Delta,
        bytes calldata data
    ) external;

    /// @notice As `uniswapV3SwapCallback`.
    /// @param amount0Delta What the pool is owed of the token with the lower address.
    /// @param amount1Delta What the pool is owed of the other token.
    /// @param data As given with the swap.
    function pancakeV3SwapCallback(
        int256 amount0Delta,
        int256 amount1Delta,
        bytes calldata data
    ) external;

    /// @notice Transfers what was lent and the fees to the calling pool.
    /// @param fee0 On the token with the lower address.
    /// @param fee1 On the other token.
    /// @param data As given with the request.
    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;

    /// @notice As `uniswapV3FlashCallback`.
    /// @param fee0 On the token with the lower address.
    /// @param fee1 On the other token.
    /// @param data As given with the request.
    function pancakeV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
}
