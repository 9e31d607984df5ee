// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAaveFlashBorrower} from "../../src/interfaces/IAaveFlashBorrower.sol";
import {IAavePool} from "../../src/interfaces/IAavePool.sol";

/// @dev Lends like Aave V3: transfer, callback, then collection by allowance, at a fee of 5 bps.
contract AavePoolDouble is IAavePool {
    using SafeERC20 for IERC20;

    error Refused();

    uint256 public constant PREMIUM_BPS = 5;

    function flashLoanSimple(
        address receiver,
        address asset,
        uint256 amount,
        bytes calldata params,
        uint16
    ) external virtual {
        uint256 premium = (amount * PREMIUM_BPS + 5000) / 10_000;
        IERC20(asset).safeTransfer(receiver, amount);
        bool accepted = IAaveFlashBorrower(receiver)
            .executeOperation(asset, amount, premium, msg.sender, params);
        if (!accepted) revert Refused();
        IERC20(asset).safeTransferFrom(receiver, address(this), amount + premium);
    }
}
