// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

interface IPairRouter {
    function swapExactTokensForTokens(
        uint256 amountIn,
        uint256 amountOutMin,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external returns (uint256[] memory amounts);
}

interface IConcentratedRouter {
    struct ExactInputSingleParams {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 deadline;
        uint256 amountIn;
        uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }

    function exactInputSingle(ExactInputSingleParams calldata params)
        external
        payable
        returns (uint256 amountOut);
}

interface ILendingVault {
    function flashLoan(
        address recipient,
        address[] calldata tokens,
        uint256[] calldata amounts,
        bytes calldata userData
    ) external;
}

interface IWithdrawal {
    function withdraw(uint256 amount) external;
}

/// @title The straightforward way
/// @notice Trades a cycle through the official routers in one contract: the loan, an exact approval
/// and a router call for each hop, the repayment, the same tip and the same payout. It has the
/// caller check, the minimum profit and nothing else of what the executor guards.
contract RouterExecutor is Ownable {
    using SafeERC20 for IERC20;

    struct Hop {
        address router;
        address tokenOut;
        uint24 fee; // zero for a router of pairs
    }

    ILendingVault private immutable VAULT;
    IERC20 private immutable WETH;
    address private immutable BENEFICIARY;

    constructor(
        address owner_,
        address vault,
        address weth,
        address beneficiary
    ) Ownable(owner_) {
        (VAULT, WETH, BENEFICIARY) = (ILendingVault(vault), IERC20(weth), beneficiary);
    }

    receive() external payable {}

    function execute(
        uint256 amountIn,
        uint256 minProfit,
        uint256 tipShareBps,
        Hop[] calldata hops
    ) external onlyOwner {
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (address(WETH), amountIn);
        VAULT.flashLoan(address(this), tokens, amounts, abi.encode(hops));

        uint256 profit = WETH.balanceOf(address(this));
        require(profit >= minProfit, "profit below minimum");
        uint256 tip = profit * tipShareBps / 10_000;
        WETH.safeTransfer(BENEFICIARY, profit - tip);
        if (tip == 0) return;
        IWithdrawal(address(WETH)).withdraw(tip);
        (bool paid,) = block.coinbase.call{value: tip}("");
        require(paid, "tip refused");
    }

    function receiveFlashLoan(
        IERC20[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata feeAmounts,
        bytes calldata userData
    ) external {
        require(msg.sender == address(VAULT), "not the vault");
        IERC20 token = tokens[0];
        uint256 amount = amounts[0];
        Hop[] memory hops = abi.decode(userData, (Hop[]));
        for (uint256 i = 0; i < hops.length; ++i) {
            amount = _swap(hops[i], token, amount);
            token = IERC20(hops[i].tokenOut);
        }
        tokens[0].safeTransfer(address(VAULT), amounts[0] + feeAmounts[0]);
    }

    function _swap(Hop memory hop, IERC20 token, uint256 amount) private returns (uint256) {
        token.forceApprove(hop.router, amount);
        if (hop.fee != 0) {
            return IConcentratedRouter(hop.router)
                .exactInputSingle(
                    IConcentratedRouter.ExactInputSingleParams({
                        tokenIn: address(token),
                        tokenOut: hop.tokenOut,
                        fee: hop.fee,
                        recipient: address(this),
                        deadline: block.timestamp,
                        amountIn: amount,
                        amountOutMinimum: 0,
                        sqrtPriceLimitX96: 0
                    })
                );
        }
        address[] memory path = new address[](2);
        (path[0], path[1]) = (address(token), hop.tokenOut);
        uint256[] memory amounts = IPairRouter(hop.router)
            .swapExactTokensForTokens(amount, 0, path, address(this), block.timestamp);
        return amounts[1];
    }
}
