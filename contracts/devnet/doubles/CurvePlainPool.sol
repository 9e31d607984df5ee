// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {CurveStableSwap} from "../../test/doubles/CurveStableSwap.sol";

/// @title A double of Curve's plain pools that holds its coins
/// @notice The curve is that of `CurveStableSwap`; the interface is that of the pools that number
/// their coins by int128 and return nothing. It is not Curve's code.
contract CurvePlainPool is CurveStableSwap {
    using SafeERC20 for IERC20;

    IERC20[] private _coins;
    State private _state;

    constructor(IERC20[] memory coins, State memory state) {
        _coins = coins;
        _state = state;
    }

    /// @notice Takes what it holds for its balances.
    function sync() external {
        delete _state.balances;
        for (uint256 k = 0; k < _coins.length; ++k) {
            _state.balances.push(_coins[k].balanceOf(address(this)));
        }
    }

    /// @notice Sells `dx` of coin `i` for coin `j`.
    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external {
        (uint256 sold, uint256 bought) = (uint256(int256(i)), uint256(int256(j)));
        (uint256 dy, uint256 adminFee) = this.exchange(_state, sold, bought, dx);
        require(dy >= minDy, "slippage");
        _state.balances[sold] += dx;
        _state.balances[bought] -= dy + adminFee;
        _coins[sold].safeTransferFrom(msg.sender, address(this), dx);
        _coins[bought].safeTransfer(msg.sender, dy);
    }
}
