// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A double of Curve's StableSwap pools
/// @notice Written from the published invariant, A n^n S + D = A n^n D + D^(n+1) / (n^n P), and
/// from the order of Curve's divisions. It is not Curve's code and holds no tokens: it is what
/// quotes are
/// compared with where the real bytecode is not at hand. Every product is checked, as in Vyper.
contract CurveStableSwap {
    struct State {
        uint256[] balances;
        uint256[] rates;
        uint256 amplification;
        uint256 aPrecision;
        bool revertsUnsettled;
        uint256 fee;
        uint256 adminFee;
    }

    uint256 private constant PRECISION = 10 ** 18;
    uint256 private constant FEE_DENOMINATOR = 10 ** 10;
    uint256 private constant MAX_ITERATIONS = 255;

    error NoConvergence();

    /// @notice What `exchange` pays for `dx` of coin `i` in coin `j`, and the admin's part of the
    /// fee.
    function exchange(
        State calldata state,
        uint256 i,
        uint256 j,
        uint256 dx
    ) external pure returns (uint256 dy, uint256 adminFee) {
        uint256[] memory xp = scale(state);
        uint256 gross = xp[j];
        xp[i] += dx * state.rates[i] / PRECISION;
        gross = gross - solve(state, xp, j) - 1;
        uint256 fee = gross * state.fee / FEE_DENOMINATOR;
        dy = (gross - fee) * PRECISION / state.rates[j];
        adminFee = fee * state.adminFee / FEE_DENOMINATOR * PRECISION / state.rates[j];
    }

    /// @notice The invariant D of the state's balances.
    function computeInvariant(State calldata state) public pure returns (uint256 d) {
        uint256[] memory xp = scale(state);
        uint256 n = xp.length;
        uint256 ann = state.amplification * n;
        uint256 sum;
        for (uint256 k = 0; k < n; ++k) {
            sum += xp[k];
        }
        d = sum;
        for (uint256 step = 0; step < MAX_ITERATIONS && sum > 0; ++step) {
            uint256 product = d;
            for (uint256 k = 0; k < n; ++k) {
                product = product * d / (xp[k] * n);
            }
            uint256 before = d;
            d = (ann * sum / state.aPrecision + product * n) * d
                / ((ann - state.aPrecision) * d / state.aPrecision + (n + 1) * product);
            if (isNear(d, before)) return d;
        }
        if (sum > 0 && state.revertsUnsettled) revert NoConvergence();
    }

    function solve(
        State calldata state,
        uint256[] memory xp,
        uint256 j
    ) private pure returns (uint256 y) {
        uint256 n = xp.length;
        uint256 d = computeInvariant(state);
        uint256 ann = state.amplification * n;
        uint256 c = d;
        uint256 b = d * state.aPrecision / ann;
        for (uint256 k = 0; k < n; ++k) {
            if (k == j) continue;
            b += xp[k];
            c = c * d / (xp[k] * n);
        }
        c = c * d * state.aPrecision / (ann * n);
        y = d;
        for (uint256 step = 0; step < MAX_ITERATIONS; ++step) {
            uint256 before = y;
            y = (y * y + c) / (2 * y + b - d);
            if (isNear(y, before)) return y;
        }
        if (state.revertsUnsettled) revert NoConvergence();
    }

    function scale(State calldata state) private pure returns (uint256[] memory xp) {
        xp = new uint256[](state.balances.length);
        for (uint256 k = 0; k < xp.length; ++k) {
            xp[k] = state.balances[k] * state.rates[k] / PRECISION;
        }
    }

    function isNear(uint256 a, uint256 b) private pure returns (bool) {
        return a > b ? a - b <= 1 : b - a <= 1;
    }
}
