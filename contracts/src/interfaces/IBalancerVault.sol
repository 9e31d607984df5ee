// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of Balancer V2
interface IBalancerVault {
    /// @notice Lends assets within the transaction and calls `receiveFlashLoan` on the recipient.
    /// @dev Compares its own balances afterwards; the recipient pays back by transfer.
    /// @param recipient Who gets the assets and the callback.
    /// @param tokens What is lent, sorted by address.
    /// @param amounts How much of each, in raw units.
    /// @param userData Handed to the callback unchanged.
    function flashLoan(
        address recipient,
        address[] calldata tokens,
        uint256[] calldata amounts,
        bytes calldata userData
    ) external;
}
