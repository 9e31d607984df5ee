// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAaveFlashBorrower} from "../../src/interfaces/IAaveFlashBorrower.sol";
import {IAavePool} from "../../src/interfaces/IAavePool.sol";
import {IBalancerFlashBorrower} from "../../src/interfaces/IBalancerFlashBorrower.sol";

/// @dev Stands where Aave and Balancer stand and breaks their promises in a chosen way.
contract LyingLender is IAavePool {
    enum Lie {
        Silence,
        OtherAmount,
        OtherAsset,
        OtherPlan,
        BalancerCallback,
        TwoTokens
    }

    Lie public lie;

    function choose(Lie lie_) external {
        lie = lie_;
    }

    function flashLoanSimple(
        address receiver,
        address asset,
        uint256 amount,
        bytes calldata params,
        uint16
    ) external {
        if (lie == Lie.Silence) return;
        if (lie == Lie.BalancerCallback) {
            _balancerCallback(receiver, asset, amount, params, 1);
            return;
        }
        if (lie == Lie.OtherAmount) ++amount;
        if (lie == Lie.OtherAsset) asset = address(this);
        bytes memory plan = lie == Lie.OtherPlan ? abi.encodePacked(params, uint8(0)) : params;
        IAaveFlashBorrower(receiver).executeOperation(asset, amount, 0, msg.sender, plan);
    }

    function flashLoan(
        address recipient,
        address[] calldata tokens,
        uint256[] calldata amounts,
        bytes calldata userData
    ) external {
        if (lie == Lie.TwoTokens) {
            _balancerCallback(recipient, tokens[0], amounts[0], userData, 2);
        }
    }

    function _balancerCallback(
        address recipient,
        address asset,
        uint256 amount,
        bytes calldata plan,
        uint256 count
    ) private {
        address[] memory tokens = new address[](count);
        uint256[] memory amounts = new uint256[](count);
        (tokens[0], amounts[0]) = (asset, amount);
        IBalancerFlashBorrower(recipient)
            .receiveFlashLoan(tokens, amounts, new uint256[](count), plan);
    }
}
