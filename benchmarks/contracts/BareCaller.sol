// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a cycle costs without anything around it
/// @notice Plays calls from a script, in which every amount is known beforehand: target 20 bytes,
/// length 2, data. No check, no search for a price, no payout. What it needs is the least that pools and
/// lender need; the executor's overhead is what it needs beyond that.
contract BareCaller {
    fallback(bytes calldata script) external returns (bytes memory) {
        _play(script);
        return "";
    }

    function receiveFlashLoan(
        address[] calldata,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata script
    ) external {
        _play(script);
    }

    function executeOperation(
        address,
        uint256,
        uint256,
        address,
        bytes calldata script
    ) external returns (bool) {
        _play(script);
        return true;
    }

    function uniswapV3SwapCallback(int256, int256, bytes calldata script) external {
        _play(script);
    }

    function _play(bytes calldata script) private {
        assembly {
            let here := script.offset
            let end := add(here, script.length)
            let memory_ := mload(0x40)
            for {} lt(here, end) {} {
                let target := shr(96, calldataload(here))
                let size := shr(240, calldataload(add(here, 20)))
                calldatacopy(memory_, add(here, 22), size)
                if iszero(call(gas(), target, 0, memory_, size, 0, 0)) {
                    returndatacopy(0, 0, returndatasize())
                    revert(0, returndatasize())
                }
                here := add(here, add(22, size))
            }
        }
    }
}
