// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {IBalancerVault} from "../src/interfaces/IBalancerVault.sol";
import {ExecutorTest} from "./ExecutorTest.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {IPair} from "./Protocols.sol";
import {ReentrantToken} from "./doubles/HostileTokens.sol";

/// @dev What anybody but the owner can do: nothing.
contract StrangerTest is ExecutorTest {
    function setUp() public override {
        super.setUp();
        _give(address(weth), address(executor), 5 ether);
        vm.startPrank(STRANGER);
    }

    function test_Execute_EvenWithTheOwnersCalldata() public {
        vm.expectRevert(_notOwner(STRANGER));
        executor.execute(_plan());
    }

    function test_Rescue() public {
        vm.expectRevert(_notOwner(STRANGER));
        executor.rescue(address(weth));
    }

    function test_TransferOwnership() public {
        vm.expectRevert(_notOwner(STRANGER));
        executor.transferOwnership(STRANGER);
    }

    function test_AcceptOwnership() public {
        vm.expectRevert(_notOwner(STRANGER));
        executor.acceptOwnership();
    }

    function test_RenounceOwnership() public {
        vm.expectRevert(IArbitrageExecutor.OwnershipIsPermanent.selector);
        executor.renounceOwnership();
    }

    function test_AaveCallback() public {
        bytes memory plan = _planOf(_fields(PlanBuilder.AAVE), _pairHops());
        vm.expectRevert(_notCalled(STRANGER));
        executor.executeOperation(address(weth), 1, 0, address(executor), plan);
    }

    function test_BalancerCallback() public {
        vm.expectRevert(_notCalled(STRANGER));
        executor.receiveFlashLoan(new address[](1), new uint256[](1), new uint256[](1), _plan());
    }

    function test_ConcentratedCallback() public {
        vm.expectRevert(_notCalled(STRANGER));
        executor.uniswapV3SwapCallback(1, -1, "");
    }

    function test_ConcentratedCallbackByARealPool_OutsideOfACall() public {
        vm.stopPrank();
        vm.prank(address(concentrated));
        vm.expectRevert(_notCalled(address(concentrated)));
        executor.uniswapV3SwapCallback(1, -1, "");
    }

    function test_AaveLoanInOurName() public {
        bytes memory plan = _planOf(_fields(PlanBuilder.AAVE), _pairHops());
        vm.expectRevert(
            abi.encodeWithSelector(IArbitrageExecutor.UnauthorizedInitiator.selector, STRANGER)
        );
        aave.flashLoanSimple(address(executor), address(weth), AMOUNT_IN, plan, 0);
    }

    function test_BalancerLoanInOurName() public {
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (address(weth), AMOUNT_IN);
        vm.expectRevert(IArbitrageExecutor.UnexpectedLoan.selector);
        IBalancerVault(vault).flashLoan(address(executor), tokens, amounts, _plan());
    }

    function test_Ether() public {
        vm.deal(STRANGER, 1 ether);
        (bool succeeded, bytes memory reason) = address(executor).call{value: 1}("");

        assertFalse(succeeded);
        assertEq(
            reason, abi.encodeWithSelector(IArbitrageExecutor.UnexpectedEther.selector, STRANGER)
        );
    }

    function testFuzz_AnyCall_MovesNothing(
        address sender,
        bytes4 selector,
        bytes memory data
    ) public {
        vm.stopPrank();
        vm.assume(sender != OWNER && sender != address(weth) && sender != address(aave));
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
        bytes4[6] memory selectors = [
            executor.execute.selector,
            executor.rescue.selector,
            executor.transferOwnership.selector,
            executor.executeOperation.selector,
            executor.receiveFlashLoan.selector,
            executor.uniswapV3SwapCallback.selector
        ];
        testFuzz_AnyCall_MovesNothing(sender, selectors[choice % selectors.length], data);
    }

    function test_TokenThatReenters_GainsNothing() public {
        vm.stopPrank();
        ReentrantToken token = new ReentrantToken();
        bytes memory plan = _planThrough(token);
        bytes[5] memory calls = [
            abi.encodeCall(executor.execute, (plan)),
            abi.encodeCall(executor.rescue, (address(weth))),
            abi.encodeCall(executor.uniswapV3SwapCallback, (1, 1, "")),
            abi.encodeCall(
                executor.executeOperation, (address(weth), AMOUNT_IN, 0, address(executor), plan)
            ),
            abi.encodeCall(
                executor.receiveFlashLoan,
                (new address[](1), new uint256[](1), new uint256[](1), plan)
            )
        ];
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < calls.length; ++i) {
            token.reenter(address(executor), calls[i]);
            _execute(plan);
            assertGt(token.attempts(), 0);
            assertEq(token.successes(), 0);
            _assertNothingMoved();
            vm.revertToState(snapshot);
        }
    }

    function test_TokenThatBorrowsInOurName_GainsNothing() public {
        vm.stopPrank();
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

    function _planThrough(ReentrantToken token) private returns (bytes memory) {
        IPair cheap = _pair(address(weth), address(token), 100 ether, 120 ether);
        IPair dear = _pair(address(weth), address(token), 120 ether, 100 ether);
        bytes memory hops = bytes.concat(
            PlanBuilder.pairHop(address(cheap), address(token)),
            PlanBuilder.pairHop(address(dear), address(weth))
        );
        return _planOf(_fields(), hops);
    }

    function _assertNothingMoved() private view {
        assertEq(weth.balanceOf(address(executor)), 5 ether);
        assertEq(weth.allowance(address(executor), address(aave)), 0);
        assertEq(executor.owner(), OWNER);
        assertEq(executor.pendingOwner(), address(0));
    }

    function _isGetter(bytes4 selector) private view returns (bool) {
        return selector == executor.owner.selector || selector == executor.pendingOwner.selector
            || selector == executor.BENEFICIARY.selector || selector == executor.WETH.selector
            || selector == executor.AAVE_POOL.selector
            || selector == executor.BALANCER_VAULT.selector;
    }

    function _notOwner(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller);
    }

    function _notCalled(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IArbitrageExecutor.UnauthorizedCallback.selector, caller);
    }
}
