// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Writes what the library `Plan` reads, independently of it.
library PlanBuilder {
    uint8 internal constant AAVE = 0;
    uint8 internal constant BALANCER = 1;
    uint8 internal constant BALANCER_V3 = 2;
    uint8 internal constant PAIR = 3;
    uint8 internal constant CONCENTRATED = 4;
    uint8 internal constant UNISWAP_V4 = 5;
    uint8 internal constant SOLO = 6;
    uint8 internal constant NONE = 7;

    uint8 internal constant PARENT_HASH = 0x80;
    uint8 internal constant UNLOCK_UNISWAP = 0x40;
    uint8 internal constant UNLOCK_BALANCER = 0x20;

    struct Fields {
        uint64 targetBlock;
        uint128 minProfit;
        uint16 tipShareBps;
        uint8 source;
        address asset;
        uint128 amountIn;
    }

    function header(Fields memory fields) internal pure returns (bytes memory) {
        return abi.encodePacked(
            fields.targetBlock,
            fields.minProfit,
            fields.tipShareBps,
            fields.source,
            fields.asset,
            fields.amountIn
        );
    }

    // Sources

    function pairSource(
        address pair,
        uint24 feePips,
        bool isAssetFirst
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(pair, feePips, isAssetFirst);
    }

    function concentratedSource(
        address otherToken,
        uint24 feePips,
        uint8 factory
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(otherToken, feePips, factory);
    }

    // Hops

    function pairHop(
        address pool,
        uint24 feePips,
        bool zeroForOne
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(zeroForOne ? bytes1(0x80) : bytes1(0x00), pool, feePips);
    }

    function concentratedHop(
        address tokenIn,
        address tokenOut,
        uint24 feePips,
        uint8 factory
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), tokenIn, tokenOut, feePips, factory);
    }

    function v4Hop(
        address tokenIn,
        address tokenOut,
        uint24 fee,
        uint24 tickSpacing,
        address hooks
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(2), tokenIn, tokenOut, fee, tickSpacing, hooks);
    }

    function balancerV2Hop(
        address tokenIn,
        address tokenOut,
        bytes32 poolId
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(3), tokenIn, tokenOut, poolId);
    }

    function balancerV3Hop(
        address tokenIn,
        address tokenOut,
        address pool
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(4), tokenIn, tokenOut, pool);
    }

    function curveHop(
        address tokenIn,
        address tokenOut,
        address pool,
        uint8 i,
        uint8 j,
        bool isUnsigned
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(
            isUnsigned ? bytes1(0x06) : bytes1(0x05), tokenIn, tokenOut, pool, i, j
        );
    }

    function solidlyHop(
        address tokenIn,
        address pool,
        bool zeroForOne
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(zeroForOne ? bytes1(0x87) : bytes1(0x07), tokenIn, pool);
    }
}
