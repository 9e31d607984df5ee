// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What Aave V3 calls on the receiver of a simple flash loan
interface IAaveFlashBorrower {
    /// @notice Uses the asset and allows the pool to pull the amount and the premium.
    /// @param asset What was lent.
    /// @param amount How much, in raw units.
    /// @param premium The fee on top.
    /// @param initiator Who asked for the loan.
    /// @param params As given with the request.
    /// @return Whether the pool shall go on and collect.
    function executeOperation(
        address asset,
        uint256 amount,
        uint256 premium,
        address initiator,
        bytes calldata params
    ) external returns (bool);
}
