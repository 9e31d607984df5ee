// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
import {ExecutorTest} from "./ExecutorTest.sol";
import {PlanBuilder} from "./PlanBuilder.sol";

/// @dev Calls the executor in every way that has a chance to get past the first check.
contract Handler {
    ArbitrageExecutor private immutable EXECUTOR;
    bytes private pairHops;
    bytes private mixedHops;
    address private weth;

    uint256 public executions;

    constructor(ArbitrageExecutor executor, address weth_, bytes memory pairs, bytes memory mixed) {
        (EXECUTOR, weth, pairHops, mixedHops) = (executor, weth_, pairs, mixed);
    }

    function own() external {
        EXECUTOR.acceptOwnership();
    }

    function execute(uint128 amountIn, uint16 tipShareBps, uint8 lender, bool mixed) external {
        PlanBuilder.Fields memory fields = PlanBuilder.Fields({
            targetBlock: uint64(block.number),
            minProfit: 0,
            tipShareBps: tipShareBps % 10_001,
            lender: lender % 2,
            asset: weth,
            amountIn: amountIn % 5 ether
        });
        bytes memory plan = bytes.concat(PlanBuilder.header(fields), mixed ? mixedHops : pairHops);
        try EXECUTOR.execute(plan) {
            ++executions;
        } catch {}
    }

    function executeGarbage(bytes calldata plan) external {
        try EXECUTOR.execute(plan) {} catch {}
    }

    function callAnything(bytes4 selector, bytes calldata data) external {
        // Ownership functions would end the run's ability to trade.
        if (selector == EXECUTOR.transferOwnership.selector) return;
        (bool succeeded,) = address(EXECUTOR).call(abi.encodePacked(selector, data));
        succeeded;
    }

    function rescue() external {
        EXECUTOR.rescue(weth);
    }
}

/// @dev Whatever was called, in whatever order, the executor holds nothing and allows nothing.
contract InvariantTest is ExecutorTest {
    Handler private handler;

    function setUp() public override {
        super.setUp();
        bytes memory mixed = bytes.concat(
            PlanBuilder.pairHop(address(cheapGold), address(gold)),
            PlanBuilder.concentratedHop(address(concentrated), address(weth))
        );
        handler = new Handler(executor, address(weth), _pairHops(), mixed);
        vm.prank(OWNER);
        executor.transferOwnership(address(handler));
        handler.own();

        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = handler.execute.selector;
        selectors[1] = handler.executeGarbage.selector;
        selectors[2] = handler.callAnything.selector;
        selectors[3] = handler.rescue.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
        targetContract(address(handler));
    }

    function invariant_ExecutorHoldsAndAllowsNothing() public view {
        _assertEmpty();
        address[4] memory pools =
            [address(cheapGold), address(dearGold), address(concentrated), vault];
        for (uint256 i = 0; i < pools.length; ++i) {
            assertEq(weth.allowance(address(executor), pools[i]), 0);
            assertEq(gold.allowance(address(executor), pools[i]), 0);
        }
    }

    function invariant_LendersNeverLose() public view {
        assertGe(weth.balanceOf(vault), 1000 ether);
        assertGe(weth.balanceOf(address(aave)), 1000 ether);
    }

    function test_Handler_ReachesTheTrade() public {
        handler.execute(1 ether, 5000, 0, false);
        handler.execute(1 ether, 5000, 1, true);

        assertEq(handler.executions(), 2);
    }
}
