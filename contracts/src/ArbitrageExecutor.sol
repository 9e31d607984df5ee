// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAaveFlashBorrower} from "./interfaces/IAaveFlashBorrower.sol";
import {IAavePool} from "./interfaces/IAavePool.sol";
import {IArbitrageExecutor} from "./interfaces/IArbitrageExecutor.sol";
import {IBalancerFlashBorrower} from "./interfaces/IBalancerFlashBorrower.sol";
import {IBalancerVault} from "./interfaces/IBalancerVault.sol";
import {IConcentratedPool} from "./interfaces/IConcentratedPool.sol";
import {IConcentratedPoolPayer} from "./interfaces/IConcentratedPoolPayer.sol";
import {IConstantProductPool} from "./interfaces/IConstantProductPool.sol";
import {IWrappedEther} from "./interfaces/IWrappedEther.sol";
import {Plan} from "./libraries/Plan.sol";

/// @title The flash-loan executor
/// @notice Borrows the input of a cycle, trades it through the cycle's pools and repays, in one
/// call of its owner that succeeds with the minimum profit or changes nothing.
///
/// What a reader may rely on:
/// - It holds nothing between calls, and no allowance of its outlives a call.
/// - A plan works in its target block only, so a transaction that leaks later is worthless.
/// - A callback is served once, and only to the contract that this very call has called.
/// - No return value of a token or a pool is believed: only differences of its own balance count.
/// - Profit goes to the beneficiary, which nobody can change, and to the block's coinbase.
contract ArbitrageExecutor is
    IArbitrageExecutor,
    IAaveFlashBorrower,
    IBalancerFlashBorrower,
    IConcentratedPoolPayer,
    Ownable2Step,
    ReentrancyGuardTransient
{
    using Plan for bytes;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    // Constants

    uint8 private constant AAVE_V3 = 0;
    uint8 private constant BALANCER_V2 = 1;
    uint8 private constant CONSTANT_PRODUCT = 0;
    uint8 private constant CONCENTRATED = 1;
    uint256 private constant BPS = 10_000;
    uint256 private constant PIPS = 1_000_000;

    /// @dev Enough for a proxy that emits an event, too little to be worth wasting.
    uint256 private constant TIP_GAS = 50_000;

    /// @dev The outermost prices that a pool accepts as a limit: one inside the bounds of Uniswap
    /// V3's TickMath, so that the limit never ends a trade before the liquidity does.
    uint160 private constant LOWEST_PRICE_LIMIT_X96 = 4_295_128_740;
    uint160 private constant HIGHEST_PRICE_LIMIT_X96 =
        1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341;

    // Immutables

    /// @notice Who receives the profit after the tip.
    address public immutable BENEFICIARY;

    /// @notice Wrapped ether, the only asset that tips are paid out of.
    IWrappedEther public immutable WETH;

    /// @notice The pool of Aave V3; zero where there is none.
    IAavePool public immutable AAVE_POOL;

    /// @notice The vault of Balancer V2; zero where there is none.
    IBalancerVault public immutable BALANCER_VAULT;

    // Transient state: zero whenever no call is in progress

    /// @dev Hash of the plan whose loan was requested and has not arrived.
    bytes32 private transient _awaitedPlan;

    /// @dev The concentrated pool that may ask for its input, once.
    address private transient _awaitedPool;

    /// @dev What it may ask for.
    address private transient _inputToken;

    /// @dev The most that it may ask for.
    uint256 private transient _inputAmount;

    /// @dev What it has asked for.
    uint256 private transient _inputPaid;

    // Modifiers

    /// @dev Comes before every other check: a plan outside its block costs its sender the least.
    modifier onlyInTargetBlock(bytes calldata plan) {
        require(plan.hopCount() != 0, MalformedPlan(plan.length));
        uint256 target = plan.targetBlock();
        require(block.number == target, WrongBlock(block.number, target));
        _;
    }

    // Constructor

    /// @notice Fixes for good where profit goes and who is trusted to lend.
    /// @param owner_ The only account that can trade; replaced in two steps.
    /// @param beneficiary Who receives the profit, for good.
    /// @param weth Wrapped ether.
    /// @param aavePool Aave V3, or zero.
    /// @param balancerVault Balancer V2, or zero.
    constructor(
        address owner_,
        address beneficiary,
        address weth,
        address aavePool,
        address balancerVault
    ) Ownable(owner_) {
        require(beneficiary != address(0) && weth != address(0), ZeroAddress());
        BENEFICIARY = beneficiary;
        WETH = IWrappedEther(weth);
        AAVE_POOL = IAavePool(aavePool);
        BALANCER_VAULT = IBalancerVault(balancerVault);
    }

    /// @notice Takes the ether of unwrapped tips and no other.
    receive() external payable {
        require(msg.sender == address(WETH), UnexpectedEther(msg.sender));
    }

    // External

    /// @inheritdoc IArbitrageExecutor
    function execute(bytes calldata plan)
        external
        onlyInTargetBlock(plan)
        onlyOwner
        nonReentrant
        returns (uint256 grossProfit, uint256 tip)
    {
        IERC20 asset = IERC20(plan.asset());
        uint256 tipShareBps = plan.tipShareBps();
        require(tipShareBps <= BPS, TipShareTooLarge(tipShareBps));
        require(tipShareBps == 0 || address(asset) == address(WETH), TipNeedsWeth(address(asset)));

        uint256 balanceAtEntry = asset.balanceOf(address(this));
        _borrow(plan);
        grossProfit = _profit(asset, balanceAtEntry, plan.minProfit());
        tip = grossProfit * tipShareBps / BPS;

        emit Executed(address(asset), plan.lender(), plan.amountIn(), grossProfit, tip);
        asset.safeTransfer(BENEFICIARY, grossProfit - tip);
        _payTip(tip);
    }

    /// @inheritdoc IArbitrageExecutor
    function rescue(address token) external onlyOwner nonReentrant {
        IERC20(token).safeTransfer(BENEFICIARY, IERC20(token).balanceOf(address(this)));
    }

    // Callbacks

    /// @notice Serves the loan that `execute` requested from Aave.
    /// @dev Anyone can make Aave lend to anyone, hence the check of the initiator.
    /// @inheritdoc IAaveFlashBorrower
    function executeOperation(
        address asset,
        uint256 amount,
        uint256 premium,
        address initiator,
        bytes calldata params
    ) external returns (bool) {
        require(msg.sender == address(AAVE_POOL), UnauthorizedCallback(msg.sender));
        require(initiator == address(this), UnauthorizedInitiator(initiator));
        _takeLoan(params, AAVE_V3, asset, amount);
        _trade(params);
        IERC20(asset).forceApprove(address(AAVE_POOL), amount + premium);
        return true;
    }

    /// @notice Serves the loan that `execute` requested from Balancer.
    /// @dev The vault names no initiator: what proves the request is the hash of the owner's plan,
    /// which exists only between the request and this call.
    /// @inheritdoc IBalancerFlashBorrower
    function receiveFlashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata feeAmounts,
        bytes calldata userData
    ) external {
        require(msg.sender == address(BALANCER_VAULT), UnauthorizedCallback(msg.sender));
        require(tokens.length == 1, UnexpectedLoan());
        _takeLoan(userData, BALANCER_V2, tokens[0], amounts[0]);
        _trade(userData);
        IERC20(tokens[0]).safeTransfer(address(BALANCER_VAULT), amounts[0] + feeAmounts[0]);
    }

    /// @notice Pays the input of the concentrated hop in progress, once.
    /// @inheritdoc IConcentratedPoolPayer
    function uniswapV3SwapCallback(
        int256 amount0Delta,
        int256 amount1Delta,
        bytes calldata
    ) external {
        require(msg.sender == _awaitedPool, UnauthorizedCallback(msg.sender));
        _awaitedPool = address(0);
        uint256 amountIn = _inputAmount;
        int256 owed = amount0Delta > 0 ? amount0Delta : amount1Delta;
        require(owed > 0 && uint256(owed) <= amountIn, OverCharged(msg.sender, owed, amountIn));
        _inputPaid = uint256(owed);
        IERC20(_inputToken).safeTransfer(msg.sender, uint256(owed));
    }

    // Public

    /// @notice Always reverts.
    /// @dev Nobody could trade with or rescue from an executor without an owner.
    function renounceOwnership() public pure override {
        revert OwnershipIsPermanent();
    }

    // Private

    /// @dev Requests the loan; trading and repayment happen inside, in the lender's callback.
    function _borrow(bytes calldata plan) private {
        uint8 lender = plan.lender();
        address asset = plan.asset();
        _awaitedPlan = keccak256(plan);
        if (lender == AAVE_V3) {
            AAVE_POOL.flashLoanSimple(address(this), asset, plan.amountIn(), plan, 0);
            uint256 allowance = IERC20(asset).allowance(address(this), address(AAVE_POOL));
            require(allowance == 0, DanglingAllowance(asset, allowance));
        } else if (lender == BALANCER_V2) {
            address[] memory tokens = new address[](1);
            uint256[] memory amounts = new uint256[](1);
            (tokens[0], amounts[0]) = (asset, plan.amountIn());
            BALANCER_VAULT.flashLoan(address(this), tokens, amounts, plan);
        } else {
            revert UnknownLender(lender);
        }
        require(_awaitedPlan == 0, LoanNotTaken(lender));
    }

    /// @dev Accepts exactly the loan that the plan in progress asks for, once.
    function _takeLoan(bytes calldata plan, uint8 lender, address asset, uint256 amount) private {
        require(_awaitedPlan == keccak256(plan), UnexpectedLoan());
        _awaitedPlan = 0;
        require(plan.lender() == lender, UnexpectedLoan());
        require(plan.asset() == asset && plan.amountIn() == amount, LoanMismatch(asset, amount));
    }

    /// @dev Sells the borrowed asset along the hops, each the whole measured output of the last.
    function _trade(bytes calldata plan) private {
        uint256 count = plan.hopCount();
        address tokenIn = plan.asset();
        uint256 amount = plan.amountIn();
        for (uint256 i = 0; i < count; ++i) {
            Plan.Hop memory hop = plan.hopAt(i);
            require(hop.pool.code.length != 0, PoolMissing(i, hop.pool));
            uint256 balance = IERC20(hop.tokenOut).balanceOf(address(this));
            _swap(hop, tokenIn, amount, i);
            uint256 balanceAfter = IERC20(hop.tokenOut).balanceOf(address(this));
            require(balanceAfter > balance, NothingReceived(i, hop.tokenOut));
            amount = balanceAfter - balance;
            tokenIn = hop.tokenOut;
        }
        require(tokenIn == plan.asset(), CycleNotClosed(tokenIn));
    }

    /// @dev Chooses by the kind of the pool.
    function _swap(Plan.Hop memory hop, address tokenIn, uint256 amountIn, uint256 index) private {
        if (hop.kind == CONSTANT_PRODUCT) {
            _swapConstantProduct(hop, tokenIn, amountIn, index);
        } else if (hop.kind == CONCENTRATED) {
            _swapConcentrated(hop, tokenIn, amountIn, index);
        } else {
            revert UnknownHopKind(index, hop.kind);
        }
    }

    /// @dev The pair pays what its reserves before the transfer allow: x * y = k after the fee on
    /// the input, rounded down as in UniswapV2Library.getAmountOut.
    function _swapConstantProduct(
        Plan.Hop memory hop,
        address tokenIn,
        uint256 amountIn,
        uint256 index
    ) private {
        require(hop.feePips < PIPS, FeeTooLarge(index, hop.feePips));
        IConstantProductPool pool = IConstantProductPool(hop.pool);
        bool zeroForOne = tokenIn < hop.tokenOut;
        (uint256 reserveIn, uint256 reserveOut,) = pool.getReserves();
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);

        uint256 amountInAfterFee = amountIn * (PIPS - hop.feePips);
        uint256 amountOut = amountInAfterFee * reserveOut / (reserveIn * PIPS + amountInAfterFee);
        (uint256 amount0Out, uint256 amount1Out) =
            zeroForOne ? (uint256(0), amountOut) : (amountOut, uint256(0));

        bool transferred = IERC20(tokenIn).trySafeTransfer(hop.pool, amountIn);
        require(transferred, InputNotTransferred(index, tokenIn, amountIn));
        try pool.swap(amount0Out, amount1Out, address(this), "") {}
        catch (bytes memory reason) {
            revert PoolFailed(index, hop.pool, reason);
        }
    }

    /// @dev An exact input at any price: the pool must take all of it, and the final profit
    /// decides.
    function _swapConcentrated(
        Plan.Hop memory hop,
        address tokenIn,
        uint256 amountIn,
        uint256 index
    ) private {
        bool zeroForOne = tokenIn < hop.tokenOut;
        (_awaitedPool, _inputToken, _inputAmount, _inputPaid) = (hop.pool, tokenIn, amountIn, 0);
        try IConcentratedPool(hop.pool)
            .swap(
                address(this),
                zeroForOne,
                amountIn.toInt256(),
                zeroForOne ? LOWEST_PRICE_LIMIT_X96 : HIGHEST_PRICE_LIMIT_X96,
                ""
            ) returns (
            int256, int256
        ) {}
        catch (bytes memory reason) {
            revert PoolFailed(index, hop.pool, reason);
        }
        _awaitedPool = address(0);
        require(_inputPaid == amountIn, PartialFill(index, _inputPaid, amountIn));
    }

    /// @dev Sends the tip as ether. Comes last, when everything else is settled.
    function _payTip(uint256 tip) private {
        if (tip == 0) return;
        WETH.withdraw(tip);
        // Returned data is bounded by the gas, so a coinbase cannot make copying it expensive.
        // solhint-disable-next-line avoid-low-level-calls
        (bool paid,) = block.coinbase.call{value: tip, gas: TIP_GAS}("");
        require(paid, TipRefused(block.coinbase, tip));
    }

    /// @dev What the call has earned so far, if that is enough.
    function _profit(
        IERC20 asset,
        uint256 balanceAtEntry,
        uint256 minimum
    ) private view returns (uint256) {
        uint256 balance = asset.balanceOf(address(this));
        if (balance < balanceAtEntry + minimum) {
            unchecked {
                // Two's complement turns the wrapped difference into the signed one.
                revert ProfitBelowMinimum(int256(balance - balanceAtEntry), minimum);
            }
        }
        return balance - balanceAtEntry;
    }
}
