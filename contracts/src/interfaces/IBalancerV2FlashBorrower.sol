// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What Balancer V2 calls on the recipient of a flash loan
interface IBalancerV2FlashBorrower {
    /// @notice Uses the assets and transfers amounts and fees back to the vault.
    /// @param tokens What was lent.
    /// @param amounts How much of each, in raw units.
    /// @param feeAmounts The fee on top of each.
    /// @param userData As given with the request.
    function receiveFlashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata feeAmounts,
        bytes calldata userData
    ) external;
}
