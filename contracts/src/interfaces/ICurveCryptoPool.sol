// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of Curve's pools that number their coins with uint256
interface ICurveCryptoPool {
    /// @notice Trades, pulling the input by allowance. Some pools return the output, some nothing.
    /// @param i Index of the coin that is sold.
    /// @param j Index of the coin that is bought.
    /// @param dx Input, in raw units.
    /// @param minDy The least output.
    function exchange(uint256 i, uint256 j, uint256 dx, uint256 minDy) external;
}
