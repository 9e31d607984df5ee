// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {ExecutorTest} from "./ExecutorTest.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {IPair} from "./Protocols.sol";
import {RefusingCoinbase} from "./doubles/Coinbases.sol";
import {MumblingPair, SilentPair} from "./doubles/HostilePools.sol";
import {
    FalseReturnToken,
    FeeToken,
    MuteToken,
    SenderFeeToken,
    StickyAllowanceToken
} from "./doubles/HostileTokens.sol";

/// @dev One test for every way in which a plan of the owner's can fail, each with its own error;
/// lenders and concentrated pools that lie are in `RefuseCallbackTest`.
contract RefuseTest is ExecutorTest {
    // Plan

    function testFuzz_PlanWithoutAWholeHeaderAndMore_IsMalformed(uint256 length) public {
        length = bound(length, 0, 63);
        _expectRefusal(new bytes(length), _malformed(length));
    }

    function testFuzz_PlanThatEndsInsideTheLastFee_IsMalformed(uint256 missing) public {
        bytes memory plan = _cut(_plan(), bound(missing, 1, 3));
        _expectRefusalInside(plan, _malformed(plan.length));
    }

    function testFuzz_PlanThatEndsInsideAHop_IsRefused(uint256 missing) public {
        bytes memory plan = _cut(_plan(), bound(missing, 1, _sellGold().length - 1));

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.SourceFailed.selector);
        executor.execute(plan);
    }

    function test_PlanWithoutHops_IsMalformed() public {
        _expectRefusal(_planOf(_fields(), ""), _malformed(63));
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

    function testFuzz_OtherParent_IsRefused(bytes32 parent) public {
        vm.roll(100);
        bytes32 actual = blockhash(99);
        vm.assume(parent != actual);
        bytes memory header = PlanBuilder.header(_fields(0x80 | PlanBuilder.BALANCER));
        _expectRefusal(
            bytes.concat(header, parent, _pairHops()),
            abi.encodeWithSelector(IArbitrageExecutor.WrongParent.selector, actual, parent)
        );
    }

    function testFuzz_UnknownSource(uint8 source) public {
        source = uint8(bound(source, 8, 15));
        _expectRefusal(
            _planOf(source, _pairHops()),
            abi.encodeWithSelector(IArbitrageExecutor.UnknownSource.selector, source)
        );
    }

    function test_FlashSwapOfAPoolThatIsPaidFirst() public {
        bytes memory hop = PlanBuilder.balancerV2Hop(address(weth), address(gold), 0);
        _expectRefusal(
            _planOf(PlanBuilder.NONE, bytes.concat(hop, _sellGold())),
            abi.encodeWithSelector(IArbitrageExecutor.NoFlashSwap.selector, 3)
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
        bytes memory hops =
            bytes.concat(_pairHop(dearGold, address(weth)), _pairHop(cheapGold, address(gold)));
        PlanBuilder.Fields memory fields = _fields();
        fields.minProfit = 0;

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.ProfitBelowMinimum.selector);
        executor.execute(_planOf(fields, hops));
    }

    // Hops

    function testFuzz_UnknownHopKind(uint8 kind) public {
        kind = uint8(bound(kind, 8, 127));
        _expectRefusalOfSecondHop(
            abi.encodePacked(kind, new bytes(80)),
            abi.encodeWithSelector(IArbitrageExecutor.UnknownHopKind.selector, 1, kind)
        );
    }

    function test_PairWithoutCode() public {
        _expectRefusalOfSecondHop(
            PlanBuilder.pairHop(STRANGER, FEE, true), _hopFailed(1, STRANGER, "")
        );
    }

    function test_PairThatMumbles() public {
        address pair = address(new MumblingPair());
        _expectRefusalOfSecondHop(
            PlanBuilder.pairHop(pair, FEE, true), _hopFailed(1, pair, abi.encode(1))
        );
    }

    function test_ProtocolsThatAreNotThere() public {
        IArbitrageExecutor.Wiring memory wiring = _wiring();
        (wiring.aavePool, wiring.balancerV2Vault) = (address(0), address(0));
        executor = new ArbitrageExecutor(wiring);
        for (uint8 source = 0; source < 3; ++source) {
            uint8 flags = source == 2 ? PlanBuilder.UNLOCK_BALANCER : 0;
            _expectRefusal(_planOf(source | flags, _pairHops()), _inside(source, ""));
        }
        for (uint8 source = 5; source < 7; ++source) {
            uint8 flags = source == 5 ? PlanBuilder.UNLOCK_UNISWAP : 0;
            bytes memory parameters = source == 6 ? abi.encodePacked(uint8(0)) : bytes("");
            bytes memory plan =
                _planOf(_fields(source | flags), bytes.concat(parameters, _pairHops()));
            _expectRefusal(plan, _inside(source, ""));
        }
    }

    function test_FactoryThatIsNotThere_HasNoPools() public {
        bytes memory hop = PlanBuilder.concentratedHop(address(gold), address(weth), FEE, 1);
        bytes memory hops = bytes.concat(_buyGold(), hop);

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.SourceFailed.selector);
        executor.execute(_planOf(_fields(), hops));
    }

    function testFuzz_FeeOfTheWholeInput(uint24 fee) public {
        fee = uint24(bound(fee, 1_000_000, type(uint24).max));
        _expectRefusalOfSecondHop(
            PlanBuilder.pairHop(address(dearGold), fee, true),
            abi.encodeWithSelector(IArbitrageExecutor.FeeTooLarge.selector, 1, fee)
        );
    }

    function test_FeeBelowThePairs_IsRefusedByThePair() public {
        bool zeroForOne = dearGold.token0() == address(gold);
        _expectRefusalOfSecondHop(
            PlanBuilder.pairHop(address(dearGold), 2900, zeroForOne),
            _hopFailed(
                1, address(dearGold), abi.encodeWithSignature("Error(string)", "UniswapV2: K")
            )
        );
    }

    function test_PairWithoutReserves_GivesNothing() public {
        SilentPair silent = new SilentPair();
        silent.claim(0, address(weth), false);
        _expectRefusalOfSecondHop(
            PlanBuilder.pairHop(address(silent), FEE, true), _outOfRange(1, 0)
        );
    }

    function test_PairThatGivesNothing_LeavesALoss() public {
        address silent = address(new SilentPair());
        _give(address(weth), address(executor), 10 ether);
        bytes memory hops = bytes.concat(_buyGold(), PlanBuilder.pairHop(silent, FEE, true));
        _expectRefusal(
            _planOf(_fields(), hops),
            abi.encodeWithSelector(
                IArbitrageExecutor.ProfitBelowMinimum.selector, -int256(uint256(AMOUNT_IN)), 1
            )
        );
    }

    function test_PairThatGivesNothingInTheMiddle_SpendsNoHoldings() public {
        address silent = address(new SilentPair());
        _give(address(gold), address(executor), 10 ether);
        bytes memory hops = bytes.concat(
            PlanBuilder.pairHop(silent, FEE, true), _concentratedHop(address(gold), address(weth))
        );
        bytes memory unpaid = abi.encodeWithSignature("Error(string)", "IIA");
        _expectRefusalInside(_planOf(_fields(), hops), _hopFailed(1, address(concentrated), unpaid));
    }

    function test_CycleThatBeginsElsewhere() public {
        _give(address(gold), address(executor), 10 ether);
        _expectRefusalInside(
            _planOf(_fields(), _concentratedHop(address(gold), address(weth))),
            abi.encodeWithSelector(IArbitrageExecutor.CycleNotOpened.selector, address(gold))
        );
    }

    function test_CycleThatEndsElsewhere_CannotRepay() public {
        bytes memory plan =
            _planOf(_fields(), bytes.concat(_buyGold(), _pairHop(goldSilver, address(gold))));

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.SourceFailed.selector);
        executor.execute(plan);
    }

    // Tokens

    function test_TokenThatRefusesPolitely() public {
        FalseReturnToken token = new FalseReturnToken();
        PlanBuilder.Fields memory fields = _gapIn(address(token));
        token.refuse(address(executor));

        _expectRefusal(
            _planOf(fields, _hopsThrough(address(token))),
            _inside(
                PlanBuilder.AAVE,
                abi.encodeWithSelector(IArbitrageExecutor.TokenRefused.selector, 0, address(token))
            )
        );
    }

    function test_TokenThatRevertsWithoutAWord() public {
        MuteToken token = new MuteToken();
        PlanBuilder.Fields memory fields = _gapIn(address(token));
        token.refuse(address(executor));

        _expectRefusal(
            _planOf(fields, _hopsThrough(address(token))),
            _inside(PlanBuilder.AAVE, _hopFailed(0, address(token), ""))
        );
    }

    function test_TokenThatTakesAFee_IsRefusedByThePair() public {
        address token = address(new FeeToken());
        IPair cheap = _pair(address(weth), token, 100 ether, 120 ether);
        IPair dear = _pair(address(weth), token, 120 ether, 100 ether);
        bytes memory hops = bytes.concat(_pairHop(cheap, address(weth)), _pairHop(dear, token));
        _expectRefusalInside(
            _planOf(_fields(), hops),
            _hopFailed(1, address(dear), abi.encodeWithSignature("Error(string)", "UniswapV2: K"))
        );
    }

    function test_TokenThatChargesItsSender_CannotBePaidOutOfHoldings() public {
        SenderFeeToken token = new SenderFeeToken();
        PlanBuilder.Fields memory fields = _gapIn(address(token));
        token.mint(address(executor), 10 ether);
        token.charge(address(executor), BENEFICIARY);

        _expectRefusal(
            _planOf(fields, _hopsThrough(address(token))),
            abi.encodeWithSelector(IArbitrageExecutor.PayoutTooLarge.selector, address(token))
        );
    }

    function test_TokenWhoseAllowanceOutlivesItsUse() public {
        address token = address(new StickyAllowanceToken());
        _expectRefusal(
            _planOf(_gapIn(token), _hopsThrough(token)),
            abi.encodeWithSelector(
                IArbitrageExecutor.DanglingAllowance.selector, token, address(aave), 1.0005 ether
            )
        );
    }

    // Construction, ownership, pause, rescue

    function test_ExecutorWithoutBeneficiary() public {
        IArbitrageExecutor.Wiring memory wiring = _wiring();
        wiring.beneficiary = address(0);
        vm.expectRevert(IArbitrageExecutor.ZeroAddress.selector);
        new ArbitrageExecutor(wiring);
    }

    function test_ExecutorWithoutWeth() public {
        IArbitrageExecutor.Wiring memory wiring = _wiring();
        wiring.weth = address(0);
        vm.expectRevert(IArbitrageExecutor.ZeroAddress.selector);
        new ArbitrageExecutor(wiring);
    }

    function test_ExecutorWithoutOwner() public {
        vm.prank(OWNER);
        vm.expectRevert(IArbitrageExecutor.OwnershipIsPermanent.selector);
        executor.renounceOwnership();
    }

    function test_PausedExecutor() public {
        vm.prank(GUARDIAN);
        executor.pause();
        _expectRefusal(_plan(), abi.encodeWithSelector(Pausable.EnforcedPause.selector));
    }

    function test_UnpausingWhatIsNotPaused() public {
        vm.prank(OWNER);
        vm.expectRevert(Pausable.ExpectedPause.selector);
        executor.unpause();
    }

    function test_RescueOfEtherThatTheBeneficiaryRefuses() public {
        IArbitrageExecutor.Wiring memory wiring = _wiring();
        wiring.beneficiary = address(new RefusingCoinbase());
        executor = new ArbitrageExecutor(wiring);
        vm.deal(address(executor), 1 ether);

        vm.prank(OWNER);
        vm.expectRevert(RefusingCoinbase.NoThanks.selector);
        executor.rescue(address(0));
    }

    // Private

    IPair private cheapToken;
    IPair private dearToken;

    /// @dev A market in which the token is the asset that Aave lends.
    function _gapIn(address token) private returns (PlanBuilder.Fields memory fields) {
        _give(token, address(aave), 100 ether);
        dearToken = _pair(token, address(weth), 100 ether, 120 ether);
        cheapToken = _pair(token, address(weth), 120 ether, 100 ether);
        fields = _fields(PlanBuilder.AAVE);
        (fields.asset, fields.tipShareBps) = (token, 0);
    }

    function _hopsThrough(address token) private view returns (bytes memory) {
        return bytes.concat(_pairHop(dearToken, token), _pairHop(cheapToken, address(weth)));
    }

    function _expectRefusalOfSecondHop(bytes memory hop, bytes memory reason) private {
        _expectRefusalInside(_planOf(_fields(), bytes.concat(_buyGold(), hop)), reason);
    }

    function _cut(bytes memory plan, uint256 missing) private pure returns (bytes memory) {
        assembly ("memory-safe") {
            mstore(plan, sub(mload(plan), missing))
        }
        return plan;
    }

    function _malformed(uint256 length) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IArbitrageExecutor.MalformedPlan.selector, length);
    }

    function _outOfRange(uint256 index, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IArbitrageExecutor.OutputOutOfRange.selector, index, amount);
    }

    function _hopFailed(
        uint256 index,
        address called,
        bytes memory reason
    ) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IArbitrageExecutor.HopFailed.selector, index, called, reason);
    }
}
