// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IBalancerV2Vault} from "../../src/interfaces/IBalancerV2Vault.sol";

/// @dev Trades like Curve: pulls the input by allowance and pays the caller. The price is one less
/// a fee of 4 basis points; the curve is what `CurveStableSwap` is for.
abstract contract CurvePoolDouble {
    using SafeERC20 for IERC20;

    IERC20[2] public coins;

    constructor(IERC20 coin0, IERC20 coin1) {
        coins = [coin0, coin1];
    }

    function _exchange(uint256 i, uint256 j, uint256 dx, uint256 minDy) internal returns (uint256) {
        uint256 dy = dx * 9996 / 10_000;
        require(dy >= minDy, "slippage");
        coins[i].safeTransferFrom(msg.sender, address(this), dx);
        coins[j].safeTransfer(msg.sender, dy);
        return dy;
    }
}

/// @dev The old form, which returns nothing.
contract CurveInt128Double is CurvePoolDouble {
    constructor(IERC20 coin0, IERC20 coin1) CurvePoolDouble(coin0, coin1) {}

    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external {
        _exchange(uint256(int256(i)), uint256(int256(j)), dx, minDy);
    }
}

/// @dev The form of pools of volatile coins, which returns the output.
contract CurveUint256Double is CurvePoolDouble {
    constructor(IERC20 coin0, IERC20 coin1) CurvePoolDouble(coin0, coin1) {}

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 minDy) external returns (uint256) {
        return _exchange(i, j, dx, minDy);
    }
}

/// @dev Takes nothing and pays nothing, so that the allowance stays.
contract IdleCurvePool {
    IERC20 public output;

    constructor(IERC20 output_) {
        output = output_;
    }

    function exchange(int128, int128, uint256, uint256) external {
        output.transfer(msg.sender, output.balanceOf(address(this)));
    }
}

/// @dev The same in the place of Balancer V2's vault.
contract IdleVault {
    function swap(
        IBalancerV2Vault.SingleSwap calldata singleSwap,
        IBalancerV2Vault.FundManagement calldata funds,
        uint256,
        uint256
    ) external returns (uint256 amount) {
        IERC20 output = IERC20(singleSwap.assetOut);
        amount = output.balanceOf(address(this));
        output.transfer(funds.recipient, amount);
    }
}
