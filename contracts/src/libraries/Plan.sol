// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The wire format of a plan
/// @notice Reads a packed plan in place, big-endian and without padding:
///
///     offset  bytes  field
///          0      8  target block
///          8     16  minimum profit, raw units of the asset
///         24      2  tip share, basis points of the gross profit
///         26      1  lender: 0 Aave V3, 1 Balancer V2
///         27     20  asset
///         47     16  input of the first hop, which is borrowed, raw units
///         63   44 n  hops, two to eight
///
/// and each hop:
///
///          0      1  kind: 0 constant product, 1 concentrated
///          1     20  pool
///         21     20  token bought
///         41      3  fee in hundredths of a basis point; read for constant product only
///
/// @dev The readers assume a length that `hopCount` accepted.
library Plan {
    struct Hop {
        uint8 kind;
        address pool;
        address tokenOut;
        uint24 feePips;
    }

    uint256 internal constant HEADER_LENGTH = 63;
    uint256 internal constant HOP_LENGTH = 44;
    uint256 internal constant MIN_HOPS = 2;
    uint256 internal constant MAX_HOPS = 8;

    /// @notice Counts the hops.
    /// @param plan Packed.
    /// @return The number of hops, or zero if the length is not that of a plan.
    function hopCount(bytes calldata plan) internal pure returns (uint256) {
        if (plan.length < HEADER_LENGTH) return 0;
        uint256 length = plan.length - HEADER_LENGTH;
        uint256 count = length / HOP_LENGTH;
        bool valid = length % HOP_LENGTH == 0 && count >= MIN_HOPS && count <= MAX_HOPS;
        return valid ? count : 0;
    }

    /// @notice The only block that the plan is valid in.
    /// @param plan Packed.
    function targetBlock(bytes calldata plan) internal pure returns (uint64) {
        return uint64(bytes8(plan[:8]));
    }

    /// @notice The least gross profit, in raw units of the asset.
    /// @param plan Packed.
    function minProfit(bytes calldata plan) internal pure returns (uint128) {
        return uint128(bytes16(plan[8:24]));
    }

    /// @notice The part of the gross profit that the coinbase gets, in basis points.
    /// @param plan Packed.
    function tipShareBps(bytes calldata plan) internal pure returns (uint16) {
        return uint16(bytes2(plan[24:26]));
    }

    /// @notice The number of the lender, which may be unassigned.
    /// @param plan Packed.
    function lender(bytes calldata plan) internal pure returns (uint8) {
        return uint8(plan[26]);
    }

    /// @notice What is borrowed, and what profit is measured in.
    /// @param plan Packed.
    function asset(bytes calldata plan) internal pure returns (address) {
        return address(bytes20(plan[27:47]));
    }

    /// @notice How much is borrowed, in raw units.
    /// @param plan Packed.
    function amountIn(bytes calldata plan) internal pure returns (uint128) {
        return uint128(bytes16(plan[47:63]));
    }

    /// @notice Reads one hop.
    /// @param plan Packed.
    /// @param index From zero, below `hopCount`.
    /// @return hop Its fields; the kind may be unassigned.
    function hopAt(bytes calldata plan, uint256 index) internal pure returns (Hop memory hop) {
        uint256 start = HEADER_LENGTH + index * HOP_LENGTH;
        hop.kind = uint8(plan[start]);
        hop.pool = address(bytes20(plan[start + 1:start + 21]));
        hop.tokenOut = address(bytes20(plan[start + 21:start + 41]));
        hop.feePips = uint24(bytes3(plan[start + 41:start + 44]));
    }
}
