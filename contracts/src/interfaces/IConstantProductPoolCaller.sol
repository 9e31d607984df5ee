// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a Uniswap V2 pair, or PancakeSwap's, calls on the receiver of a flash swap
interface IConstantProductPoolCaller {
    /// @notice Uses what it received and transfers what the pair is owed.
    /// @param sender Who called the pair.
    /// @param amount0 Received of the token with the lower address.
    /// @param amount1 Received of the other token.
    /// @param data As given with the swap.
    function uniswapV2Call(
        address sender,
        uint256 amount0,
        uint256 amount1,
        bytes calldata data
    ) external;

    /// @notice As `uniswapV2Call`.
    /// @param sender Who called the pair.
    /// @param amount0 Received of the token with the lower address.
    /// @param amount1 Received of the other token.
    /// @param data As given with the swap.
    function pancakeCall(
        address sender,
        uint256 amount0,
        uint256 amount1,
        bytes calldata data
    ) external;
}
