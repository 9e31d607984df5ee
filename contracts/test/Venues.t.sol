// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {IPair} from "./Protocols.sol";
import {VenuesTest} from "./VenuesTest.sol";
import {IdleCurvePool, IdleVault} from "./doubles/CurvePools.sol";
import {MumblingVault, SilentPair} from "./doubles/HostilePools.sol";
import {StickyAllowanceToken} from "./doubles/HostileTokens.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @dev Every source with every kind of hop, and every kind of hop after every other.
contract VenuesExecuteTest is VenuesTest {
    function test_EverySource_WithEveryKindOfHop() public {
        uint256 snapshot = vm.snapshotState();
        for (uint8 source = 0; source < PlanBuilder.NONE; ++source) {
            for (uint8 kind = 0; kind < KINDS; ++kind) {
                if (source == PlanBuilder.BALANCER && kind == HOP_BALANCER_V2) continue;
                bytes memory buy = bytes.concat(_hop(kind, address(weth)), _sellGold());
                _executeAndCheck(_planFrom(source, _flag(kind), buy));
                vm.revertToState(snapshot);
                bytes memory sell = bytes.concat(_buyGold(), _hop(kind, address(gold)));
                _executeAndCheck(_planFrom(source, _flag(kind), sell));
                vm.revertToState(snapshot);
            }
        }
    }

    function test_EveryKindOfHop_AfterEveryOther() public {
        uint256 snapshot = vm.snapshotState();
        for (uint8 first = 0; first < KINDS; ++first) {
            for (uint8 second = 0; second < KINDS; ++second) {
                // A pair cannot be paid by itself.
                bool isPair = first == HOP_PAIR || first == HOP_SOLIDLY;
                if (isPair && first == second) continue;
                // Four hops: in and out of the even pools, then through the gap.
                bytes memory hops = bytes.concat(
                    _hop(first, address(weth)), _hop(second, address(gold)), _pairHops()
                );
                uint8 flags = _flag(first) | _flag(second);
                _executeAndCheck(_planFrom(PlanBuilder.SOLO, flags, hops));
                vm.revertToState(snapshot);
            }
        }
    }

    function test_FlashSwap_OfEveryKindThatPaysFirst() public {
        uint256 snapshot = vm.snapshotState();
        for (uint8 first = 0; first < 3; ++first) {
            for (uint8 second = 0; second < KINDS; ++second) {
                // The pool that has paid first is locked until it is paid.
                if (first != HOP_V4 && first == second) continue;
                bytes memory hops = bytes.concat(
                    _hop(first, address(weth)), _hop(second, address(gold)), _pairHops()
                );
                uint8 flags = _flag(first) | _flag(second);
                _executeAndCheck(_planFrom(PlanBuilder.NONE, flags, hops));
                vm.revertToState(snapshot);
            }
        }
    }

    function test_FlashSwap_EarnsWhatALoanWithoutAFeeEarns() public {
        uint256 snapshot = vm.snapshotState();
        (uint256 withLoan,) = _execute(_planFrom(PlanBuilder.BALANCER, 0, _pairHops()));
        vm.revertToState(snapshot);

        (uint256 without,) = _execute(_planFrom(PlanBuilder.NONE, 0, _pairHops()));

        assertEq(without, withLoan);
        _assertEmpty();
    }

    function test_Pancake_CallsBackUnderItsOwnName() public {
        bool zeroForOne = pancake.token0() == address(weth);
        bytes memory hop = PlanBuilder.pairHop(address(pancake), 2000, zeroForOne);
        _executeAndCheck(_planFrom(PlanBuilder.NONE, 0, bytes.concat(hop, _sellGold())));
    }

    function test_Pancake_LendsUnderItsOwnName() public {
        bool first = pancake.token0() == address(weth);
        bytes memory source = PlanBuilder.pairSource(address(pancake), 2000, first);
        bytes memory plan =
            bytes.concat(PlanBuilder.header(_fields(PlanBuilder.PAIR)), source, _pairHops());
        _executeAndCheck(plan);
    }

    function test_EightHops_InOneChain() public {
        bytes memory singletons = bytes.concat(
            _hop(HOP_V4, address(weth)),
            _hop(HOP_V4, address(gold)),
            _hop(HOP_BALANCER_V3, address(weth)),
            _hop(HOP_BALANCER_V3, address(gold))
        );
        bytes memory hops = bytes.concat(
            singletons,
            _hop(HOP_CONCENTRATED, address(weth)),
            _hop(HOP_CURVE_INT128, address(gold)),
            _pairHops()
        );
        uint8 flags = PlanBuilder.UNLOCK_UNISWAP | PlanBuilder.UNLOCK_BALANCER;
        _executeAndCheck(_planFrom(PlanBuilder.AAVE, flags, hops));
    }

    /// @dev Holdings of every token, before and after, with every source and kind of hop.
    function test_Holdings_AreNotTouched() public {
        _give(address(weth), address(executor), 5 ether);
        _give(address(gold), address(executor), 7 ether);
        uint256 snapshot = vm.snapshotState();
        for (uint8 source = 0; source <= PlanBuilder.NONE; ++source) {
            uint8 kinds = source == PlanBuilder.NONE ? 3 : KINDS;
            for (uint8 kind = 0; kind < kinds; ++kind) {
                if (source == PlanBuilder.BALANCER && kind == HOP_BALANCER_V2) continue;
                bytes memory hops = bytes.concat(_hop(kind, address(weth)), _sellGold());
                _execute(_planFrom(source, _flag(kind), hops));
                assertEq(weth.balanceOf(address(executor)), 5 ether);
                assertEq(gold.balanceOf(address(executor)), 7 ether);
                vm.revertToState(snapshot);
            }
        }
    }

    function test_ParentHash_OfTheRealParent() public {
        vm.roll(100);
        bytes memory header =
            PlanBuilder.header(_fields(PlanBuilder.AAVE | PlanBuilder.PARENT_HASH));
        _executeAndCheck(bytes.concat(header, blockhash(99), _pairHops()));
    }

    function test_ParentHash_BeforeWhatTheSourceIsTold() public {
        vm.roll(100);
        bytes memory header =
            PlanBuilder.header(_fields(PlanBuilder.SOLO | PlanBuilder.PARENT_HASH));
        bytes memory parameters = _parameters(PlanBuilder.SOLO);
        _executeAndCheck(bytes.concat(header, blockhash(99), parameters, _pairHops()));
    }

    // Refusals that need a real manager

    function test_V4PoolWithoutLiquidityLeft_IsAMismatch() public {
        bytes memory hops = bytes.concat(_hop(HOP_V4, address(weth)), _sellGold());
        PlanBuilder.Fields memory fields = _fields(PlanBuilder.AAVE | PlanBuilder.UNLOCK_UNISWAP);
        fields.amountIn = 900 ether;
        bytes memory plan = bytes.concat(PlanBuilder.header(fields), hops);

        vm.prank(OWNER);
        (bool succeeded, bytes memory reason) =
            address(executor).call(abi.encodeCall(executor.execute, (plan)));

        assertFalse(succeeded);
        string memory wanted = vm.replace(
            vm.toString(abi.encodePacked(IArbitrageExecutor.InputMismatch.selector)), "0x", ""
        );
        assertLt(vm.indexOf(vm.toString(reason), wanted), reason.length * 2);
    }

    function test_V4HopInALockedManager_NamesTheHop() public {
        bytes memory hops = bytes.concat(_buyGold(), _hop(HOP_V4, address(gold)));
        bytes memory locked = abi.encodeWithSignature("ManagerLocked()");
        bytes memory inner = abi.encodeWithSelector(
            IArbitrageExecutor.HopFailed.selector, 1, address(manager), locked
        );
        _expectRefusalInside(_planFrom(PlanBuilder.BALANCER, 0, hops), inner);
    }

    function test_BalancerV2HopInsideItsOwnLoan_NamesTheHop() public {
        bytes memory hops = bytes.concat(_buyGold(), _hop(HOP_BALANCER_V2, address(gold)));
        bytes memory plan = _planFrom(PlanBuilder.BALANCER, 0, hops);
        bytes memory inner = abi.encodeWithSelector(
            IArbitrageExecutor.HopFailed.selector,
            1,
            vault,
            abi.encodeWithSignature("Error(string)", "BAL#400")
        );
        _expectRefusalInside(plan, inner);
    }

    function test_CurvePoolThatLeavesItsAllowance() public {
        IdleCurvePool idle = new IdleCurvePool(IERC20(address(gold)));
        _give(address(gold), address(idle), 2 ether);
        bytes memory hop =
            PlanBuilder.curveHop(address(weth), address(gold), address(idle), 0, 1, false);
        _expectRefusalInside(
            _planFrom(PlanBuilder.BALANCER, 0, bytes.concat(hop, _sellGold())),
            abi.encodeWithSelector(
                IArbitrageExecutor.DanglingAllowance.selector,
                address(weth),
                address(idle),
                AMOUNT_IN
            )
        );
    }

    function test_PairThatGivesNothingBeforeAPull_SpendsNoHoldings() public {
        _give(address(gold), address(executor), 10 ether);
        address silent = address(new SilentPair());
        bytes memory hops = bytes.concat(
            PlanBuilder.pairHop(silent, FEE, true), _hop(HOP_CURVE_INT128, address(gold))
        );
        _expectRefusalInside(
            _planFrom(PlanBuilder.BALANCER, 0, hops),
            abi.encodeWithSelector(IArbitrageExecutor.OutputOutOfRange.selector, 0, 0)
        );
    }

    function test_PairThatGivesNothingToAManager_NamesTheManagersHop() public {
        _give(address(gold), address(executor), 10 ether);
        address silent = address(new SilentPair());
        uint8[2] memory kinds = [HOP_V4, HOP_BALANCER_V3];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory hops =
                bytes.concat(PlanBuilder.pairHop(silent, FEE, true), _hop(kinds[i], address(gold)));
            bytes memory plan = _planFrom(PlanBuilder.BALANCER, _flag(kinds[i]), hops);
            uint256 bought = uint256(1e24) * 0.997 ether / (1e24 + 0.997 ether);
            bytes memory reason = _inside(
                PlanBuilder.BALANCER,
                abi.encodeWithSelector(IArbitrageExecutor.InputMismatch.selector, 1, 0, bought)
            );
            _expectRefusal(plan, _inside(i == 0 ? 5 : 2, reason));
        }
    }

    function test_VaultThatLeavesItsAllowance() public {
        address idle = address(new IdleVault());
        _give(address(gold), idle, 2 ether);
        IArbitrageExecutor.Wiring memory wiring = _wiring();
        wiring.balancerV2Vault = idle;
        executor = new ArbitrageExecutor(wiring);
        bytes memory hops = bytes.concat(_hop(HOP_BALANCER_V2, address(weth)), _sellGold());
        _expectRefusal(
            _planFrom(PlanBuilder.AAVE, 0, hops),
            _inside(PlanBuilder.AAVE, _dangling(address(weth), idle, AMOUNT_IN))
        );
    }

    function test_SoloMarginWhoseAllowanceOutlivesItsUse() public {
        StickyAllowanceToken token = new StickyAllowanceToken();
        token.mint(address(solo), 10 ether);
        solo.list(2, IERC20(address(token)));
        IPair dear = _pair(address(token), address(weth), 100 ether, 120 ether);
        IPair cheap = _pair(address(token), address(weth), 120 ether, 100 ether);
        PlanBuilder.Fields memory fields = _fields(PlanBuilder.SOLO);
        (fields.asset, fields.tipShareBps) = (address(token), 0);
        bytes memory hops =
            bytes.concat(_pairHop(dear, address(token)), _pairHop(cheap, address(weth)));
        _expectRefusal(
            bytes.concat(PlanBuilder.header(fields), _parameters(PlanBuilder.SOLO), hops),
            _dangling(address(token), address(solo), uint256(AMOUNT_IN) + 2)
        );
    }

    function test_FactoryBeyondTheWiring_HasNoPools() public {
        bytes memory hop = PlanBuilder.concentratedHop(address(gold), address(weth), FEE, 255);
        _expectHopFailed(
            bytes.concat(_buyGold(), hop), 1, _derived(address(0), bytes32(0)), bytes("")
        );
    }

    function test_SolidlyPoolWithoutCode_NamesTheHop() public {
        bytes memory hop = PlanBuilder.solidlyHop(address(gold), STRANGER, true);
        _expectHopFailed(bytes.concat(_buyGold(), hop), 1, STRANGER, bytes(""));
    }

    function test_VaultThatMumbles_NamesTheHop() public {
        address mumbler = address(new MumblingVault());
        IArbitrageExecutor.Wiring memory wiring = _wiring();
        wiring.balancerV3Vault = mumbler;
        executor = new ArbitrageExecutor(wiring);
        bytes memory hops = bytes.concat(_buyGold(), _hop(HOP_BALANCER_V3, address(gold)));
        _expectHopFailed(hops, 1, mumbler, hex"01");
    }

    function test_EqualWirings_HaveOneAddress() public {
        uint256 snapshot = vm.snapshotState();
        address first = address(new ArbitrageExecutor{salt: "salt"}(_wiring()));
        vm.revertToState(snapshot);
        address second = address(new ArbitrageExecutor{salt: "salt"}(_wiring()));

        assertEq(first, second);
    }

    function test_Wiring_IsWhatItWasBuiltWith() public view {
        assertEq(abi.encode(executor.wiring()), abi.encode(_wiring()));
    }

    function _expectHopFailed(
        bytes memory hops,
        uint256 index,
        address called,
        bytes memory reason
    ) private {
        bytes memory inner = abi.encodeWithSelector(
            IArbitrageExecutor.HopFailed.selector, index, called, reason
        );
        _expectRefusalInside(_planFrom(PlanBuilder.BALANCER, 0, hops), inner);
    }

    function _dangling(
        address token,
        address spender,
        uint256 allowance
    ) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IArbitrageExecutor.DanglingAllowance.selector, token, spender, allowance
        );
    }

    function _derived(address deployer, bytes32 initCodeHash) private view returns (address) {
        (address token0, address token1) = address(weth) < address(gold)
            ? (address(weth), address(gold))
            : (address(gold), address(weth));
        bytes32 salt = keccak256(abi.encode(token0, token1, FEE));
        return vm.computeCreate2Address(salt, initCodeHash, deployer);
    }

    function _executeAndCheck(bytes memory plan) private {
        uint256 before = weth.balanceOf(BENEFICIARY);
        (uint256 grossProfit, uint256 tip) = _execute(plan);
        assertGt(grossProfit, 0.05 ether);
        assertEq(weth.balanceOf(BENEFICIARY) - before, grossProfit - tip);
        _assertEmpty();
        address[3] memory spenders = [address(curveInt128), address(curveUint256), address(solo)];
        for (uint256 i = 0; i < spenders.length; ++i) {
            assertEq(weth.allowance(address(executor), spenders[i]), 0);
            assertEq(gold.allowance(address(executor), spenders[i]), 0);
        }
    }
}
