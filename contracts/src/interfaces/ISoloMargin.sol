// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the executor needs of dYdX's SoloMargin
interface ISoloMargin {
    /// @notice An account of the ledger.
    /// @param owner Who holds it.
    /// @param number Which of the owner's it is.
    struct Account {
        address owner;
        uint256 number;
    }

    /// @notice How much an action moves.
    /// @param sign Whether it is added to the account.
    /// @param denomination 0 for raw units of the token.
    /// @param ref 0 for a difference, not a target.
    /// @param value The number.
    struct AssetAmount {
        bool sign;
        uint8 denomination;
        uint8 ref;
        uint256 value;
    }

    /// @notice One of several things that are done in a row.
    /// @param actionType 0 deposit, 1 withdraw, 8 call.
    /// @param accountId Index of the account in the list.
    /// @param amount How much.
    /// @param primaryMarketId The token's number.
    /// @param secondaryMarketId For trades.
    /// @param otherAddress Who receives a withdrawal, pays a deposit, is called.
    /// @param otherAccountId For trades.
    /// @param data Handed to the call unchanged.
    // The order is the protocol's.
    // solhint-disable-next-line gas-struct-packing
    struct ActionArgs {
        uint8 actionType;
        uint256 accountId;
        AssetAmount amount;
        uint256 primaryMarketId;
        uint256 secondaryMarketId;
        address otherAddress;
        uint256 otherAccountId;
        bytes data;
    }

    /// @notice Does them all, then demands that every account is collateralised.
    /// @param accounts Whose.
    /// @param actions What.
    function operate(Account[] calldata accounts, ActionArgs[] calldata actions) external;
}
