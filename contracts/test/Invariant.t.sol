// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PlanBuilder} from "./PlanBuilder.sol";
import {IPair} from "./Protocols.sol";
import {VenuesTest} from "./VenuesTest.sol";
import {BurningCoinbase, ReentrantCoinbase, RefusingCoinbase} from "./doubles/Coinbases.sol";
import {SilentPair} from "./doubles/HostilePools.sol";
import {SalmonellaToken} from "./doubles/ToxicTokens.sol";

/// @dev Calls the executor in every way that has a chance to get past the first check, and keeps
/// account of what was given to it and never taken back by the owner.
contract InvariantTest is VenuesTest {
    uint8 private constant TOXIC = KINDS;
    uint8 private constant SILENT = KINDS + 1;
    uint8 private constant CHEAP = KINDS + 2;
    uint8 private constant DEAR = KINDS + 3;

    SalmonellaToken private toxic;
    IPair private toxicPair;
    SilentPair private silent;
    address[4] private coinbases;

    uint256 private heldWeth;
    uint256 private heldGold;
    uint256 private heldEther;
    uint256 private executions;

    function setUp() public override {
        super.setUp();
        toxic = new SalmonellaToken();
        toxicPair = _pair(address(weth), address(toxic), 100 ether, 100 ether);
        toxic.arm(address(this));
        silent = new SilentPair();
        silent.claim(1e24, address(gold), true);
        coinbases = [
            COINBASE,
            address(new RefusingCoinbase()),
            address(new BurningCoinbase()),
            address(new ReentrantCoinbase())
        ];
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = this.doExecute.selector;
        selectors[1] = this.doExecuteThroughTheGap.selector;
        selectors[2] = this.doExecuteGarbage.selector;
        selectors[3] = this.doCallAnything.selector;
        selectors[4] = this.doCallBack.selector;
        selectors[5] = this.doDonate.selector;
        selectors[6] = this.doRescue.selector;
        selectors[7] = this.doPauseAndUnpause.selector;
        targetContract(address(this));
        targetSelector(FuzzSelector({addr: address(this), selectors: selectors}));
    }

    // What is done

    /// @dev Any source, any two to four hops, whatever they lead to.
    function doExecute(
        uint8 source,
        uint8[4] calldata kinds,
        uint256 amountIn,
        uint16 tip,
        uint8 coinbase
    ) external {
        bytes memory hops;
        uint8 flags;
        uint256 count = 2 + kinds[3] % 3;
        address tokenIn = address(weth);
        for (uint256 i = 0; i < count; ++i) {
            uint8 kind = kinds[i] % (KINDS + 4);
            hops = bytes.concat(hops, _anyHop(kind, tokenIn));
            if (kind < KINDS) flags |= _flag(kind);
            tokenIn = tokenIn == address(weth) ? address(gold) : address(weth);
        }
        _attempt(source % 9, flags, hops, amountIn, tip, coinbase);
    }

    /// @dev Any source, any even pool, then the gap that pays for it.
    function doExecuteThroughTheGap(
        uint8 source,
        uint8 kind,
        uint256 amountIn,
        uint16 tip,
        uint8 coinbase
    ) external {
        kind = kind % KINDS;
        bytes memory hops = bytes.concat(_buyGold(), _hop(kind, address(gold)));
        _attempt(source % 8, _flag(kind), hops, amountIn, tip, coinbase);
        _closeGap();
    }

    function doExecuteGarbage(bytes calldata plan) external {
        vm.prank(OWNER);
        try executor.execute(plan) {} catch {}
    }

    function doCallAnything(address sender, bytes4 selector, bytes calldata data) external {
        if (sender == OWNER || sender == GUARDIAN || sender == address(weth)) return;
        vm.prank(sender);
        (bool succeeded,) = address(executor).call(abi.encodePacked(selector, data));
        succeeded;
    }

    /// @dev The protocols themselves call back although nobody asked.
    function doCallBack(uint8 caller, uint8 callback, uint256 amount) external {
        address[7] memory callers = [
            address(aave),
            vault,
            address(balancerV3),
            address(manager),
            address(solo),
            address(concentrated),
            address(cheapGold)
        ];
        bytes memory plan = _plan();
        bytes[5] memory calls = [
            abi.encodeCall(
                executor.executeOperation, (address(weth), 1, amount, address(executor), plan)
            ),
            abi.encodeCall(executor.uniswapV2Call, (address(executor), amount, 0, plan)),
            abi.encodeCall(executor.uniswapV3SwapCallback, (int256(amount >> 1), 0, plan)),
            abi.encodeCall(executor.uniswapV3FlashCallback, (amount >> 1, 0, plan)),
            abi.encodeCall(executor.unlockCallback, (plan))
        ];
        vm.prank(callers[caller % callers.length]);
        (bool succeeded,) = address(executor).call(calls[callback % calls.length]);
        assertFalse(succeeded);
    }

    function doDonate(uint8 what, uint96 amount) external {
        if (what % 3 == 0) {
            _give(address(weth), address(executor), amount);
            heldWeth += amount;
        } else if (what % 3 == 1) {
            gold.mint(address(executor), amount);
            heldGold += amount;
        } else {
            vm.deal(address(executor), address(executor).balance + amount);
            heldEther += amount;
        }
    }

    function doRescue(uint8 what) external {
        if (what % 8 > 2) return;
        vm.prank(OWNER);
        if (what % 8 == 0) {
            executor.rescue(address(weth));
            heldWeth = 0;
        } else if (what % 8 == 1) {
            executor.rescue(address(gold));
            heldGold = 0;
        } else {
            executor.rescue(address(0));
            heldEther = 0;
        }
    }

    function doPauseAndUnpause() external {
        vm.prank(GUARDIAN);
        executor.pause();
        bytes memory plan = _plan();
        vm.prank(OWNER);
        try executor.execute(plan) {
            assertTrue(false, "traded while paused");
        } catch {}
        vm.prank(OWNER);
        executor.unpause();
    }

    // What stays true

    function invariant_ExecutorHoldsWhatItWasGivenAndNoLess() public view {
        assertEq(weth.balanceOf(address(executor)), heldWeth, "weth");
        assertEq(gold.balanceOf(address(executor)), heldGold, "gold");
        assertEq(silver.balanceOf(address(executor)), 0, "silver");
        assertEq(address(executor).balance, heldEther, "ether");
    }

    function invariant_NothingIsAllowed() public view {
        address[12] memory spenders = [
            address(aave),
            vault,
            address(balancerV3),
            address(manager),
            address(solo),
            address(curveInt128),
            address(curveUint256),
            address(solidly),
            address(concentrated),
            address(cheapGold),
            address(dearGold),
            address(silent)
        ];
        for (uint256 i = 0; i < spenders.length; ++i) {
            assertEq(weth.allowance(address(executor), spenders[i]), 0);
            assertEq(gold.allowance(address(executor), spenders[i]), 0);
            assertEq(toxic.allowance(address(executor), spenders[i]), 0);
        }
    }

    function invariant_OnlyBeneficiaryAndCoinbaseReceive() public view {
        assertEq(weth.balanceOf(OWNER) + gold.balanceOf(OWNER) + OWNER.balance, 0, "owner");
        assertEq(weth.balanceOf(STRANGER) + gold.balanceOf(STRANGER), 0, "stranger");
        assertEq(weth.balanceOf(address(silent)) + gold.balanceOf(address(silent)), 0, "pool");
        assertEq(weth.balanceOf(COINBASE) + gold.balanceOf(COINBASE), 0, "coinbase");
    }

    function invariant_LendersNeverLose() public view {
        assertGe(weth.balanceOf(address(aave)), 1000 ether);
        assertGe(weth.balanceOf(address(solo)), DEPTH);
    }

    function invariant_OwnershipAndWiringStay() public view {
        assertEq(executor.owner(), OWNER);
        assertEq(abi.encode(executor.wiring()), abi.encode(_wiring()));
        assertFalse(executor.paused());
    }

    /// @dev The runs above mean something only if calls get through.
    function test_Handler_ReachesTheTrade() public {
        for (uint8 source = 0; source < 8; ++source) {
            if (source == PlanBuilder.NONE) continue;
            this.doExecuteThroughTheGap(source, HOP_CURVE_INT128, 1 ether, 5000, 0);
        }

        assertEq(executions, 7);
        invariant_ExecutorHoldsWhatItWasGivenAndNoLess();
    }

    // Private

    function _anyHop(uint8 kind, address tokenIn) private view returns (bytes memory) {
        if (kind == CHEAP) return _pairHop(cheapGold, tokenIn);
        if (kind == DEAR) return _pairHop(dearGold, tokenIn);
        if (kind == SILENT) return PlanBuilder.pairHop(address(silent), FEE, true);
        if (kind != TOXIC) return _hop(kind, tokenIn);
        address sold = tokenIn == address(weth) ? tokenIn : address(toxic);
        return _pairHop(toxicPair, sold);
    }

    function _attempt(
        uint8 source,
        uint8 flags,
        bytes memory hops,
        uint256 amountIn,
        uint16 tip,
        uint8 coinbase
    ) private {
        vm.coinbase(coinbases[coinbase % 4]);
        PlanBuilder.Fields memory fields = _fields(_withFlag(source) | flags);
        fields.amountIn = uint128(bound(amountIn, 0, 3 ether));
        fields.minProfit = 0;
        fields.tipShareBps = tip % 10_001;
        bytes memory plan = bytes.concat(PlanBuilder.header(fields), _parameters(source), hops);
        uint256 earned = weth.balanceOf(BENEFICIARY);
        vm.prank(OWNER);
        try executor.execute(plan) returns (uint256 grossProfit, uint256 paid) {
            assertEq(weth.balanceOf(BENEFICIARY) - earned, grossProfit - paid, "payout");
            ++executions;
        } catch {}
    }

    /// @dev Fills up what the gap gave, so that the next cycle finds it again.
    function _closeGap() private {
        (uint256 reserve0, uint256 reserve1,) = cheapGold.getReserves();
        bool first = cheapGold.token0() == address(gold);
        uint256 goldLeft = first ? reserve0 : reserve1;
        if (goldLeft < 110 ether) gold.mint(address(cheapGold), 110 ether - goldLeft);
        cheapGold.sync();
    }
}
