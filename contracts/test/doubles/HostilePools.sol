// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IConcentratedPoolCaller} from "../../src/interfaces/IConcentratedPoolCaller.sol";
import {IConstantProductPoolCaller} from "../../src/interfaces/IConstantProductPoolCaller.sol";

/// @dev A concentrated pool that asks for a chosen amount a chosen number of times, through itself
/// or through another contract, with the bytes it was given or with others, and gives out what it
/// holds of a token. Without constructor arguments, so that a factory's init code hash covers it.
contract GreedyPool {
    int256 public demand;
    uint256 public times;
    address public accomplice;
    IERC20 public output;
    bool public forges;

    function configure(
        int256 demand_,
        uint256 times_,
        address accomplice_,
        IERC20 output_,
        bool forges_
    ) external {
        (demand, times, accomplice, output, forges) =
        (demand_, times_, accomplice_, output_, forges_);
    }

    function swap(
        address recipient,
        bool,
        int256,
        uint160,
        bytes calldata data
    ) external returns (int256, int256) {
        output.transfer(recipient, output.balanceOf(address(this)));
        for (uint256 i = 0; i < times; ++i) {
            IConcentratedPoolCaller payer =
                IConcentratedPoolCaller(accomplice == address(0) ? msg.sender : accomplice);
            payer.uniswapV3SwapCallback(demand, demand, forges ? bytes("forged") : data);
        }
        return (demand, -demand);
    }

    function flash(address, uint256, uint256, bytes calldata) external {}
}

/// @dev Passes a callback on, so that it comes from an address that was not called.
contract Accomplice {
    IConcentratedPoolCaller private immutable VICTIM;

    constructor(IConcentratedPoolCaller victim) {
        VICTIM = victim;
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata data) external {
        VICTIM.uniswapV3SwapCallback(delta0, delta1, data);
    }
}

/// @dev A pair that takes the input, gives nothing, and promises whatever it is told to.
contract SilentPair {
    uint112 public reserve = 1e24;
    address public token0;
    address public token1;
    bool public callsBack;

    function claim(uint112 reserve_, address token, bool callsBack_) external {
        (reserve, token0, token1, callsBack) = (reserve_, token, token, callsBack_);
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (reserve, reserve, 0);
    }

    function swap(uint256 amount0, uint256 amount1, address to, bytes calldata data) external {
        if (!callsBack) return;
        IConstantProductPoolCaller(to).uniswapV2Call(msg.sender, amount0, amount1, data);
    }
}

/// @dev A pair that answers with less than a reserve.
contract MumblingPair {
    function getReserves() external pure returns (uint256) {
        return 1;
    }
}

/// @dev A manager whose every answer is one byte.
contract MumblingVault {
    fallback() external {
        assembly ("memory-safe") {
            mstore8(0, 1)
            return(0, 1)
        }
    }
}
