// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrageExecutor} from "../interfaces/IArbitrageExecutor.sol";

/// @title The wire format of a plan
/// @notice Reads a packed plan in place, big-endian and without padding:
///
///     offset  bytes  field
///          0      8  target block
///          8     16  minimum profit, raw units of the asset
///         24      2  tip share, basis points of the gross profit
///         26      1  source and flags, see below
///         27     20  asset: what is borrowed, and what profit is measured in
///         47     16  input of the first hop, raw units
///         63     32  hash of the target block's parent, if the flag 0x80 is set
///          .      .  what the source needs to be told
///          .      .  hops, one or more
///
/// The low four bits of the source byte say where the input comes from, and what follows:
///
///     0  Aave V3                      nothing
///     1  Balancer V2                  nothing
///     2  Balancer V3                  nothing
///     3  Uniswap V2, or a fork        pair 20, fee in pips 3, 1 if the asset is token0 else 0
///     4  Uniswap V3, or a fork        the pool's other token 20, fee 3, factory 1
///     5  Uniswap V4                   nothing
///     6  dYdX SoloMargin              market 1
///     7  none                         nothing: the first hop's pool pays before it is paid
///
/// Its flags: 0x80 a parent hash follows, 0x40 Uniswap V4's manager is unlocked around the plan,
/// 0x20 Balancer V3's vault is. Both are needed by hops and sources of that protocol.
///
/// A hop begins with its kind. Kind, length, and what is in it at which offset:
///
///     0  24  Uniswap V2    pool 1, fee in pips 21
///     1  45  Uniswap V3    token in 1, token out 21, fee 41, factory 44
///     2  67  Uniswap V4    token in 1, token out 21, fee 41, tick spacing 44, hooks 47
///     3  73  Balancer V2   token in 1, token out 21, pool id 41
///     4  61  Balancer V3   token in 1, token out 21, pool 41
///     5  63  Curve         token in 1, token out 21, pool 41, i 61, j 62; indices are int128
///     6  63  Curve         the same with indices of type uint256
///     7  41  Solidly       token in 1, pool 21
///
/// The kind's flag 0x80 means, for Uniswap V2 and Solidly, that token0 is sold.
///
/// @dev `word` does not check the length of the plan: the
/// executor checks the header's, `hopEnd` that of each hop before it is used.
library Plan {
    uint256 internal constant HEADER_LENGTH = 63;

    uint256 internal constant AAVE_V3 = 0;
    uint256 internal constant FLASH_BALANCER_V2 = 1;
    uint256 internal constant FLASH_BALANCER_V3 = 2;
    uint256 internal constant FLASH_UNISWAP_V2 = 3;
    uint256 internal constant FLASH_UNISWAP_V3 = 4;
    uint256 internal constant FLASH_UNISWAP_V4 = 5;
    uint256 internal constant SOLO_MARGIN = 6;
    uint256 internal constant NONE = 7;

    uint256 internal constant UNISWAP_V2 = 0;
    uint256 internal constant UNISWAP_V3 = 1;
    uint256 internal constant UNISWAP_V4 = 2;
    uint256 internal constant BALANCER_V2 = 3;
    uint256 internal constant BALANCER_V3 = 4;
    uint256 internal constant CURVE_INT128 = 5;
    uint256 internal constant CURVE_UINT256 = 6;
    uint256 internal constant SOLIDLY = 7;

    /// @dev In place of a kind behind the last hop; more than a kind's seven bits can say.
    uint256 internal constant END = 0xff;

    /// @dev Paid before they trade.
    uint256 internal constant PAIRS = (1 << UNISWAP_V2) | (1 << SOLIDLY);

    /// @dev Paid after they have traded.
    uint256 internal constant PAID_LATE = (1 << UNISWAP_V3) | (1 << UNISWAP_V4)
        | (1 << BALANCER_V3);

    /// @dev Settle once for several hops in a row.
    uint256 internal constant MANAGERS = (1 << UNISWAP_V4) | (1 << BALANCER_V3);

    // Fields of a hop, and of what a source needs to be told

    uint256 internal constant PAIR = 1;
    uint256 internal constant PAIR_FEE = 21;
    uint256 internal constant TOKEN_IN = 1;
    uint256 internal constant TOKEN_OUT = 21;
    uint256 internal constant SOLIDLY_POOL = 21;
    uint256 internal constant FEE = 41;
    uint256 internal constant FACTORY = 44;
    uint256 internal constant TICK_SPACING = 44;
    uint256 internal constant HOOKS = 47;
    uint256 internal constant POOL = 41;
    uint256 internal constant INDEX_IN = 61;
    uint256 internal constant INDEX_OUT = 62;

    uint256 internal constant LENDER = 0;
    uint256 internal constant LENDER_FEE = 20;
    uint256 internal constant LENDER_NUMBER = 23;

    uint256 internal constant PARENT_HASH_FLAG = 0x80;
    uint256 internal constant UNLOCK_UNISWAP_FLAG = 0x40;
    uint256 internal constant UNLOCK_BALANCER_FLAG = 0x20;
    uint256 internal constant ZERO_FOR_ONE_FLAG = 0x80;

    uint256 private constant SOURCE_OFFSET = 26;
    uint256 private constant SOURCE_MASK = 0x0f;
    uint256 private constant KIND_MASK = 0x7f;

    /// @dev A byte for each kind or source, the lowest byte for number zero.
    uint256 private constant HOP_LENGTHS = 0x293f3f3d49432d18;
    uint256 private constant SOURCE_LENGTHS = 0x0001001818000000;

    // Readers

    /// @notice 32 bytes; whatever follows the plan in calldata, if it ends before.
    /// @dev Where the plan is long enough it equals
    /// `uint256(bytes32(plan[start + field:start + field + 32]))`, at a twentieth of the gas.
    /// @param plan Packed.
    /// @param start Where the header, the source or the hop begins.
    /// @param field Offset from there.
    /// @return value Big-endian.
    function word(
        bytes calldata plan,
        uint256 start,
        uint256 field
    ) internal pure returns (uint256 value) {
        // One instruction, which Solidity only offers behind two bounds checks.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            value := calldataload(add(add(plan.offset, start), field))
        }
    }

    /// @notice An address.
    /// @param plan Packed.
    /// @param start Where the header, the source or the hop begins.
    /// @param field Offset from there.
    function addressAt(
        bytes calldata plan,
        uint256 start,
        uint256 field
    ) internal pure returns (address) {
        return address(uint160(word(plan, start, field) >> 96));
    }

    /// @notice Three bytes.
    /// @param plan Packed.
    /// @param start Where the header, the source or the hop begins.
    /// @param field Offset from there.
    function uint24At(
        bytes calldata plan,
        uint256 start,
        uint256 field
    ) internal pure returns (uint24) {
        return uint24(word(plan, start, field) >> 232);
    }

    /// @notice One byte.
    /// @param plan Packed.
    /// @param start Where the header, the source or the hop begins.
    /// @param field Offset from there.
    function byteAt(
        bytes calldata plan,
        uint256 start,
        uint256 field
    ) internal pure returns (uint256) {
        return word(plan, start, field) >> 248;
    }

    // Header

    /// @notice The only block that the plan is valid in.
    /// @param plan Packed.
    function targetBlock(bytes calldata plan) internal pure returns (uint256) {
        return word(plan, 0, 0) >> 192;
    }

    /// @notice The least gross profit, in raw units of the asset.
    /// @param plan Packed.
    function minProfit(bytes calldata plan) internal pure returns (uint256) {
        return word(plan, 0, 8) >> 128;
    }

    /// @notice The part of the gross profit that the coinbase gets, in basis points.
    /// @param plan Packed.
    function tipShareBps(bytes calldata plan) internal pure returns (uint256) {
        return word(plan, 0, 24) >> 240;
    }

    /// @notice The number of the source, which may be unassigned.
    /// @param plan Packed.
    function source(bytes calldata plan) internal pure returns (uint256) {
        return byteAt(plan, 0, SOURCE_OFFSET) & SOURCE_MASK;
    }

    /// @notice Whether a flag of the source byte is set.
    /// @param plan Packed.
    /// @param flag One of the three.
    function hasFlag(bytes calldata plan, uint256 flag) internal pure returns (bool) {
        return byteAt(plan, 0, SOURCE_OFFSET) & flag != 0;
    }

    /// @notice What is borrowed, and what profit is measured in.
    /// @param plan Packed.
    function asset(bytes calldata plan) internal pure returns (address) {
        return addressAt(plan, 0, 27);
    }

    /// @notice How much is borrowed, in raw units.
    /// @param plan Packed.
    function amountIn(bytes calldata plan) internal pure returns (uint256) {
        return word(plan, 0, 47) >> 128;
    }

    /// @notice Hash of the block before the target; to be asked for only if the flag is set.
    /// @param plan Packed.
    function parentHash(bytes calldata plan) internal pure returns (bytes32) {
        return bytes32(word(plan, 0, HEADER_LENGTH));
    }

    /// @notice Where that begins what the source needs to be told.
    /// @param plan Packed.
    function sourceOffset(bytes calldata plan) internal pure returns (uint256) {
        return HEADER_LENGTH + (hasFlag(plan, PARENT_HASH_FLAG) ? 32 : 0);
    }

    /// @notice Where the first hop begins.
    /// @param plan Packed.
    function hopsOffset(bytes calldata plan) internal pure returns (uint256) {
        unchecked {
            return sourceOffset(plan) + ((SOURCE_LENGTHS >> (8 * source(plan))) & 0xff);
        }
    }

    // Hops

    /// @notice The kind of a hop, which may be unassigned; `END` where the plan ends.
    /// @param plan Packed.
    /// @param hop Where it begins.
    function kindAt(bytes calldata plan, uint256 hop) internal pure returns (uint256) {
        return hop < plan.length ? byteAt(plan, hop, 0) & KIND_MASK : END;
    }

    /// @notice Whether a kind is among several.
    /// @param kind One of the numbers, or `END`.
    /// @param kinds A bit for each.
    function isAmong(uint256 kind, uint256 kinds) internal pure returns (bool) {
        return (kinds >> kind) & 1 != 0;
    }

    /// @notice The pool of a hop whose kind is among `PAIRS`.
    /// @param plan Packed.
    /// @param hop Where it begins.
    /// @param kind Its kind.
    function pairAt(
        bytes calldata plan,
        uint256 hop,
        uint256 kind
    ) internal pure returns (address) {
        return addressAt(plan, hop, kind == UNISWAP_V2 ? PAIR : SOLIDLY_POOL);
    }

    /// @notice Whether a hop sells the token with the lower address.
    /// @param plan Packed.
    /// @param hop Where it begins.
    function isZeroForOne(bytes calldata plan, uint256 hop) internal pure returns (bool) {
        return byteAt(plan, hop, 0) & ZERO_FOR_ONE_FLAG != 0;
    }

    /// @notice Where a hop ends.
    /// @dev Reverts if its kind is unassigned or the plan ends before it does.
    /// @param plan Packed.
    /// @param hop Where it begins.
    /// @param kind Its kind.
    /// @param index Which it is, from zero.
    /// @return end Offset of the byte after it.
    function hopEnd(
        bytes calldata plan,
        uint256 hop,
        uint256 kind,
        uint256 index
    ) internal pure returns (uint256 end) {
        require(kind <= SOLIDLY, IArbitrageExecutor.UnknownHopKind(index, kind));
        unchecked {
            end = hop + ((HOP_LENGTHS >> (8 * kind)) & 0xff);
        }
        require(end <= plan.length, IArbitrageExecutor.MalformedPlan(plan.length));
    }
}
