// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of Balancer V3
interface IBalancerV3Vault {
    /// @notice A trade with one pool.
    /// @param kind 0 for an exact input.
    /// @param pool The pool.
    /// @param tokenIn What is sold.
    /// @param tokenOut What is bought.
    /// @param amountGivenRaw The input, in raw units.
    /// @param limitRaw The least output, in raw units.
    /// @param userData For pools and hooks that want more; empty.
    struct VaultSwapParams {
        uint8 kind;
        address pool;
        address tokenIn;
        address tokenOut;
        uint256 amountGivenRaw;
        uint256 limitRaw;
        bytes userData;
    }

    /// @notice Calls the caller back; what it owes must be settled when that returns.
    /// @param data Selector and arguments of the call.
    /// @return result What the call returned.
    function unlock(bytes calldata data) external returns (bytes memory result);

    /// @notice Trades on credit. Only while unlocked.
    /// @param params With which pool, what and how much.
    /// @return amountCalculatedRaw The output, in raw units.
    /// @return amountInRaw The input, which is owed now.
    /// @return amountOutRaw The output, which is due now.
    function swap(VaultSwapParams calldata params)
        external
        returns (uint256 amountCalculatedRaw, uint256 amountInRaw, uint256 amountOutRaw);

    /// @notice Credits what arrived since the vault last counted, up to a hint.
    /// @param token What arrived.
    /// @param amountHint The most that is credited.
    /// @return credit What was credited.
    function settle(address token, uint256 amountHint) external returns (uint256 credit);

    /// @notice Pays out what is due, or lends it. Only while unlocked.
    /// @param token What is paid.
    /// @param to Who receives it.
    /// @param amount In raw units.
    function sendTo(address token, address to, uint256 amount) external;
}
