// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {ISoloMargin} from "../../src/interfaces/ISoloMargin.sol";
import {ISoloMarginCallee} from "../../src/interfaces/ISoloMarginCallee.sol";

/// @dev Deposits, withdraws and calls like dYdX's SoloMargin; an account may end with no less than
/// it began with. Two raw units stand for the rounding of its interest.
contract SoloMarginDouble is ISoloMargin {
    using SafeERC20 for IERC20;

    mapping(uint256 market => IERC20) public tokens;
    mapping(uint256 market => int256) private changes;

    error Undercollateralised(uint256 market);

    function list(uint256 market, IERC20 token) external {
        tokens[market] = token;
    }

    function operate(Account[] calldata accounts, ActionArgs[] calldata actions) external {
        for (uint256 i = 0; i < actions.length; ++i) {
            _act(accounts[actions[i].accountId], actions[i]);
        }
        for (uint256 i = 0; i < actions.length; ++i) {
            uint256 market = actions[i].primaryMarketId;
            if (actions[i].actionType < 2 && changes[market] < 2) {
                revert Undercollateralised(market);
            }
        }
        for (uint256 i = 0; i < actions.length; ++i) {
            changes[actions[i].primaryMarketId] = 0;
        }
    }

    function _act(Account calldata account, ActionArgs calldata action) private {
        IERC20 token = tokens[action.primaryMarketId];
        uint256 value = action.amount.value;
        if (action.actionType == 0) {
            require(action.amount.sign && action.otherAddress == msg.sender, "deposit");
            token.safeTransferFrom(action.otherAddress, address(this), value);
            changes[action.primaryMarketId] += int256(value);
        } else if (action.actionType == 1) {
            require(!action.amount.sign && account.owner == msg.sender, "withdrawal");
            token.safeTransfer(action.otherAddress, value);
            changes[action.primaryMarketId] -= int256(value);
        } else {
            require(action.actionType == 8, "action");
            ISoloMarginCallee(action.otherAddress).callFunction(msg.sender, account, action.data);
        }
    }
}
