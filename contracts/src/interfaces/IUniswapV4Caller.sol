// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What Uniswap V4's manager calls on whoever unlocks it
interface IUniswapV4Caller {
    /// @notice Trades and settles.
    /// @param data As given with the unlocking.
    /// @return Handed to the one who unlocked.
    function unlockCallback(bytes calldata data) external returns (bytes memory);
}
