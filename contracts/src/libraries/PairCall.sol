// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HopCall} from "./HopCall.sol";

/// @title The two calls of a Uniswap V2 pair
/// @notice What most hops of most cycles consist of, and so worth a page of assembly: it
/// builds the calldata in memory that nobody owns and reads answers without copying them.
library PairCall {
    /// @dev Selectors in the highest bytes of a word: `getReserves()` and
    /// `swap(uint256,uint256,address,bytes)`.
    uint256 private constant GET_RESERVES =
        0x0902f1ac00000000000000000000000000000000000000000000000000000000;
    uint256 private constant SWAP =
        0x022c0d9f00000000000000000000000000000000000000000000000000000000;

    /// @dev A reserve is of type uint112, whatever a hostile pair says.
    uint256 private constant UINT112_MAX = type(uint112).max;

    /// @notice Takes an output, which the pair grants if it has been paid.
    /// @dev In plain Solidity `IConstantProductPool(pair).swap(amount0Out, amount1Out, to, "")`.
    /// Does not check that there is code: the pair has answered before.
    /// @param index Of the hop.
    /// @param pair Which.
    /// @param zeroForOne Whether the token with the lower address is sold.
    /// @param amountOut Of the other one, in raw units.
    /// @param to Who receives it.
    function swap(
        uint256 index,
        address pair,
        bool zeroForOne,
        uint256 amountOut,
        address to
    ) internal {
        bool succeeded;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, SWAP)
            mstore(add(data, 4), mul(amountOut, iszero(zeroForOne)))
            mstore(add(data, 36), mul(amountOut, zeroForOne))
            mstore(add(data, 68), to)
            mstore(add(data, 100), 128)
            mstore(add(data, 132), 0)
            succeeded := call(gas(), pair, 0, data, 164, 0, 0)
        }
        if (!succeeded) HopCall.fail(index, pair);
    }

    /// @notice The balances that the pair's curve is computed on.
    /// @dev In plain Solidity `IConstantProductPool(pair).getReserves()`.
    /// @param index Of the hop.
    /// @param pair Which.
    /// @return reserve0 Of the token with the lower address.
    /// @return reserve1 Of the other token.
    function reserves(
        uint256 index,
        address pair
    ) internal view returns (uint256 reserve0, uint256 reserve1) {
        bool answered;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0, GET_RESERVES)
            answered := staticcall(gas(), pair, 0, 4, 0, 64)
            answered := and(answered, gt(returndatasize(), 63))
            reserve0 := mload(0)
            reserve1 := mload(32)
        }
        if (!answered) HopCall.fail(index, pair);
        return (reserve0 & UINT112_MAX, reserve1 & UINT112_MAX);
    }
}
