// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title A borrower of every flash lender
/// @notice Borrows and repays exactly what it is told to, so that a test sees which fee a lender
/// takes and which it refuses. It must hold the fee beforehand.
///
/// Warning: it trusts everybody and is for local chains.
contract FlashBorrower {
    address private _lender;
    IERC20 private _asset;
    uint256 private _amount;
    uint256 private _repaid;

    /// @notice Borrows from one lender.
    /// @param call Selector and arguments of the request, as the lender takes them.
    /// @param lender Who lends.
    /// @param asset What.
    /// @param amount How much; only where the lender does not send it by itself.
    /// @param repaid What to pay back.
    /// @return spent By how much less the borrower has in the end.
    function borrow(
        bytes calldata call,
        address lender,
        IERC20 asset,
        uint256 amount,
        uint256 repaid
    ) external returns (uint256 spent) {
        (_lender, _asset, _amount, _repaid) = (lender, asset, amount, repaid);
        uint256 before = asset.balanceOf(address(this));
        asset.approve(lender, repaid);
        // The lender's reason is the test's.
        // solhint-disable-next-line avoid-low-level-calls
        (bool lent, bytes memory reason) = lender.call(call);
        require(lent, string(reason));
        return before - asset.balanceOf(address(this));
    }

    /// @notice Aave V3, which takes the money back by itself.
    function executeOperation(
        address,
        uint256,
        uint256,
        address,
        bytes calldata
    ) external pure returns (bool) {
        return true;
    }

    /// @notice Balancer V2.
    function receiveFlashLoan(
        address[] calldata,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata
    ) external {
        _asset.transfer(_lender, _repaid);
    }

    /// @notice Balancer V3, called back as told.
    function borrowUnlocked() external {
        IBalancerV3 vault = IBalancerV3(_lender);
        vault.sendTo(_asset, address(this), _amount);
        _asset.transfer(_lender, _repaid);
        vault.settle(_asset, _repaid);
    }

    /// @notice Lets Balancer V3 count what it was given, without a credit for it.
    function donateUnlocked() external {
        IBalancerV3(_lender).settle(_asset, 0);
    }

    /// @notice Uniswap V2.
    function uniswapV2Call(address, uint256, uint256, bytes calldata) external {
        _asset.transfer(_lender, _repaid);
    }

    /// @notice PancakeSwap.
    function pancakeCall(address, uint256, uint256, bytes calldata) external {
        _asset.transfer(_lender, _repaid);
    }

    /// @notice Uniswap V3.
    function uniswapV3FlashCallback(uint256, uint256, bytes calldata) external {
        _asset.transfer(_lender, _repaid);
    }

    /// @notice Uniswap V4.
    function unlockCallback(bytes calldata) external returns (bytes memory) {
        IUniswapV4 manager = IUniswapV4(_lender);
        manager.take(address(_asset), address(this), _amount);
        manager.sync(address(_asset));
        _asset.transfer(_lender, _repaid);
        manager.settle();
        return "";
    }

    /// @notice dYdX, which takes the money back by itself.
    function callFunction(address, ISoloCallee.Account calldata, bytes calldata) external pure {}
}

/// @notice What is needed of Balancer V3
interface IBalancerV3 {
    function sendTo(IERC20 token, address to, uint256 amount) external;

    function settle(IERC20 token, uint256 amountHint) external returns (uint256);
}

/// @notice What is needed of Uniswap V4
interface IUniswapV4 {
    function take(address currency, address to, uint256 amount) external;

    function sync(address currency) external;

    function settle() external payable returns (uint256);
}

/// @notice What dYdX hands over
interface ISoloCallee {
    struct Account {
        address owner;
        uint256 number;
    }
}
