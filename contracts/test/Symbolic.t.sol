// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {Plan} from "../src/libraries/Plan.sol";

/// @dev What is proven for every input rather than tried for many: `just halmos`. Forge leaves
/// functions of this prefix alone.
contract SymbolicTest is Test {
    using Plan for bytes;

    address private constant OWNER = address(0x1001);
    address private constant GUARDIAN = address(0x1002);
    address private constant WETH = address(0x1003);

    ArbitrageExecutor private executor;

    function setUp() public {
        IArbitrageExecutor.Wiring memory wiring;
        (wiring.owner, wiring.beneficiary, wiring.guardian, wiring.weth) =
        (OWNER, address(0x1004), GUARDIAN, WETH);
        (wiring.aavePool, wiring.balancerV2Vault, wiring.balancerV3Vault) =
        (address(0x1005), address(0x1006), address(0x1007));
        (wiring.uniswapV4Manager, wiring.soloMargin) = (address(0x1008), address(0x1009));
        executor = new ArbitrageExecutor(wiring);
        vm.deal(address(executor), 1 ether);
    }

    /// @dev Neither does a protocol that calls back unasked.
    function check_CallbackOutsideOfACall_Reverts(
        address sender,
        uint256 a,
        uint256 b,
        bytes32 plan
    ) public {
        bytes memory data = abi.encodePacked(plan);
        vm.startPrank(sender);
        bytes[8] memory calls = [
            abi.encodeCall(executor.executeOperation, (sender, a, b, address(executor), data)),
            abi.encodeCall(executor.uniswapV2Call, (address(executor), a, b, data)),
            abi.encodeCall(executor.pancakeCall, (address(executor), a, b, data)),
            abi.encodeCall(executor.uniswapV3SwapCallback, (int256(a), int256(b), data)),
            abi.encodeCall(executor.pancakeV3SwapCallback, (int256(a), int256(b), data)),
            abi.encodeCall(executor.uniswapV3FlashCallback, (a >> 1, b >> 1, data)),
            abi.encodeCall(executor.unlockCallback, (data)),
            abi.encodeCall(executor.balancerV3Unlocked, (data))
        ];
        for (uint256 i = 0; i < 8; ++i) {
            (bool succeeded,) = address(executor).call(calls[i]);
            assert(!succeeded);
        }
    }

    function check_Stranger_CannotExecuteRescuePauseOrTakeOver(
        address sender,
        address token,
        bytes32 word
    ) public {
        vm.assume(sender != OWNER && sender != GUARDIAN);
        vm.startPrank(sender);
        bytes memory plan = abi.encodePacked(uint64(block.number), word, word, word);
        bytes[5] memory calls = [
            abi.encodeCall(executor.execute, (plan)),
            abi.encodeCall(executor.rescue, (token)),
            abi.encodeCall(executor.pause, ()),
            abi.encodeCall(executor.unpause, ()),
            abi.encodeCall(executor.transferOwnership, (sender))
        ];
        for (uint256 i = 0; i < 5; ++i) {
            (bool succeeded,) = address(executor).call(calls[i]);
            assert(!succeeded);
        }
        assert(executor.owner() == OWNER);
        assert(address(executor).balance == 1 ether);
    }

    /// @dev For every content of the plan; a hop that begins in front, in the middle, at the end.
    function check_HopEnd_IsBehindTheHopAndInsideThePlan(
        bytes32 first,
        bytes32 second,
        bytes32 third
    ) public view {
        bytes memory plan = abi.encodePacked(first, second, third);
        for (uint256 hop = 0; hop < 96; hop += 19) {
            try this.hopEnd(plan, hop) returns (uint256 end) {
                assert(end >= hop + 24 && end <= plan.length);
            } catch {}
        }
    }

    function hopEnd(bytes calldata plan, uint256 hop) external pure returns (uint256) {
        return plan.hopEnd(hop, plan.kindAt(hop), 0);
    }
}
