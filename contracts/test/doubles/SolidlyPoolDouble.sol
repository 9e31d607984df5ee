// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @dev Trades like a volatile pool of Solidly: quotes itself, is paid first, checks x * y = k
/// after a fee of 30 basis points. The stable curve is what `SolidlyPair` is for.
contract SolidlyPoolDouble {
    uint256 private constant FEE_BPS = 30;

    address public token0;
    address public token1;
    uint256 public reserve0;
    uint256 public reserve1;

    error InvariantBroken();

    constructor(address token0_, address token1_) {
        (token0, token1) = (token0_, token1_);
    }

    function sync() public {
        reserve0 = IERC20(token0).balanceOf(address(this));
        reserve1 = IERC20(token1).balanceOf(address(this));
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata) external {
        if (amount0Out > 0) IERC20(token0).transfer(to, amount0Out);
        if (amount1Out > 0) IERC20(token1).transfer(to, amount1Out);
        uint256 k = reserve0 * reserve1;
        uint256 in0 = _received(token0, reserve0 - amount0Out);
        uint256 in1 = _received(token1, reserve1 - amount1Out);
        uint256 after0 = reserve0 - amount0Out + in0 - in0 * FEE_BPS / 10_000;
        uint256 after1 = reserve1 - amount1Out + in1 - in1 * FEE_BPS / 10_000;
        if (after0 * after1 < k) revert InvariantBroken();
        sync();
    }

    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256) {
        (uint256 x, uint256 y) = tokenIn == token0 ? (reserve0, reserve1) : (reserve1, reserve0);
        uint256 kept = amountIn - amountIn * FEE_BPS / 10_000;
        return kept * y / (x + kept);
    }

    function _received(address token, uint256 expected) private view returns (uint256) {
        return IERC20(token).balanceOf(address(this)) - expected;
    }
}
