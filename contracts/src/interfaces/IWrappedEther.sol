// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What the executor needs of wrapped ether
interface IWrappedEther is IERC20 {
    /// @notice Burns the caller's wrapped ether and sends it the same amount of ether.
    /// @param amount In wei.
    function withdraw(uint256 amount) external;
}
