// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAaveFlashBorrower} from "../../src/interfaces/IAaveFlashBorrower.sol";
import {IAavePool} from "../../src/interfaces/IAavePool.sol";
import {IBalancerV2FlashBorrower} from "../../src/interfaces/IBalancerV2FlashBorrower.sol";

/// @dev Stands where a lender stands and breaks its promises in a chosen way.
contract LyingLender is IAavePool {
    enum Lie {
        Silence,
        OtherAmount,
        OtherAsset,
        OtherPlan,
        OtherCallback,
        NoLoan,
        Twice,
        HugeFee
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
        if (lie == Lie.OtherCallback) {
            IBalancerV2FlashBorrower(receiver)
                .receiveFlashLoan(new address[](0), new uint256[](0), new uint256[](1), params);
            return;
        }
        if (lie == Lie.OtherAmount) ++amount;
        if (lie == Lie.OtherAsset) asset = address(this);
        uint256 premium = lie == Lie.HugeFee ? 5 ether : 0;
        bytes memory plan = lie == Lie.OtherPlan ? abi.encodePacked(params, uint8(0)) : params;
        IAaveFlashBorrower(receiver).executeOperation(asset, amount, premium, msg.sender, plan);
        if (lie != Lie.Twice) return;
        IAaveFlashBorrower(receiver).executeOperation(asset, amount, premium, msg.sender, plan);
    }
}
