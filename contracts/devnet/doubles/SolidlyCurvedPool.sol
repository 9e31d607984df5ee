// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {SolidlyPair} from "../../test/doubles/SolidlyPair.sol";

/// @title A double of Solidly's pairs that holds its tokens
/// @notice The curves are those of `SolidlyPair`. The fee leaves the pair at once. It is not
/// Velodrome's code.
contract SolidlyCurvedPool is SolidlyPair {
    using SafeERC20 for IERC20;

    address private constant FEES = address(0xfee5);

    IERC20 private immutable TOKEN0;
    IERC20 private immutable TOKEN1;
    State private _state;

    error InvariantBroken();

    constructor(IERC20 token0, IERC20 token1, State memory state) {
        (TOKEN0, TOKEN1, _state) = (token0, token1, state);
    }

    /// @notice Takes what it holds for its reserves.
    function sync() public {
        _state.reserve0 = TOKEN0.balanceOf(address(this));
        _state.reserve1 = TOKEN1.balanceOf(address(this));
    }

    /// @notice Pays out what the input that arrived before allows.
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata) external {
        bool zeroForOne = amount0Out == 0;
        (IERC20 sold, IERC20 bought) = zeroForOne ? (TOKEN0, TOKEN1) : (TOKEN1, TOKEN0);
        uint256 reserve = zeroForOne ? _state.reserve0 : _state.reserve1;
        uint256 amountIn = sold.balanceOf(address(this)) - reserve;
        (uint256 out, bool granted) = this.quote(_state, amountIn, zeroForOne);
        require(granted && amount0Out + amount1Out <= out, InvariantBroken());
        bought.safeTransfer(to, amount0Out + amount1Out);
        sold.safeTransfer(FEES, amountIn * _state.feeBps / 10_000);
        sync();
    }

    /// @notice What an input buys.
    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256 out) {
        (out,) = this.quote(_state, amountIn, tokenIn == address(TOKEN0));
    }
}
