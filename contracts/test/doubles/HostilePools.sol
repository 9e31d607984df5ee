// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IConcentratedPoolPayer} from "../../src/interfaces/IConcentratedPoolPayer.sol";

/// @dev A concentrated pool that asks for a chosen amount a chosen number of times, through itself
/// or through another contract, and gives out what it holds of a token.
contract GreedyPool {
    int256 public demand;
    uint256 public times;
    address public accomplice;
    IERC20 public output;

    constructor(int256 demand_, uint256 times_, address accomplice_, IERC20 output_) {
        (demand, times, accomplice, output) = (demand_, times_, accomplice_, output_);
    }

    function swap(
        address recipient,
        bool,
        int256,
        uint160,
        bytes calldata
    ) external returns (int256, int256) {
        output.transfer(recipient, output.balanceOf(address(this)));
        for (uint256 i = 0; i < times; ++i) {
            IConcentratedPoolPayer payer =
                IConcentratedPoolPayer(accomplice == address(0) ? recipient : accomplice);
            payer.uniswapV3SwapCallback(demand, demand, "");
        }
        return (demand, -demand);
    }
}

/// @dev Passes a callback on, so that it comes from an address that was not called.
contract Accomplice {
    IConcentratedPoolPayer private immutable VICTIM;

    constructor(IConcentratedPoolPayer victim) {
        VICTIM = victim;
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        VICTIM.uniswapV3SwapCallback(delta0, delta1, "");
    }
}

/// @dev A pair that takes the input and gives nothing.
contract SilentPair {
    function getReserves() external pure returns (uint112, uint112, uint32) {
        return (1e24, 1e24, 0);
    }

    function swap(uint256, uint256, address, bytes calldata) external {}
}
