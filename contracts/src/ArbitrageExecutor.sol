// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IArbitrageExecutor} from "./interfaces/IArbitrageExecutor.sol";
import {IWrappedEther} from "./interfaces/IWrappedEther.sol";
import {Plan} from "./libraries/Plan.sol";
import {Callbacks} from "./parts/Callbacks.sol";
import {Venues} from "./parts/Venues.sol";

/// @title The executor
/// @notice Borrows the input of a cycle, trades it through the cycle's pools and repays, in one
/// call of its owner that succeeds with the minimum profit or changes nothing.
///
/// What a reader may rely on:
/// - It holds nothing between calls, and no allowance of its outlives a call.
/// - A plan works in its target block only, so a transaction that leaks later is worthless.
/// - A callback is served once, and only to the contract that this very call has called.
/// - No return value of a token or a pool is believed: only differences of its own balance count.
/// - Profit goes to the beneficiary, which nobody can change, and to the block's coinbase.
///
/// `Venues` has the protocols, `Swaps` the hops, `Loans` the sources, `Callbacks` what they call
/// back; here is what guards them.
/// `Pausable` comes first so that its flag shares a storage slot with the owner.
contract ArbitrageExecutor is Pausable, Ownable2Step, ReentrancyGuardTransient, Callbacks {
    using Plan for bytes;
    using SafeERC20 for IERC20;

    // Constants

    uint256 private constant BPS = 10_000;

    /// @dev Enough for a proxy that emits an event, too little to be worth wasting.
    uint256 private constant TIP_GAS = 50_000;

    // Immutables

    address private immutable BENEFICIARY;
    address private immutable GUARDIAN;
    IWrappedEther private immutable WETH;

    // Modifiers

    /// @dev Comes before every other check: a plan outside its block costs its sender the least.
    modifier onlyWhereItBelongs(bytes calldata plan) {
        require(plan.length > Plan.HEADER_LENGTH, MalformedPlan(plan.length));
        uint256 target = plan.targetBlock();
        require(block.number == target, WrongBlock(block.number, target));
        if (plan.hasFlag(Plan.PARENT_HASH_FLAG)) {
            (bytes32 actual, bytes32 expected) = (blockhash(target - 1), plan.parentHash());
            require(actual == expected, WrongParent(actual, expected));
        }
        _;
    }

    // Constructor

    /// @notice Fixes for good where profit goes and which contracts are called.
    /// @dev Everything but the owner is immutable, so that equal wirings have equal code.
    /// @param wiring_ All of them.
    constructor(Wiring memory wiring_) Ownable(wiring_.owner) Venues(wiring_) {
        require(wiring_.beneficiary != address(0) && wiring_.weth != address(0), ZeroAddress());
        BENEFICIARY = wiring_.beneficiary;
        GUARDIAN = wiring_.guardian;
        WETH = IWrappedEther(wiring_.weth);
    }

    /// @notice Takes the ether of unwrapped tips and no other.
    receive() external payable {
        require(msg.sender == address(WETH), UnexpectedEther(msg.sender));
    }

    // External

    /// @inheritdoc IArbitrageExecutor
    function execute(bytes calldata plan)
        external
        onlyWhereItBelongs(plan)
        onlyOwner
        whenNotPaused
        nonReentrant
        returns (uint256 grossProfit, uint256 tip)
    {
        IERC20 asset = IERC20(plan.asset());
        uint256 tipShareBps = plan.tipShareBps();
        require(tipShareBps <= BPS, TipShareTooLarge(tipShareBps));
        require(tipShareBps == 0 || address(asset) == address(WETH), TipNeedsWeth(address(asset)));

        uint256 balanceAtEntry = asset.balanceOf(address(this));
        _run(plan);
        grossProfit = _profit(asset, balanceAtEntry, plan.minProfit());
        tip = grossProfit * tipShareBps / BPS;

        emit Executed(address(asset), uint8(plan.source()), plan.amountIn(), grossProfit, tip);
        _payOut(asset, grossProfit - tip, balanceAtEntry + tip);
        _payTip(tip);
    }

    /// @inheritdoc IArbitrageExecutor
    function rescue(address token) external onlyOwner nonReentrant {
        if (token == address(0)) {
            Address.sendValue(payable(BENEFICIARY), address(this).balance);
        } else {
            IERC20(token).safeTransfer(BENEFICIARY, IERC20(token).balanceOf(address(this)));
        }
    }

    /// @inheritdoc IArbitrageExecutor
    function pause() external {
        require(msg.sender == GUARDIAN || msg.sender == owner(), UnauthorizedPause(msg.sender));
        _pause();
    }

    /// @inheritdoc IArbitrageExecutor
    function unpause() external onlyOwner {
        _unpause();
    }

    /// @inheritdoc IArbitrageExecutor
    function wiring() external view returns (Wiring memory current) {
        current.owner = owner();
        current.beneficiary = BENEFICIARY;
        current.guardian = GUARDIAN;
        current.weth = address(WETH);
        current.aavePool = AAVE_POOL;
        current.balancerV2Vault = BALANCER_V2_VAULT;
        current.balancerV3Vault = BALANCER_V3_VAULT;
        current.uniswapV4Manager = UNISWAP_V4_MANAGER;
        current.soloMargin = SOLO_MARGIN;
        for (uint256 i = 0; i < current.concentratedFactories.length; ++i) {
            (address deployer, bytes32 initCodeHash) = _concentratedFactory(i);
            current.concentratedFactories[i] = ConcentratedFactory(deployer, initCodeHash);
        }
    }

    // Public

    /// @notice Always reverts.
    /// @dev Nobody could trade with or rescue from an executor without an owner.
    function renounceOwnership() public pure override {
        revert OwnershipIsPermanent();
    }

    // Private

    /// @dev Sends the profit and checks that nothing else went with it; wrapped ether is known not
    /// to do that.
    function _payOut(IERC20 asset, uint256 amount, uint256 balanceLeft) private {
        asset.safeTransfer(BENEFICIARY, amount);
        if (address(asset) == address(WETH)) return;
        require(asset.balanceOf(address(this)) >= balanceLeft, PayoutTooLarge(address(asset)));
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
        unchecked {
            // Two's complement turns the wrapped difference into the signed one.
            int256 profit = int256(balance - balanceAtEntry);
            require(profit >= int256(minimum), ProfitBelowMinimum(profit, minimum));
            return uint256(profit);
        }
    }
}
