// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {IUniswapV4Manager} from "../src/interfaces/IUniswapV4Manager.sol";
import {ExecutorTest} from "./ExecutorTest.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {
    IPair,
    IPairFactory,
    IV4Liquidity,
    IV4Setup,
    IVaultSetup,
    IWeightedPool,
    IWeightedPoolFactory
} from "./Protocols.sol";
import {BalancerV3VaultDouble} from "./doubles/BalancerV3VaultDouble.sol";
import {CurveInt128Double, CurveUint256Double} from "./doubles/CurvePools.sol";
import {SolidlyPoolDouble} from "./doubles/SolidlyPoolDouble.sol";
import {SoloMarginDouble} from "./doubles/SoloMarginDouble.sol";

/// @dev Every protocol that the executor knows, with a pool of wrapped ether and gold at a price of
/// about one in each. Uniswap's, Pancake's and Balancer V2's are real, the others are doubles.
abstract contract VenuesTest is ExecutorTest {
    uint256 internal constant DEPTH = 1000 ether;
    address internal constant V3_POOL = address(0xb3);

    uint8 internal constant KINDS = 8;
    uint8 internal constant HOP_PAIR = 0;
    uint8 internal constant HOP_CONCENTRATED = 1;
    uint8 internal constant HOP_V4 = 2;
    uint8 internal constant HOP_BALANCER_V2 = 3;
    uint8 internal constant HOP_BALANCER_V3 = 4;
    uint8 internal constant HOP_CURVE_INT128 = 5;
    uint8 internal constant HOP_CURVE_UINT256 = 6;
    uint8 internal constant HOP_SOLIDLY = 7;

    IUniswapV4Manager internal manager;
    BalancerV3VaultDouble internal balancerV3;
    SoloMarginDouble internal solo;
    CurveInt128Double internal curveInt128;
    CurveUint256Double internal curveUint256;
    SolidlyPoolDouble internal solidly;
    IPair internal evenGold;
    IPair internal pancake;
    bytes32 internal weightedPoolId;

    function setUp() public virtual override {
        super.setUp();
        manager = IUniswapV4Manager(_deployV4Manager());
        balancerV3 = new BalancerV3VaultDouble();
        solo = new SoloMarginDouble();
        solo.list(2, IERC20(address(weth)));
        _openPools();
        _giveBoth(address(manager));
        _giveBoth(address(solo));
        _giveBoth(address(balancerV3));
        balancerV3.fund(address(weth));
        balancerV3.fund(address(gold));
        executor = new ArbitrageExecutor(_wiring());
    }

    function _wiring()
        internal
        view
        virtual
        override
        returns (IArbitrageExecutor.Wiring memory wiring)
    {
        wiring = super._wiring();
        wiring.balancerV3Vault = address(balancerV3);
        wiring.uniswapV4Manager = address(manager);
        wiring.soloMargin = address(solo);
    }

    // Plans

    /// @dev Trades wrapped ether and gold, in either direction, in the even pool of a kind.
    function _hop(uint8 kind, address tokenIn) internal view returns (bytes memory) {
        address tokenOut = tokenIn == address(weth) ? address(gold) : address(weth);
        if (kind == HOP_PAIR) return _pairHop(evenGold, tokenIn);
        if (kind == HOP_CONCENTRATED) return _concentratedHop(tokenIn, tokenOut);
        if (kind == HOP_V4) return PlanBuilder.v4Hop(tokenIn, tokenOut, FEE, 60, address(0));
        if (kind == HOP_BALANCER_V2) {
            return PlanBuilder.balancerV2Hop(tokenIn, tokenOut, weightedPoolId);
        }
        if (kind == HOP_BALANCER_V3) return PlanBuilder.balancerV3Hop(tokenIn, tokenOut, V3_POOL);
        if (kind == HOP_SOLIDLY) {
            bool zeroForOne = tokenIn == solidly.token0();
            return PlanBuilder.solidlyHop(tokenIn, address(solidly), zeroForOne);
        }
        bool isUnsigned = kind == HOP_CURVE_UINT256;
        address pool = isUnsigned ? address(curveUint256) : address(curveInt128);
        (uint8 i, uint8 j) = tokenIn == address(weth) ? (0, 1) : (1, 0);
        return PlanBuilder.curveHop(tokenIn, tokenOut, pool, i, j, isUnsigned);
    }

    /// @dev The flag that a plan with a hop of this kind needs.
    function _flag(uint8 kind) internal pure returns (uint8) {
        if (kind == HOP_V4) return PlanBuilder.UNLOCK_UNISWAP;
        return kind == HOP_BALANCER_V3 ? PlanBuilder.UNLOCK_BALANCER : 0;
    }

    /// @dev What comes between header and hops: a lender that no plan here trades with.
    function _parameters(uint8 source) internal view returns (bytes memory) {
        if (source == PlanBuilder.PAIR) {
            bool first = silverWeth.token0() == address(weth);
            return PlanBuilder.pairSource(address(silverWeth), FEE, first);
        }
        if (source == PlanBuilder.CONCENTRATED) {
            return PlanBuilder.concentratedSource(address(silver), 500, 0);
        }
        return source == PlanBuilder.SOLO ? abi.encodePacked(uint8(2)) : bytes("");
    }

    /// @dev The flags that a source needs of itself.
    function _withFlag(uint8 source) internal pure returns (uint8) {
        if (source == PlanBuilder.UNISWAP_V4) return source | PlanBuilder.UNLOCK_UNISWAP;
        return source == PlanBuilder.BALANCER_V3 ? source | PlanBuilder.UNLOCK_BALANCER : source;
    }

    function _planFrom(
        uint8 source,
        uint8 flags,
        bytes memory hops
    ) internal view returns (bytes memory) {
        PlanBuilder.Fields memory fields = _fields(_withFlag(source) | flags);
        return bytes.concat(PlanBuilder.header(fields), _parameters(source), hops);
    }

    // Market

    function _openPools() private {
        evenGold = _pair(address(weth), address(gold), DEPTH, DEPTH);
        pancake =
            IPair(IPairFactory(_deployPancakeFactory()).createPair(address(weth), address(gold)));
        _fill(pancake, address(weth), address(gold), DEPTH, DEPTH);
        _concentratedPool(address(weth), address(silver), 500, 1000 ether);
        curveInt128 = new CurveInt128Double(IERC20(address(weth)), IERC20(address(gold)));
        curveUint256 = new CurveUint256Double(IERC20(address(weth)), IERC20(address(gold)));
        (address token0, address token1) = _sorted();
        solidly = new SolidlyPoolDouble(token0, token1);
        _giveBoth(address(curveInt128));
        _giveBoth(address(curveUint256));
        _giveBoth(address(solidly));
        solidly.sync();
        _openV4Pool(token0, token1);
        _openWeightedPool(token0, token1);
    }

    function _openV4Pool(address token0, address token1) private {
        IUniswapV4Manager.PoolKey memory key =
            IUniswapV4Manager.PoolKey(token0, token1, FEE, 60, address(0));
        IV4Setup(address(manager)).initialize(key, PRICE_OF_ONE_X96);
        address router = _deployV4Liquidity(address(manager));
        _giveBoth(address(this));
        weth.approve(router, type(uint256).max);
        gold.approve(router, type(uint256).max);
        IV4Liquidity.ModifyLiquidityParams memory params =
            IV4Liquidity.ModifyLiquidityParams(-6000, 6000, 1000 ether, 0);
        IV4Liquidity(router).modifyLiquidity(key, params, "");
    }

    function _openWeightedPool(address token0, address token1) private {
        address[] memory tokens = new address[](2);
        uint256[] memory weights = new uint256[](2);
        uint256[] memory amounts = new uint256[](2);
        (tokens[0], tokens[1]) = (token0, token1);
        (weights[0], weights[1]) = (0.5 ether, 0.5 ether);
        (amounts[0], amounts[1]) = (DEPTH, DEPTH);
        address pool = IWeightedPoolFactory(_deployWeightedPoolFactory(vault))
            .create("W", "W", tokens, weights, 0.003 ether, address(this));
        weightedPoolId = IWeightedPool(pool).getPoolId();
        _giveBoth(address(this));
        weth.approve(vault, type(uint256).max);
        gold.approve(vault, type(uint256).max);
        bytes memory initially = abi.encode(uint256(0), amounts);
        IVaultSetup(vault)
            .joinPool(
                weightedPoolId,
                address(this),
                address(this),
                IVaultSetup.JoinPoolRequest(tokens, amounts, initially, false)
            );
    }

    function _giveBoth(address to) internal {
        _give(address(weth), to, DEPTH);
        _give(address(gold), to, DEPTH);
    }

    function _sorted() private view returns (address, address) {
        (address a, address b) = (address(weth), address(gold));
        return a < b ? (a, b) : (b, a);
    }
}
