// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What Balancer V3's vault calls on whoever unlocks it, since it calls what it is told to
interface IBalancerV3Caller {
    /// @notice Borrows, trades and settles.
    /// @param plan As given with the unlocking.
    function balancerV3Unlocked(bytes calldata plan) external;
}
