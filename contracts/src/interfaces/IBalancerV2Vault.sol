// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of Balancer V2
interface IBalancerV2Vault {
    /// @notice A trade with one pool.
    /// @param poolId The pool, by the vault's name.
    /// @param kind 0 for an exact input.
    /// @param assetIn What is sold.
    /// @param assetOut What is bought.
    /// @param amount Of the input, in raw units.
    /// @param userData For pools that want more; empty.
    struct SingleSwap {
        bytes32 poolId;
        uint8 kind;
        address assetIn;
        address assetOut;
        uint256 amount;
        bytes userData;
    }

    /// @notice Who pays and who is paid.
    /// @param sender Whose allowance is used.
    /// @param fromInternalBalance Whether the vault's own ledger pays.
    /// @param recipient Who receives the output.
    /// @param toInternalBalance Whether the vault's own ledger receives it.
    struct FundManagement {
        address sender;
        bool fromInternalBalance;
        address recipient;
        bool toInternalBalance;
    }

    /// @notice Trades. Cannot be called while the vault lends.
    /// @param singleSwap With which pool, what and how much.
    /// @param funds Who pays and who is paid.
    /// @param limit The least output.
    /// @param deadline Unix seconds.
    /// @return amountCalculated The output, in raw units.
    function swap(
        SingleSwap calldata singleSwap,
        FundManagement calldata funds,
        uint256 limit,
        uint256 deadline
    ) external payable returns (uint256 amountCalculated);

    /// @notice Lends assets within the transaction and calls `receiveFlashLoan` on the recipient.
    /// @dev Compares its own balances afterwards; the recipient pays back by transfer.
    /// @param recipient Who gets the assets and the callback.
    /// @param tokens What is lent, sorted by address.
    /// @param amounts How much of each, in raw units.
    /// @param userData Handed to the callback unchanged.
    function flashLoan(
        address recipient,
        address[] calldata tokens,
        uint256[] calldata amounts,
        bytes calldata userData
    ) external;
}
