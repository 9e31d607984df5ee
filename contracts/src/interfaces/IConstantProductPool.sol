// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of a Uniswap V2 pair and its forks, Solidly's among them
interface IConstantProductPool {
    /// @notice Gives out tokens, provided that the input was transferred before, or is in the call
    /// that the receiver gets if there is data.
    /// @param amount0Out Of the token with the lower address.
    /// @param amount1Out Of the other token.
    /// @param to Who receives them.
    /// @param data Empty, or the pair calls the receiver.
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;

    /// @notice The balances that the curve is computed on.
    /// @return reserve0 Of the token with the lower address.
    /// @return reserve1 Of the other token.
    /// @return blockTimestampLast When they were last written.
    function getReserves()
        external
        view
        returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast);

    /// @notice The token with the lower address.
    function token0() external view returns (address);

    /// @notice The other token.
    function token1() external view returns (address);
}
