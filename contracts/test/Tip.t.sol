// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {ExecutorTest} from "./ExecutorTest.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {BurningCoinbase, ReentrantCoinbase, RefusingCoinbase} from "./doubles/Coinbases.sol";

/// @dev How realised profit is shared, and with which coinbases.
contract TipTest is ExecutorTest {
    function testFuzz_Tip_IsTheShareRoundedDown(uint256 amountIn, uint256 share) public {
        PlanBuilder.Fields memory fields = _fields();
        fields.amountIn = uint128(bound(amountIn, 1e6, 4 ether));
        fields.tipShareBps = uint16(bound(share, 0, 10_000));

        (uint256 grossProfit, uint256 tip) = _execute(_planOf(fields, _pairHops()));

        assertEq(tip, grossProfit * fields.tipShareBps / 10_000);
        assertEq(COINBASE.balance, tip);
        assertEq(weth.balanceOf(BENEFICIARY), grossProfit - tip);
        _assertEmpty();
    }

    function testFuzz_Profit_IsAtLeastTheMinimumOrNothingHappens(uint128 minimum) public {
        PlanBuilder.Fields memory fields = _fields();
        fields.minProfit = uint128(bound(minimum, 0, 1 ether));
        bytes memory plan = _planOf(fields, _pairHops());

        vm.prank(OWNER);
        try executor.execute(plan) returns (uint256 grossProfit, uint256) {
            assertGe(grossProfit, fields.minProfit);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IArbitrageExecutor.ProfitBelowMinimum.selector);
            assertEq(weth.balanceOf(BENEFICIARY), 0);
        }
        _assertEmpty();
    }

    function test_NoTip_LandsWithACoinbaseThatRefuses() public {
        vm.coinbase(address(new RefusingCoinbase()));
        PlanBuilder.Fields memory fields = _fields();
        fields.tipShareBps = 0;

        (uint256 grossProfit, uint256 tip) = _execute(_planOf(fields, _pairHops()));

        assertEq(tip, 0);
        assertEq(weth.balanceOf(BENEFICIARY), grossProfit);
    }

    function test_CoinbaseThatRefuses() public {
        _expectTipRefused(address(new RefusingCoinbase()));
    }

    function test_CoinbaseThatBurnsGas_CostsNoMoreThanItsCap() public {
        address coinbase = address(new BurningCoinbase());
        uint256 gasAtStart = gasleft();

        _expectTipRefused(coinbase);

        // Two executions, of which one pays the tip's whole gas for nothing.
        assertLt(gasAtStart - gasleft(), 800_000);
    }

    function test_CoinbaseThatReenters_GetsItsTipAndNoMore() public {
        ReentrantCoinbase coinbase = _ownedByCoinbase();
        bytes memory plan = _plan();
        coinbase.start(plan, abi.encodeCall(executor.execute, (plan)));

        assertFalse(coinbase.succeeded());
        assertEq(
            bytes4(coinbase.answer()),
            ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector
        );
        assertEq(address(coinbase).balance, weth.balanceOf(BENEFICIARY));
        _assertEmpty();
    }

    function test_CoinbaseThatReentersTheRescue_IsLockedOut() public {
        ReentrantCoinbase coinbase = _ownedByCoinbase();
        coinbase.start(_plan(), abi.encodeCall(executor.rescue, (address(weth))));

        assertFalse(coinbase.succeeded());
    }

    /// @dev Even with the rights of the owner, which no real coinbase has.
    function _ownedByCoinbase() private returns (ReentrantCoinbase coinbase) {
        coinbase = new ReentrantCoinbase();
        vm.prank(OWNER);
        executor.transferOwnership(address(coinbase));
        coinbase.own(executor);
        vm.coinbase(address(coinbase));
    }

    function _expectTipRefused(address coinbase) private {
        uint256 snapshot = vm.snapshotState();
        (, uint256 tip) = _execute(_plan());
        vm.revertToState(snapshot);
        vm.coinbase(coinbase);

        _expectRefusal(
            _plan(), abi.encodeWithSelector(IArbitrageExecutor.TipRefused.selector, coinbase, tip)
        );
        assertEq(weth.balanceOf(BENEFICIARY), 0);
    }
}
