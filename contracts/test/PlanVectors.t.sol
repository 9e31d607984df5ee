// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {Plan} from "../src/libraries/Plan.sol";
import {PlanBuilder} from "./PlanBuilder.sol";

/// @dev The bytes that the Python tests check their encoder against, read by the contract's
/// library and written by the tests' builder.
contract PlanVectorsTest is Test {
    using Plan for bytes;

    string private json;

    function setUp() public {
        json = vm.readFile("test/vectors/plans.json");
    }

    function test_EveryVector_DecodesToItsFields() public view {
        uint256 count = vm.parseJsonUint(json, ".count");
        assertGe(count, 9);
        for (uint256 i = 0; i < count; ++i) {
            string memory path = string.concat(".plans[", vm.toString(i), "]");
            bytes memory packed = vm.parseJsonBytes(json, string.concat(path, ".packed"));
            this.checkHeader(packed, path);
            this.checkSource(packed, string.concat(path, ".source"));
            this.checkHops(packed, path);
        }
    }

    function test_EveryVector_IsWhatTheBuilderWrites() public view {
        uint256 count = vm.parseJsonUint(json, ".count");
        for (uint256 i = 0; i < count; ++i) {
            string memory path = string.concat(".plans[", vm.toString(i), "]");
            bytes memory packed = vm.parseJsonBytes(json, string.concat(path, ".packed"));
            assertEq(_built(path), packed);
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

    function testFuzz_Word_IsWhatASliceHolds(bytes calldata plan, uint256 offset) public pure {
        vm.assume(plan.length >= 32);
        offset = bound(offset, 0, plan.length - 32);

        assertEq(plan.word(offset, 0), uint256(bytes32(plan[offset:offset + 32])));
    }

    function testFuzz_Header_IsWhatTheBuilderWrites(
        PlanBuilder.Fields calldata fields
    ) public view {
        this.checkFields(PlanBuilder.header(fields), fields);
    }

    function testFuzz_Hop_EndsInsideThePlanOrIsRefused(bytes calldata plan, uint256 hop) public {
        vm.assume(plan.length > 0);
        hop = bound(hop, 0, plan.length - 1);
        try this.hopEnd(plan, hop) returns (uint256 end) {
            assertLe(end, plan.length);
            assertGe(end, hop + 24);
        } catch (bytes memory reason) {
            bool unknown = plan.kindAt(hop) > Plan.SOLIDLY;
            assertEq(
                bytes4(reason),
                unknown
                    ? IArbitrageExecutor.UnknownHopKind.selector
                    : IArbitrageExecutor.MalformedPlan.selector
            );
        }
    }

    // External, so that the plan is calldata, as in the executor.

    function hopEnd(bytes calldata plan, uint256 hop) external pure returns (uint256) {
        return plan.hopEnd(hop, plan.kindAt(hop), 0);
    }

    function checkFields(bytes calldata packed, PlanBuilder.Fields calldata fields) external pure {
        assertEq(packed.targetBlock(), fields.targetBlock);
        assertEq(packed.minProfit(), fields.minProfit);
        assertEq(packed.tipShareBps(), fields.tipShareBps);
        assertEq(packed.source(), fields.source & 0x0f);
        assertEq(packed.asset(), fields.asset);
        assertEq(packed.amountIn(), fields.amountIn);
    }

    function checkHeader(bytes calldata packed, string calldata path) external view {
        assertEq(packed.targetBlock(), _uint(path, ".targetBlock"));
        assertEq(packed.minProfit(), _uint(path, ".minProfit"));
        assertEq(packed.tipShareBps(), _uint(path, ".tipShareBps"));
        assertEq(packed.asset(), _address(path, ".asset"));
        assertEq(packed.amountIn(), _uint(path, ".amountIn"));
        string memory parentHash = vm.parseJsonString(json, string.concat(path, ".parentHash"));
        bool guarded = bytes(parentHash).length != 0;
        assertEq(packed.hasFlag(Plan.PARENT_HASH_FLAG), guarded);
        if (guarded) assertEq(packed.parentHash(), vm.parseBytes32(parentHash));
    }

    function checkSource(bytes calldata packed, string calldata path) external view {
        uint256 source = packed.source();
        uint256 offset = packed.sourceOffset();
        assertEq(source, _uint(path, ".kind"));
        if (source == Plan.FLASH_UNISWAP_V2) {
            assertEq(packed.addressAt(offset, 0), _address(path, ".pair"));
            assertEq(packed.uint24At(offset, 20), _uint(path, ".feePips"));
            assertEq(packed.byteAt(offset, 23) == 1, _bool(path, ".isAssetFirst"));
        } else if (source == Plan.FLASH_UNISWAP_V3) {
            assertEq(packed.addressAt(offset, 0), _address(path, ".otherToken"));
            assertEq(packed.uint24At(offset, 20), _uint(path, ".feePips"));
            assertEq(packed.byteAt(offset, 23), _uint(path, ".factory"));
        } else if (source == Plan.SOLO_MARGIN) {
            assertEq(packed.byteAt(offset, 0), _uint(path, ".market"));
        }
    }

    function checkHops(bytes calldata packed, string calldata path) external view {
        uint256 hop = packed.hopsOffset();
        for (uint256 i = 0; hop < packed.length; ++i) {
            string memory hopPath = string.concat(path, ".hops[", vm.toString(i), "]");
            uint256 kind = packed.kindAt(hop);
            assertEq(kind, _uint(hopPath, ".kind"));
            if (kind == Plan.UNISWAP_V2 || kind == Plan.SOLIDLY) {
                assertEq(packed.isZeroForOne(hop), _bool(hopPath, ".zeroForOne"));
            }
            if (kind != Plan.UNISWAP_V2) {
                assertEq(packed.addressAt(hop, 1), _address(hopPath, ".tokenIn"));
            }
            if (kind != Plan.UNISWAP_V2 && kind != Plan.SOLIDLY) {
                assertEq(packed.addressAt(hop, 21), _address(hopPath, ".tokenOut"));
            }
            _checkRest(packed, hop, hopPath);
            hop = packed.hopEnd(hop, kind, i);
        }
        assertEq(hop, packed.length);
    }

    /// @dev What is particular to the hop's kind.
    function _checkRest(bytes calldata packed, uint256 hop, string memory path) private view {
        uint256 kind = packed.kindAt(hop);
        if (kind == Plan.UNISWAP_V2) {
            assertEq(packed.addressAt(hop, 1), _address(path, ".pool"));
            assertEq(packed.uint24At(hop, 21), _uint(path, ".feePips"));
        } else if (kind == Plan.UNISWAP_V3) {
            assertEq(packed.uint24At(hop, 41), _uint(path, ".feePips"));
            assertEq(packed.byteAt(hop, 44), _uint(path, ".factory"));
        } else if (kind == Plan.UNISWAP_V4) {
            assertEq(packed.uint24At(hop, 41), _uint(path, ".feePips"));
            assertEq(packed.uint24At(hop, 44), _uint(path, ".tickSpacing"));
            assertEq(packed.addressAt(hop, 47), _address(path, ".hooks"));
        } else if (kind == Plan.BALANCER_V2) {
            bytes32 poolId = vm.parseJsonBytes32(json, string.concat(path, ".poolId"));
            assertEq(packed.word(hop, 41), uint256(poolId));
        } else if (kind == Plan.SOLIDLY) {
            assertEq(packed.addressAt(hop, 21), _address(path, ".pool"));
        } else {
            assertEq(packed.addressAt(hop, 41), _address(path, ".pool"));
            if (kind == Plan.BALANCER_V3) return;
            assertEq(packed.byteAt(hop, 61), _uint(path, ".indexIn"));
            assertEq(packed.byteAt(hop, 62), _uint(path, ".indexOut"));
        }
    }

    function _built(string memory path) private view returns (bytes memory plan) {
        bytes memory flags = vm.parseJsonBytes(json, string.concat(path, ".packed"));
        string memory parentHash = vm.parseJsonString(json, string.concat(path, ".parentHash"));
        string memory source = string.concat(path, ".source");
        PlanBuilder.Fields memory fields = PlanBuilder.Fields({
            targetBlock: uint64(_uint(path, ".targetBlock")),
            minProfit: uint128(_uint(path, ".minProfit")),
            tipShareBps: uint16(_uint(path, ".tipShareBps")),
            // Flags follow from the hops, which the builder does not look at.
            source: uint8(_uint(source, ".kind")) | (uint8(flags[26]) & 0xf0),
            asset: _address(path, ".asset"),
            amountIn: uint128(_uint(path, ".amountIn"))
        });
        plan = PlanBuilder.header(fields);
        if (bytes(parentHash).length != 0) plan = bytes.concat(plan, vm.parseBytes32(parentHash));
        plan = bytes.concat(plan, _builtSource(source));
        for (uint256 i = 0; true; ++i) {
            string memory hop = string.concat(path, ".hops[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, hop)) return plan;
            plan = bytes.concat(plan, _builtHop(hop));
        }
    }

    function _builtSource(string memory path) private view returns (bytes memory) {
        uint256 source = _uint(path, ".kind");
        if (source == PlanBuilder.PAIR) {
            return PlanBuilder.pairSource(
                _address(path, ".pair"), _uint24(path, ".feePips"), _bool(path, ".isAssetFirst")
            );
        }
        if (source == PlanBuilder.CONCENTRATED) {
            return PlanBuilder.concentratedSource(
                _address(path, ".otherToken"), _uint24(path, ".feePips"), _uint8(path, ".factory")
            );
        }
        return source == PlanBuilder.SOLO ? abi.encodePacked(_uint8(path, ".market")) : bytes("");
    }

    function _builtHop(string memory path) private view returns (bytes memory) {
        uint256 kind = _uint(path, ".kind");
        if (kind == 0) {
            return PlanBuilder.pairHop(
                _address(path, ".pool"), _uint24(path, ".feePips"), _bool(path, ".zeroForOne")
            );
        }
        address tokenIn = _address(path, ".tokenIn");
        if (kind == 7) {
            return
                PlanBuilder.solidlyHop(tokenIn, _address(path, ".pool"), _bool(path, ".zeroForOne"));
        }
        address tokenOut = _address(path, ".tokenOut");
        if (kind == 1) {
            return PlanBuilder.concentratedHop(
                tokenIn, tokenOut, _uint24(path, ".feePips"), _uint8(path, ".factory")
            );
        }
        if (kind == 2) {
            return PlanBuilder.v4Hop(
                tokenIn,
                tokenOut,
                _uint24(path, ".feePips"),
                _uint24(path, ".tickSpacing"),
                _address(path, ".hooks")
            );
        }
        if (kind == 3) {
            bytes32 poolId = vm.parseJsonBytes32(json, string.concat(path, ".poolId"));
            return PlanBuilder.balancerV2Hop(tokenIn, tokenOut, poolId);
        }
        address pool = _address(path, ".pool");
        if (kind == 4) return PlanBuilder.balancerV3Hop(tokenIn, tokenOut, pool);
        (uint8 i, uint8 j) = (_uint8(path, ".indexIn"), _uint8(path, ".indexOut"));
        return PlanBuilder.curveHop(tokenIn, tokenOut, pool, i, j, kind == 6);
    }

    function _uint(string memory path, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, key));
    }

    function _uint24(string memory path, string memory key) private view returns (uint24) {
        return uint24(_uint(path, key));
    }

    function _uint8(string memory path, string memory key) private view returns (uint8) {
        return uint8(_uint(path, key));
    }

    function _bool(string memory path, string memory key) private view returns (bool) {
        return vm.parseJsonBool(json, string.concat(path, key));
    }

    function _address(string memory path, string memory key) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(path, key));
    }
}
