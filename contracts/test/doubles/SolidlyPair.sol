// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A double of Solidly's pairs as Velodrome V2 and Aerodrome run them
/// @notice Written from the published curves, x y and x^3 y + y^3 x, and from the order of the
/// pair's divisions. It is not Velodrome's code and holds no tokens: it is what quotes are compared
/// with, since no package ships the real bytecode.
contract SolidlyPair {
    struct State {
        uint256 reserve0;
        uint256 reserve1;
        uint256 unit0;
        uint256 unit1;
        uint256 feeBps;
        bool stable;
    }

    uint256 private constant ONE = 10 ** 18;
    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_ITERATIONS = 255;

    error NoConvergence();

    /// @notice The output of an exact input, and whether the pair's own check lets it pass.
    function quote(
        State calldata state,
        uint256 amountIn,
        bool zeroForOne
    ) external pure returns (uint256 out, bool granted) {
        uint256 kept = amountIn - amountIn * state.feeBps / BPS;
        (uint256 x, uint256 y) = (state.reserve0, state.reserve1);
        if (!zeroForOne) (x, y) = (y, x);
        out = state.stable ? stableOut(state, kept, zeroForOne) : kept * y / (x + kept);
        (x, y) = (x + kept, y - out);
        if (!zeroForOne) (x, y) = (y, x);
        granted =
            out > 0 && invariant(state, x, y) >= invariant(state, state.reserve0, state.reserve1);
    }

    function stableOut(
        State calldata state,
        uint256 kept,
        bool zeroForOne
    ) private pure returns (uint256) {
        uint256 x = state.reserve0 * ONE / state.unit0;
        uint256 y = state.reserve1 * ONE / state.unit1;
        (uint256 unitIn, uint256 unitOut) = (state.unit0, state.unit1);
        if (!zeroForOne) (x, y, unitIn, unitOut) = (y, x, unitOut, unitIn);
        x += kept * ONE / unitIn;
        uint256 k = invariant(state, state.reserve0, state.reserve1);
        return (y - solve(state, x, y, k)) * unitOut / ONE;
    }

    function solve(
        State calldata state,
        uint256 x,
        uint256 y,
        uint256 k
    ) private pure returns (uint256) {
        for (uint256 step = 0; step < MAX_ITERATIONS; ++step) {
            uint256 reached = curve(x, y);
            uint256 slope = 3 * x * (y * y / ONE) / ONE + x * x / ONE * x / ONE;
            if (reached < k) {
                uint256 up = (k - reached) * ONE / slope;
                // The real pair, too, scales what is scaled already.
                if (up == 0 && invariant(state, x, y + 1) > k) return y + 1;
                y += up == 0 ? 1 : up;
            } else {
                uint256 down = (reached - k) * ONE / slope;
                if (down == 0 && (reached == k || curve(x, y - 1) < k)) return y;
                y -= down == 0 ? 1 : down;
            }
        }
        revert NoConvergence();
    }

    function invariant(State calldata state, uint256 x, uint256 y) private pure returns (uint256) {
        if (!state.stable) return x * y;
        return curve(x * ONE / state.unit0, y * ONE / state.unit1);
    }

    function curve(uint256 x, uint256 y) private pure returns (uint256) {
        return x * y / ONE * (x * x / ONE + y * y / ONE) / ONE;
    }
}
