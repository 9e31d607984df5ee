// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DevnetToken} from "../devnet/DevnetToken.sol";
import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {ExecutorTest} from "./ExecutorTest.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {IPair} from "./Protocols.sol";
import {NoReturnToken} from "./doubles/HostileTokens.sol";

/// @dev What a good plan does.
contract ExecuteTest is ExecutorTest {
    function test_TwoPairs_ProfitIsThatOfTheLibraryFormula() public {
        uint256 bought = _amountOut(AMOUNT_IN, 100 ether, 110 ether);
        uint256 sold = _amountOut(bought, 100 ether, 110 ether);

        (uint256 grossProfit,) = _execute(_plan());

        assertEq(grossProfit, sold - AMOUNT_IN);
    }

    function test_Aave_ProfitIsThatOfBalancerMinusThePremium() public {
        uint256 snapshot = vm.snapshotState();
        (uint256 withoutFee,) = _execute(_plan());
        vm.revertToState(snapshot);

        (uint256 withFee,) = _execute(_planOf(_fields(PlanBuilder.AAVE), _pairHops()));

        assertEq(withFee, withoutFee - uint256(AMOUNT_IN) * 5 / 10_000);
        _assertEmpty();
    }

    function test_Concentrated_SellsTheWholeInput() public {
        (uint256 grossProfit,) = _execute(_planOf(_fields(), _mixedHops()));

        assertGt(grossProfit, 0.07 ether);
        _assertEmpty();
    }

    function test_Concentrated_BuysInTheOtherDirection() public {
        bytes memory hops =
            bytes.concat(_concentratedHop(address(weth), address(gold)), _sellGold());

        (uint256 grossProfit,) = _execute(_planOf(_fields(), hops));

        assertGt(grossProfit, 0.07 ether);
        _assertEmpty();
    }

    function test_ThreeHops_LeaveNothingInTheExecutor() public {
        (uint256 grossProfit,) = _execute(_planOf(_fields(), _threeHops()));

        assertGt(grossProfit, 0.1 ether);
        _assertEmpty();
    }

    function test_Profit_IsSharedBetweenCoinbaseAndBeneficiary() public {
        (uint256 grossProfit, uint256 tip) = _execute(_plan());

        assertEq(tip, grossProfit / 2);
        assertEq(COINBASE.balance, tip);
        assertEq(weth.balanceOf(BENEFICIARY), grossProfit - tip);
        _assertEmpty();
    }

    function test_Event_ReportsWhatIsReturned() public {
        bytes memory plan = _plan();
        uint256 snapshot = vm.snapshotState();
        (uint256 grossProfit, uint256 tip) = _execute(plan);
        vm.revertToState(snapshot);

        vm.expectEmit(address(executor));
        emit IArbitrageExecutor.Executed(address(weth), 1, AMOUNT_IN, grossProfit, tip);
        _execute(plan);
    }

    function test_Holdings_AreNotTouched() public {
        _give(address(weth), address(executor), 5 ether);
        _give(address(gold), address(executor), 7 ether);

        _execute(_plan());

        assertEq(weth.balanceOf(address(executor)), 5 ether);
        assertEq(gold.balanceOf(address(executor)), 7 ether);
    }

    function test_OtherAsset_PaysTheBeneficiaryWithoutATip() public {
        gold.mint(vault, 100 ether);
        PlanBuilder.Fields memory fields = _fields();
        (fields.asset, fields.tipShareBps) = (address(gold), 0);
        bytes memory hops =
            bytes.concat(_pairHop(dearGold, address(gold)), _pairHop(cheapGold, address(weth)));

        (uint256 grossProfit, uint256 tip) = _execute(_planOf(fields, hops));

        assertEq(tip, 0);
        assertEq(gold.balanceOf(BENEFICIARY), grossProfit);
        _assertEmpty();
    }

    function test_NoReturnToken_TradesAndIsRepaidToAave() public {
        address token = address(new NoReturnToken());
        _give(token, address(aave), 100 ether);
        IPair dear = _pair(token, address(weth), 100 ether, 120 ether);
        IPair cheap = _pair(token, address(weth), 120 ether, 100 ether);
        PlanBuilder.Fields memory fields = _fields(PlanBuilder.AAVE);
        (fields.asset, fields.tipShareBps) = (token, 0);
        bytes memory hops = bytes.concat(_pairHop(dear, token), _pairHop(cheap, address(weth)));

        (uint256 grossProfit,) = _execute(_planOf(fields, hops));

        assertEq(DevnetToken(token).balanceOf(BENEFICIARY), grossProfit);
        _assertEmpty(token);
    }

    function test_Rescue_SendsEverythingToTheBeneficiary() public {
        gold.mint(address(executor), 3 ether);

        vm.prank(OWNER);
        executor.rescue(address(gold));

        assertEq(gold.balanceOf(BENEFICIARY), 3 ether);
    }

    function test_Owner_IsReplacedInTwoSteps() public {
        vm.prank(OWNER);
        executor.transferOwnership(STRANGER);
        assertEq(executor.owner(), OWNER);

        vm.prank(STRANGER);
        executor.acceptOwnership();

        assertEq(executor.owner(), STRANGER);
    }

    /// forge-config: default.isolate = true
    function test_Gas() public {
        // As in every call but the first: coinbase and beneficiary have been paid before.
        vm.deal(COINBASE, 1);
        _give(address(weth), BENEFICIARY, 1);
        uint256 snapshot = vm.snapshotState();

        _execute(_plan());
        vm.snapshotGasLastCall("two pairs, balancer");
        vm.revertToState(snapshot);

        _execute(_planOf(_fields(), _mixedHops()));
        vm.snapshotGasLastCall("pair and concentrated, balancer");
        vm.revertToState(snapshot);

        _execute(_planOf(_fields(), _threeHops()));
        vm.snapshotGasLastCall("three pairs, balancer");
    }

    function _amountOut(
        uint256 amountIn,
        uint256 reserveIn,
        uint256 reserveOut
    ) private pure returns (uint256) {
        return amountIn * 997 * reserveOut / (reserveIn * 1000 + amountIn * 997);
    }
}
