// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAavePool} from "../interfaces/IAavePool.sol";
import {IBalancerV2Vault} from "../interfaces/IBalancerV2Vault.sol";
import {IBalancerV3Caller} from "../interfaces/IBalancerV3Caller.sol";
import {IBalancerV3Vault} from "../interfaces/IBalancerV3Vault.sol";
import {IConcentratedPool} from "../interfaces/IConcentratedPool.sol";
import {IConstantProductPool} from "../interfaces/IConstantProductPool.sol";
import {ISoloMargin} from "../interfaces/ISoloMargin.sol";
import {IUniswapV4Manager} from "../interfaces/IUniswapV4Manager.sol";
import {HopCall} from "../libraries/HopCall.sol";
import {Plan} from "../libraries/Plan.sol";
import {Swaps} from "./Swaps.sol";

/// @title Where the input of the first hop comes from, and how it is asked for
/// @notice A lender's word counts for its fee alone. Asset and amount are the plan's, and whatever
/// is repaid, the profit at the end decides.
///
/// The managers of Uniswap V4 and Balancer V3 are unlocked around the whole plan where it needs
/// them, so that inside they are called like any pool.
abstract contract Loans is Swaps {
    using Plan for bytes;
    using SafeERC20 for IERC20;

    // Constants

    /// @dev SoloMargin's price of a loan, in raw units.
    uint256 internal constant SOLO_FEE = 2;

    uint8 private constant SOLO_DEPOSIT = 0;
    uint8 private constant SOLO_WITHDRAW = 1;
    uint8 private constant SOLO_CALL = 8;

    // Transient state

    /// @dev What a flash swap pays to the executor; zero if it pays a pool.
    address private transient _measured;

    /// @dev The executor's balance of it before.
    uint256 private transient _balanceBefore;

    // Internal

    /// @dev Unlocks what the plan needs, borrows, trades, repays.
    function _run(bytes calldata plan) internal {
        if (!plan.hasFlag(Plan.UNLOCK_UNISWAP_FLAG)) return _unlockBalancerV3(plan);
        bytes memory call = abi.encodeCall(IUniswapV4Manager.unlock, (plan));
        _request(plan, Plan.FLASH_UNISWAP_V4, UNISWAP_V4_MANAGER, call);
    }

    /// @dev Unlocks Balancer V3 if the plan needs it.
    function _unlockBalancerV3(bytes calldata plan) internal {
        if (!plan.hasFlag(Plan.UNLOCK_BALANCER_FLAG)) return _borrow(plan);
        bytes memory call = abi.encodeCall(
            IBalancerV3Vault.unlock, (abi.encodeCall(IBalancerV3Caller.balancerV3Unlocked, (plan)))
        );
        _request(plan, Plan.FLASH_BALANCER_V3, BALANCER_V3_VAULT, call);
    }

    /// @dev Chooses by the source. Those that follow a request do the rest in their callback.
    function _borrow(bytes calldata plan) internal {
        uint256 source = plan.source();
        if (source == Plan.AAVE_V3) return _borrowFromAave(plan);
        if (source == Plan.FLASH_BALANCER_V2) return _borrowFromBalancerV2(plan);
        if (source == Plan.FLASH_UNISWAP_V2) return _borrowFromPair(plan);
        if (source == Plan.FLASH_UNISWAP_V3) return _borrowFromConcentratedPool(plan);
        if (source == Plan.SOLO_MARGIN) return _borrowFromSoloMargin(plan);
        if (source == Plan.NONE) return _flashSwap(plan);
        _borrowFromManager(plan, source);
    }

    /// @dev Trades a loan that has arrived in the executor.
    function _tradeLoan(bytes calldata plan) internal {
        Trade memory trade = _start(plan);
        address entry = _entry(plan, trade.hop);
        if (entry != address(this)) {
            bytes memory call = abi.encodeCall(IERC20.transfer, (entry, trade.amount));
            HopCall.order(0, plan.asset(), call);
        }
        _trade(plan, trade);
    }

    /// @dev Trades all hops but the first, which has just paid.
    function _tradeRest(bytes calldata plan, uint256 paid) internal {
        uint256 first = plan.hopsOffset();
        uint256 kind = plan.kindAt(first);
        uint256 next = plan.hopEnd(first, kind, 0);
        address token = _measured;
        if (token != address(0)) paid = _gain(0, token, _balanceBefore);
        _requireInRange(0, paid);
        address entry = _entry(plan, next);
        if (kind == Plan.UNISWAP_V2 && entry != address(this)) {
            HopCall.order(0, token, abi.encodeCall(IERC20.transfer, (entry, paid)));
        }
        _trade(plan, Trade(1, next, paid, 0, false, address(0)));
    }

    /// @dev Before the first hop, which has to sell the asset.
    function _start(bytes calldata plan) internal view returns (Trade memory) {
        uint256 hop = plan.hopsOffset();
        if (_entry(plan, hop) == address(this)) {
            address token = plan.addressAt(hop, Plan.TOKEN_IN);
            require(token == plan.asset(), CycleNotOpened(token));
        }
        return Trade(0, hop, plan.amountIn(), 0, false, address(0));
    }

    function _asset(bytes calldata plan) internal pure returns (IERC20) {
        return IERC20(plan.asset());
    }

    // Private

    function _borrowFromAave(bytes calldata plan) private {
        bytes memory call = abi.encodeCall(
            IAavePool.flashLoanSimple, (address(this), plan.asset(), plan.amountIn(), plan, 0)
        );
        _request(plan, Plan.AAVE_V3, AAVE_POOL, call);
        _requireNoAllowance(plan.asset(), AAVE_POOL);
    }

    function _borrowFromBalancerV2(bytes calldata plan) private {
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (plan.asset(), plan.amountIn());
        bytes memory call =
            abi.encodeCall(IBalancerV2Vault.flashLoan, (address(this), tokens, amounts, plan));
        _request(plan, Plan.FLASH_BALANCER_V2, BALANCER_V2_VAULT, call);
    }

    function _borrowFromPair(bytes calldata plan) private {
        uint256 offset = plan.sourceOffset();
        (uint256 amount0, uint256 amount1) = plan.byteAt(offset, Plan.LENDER_NUMBER) == 1
            ? (plan.amountIn(), uint256(0))
            : (uint256(0), plan.amountIn());
        bytes memory call =
            abi.encodeCall(IConstantProductPool.swap, (amount0, amount1, address(this), plan));
        _request(plan, Plan.FLASH_UNISWAP_V2, plan.addressAt(offset, Plan.LENDER), call);
    }

    function _borrowFromConcentratedPool(bytes calldata plan) private {
        uint256 offset = plan.sourceOffset();
        (address asset, address other) = (plan.asset(), plan.addressAt(offset, Plan.LENDER));
        uint256 fee = plan.uint24At(offset, Plan.LENDER_FEE);
        address pool = _concentratedPool(plan.byteAt(offset, Plan.LENDER_NUMBER), asset, other, fee);
        (uint256 amount0, uint256 amount1) =
            asset < other ? (plan.amountIn(), uint256(0)) : (uint256(0), plan.amountIn());
        address recipient = _entry(plan, plan.hopsOffset());
        bytes memory call =
            abi.encodeCall(IConcentratedPool.flash, (recipient, amount0, amount1, plan));
        _request(plan, Plan.FLASH_UNISWAP_V3, pool, call);
    }

    function _borrowFromSoloMargin(bytes calldata plan) private {
        uint256 market = plan.byteAt(plan.sourceOffset(), 0);
        ISoloMargin.Account[] memory accounts = new ISoloMargin.Account[](1);
        accounts[0].owner = address(this);
        ISoloMargin.ActionArgs[] memory actions = new ISoloMargin.ActionArgs[](3);
        actions[0].actionType = SOLO_WITHDRAW;
        actions[0].amount.value = plan.amountIn();
        actions[0].primaryMarketId = market;
        actions[0].otherAddress = _entry(plan, plan.hopsOffset());
        actions[1].actionType = SOLO_CALL;
        actions[1].otherAddress = address(this);
        actions[1].data = plan;
        actions[2].actionType = SOLO_DEPOSIT;
        actions[2].amount.sign = true;
        actions[2].amount.value = plan.amountIn() + SOLO_FEE;
        actions[2].primaryMarketId = market;
        actions[2].otherAddress = address(this);
        bytes memory call = abi.encodeCall(ISoloMargin.operate, (accounts, actions));
        _request(plan, Plan.SOLO_MARGIN, SOLO_MARGIN, call);
        _requireNoAllowance(plan.asset(), SOLO_MARGIN);
    }

    /// @dev The managers lend on credit without a callback, once unlocked.
    function _borrowFromManager(bytes calldata plan, uint256 source) private {
        (address asset, uint256 amount) = (plan.asset(), plan.amountIn());
        address recipient = _entry(plan, plan.hopsOffset());
        if (source == Plan.FLASH_UNISWAP_V4) {
            bytes memory take = abi.encodeCall(IUniswapV4Manager.take, (asset, recipient, amount));
            _call(source, UNISWAP_V4_MANAGER, take);
            _trade(plan, _start(plan));
            _settleWithUniswapV4(plan);
        } else if (source == Plan.FLASH_BALANCER_V3) {
            bytes memory send = abi.encodeCall(IBalancerV3Vault.sendTo, (asset, recipient, amount));
            _call(source, BALANCER_V3_VAULT, send);
            _trade(plan, _start(plan));
            IERC20(asset).safeTransfer(BALANCER_V3_VAULT, amount);
            bytes memory settle = abi.encodeCall(IBalancerV3Vault.settle, (asset, amount));
            _call(source, BALANCER_V3_VAULT, settle);
        } else {
            revert UnknownSource(source);
        }
    }

    /// @dev Without a loan: the first hop's pool pays its output and is paid when the others have
    /// been traded.
    function _flashSwap(bytes calldata plan) private {
        Trade memory trade = _start(plan);
        uint256 kind = plan.kindAt(trade.hop);
        if (kind == Plan.UNISWAP_V4) {
            trade.isCredit = true;
            _trade(plan, trade);
            return _settleWithUniswapV4(plan);
        }
        if (kind == Plan.UNISWAP_V2) {
            _flashSwapPair(plan, trade);
        } else if (kind == Plan.UNISWAP_V3) {
            address measured;
            (trade.recipient, measured) = _destination(plan, kind, plan.hopEnd(trade.hop, kind, 0));
            _measureFrom(measured);
            _callConcentratedPool(plan, trade, plan);
        } else {
            revert NoFlashSwap(kind);
        }
    }

    /// @dev A pair calls whom it pays, so that it has to pay the executor.
    function _flashSwapPair(bytes calldata plan, Trade memory trade) private {
        address pool = plan.addressAt(trade.hop, Plan.PAIR);
        bool zeroForOne = plan.isZeroForOne(trade.hop);
        uint256 next = plan.hopEnd(trade.hop, Plan.UNISWAP_V2, 0);
        (, address measured) = _destination(plan, Plan.UNISWAP_V2, next);
        _measureFrom(measured == address(0) ? _tokenOut(pool, zeroForOne) : measured);
        uint256 amountOut = _pairOutput(plan, Plan.UNISWAP_V2, trade);
        (uint256 amount0Out, uint256 amount1Out) =
            zeroForOne ? (uint256(0), amountOut) : (amountOut, uint256(0));
        bytes memory call = abi.encodeCall(
            IConstantProductPool.swap, (amount0Out, amount1Out, address(this), plan)
        );
        _await(pool, plan);
        HopCall.send(0, pool, call);
        _requireServed(pool);
    }

    /// @dev Remembers what there is of the token that a flash swap is about to pay; zero for none.
    function _measureFrom(address token) private {
        _measured = token;
        if (token != address(0)) _balanceBefore = HopCall.balance(0, token);
    }

    /// @dev Calls a lender that will call back with the plan.
    function _request(
        bytes calldata plan,
        uint256 source,
        address lender,
        bytes memory call
    ) private {
        _await(lender, plan);
        _call(source, lender, call);
        _requireServed(lender);
    }

    function _call(uint256 source, address lender, bytes memory call) private {
        (bool succeeded,,,) = HopCall.attempt(lender, call);
        if (!succeeded) revert SourceFailed(source, HopCall.reason());
    }

    function _settleWithUniswapV4(bytes calldata plan) private {
        bytes memory call = abi.encodeCall(IUniswapV4Manager.sync, (plan.asset()));
        _call(Plan.FLASH_UNISWAP_V4, UNISWAP_V4_MANAGER, call);
        _asset(plan).safeTransfer(UNISWAP_V4_MANAGER, plan.amountIn());
        call = abi.encodeCall(IUniswapV4Manager.settle, ());
        _call(Plan.FLASH_UNISWAP_V4, UNISWAP_V4_MANAGER, call);
    }

    /// @dev What a pair pays for its other token, as it says.
    function _tokenOut(address pool, bool zeroForOne) private view returns (address) {
        bytes memory question = zeroForOne
            ? abi.encodeCall(IConstantProductPool.token1, ())
            : abi.encodeCall(IConstantProductPool.token0, ());
        (uint256 token,) = HopCall.ask(0, pool, question, 1);
        return address(uint160(token));
    }
}
