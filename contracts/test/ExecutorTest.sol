// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {DevnetToken} from "../devnet/DevnetToken.sol";
import {ArbitrageExecutor} from "../src/ArbitrageExecutor.sol";
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

    address internal immutable OWNER = makeAddr("owner");
    address internal immutable BENEFICIARY = makeAddr("beneficiary");
    address internal immutable STRANGER = makeAddr("stranger");
    address internal immutable COINBASE = makeAddr("coinbase");

    IWrappedEtherMint internal weth;
    DevnetToken internal gold;
    DevnetToken internal silver;
    IPair internal cheapGold;
    IPair internal dearGold;
    IPair internal goldSilver;
    IPair internal silverWeth;
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
        concentrated = _concentratedPool(1000 ether);

        executor = new ArbitrageExecutor(OWNER, BENEFICIARY, address(weth), address(aave), vault);
        vm.coinbase(COINBASE);
    }

    /// @dev Pays for the liquidity of `_concentratedPool`.
    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        _give(IConcentrated(msg.sender).token0(), msg.sender, owed0);
        _give(IConcentrated(msg.sender).token1(), msg.sender, owed1);
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
        _give(tokenA, address(pair), reserveA);
        _give(tokenB, address(pair), reserveB);
        pair.mint(address(this));
    }

    function _concentratedPool(uint128 liquidity) internal returns (IConcentrated pool) {
        IConcentratedFactory factory = IConcentratedFactory(_deployConcentratedFactory());
        pool = IConcentrated(factory.createPool(address(weth), address(gold), 3000));
        pool.initialize(PRICE_OF_ONE_X96);
        pool.mint(address(this), -6000, 6000, liquidity, "");
    }

    function _fields(uint8 lender) internal view returns (PlanBuilder.Fields memory fields) {
        fields.targetBlock = uint64(block.number);
        fields.minProfit = 1;
        fields.tipShareBps = 5000;
        fields.lender = lender;
        fields.asset = address(weth);
        fields.amountIn = AMOUNT_IN;
    }

    function _fields() internal view returns (PlanBuilder.Fields memory) {
        return _fields(PlanBuilder.BALANCER);
    }

    /// @dev Buys gold where it is cheap and sells it where it is dear.
    function _pairHops() internal view returns (bytes memory) {
        return bytes.concat(
            PlanBuilder.pairHop(address(cheapGold), address(gold)),
            PlanBuilder.pairHop(address(dearGold), address(weth))
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

    function _execute(bytes memory plan) internal returns (uint256 grossProfit, uint256 tip) {
        vm.prank(OWNER);
        return executor.execute(plan);
    }

    function _expectRefusal(bytes memory plan, bytes memory reason) internal {
        vm.prank(OWNER);
        vm.expectRevert(reason);
        executor.execute(plan);
    }

    function _assertEmpty(address token) internal view {
        assertEq(DevnetToken(token).balanceOf(address(executor)), 0, "balance");
        assertEq(DevnetToken(token).allowance(address(executor), address(aave)), 0, "allowance");
    }

    function _assertEmpty() internal view {
        _assertEmpty(address(weth));
        _assertEmpty(address(gold));
        _assertEmpty(address(silver));
        assertEq(address(executor).balance, 0, "ether");
    }
}
