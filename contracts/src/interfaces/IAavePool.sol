// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of Aave V3
interface IAavePool {
    /// @notice Lends one asset within the transaction and calls `executeOperation` on the receiver.
    /// @dev Pulls the amount and its premium from the receiver by allowance afterwards.
    /// @param receiver Who gets the asset and the callback.
    /// @param asset What is lent.
    /// @param amount How much, in raw units.
    /// @param params Handed to the callback unchanged.
    /// @param referralCode Unused by Aave; zero.
    function flashLoanSimple(
        address receiver,
        address asset,
        uint256 amount,
        bytes calldata params,
        uint16 referralCode
    ) external;
}
