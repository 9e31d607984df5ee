// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISoloMargin} from "./ISoloMargin.sol";

/// @notice What SoloMargin calls between a withdrawal and a deposit
interface ISoloMarginCallee {
    /// @notice Uses what was withdrawn.
    /// @param sender Who called SoloMargin.
    /// @param account Of the ledger.
    /// @param data As given with the action.
    function callFunction(
        address sender,
        ISoloMargin.Account calldata account,
        bytes calldata data
    ) external;
}
