// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DevnetToken} from "../devnet/DevnetToken.sol";
import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {IConcentratedPoolPayer} from "../src/interfaces/IConcentratedPoolPayer.sol";
import {ExecutorTest} from "./ExecutorTest.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {IPair} from "./Protocols.sol";
import {Accomplice, GreedyPool, SilentPair} from "./doubles/HostilePools.sol";
import {FalseReturnToken, FeeToken, StickyAllowanceToken} from "./doubles/HostileTokens.sol";
import {LyingLender} from "./doubles/LyingLender.sol";

/// @dev One test for every way in which a plan of the owner's can fail, each with its own error.
contract RefuseTest is ExecutorTest {
    // Plan

    function test_PlanOfNoHops_IsMalformed() public {
        _expectMalformed(_planOf(_fields(), ""));
    }

    function test_PlanOfOneHop_IsMalformed() public {
        bytes memory hop = PlanBuilder.pairHop(address(cheapGold), address(gold));
        _expectMalformed(_planOf(_fields(), hop));
    }

    function test_PlanOfNineHops_IsMalformed() public {
        bytes memory four = bytes.concat(_pairHops(), _pairHops());
        bytes memory hop = PlanBuilder.pairHop(address(cheapGold), address(gold));
        _expectMalformed(_planOf(_fields(), bytes.concat(four, four, hop)));
    }

    function testFuzz_PlanOfAnyOtherLength_IsMalformed(uint256 length) public {
        length = bound(length, 0, 500);
        bool whole = length >= 63 + 2 * 44 && length <= 63 + 8 * 44 && (length - 63) % 44 == 0;
        vm.assume(!whole);
        _expectMalformed(new bytes(length));
    }

    function testFuzz_OtherBlock_IsRefusedBeforeAnythingElse(uint64 target) public {
        vm.assume(target != block.number);
        PlanBuilder.Fields memory fields = _fields();
        fields.targetBlock = target;
        bytes memory plan = _planOf(fields, _pairHops());

        // Even to a stranger: the block is what is looked at first.
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IArbitrageExecutor.WrongBlock.selector, block.number, target)
        );
        executor.execute(plan);
    }

    function testFuzz_UnknownLender(uint8 lender) public {
        lender = uint8(bound(lender, 2, type(uint8).max));
        _expectRefusal(
            _planOf(_fields(lender), _pairHops()),
            abi.encodeWithSelector(IArbitrageExecutor.UnknownLender.selector, lender)
        );
    }

    function testFuzz_TipOfMoreThanTheProfit(uint16 share) public {
        PlanBuilder.Fields memory fields = _fields();
        fields.tipShareBps = uint16(bound(share, 10_001, type(uint16).max));
        _expectRefusal(
            _planOf(fields, _pairHops()),
            abi.encodeWithSelector(IArbitrageExecutor.TipShareTooLarge.selector, fields.tipShareBps)
        );
    }

    function test_TipOutOfAnotherAsset() public {
        PlanBuilder.Fields memory fields = _fields();
        fields.asset = address(gold);
        _expectRefusal(
            _planOf(fields, _pairHops()),
            abi.encodeWithSelector(IArbitrageExecutor.TipNeedsWeth.selector, address(gold))
        );
    }

    function test_ProfitOneBelowMinimum() public {
        uint256 snapshot = vm.snapshotState();
        (uint256 grossProfit,) = _execute(_plan());
        vm.revertToState(snapshot);
        PlanBuilder.Fields memory fields = _fields();
        fields.minProfit = uint128(grossProfit + 1);

        _expectRefusal(
            _planOf(fields, _pairHops()),
            abi.encodeWithSelector(
                IArbitrageExecutor.ProfitBelowMinimum.selector, grossProfit, grossProfit + 1
            )
        );
    }

    function test_LossOutOfHoldings() public {
        _give(address(weth), address(executor), 10 ether);
        bytes memory hops = bytes.concat(
            PlanBuilder.pairHop(address(dearGold), address(gold)),
            PlanBuilder.pairHop(address(cheapGold), address(weth))
        );
        PlanBuilder.Fields memory fields = _fields();
        fields.minProfit = 0;

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.ProfitBelowMinimum.selector);
        executor.execute(_planOf(fields, hops));
    }

    // Hops

    function testFuzz_UnknownHopKind(uint8 kind) public {
        kind = uint8(bound(kind, 2, type(uint8).max));
        bytes memory hop = PlanBuilder.hop(kind, address(dearGold), address(weth), 3000);
        _expectRefusalOfSecondHop(
            hop, abi.encodeWithSelector(IArbitrageExecutor.UnknownHopKind.selector, 1, kind)
        );
    }

    function test_PoolWithoutCode() public {
        _expectRefusalOfSecondHop(
            PlanBuilder.pairHop(STRANGER, address(weth)),
            abi.encodeWithSelector(IArbitrageExecutor.PoolMissing.selector, 1, STRANGER)
        );
    }

    function testFuzz_FeeOfTheWholeInput(uint24 fee) public {
        fee = uint24(bound(fee, 1_000_000, type(uint24).max));
        bytes memory hop = PlanBuilder.hop(0, address(dearGold), address(weth), fee);
        _expectRefusalOfSecondHop(
            hop, abi.encodeWithSelector(IArbitrageExecutor.FeeTooLarge.selector, 1, fee)
        );
    }

    function test_FeeBelowThePairs_IsRefusedByThePair() public {
        bytes memory hop = PlanBuilder.hop(0, address(dearGold), address(weth), 2900);
        _expectRefusalOfSecondHop(
            hop,
            abi.encodeWithSelector(
                IArbitrageExecutor.PoolFailed.selector,
                1,
                address(dearGold),
                abi.encodeWithSignature("Error(string)", "UniswapV2: K")
            )
        );
    }

    function test_ConcentratedPoolThatReverts() public {
        _expectRefusalOfSecondHop(
            PlanBuilder.concentratedHop(address(dearGold), address(weth)),
            abi.encodeWithSelector(
                IArbitrageExecutor.PoolFailed.selector, 1, address(dearGold), bytes("")
            )
        );
    }

    function test_ConcentratedPoolWithTooLittleLiquidity() public {
        address shallow = address(_concentratedPool(1 ether));
        bytes memory hop = PlanBuilder.concentratedHop(shallow, address(weth));
        bytes memory hops =
            bytes.concat(PlanBuilder.pairHop(address(cheapGold), address(gold)), hop);

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.PartialFill.selector);
        executor.execute(_planOf(_fields(), hops));
    }

    function test_PairThatGivesNothing() public {
        address silent = address(new SilentPair());
        _expectRefusalOfSecondHop(
            PlanBuilder.pairHop(silent, address(weth)),
            abi.encodeWithSelector(IArbitrageExecutor.NothingReceived.selector, 1, address(weth))
        );
    }

    function test_CycleThatEndsElsewhere() public {
        _expectRefusalOfSecondHop(
            PlanBuilder.pairHop(address(goldSilver), address(silver)),
            abi.encodeWithSelector(IArbitrageExecutor.CycleNotClosed.selector, address(silver))
        );
    }

    // Concentrated pools that ask for what is not theirs

    function test_PoolThatAsksForMoreThanTheInput() public {
        uint256 input = _boughtGold();
        GreedyPool pool = _greedyPool(int256(input + 1), 1, address(0));
        _expectRefusalByPool(
            address(pool),
            abi.encodeWithSelector(
                IArbitrageExecutor.OverCharged.selector, address(pool), input + 1, input
            )
        );
    }

    function test_PoolThatAsksForNothing() public {
        GreedyPool pool = _greedyPool(0, 1, address(0));
        _expectRefusalByPool(
            address(pool),
            abi.encodeWithSelector(
                IArbitrageExecutor.OverCharged.selector, address(pool), 0, _boughtGold()
            )
        );
    }

    function test_PoolThatAsksTwice() public {
        GreedyPool pool = _greedyPool(int256(_boughtGold() / 2), 2, address(0));
        _expectRefusalByPool(
            address(pool),
            abi.encodeWithSelector(IArbitrageExecutor.UnauthorizedCallback.selector, address(pool))
        );
    }

    function test_PoolThatSendsAnAccomplice() public {
        address accomplice = address(new Accomplice(IConcentratedPoolPayer(executor)));
        GreedyPool pool = _greedyPool(int256(_boughtGold()), 1, accomplice);
        _expectRefusalByPool(
            address(pool),
            abi.encodeWithSelector(IArbitrageExecutor.UnauthorizedCallback.selector, accomplice)
        );
    }

    function test_PoolThatNeverAsks_IsAPartialFill() public {
        GreedyPool pool = _greedyPool(0, 0, address(0));
        _expectRefusalOfSecondHop(
            PlanBuilder.concentratedHop(address(pool), address(weth)),
            abi.encodeWithSelector(IArbitrageExecutor.PartialFill.selector, 1, 0, _boughtGold())
        );
    }

    // Tokens

    function test_TokenThatRefusesPolitely() public {
        FalseReturnToken token = new FalseReturnToken();
        token.refuse(address(executor));
        bytes memory plan = _planThrough(address(token));

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.InputNotTransferred.selector);
        executor.execute(plan);
    }

    function test_TokenThatTakesAFee_IsRefusedByThePair() public {
        bytes memory plan = _planThrough(address(new FeeToken()));

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.PoolFailed.selector);
        executor.execute(plan);
    }

    function test_TokenWhoseAllowanceOutlivesItsUse() public {
        address token = address(new StickyAllowanceToken());
        _give(token, address(aave), 100 ether);
        IPair dear = _pair(token, address(weth), 100 ether, 120 ether);
        IPair cheap = _pair(token, address(weth), 120 ether, 100 ether);
        PlanBuilder.Fields memory fields = _fields(PlanBuilder.AAVE);
        (fields.asset, fields.tipShareBps) = (token, 0);
        bytes memory hops = bytes.concat(
            PlanBuilder.pairHop(address(dear), address(weth)),
            PlanBuilder.pairHop(address(cheap), token)
        );

        _expectRefusal(
            _planOf(fields, hops),
            abi.encodeWithSelector(
                IArbitrageExecutor.DanglingAllowance.selector, token, 1.0005 ether
            )
        );
    }

    // Lenders

    function test_LenderThatNeverLends() public {
        _expectRefusalOfLie(
            LyingLender.Lie.Silence,
            abi.encodeWithSelector(IArbitrageExecutor.LoanNotTaken.selector, 0)
        );
    }

    function test_LenderOfAnotherAmount() public {
        _expectRefusalOfLie(
            LyingLender.Lie.OtherAmount,
            abi.encodeWithSelector(
                IArbitrageExecutor.LoanMismatch.selector, address(weth), AMOUNT_IN + 1
            )
        );
    }

    function test_LenderOfAnotherAsset() public {
        address lender = _becomeLyingLender(LyingLender.Lie.OtherAsset);
        _expectRefusal(
            _planOf(_fields(PlanBuilder.AAVE), _pairHops()),
            abi.encodeWithSelector(IArbitrageExecutor.LoanMismatch.selector, lender, AMOUNT_IN)
        );
    }

    function test_LenderThatChangesThePlan() public {
        _expectRefusalOfLie(
            LyingLender.Lie.OtherPlan,
            abi.encodeWithSelector(IArbitrageExecutor.UnexpectedLoan.selector)
        );
    }

    function test_LenderThatAnswersForTheOther() public {
        _expectRefusalOfLie(
            LyingLender.Lie.BalancerCallback,
            abi.encodeWithSelector(IArbitrageExecutor.UnexpectedLoan.selector)
        );
    }

    function test_LenderOfTwoTokens() public {
        _becomeLyingLender(LyingLender.Lie.TwoTokens);
        _expectRefusal(_plan(), abi.encodeWithSelector(IArbitrageExecutor.UnexpectedLoan.selector));
    }

    // Construction and ownership

    function test_ExecutorWithoutBeneficiary() public {
        vm.expectRevert(IArbitrageExecutor.ZeroAddress.selector);
        new ArbitrageExecutor(OWNER, address(0), address(weth), address(aave), vault);
    }

    function test_ExecutorWithoutWeth() public {
        vm.expectRevert(IArbitrageExecutor.ZeroAddress.selector);
        new ArbitrageExecutor(OWNER, BENEFICIARY, address(0), address(aave), vault);
    }

    function test_ExecutorWithoutOwner() public {
        vm.prank(OWNER);
        vm.expectRevert(IArbitrageExecutor.OwnershipIsPermanent.selector);
        executor.renounceOwnership();
    }

    function _expectMalformed(bytes memory plan) private {
        _expectRefusal(
            plan, abi.encodeWithSelector(IArbitrageExecutor.MalformedPlan.selector, plan.length)
        );
    }

    function _expectRefusalOfSecondHop(bytes memory hop, bytes memory reason) private {
        bytes memory first = PlanBuilder.pairHop(address(cheapGold), address(gold));
        _expectRefusal(_planOf(_fields(), bytes.concat(first, hop)), reason);
    }

    function _expectRefusalByPool(address pool, bytes memory reason) private {
        _expectRefusalOfSecondHop(
            PlanBuilder.concentratedHop(pool, address(weth)),
            abi.encodeWithSelector(IArbitrageExecutor.PoolFailed.selector, 1, pool, reason)
        );
    }

    function _expectRefusalOfLie(LyingLender.Lie lie, bytes memory reason) private {
        _becomeLyingLender(lie);
        _expectRefusal(_planOf(_fields(PlanBuilder.AAVE), _pairHops()), reason);
    }

    function _becomeLyingLender(LyingLender.Lie lie) private returns (address) {
        LyingLender lender = new LyingLender();
        lender.choose(lie);
        executor = new ArbitrageExecutor(
            OWNER, BENEFICIARY, address(weth), address(lender), address(lender)
        );
        _give(address(weth), address(executor), 10 ether);
        return address(lender);
    }

    /// @dev The input of the second hop when the first is the cheap pair.
    function _boughtGold() private pure returns (uint256) {
        uint256 afterFee = uint256(AMOUNT_IN) * 997;
        return afterFee * 110 ether / (100 ether * 1000 + afterFee);
    }

    function _greedyPool(
        int256 demand,
        uint256 times,
        address accomplice
    ) private returns (GreedyPool pool) {
        pool = new GreedyPool(demand, times, accomplice, DevnetToken(address(weth)));
        _give(address(weth), address(pool), 2 ether);
    }

    /// @dev Buys the token and sells it again, where its price differs.
    function _planThrough(address token) private returns (bytes memory) {
        IPair cheap = _pair(address(weth), token, 100 ether, 120 ether);
        IPair dear = _pair(address(weth), token, 120 ether, 100 ether);
        bytes memory hops = bytes.concat(
            PlanBuilder.pairHop(address(cheap), token),
            PlanBuilder.pairHop(address(dear), address(weth))
        );
        return _planOf(_fields(), hops);
    }
}
