// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title A stand-in for the library OperationImpl of dYdX's SoloMargin
/// @notice No published package holds the real library, so the real SoloMargin is linked to this:
/// deposits, withdrawals and calls, and no margin accounts. It demands of each operation what the
/// rounding of the real index may: two units more of every token than were withdrawn.
///
/// Warning: it is for local chains. Whoever deposits into it has given the money away.
contract SoloOperationDouble {
    using SafeERC20 for IERC20;

    /// @dev Account.Info
    struct Account {
        address owner;
        uint256 number;
    }

    /// @dev Types.AssetAmount
    struct AssetAmount {
        bool sign;
        uint8 denomination;
        uint8 ref;
        uint256 value;
    }

    /// @dev Actions.ActionArgs, in dYdX's order.
    // solhint-disable-next-line gas-struct-packing
    struct Action {
        uint8 actionType;
        uint256 accountId;
        AssetAmount amount;
        uint256 primaryMarketId;
        uint256 secondaryMarketId;
        address otherAddress;
        uint256 otherAccountId;
        bytes data;
    }

    uint8 private constant DEPOSIT = 0;
    uint8 private constant WITHDRAW = 1;
    uint8 private constant CALL = 8;
    uint256 private constant ROUNDING = 2;
    uint256 private constant SELECTOR_BYTES = 4;

    error ForeignAccount(address owner);
    error Undercollateralised(address token, uint256 missing);
    error UnsupportedAction(uint8 actionType);

    /// @notice `operate`, whatever its selector: SoloMargin calls this with its own storage.
    // solhint-disable-next-line no-complex-fallback
    fallback() external {
        (, Account[] memory accounts, Action[] memory actions) =
            abi.decode(msg.data[SELECTOR_BYTES:], (uint256, Account[], Action[]));
        for (uint256 i = 0; i < accounts.length; ++i) {
            require(accounts[i].owner == msg.sender, ForeignAccount(accounts[i].owner));
        }
        for (uint256 i = 0; i < actions.length; ++i) {
            _act(actions[i], accounts);
        }
        for (uint256 i = 0; i < actions.length; ++i) {
            _demandRepayment(actions, actions[i].primaryMarketId);
        }
    }

    function _act(Action memory action, Account[] memory accounts) private {
        if (action.actionType == CALL) {
            ICallee(action.otherAddress)
                .callFunction(msg.sender, accounts[action.accountId], action.data);
            return;
        }
        IERC20 token = _token(action.primaryMarketId);
        if (action.actionType == DEPOSIT) {
            token.safeTransferFrom(action.otherAddress, address(this), action.amount.value);
        } else if (action.actionType == WITHDRAW) {
            token.safeTransfer(action.otherAddress, action.amount.value);
        } else {
            revert UnsupportedAction(action.actionType);
        }
    }

    function _demandRepayment(Action[] memory actions, uint256 market) private view {
        uint256 deposited;
        uint256 withdrawn;
        for (uint256 i = 0; i < actions.length; ++i) {
            if (actions[i].primaryMarketId != market) continue;
            if (actions[i].actionType == DEPOSIT) deposited += actions[i].amount.value;
            if (actions[i].actionType == WITHDRAW) withdrawn += actions[i].amount.value;
        }
        if (withdrawn == 0) return;
        uint256 owed = withdrawn + ROUNDING;
        if (deposited < owed) {
            revert Undercollateralised(address(_token(market)), owed - deposited);
        }
    }

    function _token(uint256 market) private view returns (IERC20) {
        return IERC20(ISolo(address(this)).getMarketTokenAddress(market));
    }
}

/// @notice SoloMargin's own view, asked from within
interface ISolo {
    /// @notice The token of a market.
    /// @param marketId Its number.
    /// @return The token.
    function getMarketTokenAddress(uint256 marketId) external view returns (address);
}

/// @notice Who is called in the middle of an operation
interface ICallee {
    /// @notice Does what it wants with what was withdrawn.
    /// @param sender Who called SoloMargin.
    /// @param accountInfo Of the account.
    /// @param data As given.
    function callFunction(
        address sender,
        SoloOperationDouble.Account calldata accountInfo,
        bytes calldata data
    ) external;
}
