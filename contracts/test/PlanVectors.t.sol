// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {Plan} from "../src/libraries/Plan.sol";
import {PlanBuilder} from "./PlanBuilder.sol";

/// @dev The bytes that the Python tests check their encoder against, read by the contract's
/// library.
contract PlanVectorsTest is Test {
    using Plan for bytes;

    string private json;

    function setUp() public {
        json = vm.readFile("test/vectors/plans.json");
    }

    function test_EveryVector_DecodesToItsFields() public view {
        uint256 count = vm.parseJsonUint(json, ".count");
        assertGe(count, 5);
        for (uint256 i = 0; i < count; ++i) {
            string memory path = string.concat(".plans[", vm.toString(i), "]");
            bytes memory packed = vm.parseJsonBytes(json, string.concat(path, ".packed"));
            this.checkFields(packed, path);
            this.checkHops(packed, path);
        }
    }

    function test_EveryVector_IsThePlanOfItsCalldata() public view {
        uint256 count = vm.parseJsonUint(json, ".count");
        for (uint256 i = 0; i < count; ++i) {
            string memory path = string.concat(".plans[", vm.toString(i), "]");
            bytes memory packed = vm.parseJsonBytes(json, string.concat(path, ".packed"));
            bytes memory data = vm.parseJsonBytes(json, string.concat(path, ".calldata"));
            assertEq(data, abi.encodeCall(IArbitrageExecutor.execute, (packed)));
        }
    }

    function testFuzz_Decoding_ReversesTheBuilder(
        PlanBuilder.Fields memory fields,
        Plan.Hop memory hop,
        uint256 count
    ) public view {
        count = bound(count, 2, 8);
        bytes memory packed = PlanBuilder.header(fields);
        bytes memory hopBytes = PlanBuilder.hop(hop.kind, hop.pool, hop.tokenOut, hop.feePips);
        for (uint256 i = 0; i < count; ++i) {
            packed = bytes.concat(packed, hopBytes);
        }
        this.checkDecoded(packed, fields, hop, count);
    }

    // External, so that the plan is calldata, as in the executor.

    function checkFields(bytes calldata packed, string calldata path) external view {
        assertEq(packed.targetBlock(), _uint(path, ".targetBlock"));
        assertEq(packed.minProfit(), _uint(path, ".minProfit"));
        assertEq(packed.tipShareBps(), _uint(path, ".tipShareBps"));
        assertEq(packed.lender(), _uint(path, ".lender"));
        assertEq(packed.asset(), _address(path, ".asset"));
        assertEq(packed.amountIn(), _uint(path, ".amountIn"));
        assertEq(packed.hopCount(), _uint(path, ".hopCount"));
    }

    function checkHops(bytes calldata packed, string calldata path) external view {
        uint256 count = packed.hopCount();
        for (uint256 i = 0; i < count; ++i) {
            string memory hopPath = string.concat(path, ".hops[", vm.toString(i), "]");
            Plan.Hop memory hop = packed.hopAt(i);
            assertEq(hop.kind, _uint(hopPath, ".kind"));
            assertEq(hop.pool, _address(hopPath, ".pool"));
            assertEq(hop.tokenOut, _address(hopPath, ".tokenOut"));
            assertEq(hop.feePips, _uint(hopPath, ".feePips"));
        }
    }

    function checkDecoded(
        bytes calldata packed,
        PlanBuilder.Fields calldata fields,
        Plan.Hop calldata hop,
        uint256 count
    ) external pure {
        assertEq(packed.hopCount(), count);
        PlanBuilder.Fields memory read = PlanBuilder.Fields({
            targetBlock: packed.targetBlock(),
            minProfit: packed.minProfit(),
            tipShareBps: packed.tipShareBps(),
            lender: packed.lender(),
            asset: packed.asset(),
            amountIn: packed.amountIn()
        });
        assertEq(abi.encode(read), abi.encode(fields));
        for (uint256 i = 0; i < count; ++i) {
            assertEq(abi.encode(packed.hopAt(i)), abi.encode(hop));
        }
    }

    function _uint(string memory path, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, key));
    }

    function _address(string memory path, string memory key) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(path, key));
    }
}
