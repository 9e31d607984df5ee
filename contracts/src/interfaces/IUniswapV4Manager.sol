// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of Uniswap V4's PoolManager
interface IUniswapV4Manager {
    /// @notice What a pool is known by.
    /// @param currency0 The token with the lower address.
    /// @param currency1 The other token.
    /// @param fee In pips.
    /// @param tickSpacing Between usable ticks.
    /// @param hooks What is called around a trade, or zero.
    struct PoolKey {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }

    /// @notice A trade.
    /// @param zeroForOne Whether the token with the lower address is sold.
    /// @param amountSpecified Negative for an exact input.
    /// @param sqrtPriceLimitX96 The price at which it stops, even with input left.
    // The order is the protocol's.
    // solhint-disable-next-line gas-struct-packing
    struct SwapParams {
        bool zeroForOne;
        int256 amountSpecified;
        uint160 sqrtPriceLimitX96;
    }

    /// @notice Calls `unlockCallback` on the caller; what it owes must be settled when that
    /// returns. @param data Handed to the callback unchanged.
    /// @return What the callback returned.
    function unlock(bytes calldata data) external returns (bytes memory);

    /// @notice Trades on credit. Only while unlocked.
    /// @param key The pool.
    /// @param params What and how much.
    /// @param hookData Handed to the hooks unchanged.
    /// @return delta What is due of either token, 128 bits each, negative where it is owed.
    function swap(
        PoolKey calldata key,
        SwapParams calldata params,
        bytes calldata hookData
    ) external returns (int256 delta);

    /// @notice Remembers the manager's balance before a payment.
    /// @param currency What will be paid.
    function sync(address currency) external;

    /// @notice Credits what arrived since `sync`.
    /// @return paid How much that was.
    function settle() external payable returns (uint256 paid);

    /// @notice Pays out what is due, or lends it. Only while unlocked.
    /// @param currency What is paid.
    /// @param to Who receives it.
    /// @param amount In raw units.
    function take(address currency, address to, uint256 amount) external;
}
