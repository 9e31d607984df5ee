// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {ExecutorTest} from "./ExecutorTest.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {Accomplice, GreedyPool, SilentPair} from "./doubles/HostilePools.sol";
import {LyingLender} from "./doubles/LyingLender.sol";

/// @dev Lenders and pools that break their protocols. The second factory deploys greedy pools, so
/// that even a fork of Uniswap V3 with hostile code gains nothing.
contract RefuseCallbackTest is ExecutorTest {
    GreedyPool private greedy;

    function setUp() public override {
        super.setUp();
        (address token0, address token1) = address(weth) < address(gold)
            ? (address(weth), address(gold))
            : (address(gold), address(weth));
        greedy = new GreedyPool{salt: keccak256(abi.encode(token0, token1, FEE))}();
        _give(address(weth), address(greedy), 2 ether);
    }

    // Concentrated pools

    function test_PoolThatAsksForMoreThanTheInput() public {
        uint256 input = _boughtGold();
        _configure(int256(input + 1), 1, address(0), false);
        _expectRefusalByPool(_wrongDemand(int256(input + 1)));
    }

    function test_PoolThatAsksForLessThanTheInput() public {
        uint256 input = _boughtGold();
        _configure(int256(input - 1), 1, address(0), false);
        _expectRefusalByPool(_wrongDemand(int256(input - 1)));
    }

    function test_PoolThatAsksForNothing() public {
        _configure(0, 1, address(0), false);
        _expectRefusalByPool(_wrongDemand(0));
    }

    function test_RealPoolWithTooLittleLiquidity() public {
        _concentratedPool(address(weth), address(gold), 500, 1 ether);
        bytes memory hop = PlanBuilder.concentratedHop(address(gold), address(weth), 500, 0);
        bytes memory plan = _planOf(_fields(), bytes.concat(_buyGold(), hop));

        vm.prank(OWNER);
        (bool succeeded, bytes memory reason) =
            address(executor).call(abi.encodeCall(executor.execute, (plan)));

        assertFalse(succeeded);
        string memory wanted = _digits(IArbitrageExecutor.WrongDemand.selector);
        assertLt(vm.indexOf(vm.toString(reason), wanted), reason.length * 2);
    }

    function test_PoolThatAsksTwice() public {
        _configure(int256(_boughtGold()), 2, address(0), false);
        _expectRefusalByPool(_unauthorized(address(greedy)));
    }

    function test_PoolThatForgesItsData() public {
        _configure(int256(_boughtGold()), 1, address(0), true);
        _expectRefusalByPool(_unauthorized(address(greedy)));
    }

    function test_PoolThatSendsAnAccomplice() public {
        address accomplice = address(new Accomplice(executor));
        _configure(int256(_boughtGold()), 1, accomplice, false);
        _expectRefusalByPool(_unauthorized(accomplice));
    }

    function test_PoolThatNeverAsks() public {
        _configure(0, 0, address(0), false);
        _expectRefusalOfSecondHop(_missing(address(greedy)));
    }

    function test_PoolThatFlashesWithoutACallback() public {
        bytes memory source = PlanBuilder.concentratedSource(address(gold), FEE, 1);
        _expectRefusal(
            _planOf(PlanBuilder.CONCENTRATED, bytes.concat(source, _pairHops())),
            _missing(address(greedy))
        );
    }

    function test_FlashSwapOfAPoolThatNeverAsks() public {
        _configure(0, 0, address(0), false);
        _expectRefusal(
            _planOf(PlanBuilder.NONE, bytes.concat(_greedyHop(address(weth)), _sellGold())),
            _missing(address(greedy))
        );
    }

    // Pairs

    function test_PairThatNeverCallsBack() public {
        SilentPair pair = new SilentPair();
        bytes memory source = PlanBuilder.pairSource(address(pair), FEE, true);
        _expectRefusal(
            _planOf(PlanBuilder.PAIR, bytes.concat(source, _pairHops())), _missing(address(pair))
        );
    }

    function test_FlashSwapOfAPairThatNeverCallsBack() public {
        SilentPair pair = new SilentPair();
        pair.claim(1e24, address(gold), false);
        bytes memory hop = PlanBuilder.pairHop(address(pair), FEE, true);
        _expectRefusal(
            _planOf(PlanBuilder.NONE, bytes.concat(hop, _sellGold())), _missing(address(pair))
        );
    }

    /// @dev The promised gold is not there; gold that the executor holds is not used in its place.
    function test_FlashSwapOfAPairThatPaysNothing_SpendsNoHoldings() public {
        _give(address(gold), address(executor), 10 ether);
        SilentPair pair = new SilentPair();
        pair.claim(1e24, address(gold), true);
        bytes memory hop = PlanBuilder.pairHop(address(pair), FEE, true);
        bytes memory inner =
            abi.encodeWithSelector(IArbitrageExecutor.OutputOutOfRange.selector, 0, 0);
        bytes memory reason =
            abi.encodeWithSelector(IArbitrageExecutor.HopFailed.selector, 0, address(pair), inner);
        _expectRefusal(_planOf(PlanBuilder.NONE, bytes.concat(hop, _sellGold())), reason);
        bytes memory next = _concentratedHop(address(gold), address(weth));
        _expectRefusal(_planOf(PlanBuilder.NONE, bytes.concat(hop, next)), reason);
    }

    /// @dev It lends nothing and wants to be repaid; holdings of the asset do not pay for it.
    function test_PairThatLendsNothing() public {
        _give(address(weth), address(executor), 10 ether);
        SilentPair pair = new SilentPair();
        pair.claim(1e24, address(weth), true);
        bytes memory source = PlanBuilder.pairSource(address(pair), FEE, true);
        bytes memory plan = _planOf(PlanBuilder.PAIR, bytes.concat(source, _pairHops()));

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.ProfitBelowMinimum.selector);
        executor.execute(plan);
    }

    // Lenders

    function test_LenderThatNeverLends() public {
        address lender = _becomeLyingLender(LyingLender.Lie.Silence);
        _expectRefusal(_planOf(PlanBuilder.AAVE, _pairHops()), _missing(lender));
    }

    function test_LenderThatChangesThePlan() public {
        address lender = _becomeLyingLender(LyingLender.Lie.OtherPlan);
        _expectRefusal(
            _planOf(PlanBuilder.AAVE, _pairHops()), _inside(PlanBuilder.AAVE, _unauthorized(lender))
        );
    }

    function test_LenderThatLendsTwice() public {
        address lender = _becomeLyingLender(LyingLender.Lie.Twice);
        _expectRefusal(
            _planOf(PlanBuilder.AAVE, _pairHops()), _inside(PlanBuilder.AAVE, _unauthorized(lender))
        );
    }

    function test_LenderThatLendsNothing_IsPaidOutOfNothing() public {
        address lender = _becomeLyingLender(LyingLender.Lie.NoLoan);
        // It never collects, so that its allowance is what remains.
        _expectRefusal(
            _planOf(PlanBuilder.AAVE, _pairHops()),
            abi.encodeWithSelector(
                IArbitrageExecutor.DanglingAllowance.selector, address(weth), lender, AMOUNT_IN
            )
        );
    }

    function test_LenderOfAnotherAmountOrAsset_GetsWhatThePlanSays() public {
        LyingLender.Lie[2] memory lies = [LyingLender.Lie.OtherAmount, LyingLender.Lie.OtherAsset];
        for (uint256 i = 0; i < 2; ++i) {
            address lender = _becomeLyingLender(lies[i]);
            _expectRefusal(
                _planOf(PlanBuilder.AAVE, _pairHops()),
                abi.encodeWithSelector(
                    IArbitrageExecutor.DanglingAllowance.selector, address(weth), lender, AMOUNT_IN
                )
            );
        }
    }

    function test_LenderOfAHugeFee_LeavesItsAllowanceUnused() public {
        address lender = _becomeLyingLender(LyingLender.Lie.HugeFee);
        _expectRefusal(
            _planOf(PlanBuilder.AAVE, _pairHops()),
            abi.encodeWithSelector(
                IArbitrageExecutor.DanglingAllowance.selector,
                address(weth),
                lender,
                AMOUNT_IN + 5 ether
            )
        );
    }

    function test_LenderThatUsesAnotherCallback() public {
        address lender = _becomeLyingLender(LyingLender.Lie.OtherCallback);
        _expectRefusal(
            _planOf(PlanBuilder.AAVE, _pairHops()), _inside(PlanBuilder.AAVE, _unauthorized(lender))
        );
    }

    // Private

    function _wiring() internal view override returns (IArbitrageExecutor.Wiring memory wiring) {
        wiring = super._wiring();
        wiring.concentratedFactories[1] = IArbitrageExecutor.ConcentratedFactory(
            address(this), keccak256(type(GreedyPool).creationCode)
        );
    }

    function _configure(int256 demand, uint256 times, address accomplice, bool forges) private {
        greedy.configure(demand, times, accomplice, IERC20(address(weth)), forges);
    }

    function _greedyHop(address tokenIn) private view returns (bytes memory) {
        address tokenOut = tokenIn == address(weth) ? address(gold) : address(weth);
        return PlanBuilder.concentratedHop(tokenIn, tokenOut, FEE, 1);
    }

    function _expectRefusalOfSecondHop(bytes memory reason) private {
        bytes memory hops = bytes.concat(_buyGold(), _greedyHop(address(gold)));
        _expectRefusalInside(_planOf(_fields(), hops), reason);
    }

    function _expectRefusalByPool(bytes memory reason) private {
        _expectRefusalOfSecondHop(
            abi.encodeWithSelector(
                IArbitrageExecutor.HopFailed.selector, 1, address(greedy), reason
            )
        );
    }

    function _becomeLyingLender(LyingLender.Lie lie) private returns (address) {
        LyingLender lender = new LyingLender();
        lender.choose(lie);
        IArbitrageExecutor.Wiring memory wiring = _wiring();
        wiring.aavePool = address(lender);
        executor = new ArbitrageExecutor(wiring);
        _give(address(weth), address(executor), 10 ether);
        return address(lender);
    }

    /// @dev The input of the second hop when the first is the cheap pair.
    function _boughtGold() private pure returns (uint256) {
        uint256 afterFee = uint256(AMOUNT_IN) * 997;
        return afterFee * 110 ether / (100 ether * 1000 + afterFee);
    }

    function _wrongDemand(int256 demand) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IArbitrageExecutor.WrongDemand.selector, address(greedy), demand, _boughtGold()
        );
    }

    function _missing(address called) private pure returns (bytes memory) {
        bytes memory reason =
            abi.encodeWithSelector(IArbitrageExecutor.CallbackMissing.selector, called);
        return reason;
    }

    function _unauthorized(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IArbitrageExecutor.UnauthorizedCallback.selector, caller);
    }

    function _digits(bytes4 selector) private pure returns (string memory) {
        return vm.replace(vm.toString(abi.encodePacked(selector)), "0x", "");
    }
}
