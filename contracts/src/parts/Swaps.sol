// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IBalancerV2Vault} from "../interfaces/IBalancerV2Vault.sol";
import {IBalancerV3Vault} from "../interfaces/IBalancerV3Vault.sol";
import {IConcentratedPool} from "../interfaces/IConcentratedPool.sol";
import {ICurveCryptoPool} from "../interfaces/ICurveCryptoPool.sol";
import {ICurvePool} from "../interfaces/ICurvePool.sol";
import {ISolidlyPool} from "../interfaces/ISolidlyPool.sol";
import {IUniswapV4Manager} from "../interfaces/IUniswapV4Manager.sol";
import {HopCall} from "../libraries/HopCall.sol";
import {PairCall} from "../libraries/PairCall.sol";
import {Plan} from "../libraries/Plan.sol";
import {Venues} from "./Venues.sol";

/// @title Trading along the hops of a plan
/// @notice Each hop sells the whole output of the one before, exact input at any price: the profit
/// at the end decides. Outputs go where the next hop wants its input. A pair, of Uniswap V2 or
/// Solidly, is paid before it trades. A pool of Uniswap V3 and the managers of V4 and Balancer
/// V3 are paid after they have traded; if a pair is to pay them, it trades only then, straight
/// into them. What a manager owes it keeps for a next hop of its own. All else goes to the
/// executor.
/// What arrives in the executor is measured by its own balance, so that no hop can spend what was
/// there before. What goes from pool to pool is the sender's word: the receiver's own check
/// of its books refuses if less arrived.
abstract contract Swaps is Venues {
    using Plan for bytes;
    using Plan for uint256;

    // Types

    /// @dev How far a plan has come.
    struct Trade {
        uint256 index; // of the next hop
        uint256 hop; // where it begins in the plan
        uint256 amount; // its input
        uint256 payer; // where the hop begins whose pair has yet to pay that; zero for none
        bool isCredit; // whether the input is due from the hop's manager
        address recipient; // of its output; zero to leave it with the manager
    }

    // Constants

    uint256 internal constant PIPS = 1_000_000;

    /// @dev No pool holds more, and no formula here overflows below.
    uint256 internal constant MAX_AMOUNT = type(uint112).max;

    /// @dev The outermost prices that a pool accepts as a limit: one inside the bounds of Uniswap
    /// V3's TickMath, so that the limit never ends a trade before the liquidity does.
    uint160 private constant LOWEST_PRICE_LIMIT_X96 = 4_295_128_740;
    uint160 private constant HIGHEST_PRICE_LIMIT_X96 =
        1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341;

    // Internal

    /// @dev Trades all hops that are left.
    function _trade(bytes calldata plan, Trade memory trade) internal {
        uint256 kind = plan.kindAt(trade.hop);
        while (kind != Plan.END) {
            uint256 next = plan.hopEnd(trade.hop, kind, trade.index);
            uint256 nextKind = plan.kindAt(next);
            if (kind.isAmong(Plan.PAIRS) && nextKind.isAmong(Plan.PAID_LATE)) {
                trade.amount = _pairOutput(plan, kind, trade);
                trade.payer = trade.hop;
            } else {
                trade.amount = _tradeHop(plan, trade, kind, next);
                trade.payer = 0;
            }
            _requireInRange(trade.index, trade.amount);
            (trade.hop, kind) = (next, nextKind);
            unchecked {
                ++trade.index;
            }
        }
    }

    /// @dev Trades with a concentrated pool that hands back the data in its callback. Returns the
    /// output.
    function _callConcentratedPool(
        bytes calldata plan,
        Trade memory trade,
        bytes memory data
    ) internal returns (uint256) {
        (address tokenIn, address tokenOut) = _tokens(plan, trade.hop);
        uint256 factory = plan.byteAt(trade.hop, Plan.FACTORY);
        address pool =
            _concentratedPool(factory, tokenIn, tokenOut, plan.uint24At(trade.hop, Plan.FEE));
        bool zeroForOne = tokenIn < tokenOut;
        _await(pool, data);
        bytes memory call = abi.encodeCall(
            IConcentratedPool.swap,
            (trade.recipient, zeroForOne, int256(trade.amount), _priceLimit(zeroForOne), data)
        );
        (uint256 amount0, uint256 amount1) = HopCall.sendForWords(trade.index, pool, call);
        _requireServed(pool);
        unchecked {
            // What the pool loses is the executor's gain; a gain of the pool's is out of range.
            return 0 - (zeroForOne ? amount1 : amount0);
        }
    }

    /// @dev Where a hop wants its input.
    function _entry(bytes calldata plan, uint256 hop) internal view returns (address) {
        uint256 kind = plan.kindAt(hop);
        return kind.isAmong(Plan.PAIRS) ? plan.pairAt(hop, kind) : address(this);
    }

    /// @dev Where the output of a hop goes, given its kind and where the next hop begins; and the
    /// token to measure if it goes to the executor for a next hop. The last output needs no
    /// measure: the profit is one.
    function _destination(
        bytes calldata plan,
        uint256 kind,
        uint256 next
    ) internal view returns (address recipient, address measured) {
        uint256 nextKind = plan.kindAt(next);
        if (nextKind.isAmong(Plan.PAIRS)) return (plan.pairAt(next, nextKind), address(0));
        if (nextKind == Plan.END) return (address(this), address(0));
        if (nextKind == kind && kind.isAmong(Plan.MANAGERS)) return (address(0), address(0));
        return (address(this), plan.addressAt(next, Plan.TOKEN_IN));
    }

    /// @dev How much of a token has arrived since its balance was taken.
    function _gain(uint256 index, address token, uint256 before) internal view returns (uint256) {
        uint256 balance = HopCall.balance(index, token);
        return balance > before ? balance - before : 0;
    }

    /// @dev What a pair pays for the hop's input. Solidly's says so itself. Of Uniswap V2's it is
    /// x * y = k after the fee on the input, rounded down as in UniswapV2Library.getAmountOut.
    function _pairOutput(
        bytes calldata plan,
        uint256 kind,
        Trade memory trade
    ) internal view returns (uint256 amountOut) {
        address pool = plan.pairAt(trade.hop, kind);
        if (kind == Plan.SOLIDLY) {
            address tokenIn = plan.addressAt(trade.hop, Plan.TOKEN_IN);
            bytes memory question =
                abi.encodeCall(ISolidlyPool.getAmountOut, (trade.amount, tokenIn));
            (amountOut,) = HopCall.ask(trade.index, pool, question, 1);
            return amountOut;
        }
        uint256 fee = plan.uint24At(trade.hop, Plan.PAIR_FEE);
        require(fee < PIPS, FeeTooLarge(trade.index, fee));
        (uint256 reserveIn, uint256 reserveOut) = PairCall.reserves(trade.index, pool);
        if (!plan.isZeroForOne(trade.hop)) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        unchecked {
            // Outputs are below 2^112, the fee below 2^20, so that no product reaches 2^256. Only
            // the plan's own input may be greater; what wraps asks for too little, never too much.
            uint256 amountInAfterFee = trade.amount * (PIPS - fee);
            return amountInAfterFee * reserveOut / (reserveIn * PIPS + amountInAfterFee);
        }
    }

    function _requireInRange(uint256 index, uint256 amountOut) internal pure {
        require(amountOut != 0 && amountOut <= MAX_AMOUNT, OutputOutOfRange(index, amountOut));
    }

    // Private

    /// @dev Trades one hop. Returns its output, measured if the executor is to pay it on.
    function _tradeHop(
        bytes calldata plan,
        Trade memory trade,
        uint256 kind,
        uint256 next
    ) private returns (uint256 amountOut) {
        address measured;
        (trade.recipient, measured) = _destination(plan, kind, next);
        uint256 balance = measured == address(0) ? 0 : HopCall.balance(trade.index, measured);
        amountOut = _swap(plan, kind, trade);
        if (measured != address(0)) amountOut = _gain(trade.index, measured, balance);
        trade.isCredit = trade.recipient == address(0);
    }

    /// @dev Chooses by the kind of the hop.
    function _swap(
        bytes calldata plan,
        uint256 kind,
        Trade memory trade
    ) private returns (uint256) {
        if (kind.isAmong(Plan.PAIRS)) return _swapPair(plan, kind, trade);
        if (kind == Plan.UNISWAP_V3) return _swapUniswapV3(plan, trade);
        if (kind == Plan.UNISWAP_V4) return _swapUniswapV4(plan, trade);
        if (kind == Plan.BALANCER_V2) return _swapBalancerV2(plan, trade);
        if (kind == Plan.BALANCER_V3) return _swapBalancerV3(plan, trade);
        return _swapCurve(plan, kind, trade);
    }

    function _swapPair(
        bytes calldata plan,
        uint256 kind,
        Trade memory trade
    ) private returns (uint256 amountOut) {
        amountOut = _pairOutput(plan, kind, trade);
        address pool = plan.pairAt(trade.hop, kind);
        bool zeroForOne = plan.isZeroForOne(trade.hop);
        PairCall.swap(trade.index, pool, zeroForOne, amountOut, trade.recipient);
    }

    /// @dev The callback pays the input, see `Callbacks`: what it needs for that comes back to it.
    function _swapUniswapV3(bytes calldata plan, Trade memory trade) private returns (uint256) {
        uint256 payer = trade.payer;
        bytes memory data = payer == 0
            ? abi.encodePacked(plan.addressAt(trade.hop, Plan.TOKEN_IN), trade.amount)
            : abi.encodePacked(
                _entry(plan, payer), trade.amount, trade.index, plan.isZeroForOne(payer)
            );
        return _callConcentratedPool(plan, trade, data);
    }

    function _swapUniswapV4(
        bytes calldata plan,
        Trade memory trade
    ) private returns (uint256 amountOut) {
        (address tokenIn, address tokenOut) = _tokens(plan, trade.hop);
        bool zeroForOne = tokenIn < tokenOut;
        IUniswapV4Manager.PoolKey memory key = IUniswapV4Manager.PoolKey({
            currency0: zeroForOne ? tokenIn : tokenOut,
            currency1: zeroForOne ? tokenOut : tokenIn,
            fee: plan.uint24At(trade.hop, Plan.FEE),
            tickSpacing: int24(plan.uint24At(trade.hop, Plan.TICK_SPACING)),
            hooks: plan.addressAt(trade.hop, Plan.HOOKS)
        });
        IUniswapV4Manager.SwapParams memory params = IUniswapV4Manager.SwapParams(
            zeroForOne, -int256(trade.amount), _priceLimit(zeroForOne)
        );
        bytes memory call = abi.encodeCall(IUniswapV4Manager.swap, (key, params, ""));
        int256 delta = int256(HopCall.sendForWord(trade.index, UNISWAP_V4_MANAGER, call));

        (int256 taken, int256 given) = (int256(int128(delta >> 128)), int256(int128(delta)));
        if (!zeroForOne) (taken, given) = (given, taken);
        require(taken == -int256(trade.amount), InputMismatch(trade.index, -taken, trade.amount));
        amountOut = uint256(given);
        if (!trade.isCredit) _settleUniswapV4(plan, trade, tokenIn);
        if (trade.recipient != address(0)) {
            call = abi.encodeCall(IUniswapV4Manager.take, (tokenOut, trade.recipient, amountOut));
            HopCall.send(trade.index, UNISWAP_V4_MANAGER, call);
        }
    }

    function _settleUniswapV4(bytes calldata plan, Trade memory trade, address token) private {
        bytes memory call = abi.encodeCall(IUniswapV4Manager.sync, (token));
        HopCall.send(trade.index, UNISWAP_V4_MANAGER, call);
        _pay(plan, trade, token, UNISWAP_V4_MANAGER);
        call = abi.encodeCall(IUniswapV4Manager.settle, ());
        uint256 paid = HopCall.sendForWord(trade.index, UNISWAP_V4_MANAGER, call);
        require(paid == trade.amount, InputMismatch(trade.index, int256(paid), trade.amount));
    }

    function _swapBalancerV2(bytes calldata plan, Trade memory trade) private returns (uint256) {
        (address tokenIn, address tokenOut) = _tokens(plan, trade.hop);
        bytes memory call = abi.encodeCall(
            IBalancerV2Vault.swap,
            (
                IBalancerV2Vault.SingleSwap(
                    bytes32(plan.word(trade.hop, Plan.POOL)), 0, tokenIn, tokenOut, trade.amount, ""
                ),
                IBalancerV2Vault.FundManagement(address(this), false, trade.recipient, false),
                0,
                block.timestamp
            )
        );
        _allow(trade.index, tokenIn, BALANCER_V2_VAULT, trade.amount);
        uint256 amountOut = HopCall.sendForWord(trade.index, BALANCER_V2_VAULT, call);
        _requireNoAllowance(tokenIn, BALANCER_V2_VAULT);
        return amountOut;
    }

    function _swapBalancerV3(
        bytes calldata plan,
        Trade memory trade
    ) private returns (uint256 amountOut) {
        (address tokenIn, address tokenOut) = _tokens(plan, trade.hop);
        bytes memory call = abi.encodeCall(
            IBalancerV3Vault.swap,
            (IBalancerV3Vault.VaultSwapParams(
                    0, plan.addressAt(trade.hop, Plan.POOL), tokenIn, tokenOut, trade.amount, 0, ""
                ))
        );
        amountOut = HopCall.sendForWord(trade.index, BALANCER_V3_VAULT, call);
        if (!trade.isCredit) _settleBalancerV3(plan, trade, tokenIn);
        if (trade.recipient != address(0)) {
            call = abi.encodeCall(IBalancerV3Vault.sendTo, (tokenOut, trade.recipient, amountOut));
            HopCall.send(trade.index, BALANCER_V3_VAULT, call);
        }
    }

    function _settleBalancerV3(bytes calldata plan, Trade memory trade, address token) private {
        _pay(plan, trade, token, BALANCER_V3_VAULT);
        bytes memory call = abi.encodeCall(IBalancerV3Vault.settle, (token, trade.amount));
        uint256 paid = HopCall.sendForWord(trade.index, BALANCER_V3_VAULT, call);
        require(paid == trade.amount, InputMismatch(trade.index, int256(paid), trade.amount));
    }

    /// @dev Pays the input of a hop to its manager, out of the executor or of the pair before.
    function _pay(bytes calldata plan, Trade memory trade, address token, address to) private {
        uint256 payer = trade.payer;
        if (payer == 0) {
            bytes memory call = abi.encodeCall(IERC20.transfer, (to, trade.amount));
            HopCall.order(trade.index, token, call);
        } else {
            bool zeroForOne = plan.isZeroForOne(payer);
            PairCall.swap(trade.index - 1, _entry(plan, payer), zeroForOne, trade.amount, to);
        }
    }

    /// @dev The pool pays the executor, who passes it on, since only some can pay another. What it
    /// returns is not read, since only some return anything.
    function _swapCurve(
        bytes calldata plan,
        uint256 kind,
        Trade memory trade
    ) private returns (uint256 amountOut) {
        (address tokenIn, address tokenOut) = _tokens(plan, trade.hop);
        address pool = plan.addressAt(trade.hop, Plan.POOL);
        (uint256 i, uint256 j) =
            (plan.byteAt(trade.hop, Plan.INDEX_IN), plan.byteAt(trade.hop, Plan.INDEX_OUT));
        bytes memory call = kind == Plan.CURVE_INT128
            ? abi.encodeCall(
                ICurvePool.exchange, (int128(int256(i)), int128(int256(j)), trade.amount, 0)
            )
            : abi.encodeCall(ICurveCryptoPool.exchange, (i, j, trade.amount, 0));
        uint256 balance = HopCall.balance(trade.index, tokenOut);
        _allow(trade.index, tokenIn, pool, trade.amount);
        HopCall.send(trade.index, pool, call);
        _requireNoAllowance(tokenIn, pool);
        amountOut = _gain(trade.index, tokenOut, balance);
        if (trade.recipient != address(this)) {
            call = abi.encodeCall(IERC20.transfer, (trade.recipient, amountOut));
            HopCall.order(trade.index, tokenOut, call);
        }
    }

    /// @dev The exact amount, on top of nothing.
    function _allow(uint256 index, address token, address spender, uint256 amount) private {
        HopCall.order(index, token, abi.encodeCall(IERC20.approve, (spender, amount)));
    }

    function _tokens(
        bytes calldata plan,
        uint256 hop
    ) private pure returns (address tokenIn, address tokenOut) {
        return (plan.addressAt(hop, Plan.TOKEN_IN), plan.addressAt(hop, Plan.TOKEN_OUT));
    }

    function _priceLimit(bool zeroForOne) private pure returns (uint160) {
        return zeroForOne ? LOWEST_PRICE_LIMIT_X96 : HIGHEST_PRICE_LIMIT_X96;
    }
}
