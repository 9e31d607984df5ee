// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAaveFlashBorrower} from "../interfaces/IAaveFlashBorrower.sol";
import {IBalancerV2FlashBorrower} from "../interfaces/IBalancerV2FlashBorrower.sol";
import {IBalancerV3Caller} from "../interfaces/IBalancerV3Caller.sol";
import {IConcentratedPoolCaller} from "../interfaces/IConcentratedPoolCaller.sol";
import {IConstantProductPoolCaller} from "../interfaces/IConstantProductPoolCaller.sol";
import {ISoloMargin} from "../interfaces/ISoloMargin.sol";
import {ISoloMarginCallee} from "../interfaces/ISoloMarginCallee.sol";
import {IUniswapV4Caller} from "../interfaces/IUniswapV4Caller.sol";
import {PairCall} from "../libraries/PairCall.sol";
import {Plan} from "../libraries/Plan.sol";
import {Loans} from "./Loans.sol";

/// @title What lenders and pools call back
/// @notice Each callback proves itself first, see `Venues`, then trades or pays. A lender's word
/// counts for its fee alone: asset and amount are the plan's, and whatever is repaid, the profit at
/// the
/// end decides.
abstract contract Callbacks is
    Loans,
    IAaveFlashBorrower,
    IBalancerV2FlashBorrower,
    IBalancerV3Caller,
    IConcentratedPoolCaller,
    IConstantProductPoolCaller,
    ISoloMarginCallee,
    IUniswapV4Caller
{
    using Plan for bytes;
    using SafeERC20 for IERC20;

    // Constants

    /// @dev Of the data that the pool of a hop hands back when the executor pays: a token and an
    /// amount.
    uint256 private constant FROM_EXECUTOR = 52;

    /// @dev And when the pair of the hop before pays: the pair, an amount, the hop's index and
    /// whether the pair's token0 is sold. No plan has either length.
    uint256 private constant FROM_PAIR = 85;

    // External

    /// @inheritdoc IAaveFlashBorrower
    function executeOperation(
        address,
        uint256,
        uint256 premium,
        address initiator,
        bytes calldata params
    ) external returns (bool) {
        _requireOurs(initiator);
        _authenticateAs(AAVE_POOL, params);
        _tradeLoan(params);
        _asset(params).forceApprove(msg.sender, params.amountIn() + premium);
        return true;
    }

    /// @inheritdoc IBalancerV2FlashBorrower
    function receiveFlashLoan(
        address[] calldata,
        uint256[] calldata,
        uint256[] calldata feeAmounts,
        bytes calldata userData
    ) external {
        _authenticateAs(BALANCER_V2_VAULT, userData);
        _tradeLoan(userData);
        _repay(userData, userData.amountIn() + feeAmounts[0]);
    }

    /// @inheritdoc IConstantProductPoolCaller
    function uniswapV2Call(
        address sender,
        uint256 amount0,
        uint256 amount1,
        bytes calldata data
    ) external {
        _servePair(sender, amount0 == 0 ? amount1 : amount0, data);
    }

    /// @inheritdoc IConstantProductPoolCaller
    function pancakeCall(
        address sender,
        uint256 amount0,
        uint256 amount1,
        bytes calldata data
    ) external {
        _servePair(sender, amount0 == 0 ? amount1 : amount0, data);
    }

    /// @inheritdoc IConcentratedPoolCaller
    function uniswapV3SwapCallback(
        int256 amount0Delta,
        int256 amount1Delta,
        bytes calldata data
    ) external {
        _serveConcentratedSwap(amount0Delta, amount1Delta, data);
    }

    /// @inheritdoc IConcentratedPoolCaller
    function pancakeV3SwapCallback(
        int256 amount0Delta,
        int256 amount1Delta,
        bytes calldata data
    ) external {
        _serveConcentratedSwap(amount0Delta, amount1Delta, data);
    }

    /// @inheritdoc IConcentratedPoolCaller
    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external {
        _serveConcentratedFlash(fee0 + fee1, data);
    }

    /// @inheritdoc IConcentratedPoolCaller
    function pancakeV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external {
        _serveConcentratedFlash(fee0 + fee1, data);
    }

    /// @inheritdoc ISoloMarginCallee
    function callFunction(
        address sender,
        ISoloMargin.Account calldata,
        bytes calldata data
    ) external {
        _requireOurs(sender);
        _authenticateAs(SOLO_MARGIN, data);
        _trade(data, _start(data));
        _asset(data).forceApprove(msg.sender, data.amountIn() + SOLO_FEE);
    }

    /// @inheritdoc IUniswapV4Caller
    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        _authenticateAs(UNISWAP_V4_MANAGER, data);
        _unlockBalancerV3(data);
        return "";
    }

    /// @inheritdoc IBalancerV3Caller
    function balancerV3Unlocked(bytes calldata plan) external {
        _authenticateAs(BALANCER_V3_VAULT, plan);
        _borrow(plan);
    }

    // Private

    function _servePair(address sender, uint256 received, bytes calldata plan) private {
        _requireOurs(sender);
        _authenticate(plan);
        if (plan.source() == Plan.NONE) {
            _tradeRest(plan, received);
            return _repay(plan, plan.amountIn());
        }
        _tradeLoan(plan);
        // The least that satisfies the pair's invariant after its fee on what comes back.
        uint256 kept = PIPS - plan.uint24At(plan.sourceOffset(), Plan.LENDER_FEE);
        _repay(plan, plan.amountIn() * PIPS / kept + 1);
    }

    /// @dev Pays the input of a hop, or trades on before paying that of the first.
    function _serveConcentratedSwap(
        int256 amount0Delta,
        int256 amount1Delta,
        bytes calldata data
    ) private {
        _authenticate(data);
        (int256 demand, int256 paid) =
            amount0Delta > 0 ? (amount0Delta, amount1Delta) : (amount1Delta, amount0Delta);
        bool isHop = data.length == FROM_EXECUTOR || data.length == FROM_PAIR;
        uint256 amountIn = isHop ? data.word(0, 20) : data.amountIn();
        require(demand == int256(amountIn), WrongDemand(msg.sender, demand, amountIn));
        if (data.length == FROM_EXECUTOR) {
            IERC20(data.addressAt(0, 0)).safeTransfer(msg.sender, amountIn);
        } else if (data.length == FROM_PAIR) {
            uint256 payer = data.word(0, 52) - 1;
            bool zeroForOne = data.byteAt(0, 84) == 1;
            PairCall.swap(payer, data.addressAt(0, 0), zeroForOne, amountIn, msg.sender);
        } else {
            unchecked {
                _tradeRest(data, uint256(0 - paid));
            }
            _repay(data, amountIn);
        }
    }

    function _serveConcentratedFlash(uint256 fee, bytes calldata plan) private {
        _authenticate(plan);
        _trade(plan, _start(plan));
        _repay(plan, plan.amountIn() + fee);
    }

    /// @dev Pays whoever called back.
    function _repay(bytes calldata plan, uint256 amount) private {
        _asset(plan).safeTransfer(msg.sender, amount);
    }
}
