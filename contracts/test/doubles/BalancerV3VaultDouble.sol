// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IBalancerV3Vault} from "../../src/interfaces/IBalancerV3Vault.sol";

/// @dev Keeps account like Balancer V3's vault: a debt for each token, which must be zero when the
/// outermost unlocking returns. Pools trade one for one less a fee of 10 basis points.
contract BalancerV3VaultDouble is IBalancerV3Vault {
    using SafeERC20 for IERC20;

    uint256 private depth;
    uint256 private open;
    mapping(address token => int256) private debts;
    mapping(address token => uint256) private reserves;

    error Locked();
    error NotSettled();
    error CallFailed(bytes reason);

    modifier onlyUnlocked() {
        if (depth == 0) revert Locked();
        _;
    }

    function fund(address token) external {
        reserves[token] = IERC20(token).balanceOf(address(this));
    }

    function unlock(bytes calldata data) external returns (bytes memory) {
        ++depth;
        (bool succeeded, bytes memory result) = msg.sender.call(data);
        if (!succeeded) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        if (--depth == 0 && open != 0) revert NotSettled();
        return result;
    }

    function swap(VaultSwapParams calldata params)
        external
        onlyUnlocked
        returns (uint256, uint256, uint256)
    {
        uint256 amountOut = params.amountGivenRaw * 999 / 1000;
        require(
            params.kind == 0 && params.pool != address(0) && params.userData.length == 0, "params"
        );
        _owe(params.tokenIn, int256(params.amountGivenRaw));
        _owe(params.tokenOut, -int256(amountOut));
        return (amountOut, params.amountGivenRaw, amountOut);
    }

    function settle(
        address token,
        uint256 amountHint
    ) external onlyUnlocked returns (uint256 credit) {
        uint256 balance = IERC20(token).balanceOf(address(this));
        credit = balance - reserves[token];
        reserves[token] = balance;
        if (credit > amountHint) credit = amountHint;
        _owe(token, -int256(credit));
    }

    function sendTo(address token, address to, uint256 amount) external onlyUnlocked {
        _owe(token, int256(amount));
        reserves[token] -= amount;
        IERC20(token).safeTransfer(to, amount);
    }

    function _owe(address token, int256 change) private {
        int256 debt = debts[token];
        if (debt == 0) ++open;
        debts[token] = debt + change;
        if (debt + change == 0) --open;
    }
}
