// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of a Uniswap V3 pool and its forks
interface IConcentratedPool {
    /// @notice Trades, and calls `uniswapV3SwapCallback` on the caller for the input.
    /// @param recipient Who receives the output.
    /// @param zeroForOne Whether the token with the lower address is sold.
    /// @param amountSpecified Positive for an exact input.
    /// @param sqrtPriceLimitX96 The price at which it stops, even with input left.
    /// @param data Handed to the callback unchanged.
    /// @return amount0 The pool's gain of the token with the lower address.
    /// @return amount1 The pool's gain of the other token.
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);

    /// @notice Lends within the transaction and calls `uniswapV3FlashCallback` on the caller.
    /// @param recipient Who receives the loan.
    /// @param amount0 Of the token with the lower address.
    /// @param amount1 Of the other token.
    /// @param data Handed to the callback unchanged.
    function flash(
        address recipient,
        uint256 amount0,
        uint256 amount1,
        bytes calldata data
    ) external;
}
