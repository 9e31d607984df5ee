// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Writes what the library `Plan` reads, independently of it.
library PlanBuilder {
    uint8 internal constant AAVE = 0;
    uint8 internal constant BALANCER = 1;
    uint8 internal constant CONSTANT_PRODUCT = 0;
    uint8 internal constant CONCENTRATED = 1;

    struct Fields {
        uint64 targetBlock;
        uint128 minProfit;
        uint16 tipShareBps;
        uint8 lender;
        address asset;
        uint128 amountIn;
    }

    function header(Fields memory fields) internal pure returns (bytes memory) {
        return abi.encodePacked(
            fields.targetBlock,
            fields.minProfit,
            fields.tipShareBps,
            fields.lender,
            fields.asset,
            fields.amountIn
        );
    }

    function hop(
        uint8 kind,
        address pool,
        address tokenOut,
        uint24 feePips
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(kind, pool, tokenOut, feePips);
    }

    function pairHop(address pool, address tokenOut) internal pure returns (bytes memory) {
        return hop(CONSTANT_PRODUCT, pool, tokenOut, 3000);
    }

    function concentratedHop(address pool, address tokenOut) internal pure returns (bytes memory) {
        return hop(CONCENTRATED, pool, tokenOut, 0);
    }
}
