// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {IBalancerV2Vault} from "../src/interfaces/IBalancerV2Vault.sol";
import {ISoloMargin} from "../src/interfaces/ISoloMargin.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {IPair} from "./Protocols.sol";
import {VenuesTest} from "./VenuesTest.sol";
import {ReentrantToken} from "./doubles/HostileTokens.sol";

/// @dev What anybody but the owner can do: nothing.
contract StrangerTest is VenuesTest {
    function setUp() public override {
        super.setUp();
        _give(address(weth), address(executor), 5 ether);
    }

    // Functions

    function test_Execute_EvenWithTheOwnersCalldata() public {
        bytes memory plan = _plan();
        vm.prank(STRANGER);
        vm.expectRevert(_notOwner(STRANGER));
        executor.execute(plan);
    }

    function test_Rescue() public {
        vm.prank(STRANGER);
        vm.expectRevert(_notOwner(STRANGER));
        executor.rescue(address(weth));
    }

    function test_Pause() public {
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IArbitrageExecutor.UnauthorizedPause.selector, STRANGER)
        );
        executor.pause();
    }

    function test_Unpause_EvenByTheGuardian() public {
        vm.startPrank(GUARDIAN);
        executor.pause();
        vm.expectRevert(_notOwner(GUARDIAN));
        executor.unpause();
    }

    function test_TransferOwnership() public {
        vm.prank(STRANGER);
        vm.expectRevert(_notOwner(STRANGER));
        executor.transferOwnership(STRANGER);
    }

    function test_AcceptOwnership() public {
        vm.prank(STRANGER);
        vm.expectRevert(_notOwner(STRANGER));
        executor.acceptOwnership();
    }

    function test_RenounceOwnership() public {
        vm.prank(STRANGER);
        vm.expectRevert(IArbitrageExecutor.OwnershipIsPermanent.selector);
        executor.renounceOwnership();
    }

    function test_Ether() public {
        vm.deal(STRANGER, 1 ether);
        vm.prank(STRANGER);
        (bool succeeded, bytes memory reason) = address(executor).call{value: 1}("");

        assertFalse(succeeded);
        assertEq(
            reason, abi.encodeWithSelector(IArbitrageExecutor.UnexpectedEther.selector, STRANGER)
        );
    }

    // Callbacks

    function test_EveryCallback_ByAStranger() public {
        bytes[] memory calls = _callbacks(_plan());
        for (uint256 i = 0; i < calls.length; ++i) {
            _expectUnauthorized(STRANGER, calls[i]);
        }
    }

    function test_EveryCallback_ByEveryProtocol_OutsideOfACall() public {
        bytes[] memory calls = _callbacks(_plan());
        address[8] memory callers = [
            address(aave),
            vault,
            address(balancerV3),
            address(manager),
            address(solo),
            address(concentrated),
            address(cheapGold),
            address(weth)
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < callers.length; ++j) {
                _expectUnauthorized(callers[j], calls[i]);
            }
        }
    }

    // Loans in our name

    function test_AaveLoanInOurName() public {
        bytes memory plan = _planOf(PlanBuilder.AAVE, _pairHops());
        vm.prank(STRANGER);
        vm.expectRevert(_notOurs(STRANGER));
        aave.flashLoanSimple(address(executor), address(weth), AMOUNT_IN, plan, 0);
    }

    function test_BalancerLoanInOurName() public {
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (address(weth), AMOUNT_IN);
        bytes memory plan = _plan();
        vm.prank(STRANGER);
        vm.expectRevert(_notCalled(vault));
        IBalancerV2Vault(vault).flashLoan(address(executor), tokens, amounts, plan);
    }

    function test_FlashSwapInOurName() public {
        bytes memory plan = _plan();
        vm.prank(STRANGER);
        vm.expectRevert(_notOurs(STRANGER));
        cheapGold.swap(1 ether, 0, address(executor), plan);
    }

    function test_SoloMarginCallInOurName() public {
        ISoloMargin.ActionArgs[] memory actions = new ISoloMargin.ActionArgs[](1);
        (actions[0].actionType, actions[0].otherAddress) = (8, address(executor));
        actions[0].data = _plan();
        vm.prank(STRANGER);
        vm.expectRevert(_notOurs(STRANGER));
        solo.operate(new ISoloMargin.Account[](1), actions);
    }

    function testFuzz_AnyCall_MovesNothing(
        address sender,
        bytes4 selector,
        bytes memory data
    ) public {
        vm.assume(sender != OWNER && sender != GUARDIAN && sender != address(weth));
        vm.prank(sender);
        (bool succeeded,) = address(executor).call(abi.encodePacked(selector, data));

        assertFalse(succeeded && !_isGetter(selector), "an unknown function succeeded");
        _assertNothingMoved();
    }

    function testFuzz_KnownFunction_MovesNothing(
        address sender,
        uint256 choice,
        bytes memory data
    ) public {
        bytes[] memory calls = _callbacks(_plan());
        bytes4[5] memory selectors = [
            executor.execute.selector,
            executor.rescue.selector,
            executor.pause.selector,
            executor.unpause.selector,
            executor.transferOwnership.selector
        ];
        choice %= calls.length + selectors.length;
        bytes4 selector = choice < selectors.length
            ? selectors[choice]
            : bytes4(calls[choice - selectors.length]);
        testFuzz_AnyCall_MovesNothing(sender, selector, data);
    }

    // Reentrancy

    function test_TokenThatReenters_GainsNothing() public {
        ReentrantToken token = new ReentrantToken();
        bytes memory plan = _planThrough(token);
        bytes[] memory callbacks = _callbacks(plan);
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < callbacks.length + 4; ++i) {
            bytes memory call = i < callbacks.length
                ? callbacks[i]
                : i == callbacks.length
                    ? abi.encodeCall(executor.execute, (plan))
                    : i == callbacks.length + 1
                        ? abi.encodeCall(executor.rescue, (address(weth)))
                        : i == callbacks.length + 2
                            ? abi.encodeCall(executor.pause, ())
                            : abi.encodeCall(executor.transferOwnership, (address(token)));
            token.reenter(address(executor), call);
            _execute(plan);
            assertGt(token.attempts(), 0);
            assertEq(token.successes(), 0);
            _assertNothingMoved();
            vm.revertToState(snapshot);
        }
    }

    function test_TokenThatBorrowsInOurName_GainsNothing() public {
        ReentrantToken token = new ReentrantToken();
        bytes memory plan = _planThrough(token);
        bytes memory call =
            abi.encodeCall(aave.flashLoanSimple, (address(executor), address(weth), 1, plan, 0));
        token.reenter(address(aave), call);

        _execute(plan);

        assertGt(token.attempts(), 0);
        assertEq(token.successes(), 0);
        _assertNothingMoved();
    }

    /// @dev While our own loan of it is on its way, the asset borrows once more in our name, with
    /// the very plan that is awaited.
    function test_AssetThatBorrowsInOurName_WhileTheLoanIsAwaited() public {
        ReentrantToken token = new ReentrantToken();
        token.mint(address(aave), 100 ether);
        IPair dear = _pair(address(token), address(weth), 100 ether, 120 ether);
        IPair cheap = _pair(address(token), address(weth), 120 ether, 100 ether);
        PlanBuilder.Fields memory fields = _fields(PlanBuilder.AAVE);
        (fields.asset, fields.tipShareBps) = (address(token), 0);
        bytes memory plan = _planOf(
            fields, bytes.concat(_pairHop(dear, address(token)), _pairHop(cheap, address(weth)))
        );
        token.reenter(
            address(aave),
            abi.encodeCall(
                aave.flashLoanSimple, (address(executor), address(token), AMOUNT_IN, plan, 0)
            )
        );

        _execute(plan);

        assertGt(token.attempts(), 0);
        assertEq(token.successes(), 0);
        assertEq(token.balanceOf(address(executor)), 0);
        _assertNothingMoved();
    }

    /// @dev The first pair has been paid and trades only in the callback of the second pool, which
    /// first pays out the token; its hook takes the payment out of the pair.
    function test_TokenThatSkimsAPairInBetween_GainsNothing() public {
        ReentrantToken token = new ReentrantToken();
        _concentratedPool(address(gold), address(token), FEE, 1000 ether);
        IPair last = _pair(address(token), address(weth), 100 ether, 120 ether);
        bytes memory hops = bytes.concat(
            _buyGold(),
            _concentratedHop(address(gold), address(token)),
            _pairHop(last, address(token))
        );
        bytes memory plan = _planOf(_fields(), hops);
        uint256 snapshot = vm.snapshotState();
        _execute(plan);
        vm.revertToState(snapshot);
        token.reenter(address(cheapGold), abi.encodeCall(cheapGold.skim, (STRANGER)));

        vm.prank(OWNER);
        vm.expectPartialRevert(IArbitrageExecutor.SourceFailed.selector);
        executor.execute(plan);

        assertEq(weth.balanceOf(STRANGER), 0);
        _assertNothingMoved();
    }

    // Private

    function _callbacks(bytes memory plan) private view returns (bytes[] memory calls) {
        calls = new bytes[](11);
        calls[0] = abi.encodeCall(
            executor.executeOperation, (address(weth), AMOUNT_IN, 0, address(executor), plan)
        );
        calls[1] = abi.encodeCall(
            executor.receiveFlashLoan, (new address[](1), new uint256[](1), new uint256[](1), plan)
        );
        calls[2] = abi.encodeCall(executor.uniswapV2Call, (address(executor), 1, 1, plan));
        calls[3] = abi.encodeCall(executor.pancakeCall, (address(executor), 1, 1, plan));
        calls[4] = abi.encodeCall(executor.uniswapV3SwapCallback, (1, -1, plan));
        calls[5] = abi.encodeCall(executor.pancakeV3SwapCallback, (1, -1, plan));
        calls[6] = abi.encodeCall(executor.uniswapV3FlashCallback, (1, 1, plan));
        calls[7] = abi.encodeCall(executor.pancakeV3FlashCallback, (1, 1, plan));
        calls[8] = abi.encodeCall(
            executor.callFunction, (address(executor), ISoloMargin.Account(address(0), 0), plan)
        );
        calls[9] = abi.encodeCall(executor.unlockCallback, (plan));
        calls[10] = abi.encodeCall(executor.balancerV3Unlocked, (plan));
    }

    function _expectUnauthorized(address caller, bytes memory call) private {
        vm.prank(caller);
        (bool succeeded, bytes memory reason) = address(executor).call(call);
        assertFalse(succeeded);
        assertEq(reason, _notCalled(caller));
    }

    function _planThrough(ReentrantToken token) private returns (bytes memory) {
        IPair cheap = _pair(address(weth), address(token), 100 ether, 120 ether);
        IPair dear = _pair(address(weth), address(token), 120 ether, 100 ether);
        bytes memory hops =
            bytes.concat(_pairHop(cheap, address(weth)), _pairHop(dear, address(token)));
        return _planOf(_fields(), hops);
    }

    function _assertNothingMoved() private view {
        assertEq(weth.balanceOf(address(executor)), 5 ether);
        assertEq(weth.allowance(address(executor), address(aave)), 0);
        assertEq(executor.owner(), OWNER);
        assertEq(executor.pendingOwner(), address(0));
        assertFalse(executor.paused());
    }

    function _isGetter(bytes4 selector) private view returns (bool) {
        return selector == executor.owner.selector || selector == executor.pendingOwner.selector
            || selector == executor.paused.selector || selector == executor.wiring.selector;
    }

    function _notOwner(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller);
    }

    function _notOurs(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IArbitrageExecutor.UnauthorizedInitiator.selector, caller);
    }

    function _notCalled(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IArbitrageExecutor.UnauthorizedCallback.selector, caller);
    }
}
