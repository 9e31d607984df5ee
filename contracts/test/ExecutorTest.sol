// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {DevnetToken} from "../devnet/DevnetToken.sol";
import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
import {IArbitrageExecutor} from "../src/interfaces/IArbitrageExecutor.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {
    IConcentrated,
    IConcentratedFactory,
    IPair,
    IPairFactory,
    IWrappedEtherMint
} from "./Protocols.sol";
import {RealBytecode} from "./RealBytecode.sol";
import {AavePoolDouble} from "./doubles/AavePoolDouble.sol";

/// @dev A market with a gap: gold is cheap in the first pair, dear in the second and in the
/// concentrated pool; silver closes a cycle of three. Pools, vault and wrapped ether are real.
abstract contract ExecutorTest is Test, RealBytecode {
    uint128 internal constant AMOUNT_IN = 1 ether;
    uint160 internal constant PRICE_OF_ONE_X96 = 1 << 96;
    uint24 internal constant FEE = 3000;

    address internal immutable OWNER = makeAddr("owner");
    address internal immutable BENEFICIARY = makeAddr("beneficiary");
    address internal immutable GUARDIAN = makeAddr("guardian");
    address internal immutable STRANGER = makeAddr("stranger");
    address internal immutable COINBASE = makeAddr("coinbase");

    IWrappedEtherMint internal weth;
    DevnetToken internal gold;
    DevnetToken internal silver;
    IPair internal cheapGold;
    IPair internal dearGold;
    IPair internal goldSilver;
    IPair internal silverWeth;
    IConcentratedFactory internal concentratedFactory;
    IConcentrated internal concentrated;
    AavePoolDouble internal aave;
    address internal vault;
    ArbitrageExecutor internal executor;

    function setUp() public virtual {
        weth = IWrappedEtherMint(_deployWeth());
        gold = new DevnetToken("Gold", "GOLD", 18);
        silver = new DevnetToken("Silver", "SILVER", 18);
        aave = new AavePoolDouble();
        vault = _deployVault(address(weth));
        _give(address(weth), address(aave), 1000 ether);
        _give(address(weth), vault, 1000 ether);

        cheapGold = _pair(address(weth), address(gold), 100 ether, 110 ether);
        dearGold = _pair(address(weth), address(gold), 110 ether, 100 ether);
        goldSilver = _pair(address(gold), address(silver), 100 ether, 105 ether);
        silverWeth = _pair(address(silver), address(weth), 100 ether, 105 ether);
        concentratedFactory = IConcentratedFactory(_deployConcentratedFactory());
        concentrated = _concentratedPool(address(weth), address(gold), FEE, 1000 ether);

        executor = new ArbitrageExecutor(_wiring());
        vm.coinbase(COINBASE);
    }

    /// @dev Pays for the liquidity of `_concentratedPool`.
    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        _give(IConcentrated(msg.sender).token0(), msg.sender, owed0);
        _give(IConcentrated(msg.sender).token1(), msg.sender, owed1);
    }

    // Market

    function _wiring() internal view virtual returns (IArbitrageExecutor.Wiring memory wiring) {
        wiring.owner = OWNER;
        wiring.beneficiary = BENEFICIARY;
        wiring.guardian = GUARDIAN;
        wiring.weth = address(weth);
        wiring.aavePool = address(aave);
        wiring.balancerV2Vault = vault;
        wiring.concentratedFactories[0] = IArbitrageExecutor.ConcentratedFactory(
            address(concentratedFactory), _concentratedInitCodeHash()
        );
    }

    function _give(address token, address to, uint256 amount) internal {
        if (token == address(weth)) {
            vm.deal(address(this), amount);
            weth.deposit{value: amount}();
            weth.transfer(to, amount);
        } else {
            DevnetToken(token).mint(to, amount);
        }
    }

    function _pair(
        address tokenA,
        address tokenB,
        uint256 reserveA,
        uint256 reserveB
    ) internal returns (IPair pair) {
        pair = IPair(IPairFactory(_deployPairFactory()).createPair(tokenA, tokenB));
        _fill(pair, tokenA, tokenB, reserveA, reserveB);
    }

    function _fill(
        IPair pair,
        address tokenA,
        address tokenB,
        uint256 reserveA,
        uint256 reserveB
    ) internal {
        _give(tokenA, address(pair), reserveA);
        _give(tokenB, address(pair), reserveB);
        pair.mint(address(this));
    }

    function _concentratedPool(
        address tokenA,
        address tokenB,
        uint24 fee,
        uint128 liquidity
    ) internal returns (IConcentrated pool) {
        pool = IConcentrated(concentratedFactory.createPool(tokenA, tokenB, fee));
        pool.initialize(PRICE_OF_ONE_X96);
        pool.mint(address(this), -6000, 6000, liquidity, "");
    }

    // Plans

    function _fields(uint8 source) internal view returns (PlanBuilder.Fields memory fields) {
        fields.targetBlock = uint64(block.number);
        fields.minProfit = 1;
        fields.tipShareBps = 5000;
        fields.source = source;
        fields.asset = address(weth);
        fields.amountIn = AMOUNT_IN;
    }

    function _fields() internal view returns (PlanBuilder.Fields memory) {
        return _fields(PlanBuilder.BALANCER);
    }

    function _pairHop(IPair pair, address tokenIn) internal view returns (bytes memory) {
        return PlanBuilder.pairHop(address(pair), FEE, tokenIn == pair.token0());
    }

    function _concentratedHop(
        address tokenIn,
        address tokenOut
    ) internal pure returns (bytes memory) {
        return PlanBuilder.concentratedHop(tokenIn, tokenOut, FEE, 0);
    }

    function _buyGold() internal view returns (bytes memory) {
        return _pairHop(cheapGold, address(weth));
    }

    function _sellGold() internal view returns (bytes memory) {
        return _pairHop(dearGold, address(gold));
    }

    /// @dev Buys gold where it is cheap and sells it where it is dear.
    function _pairHops() internal view returns (bytes memory) {
        return bytes.concat(_buyGold(), _sellGold());
    }

    function _mixedHops() internal view returns (bytes memory) {
        return bytes.concat(_buyGold(), _concentratedHop(address(gold), address(weth)));
    }

    function _threeHops() internal view returns (bytes memory) {
        return bytes.concat(
            _buyGold(), _pairHop(goldSilver, address(gold)), _pairHop(silverWeth, address(silver))
        );
    }

    function _plan() internal view returns (bytes memory) {
        return _planOf(_fields(), _pairHops());
    }

    function _planOf(
        PlanBuilder.Fields memory fields,
        bytes memory hops
    ) internal pure returns (bytes memory) {
        return bytes.concat(PlanBuilder.header(fields), hops);
    }

    function _planOf(uint8 source, bytes memory hops) internal view returns (bytes memory) {
        return _planOf(_fields(source), hops);
    }

    // Execution

    function _execute(bytes memory plan) internal returns (uint256 grossProfit, uint256 tip) {
        vm.prank(OWNER);
        return executor.execute(plan);
    }

    function _expectRefusal(bytes memory plan, bytes memory reason) internal {
        vm.prank(OWNER);
        vm.expectRevert(reason);
        executor.execute(plan);
    }

    /// @dev As it comes out of a loan of Balancer's.
    function _expectRefusalInside(bytes memory plan, bytes memory reason) internal {
        _expectRefusal(plan, _inside(PlanBuilder.BALANCER, reason));
    }

    function _inside(uint8 source, bytes memory reason) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IArbitrageExecutor.SourceFailed.selector, source, reason);
    }

    function _assertEmpty(address token) internal view {
        assertEq(DevnetToken(token).balanceOf(address(executor)), 0, "balance");
        assertEq(DevnetToken(token).allowance(address(executor), address(aave)), 0, "allowance");
        assertEq(DevnetToken(token).allowance(address(executor), vault), 0, "allowance");
    }

    function _assertEmpty() internal view {
        _assertEmpty(address(weth));
        _assertEmpty(address(gold));
        _assertEmpty(address(silver));
        assertEq(address(executor).balance, 0, "ether");
    }
}
