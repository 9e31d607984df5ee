// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DevnetToken} from "../devnet/DevnetToken.sol";
import {PlanBuilder} from "./PlanBuilder.sol";
import {IPair} from "./Protocols.sol";
import {VenuesTest} from "./VenuesTest.sol";
import {CurveInt128Double} from "./doubles/CurvePools.sol";
import {
    FalseReturnToken,
    FeeToken,
    NoReturnToken,
    ReentrantToken,
    StickyAllowanceToken
} from "./doubles/HostileTokens.sol";
import {
    BlocklistToken,
    CoinbaseToken,
    GasToken,
    HoneypotToken,
    MaxBalanceToken,
    PausedToken,
    RebasingToken,
    SalmonellaToken,
    ShrinkingToken,
    ThiefToken,
    ToxicToken,
    TransferFeeToken,
    VerboseToken,
    WholeBalanceToken
} from "./doubles/ToxicTokens.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @dev A zoo of tokens, each led along every path: profit or revert, never a loss.
contract HostileTest is VenuesTest {
    uint256 private constant HELD = 5 ether;
    uint256 private constant SOURCES = 4;

    IPair private cheap;
    IPair private dear;
    CurveInt128Double private curve;

    // Toxic tokens

    /// @dev Pools refuse what falls short; what the executor measures it trades, here at a profit.
    function test_TransferFee() public {
        TransferFeeToken token = new TransferFeeToken();
        _market(token, 100 ether);
        token.arm(address(this));
        assertEq(_lead(token), SOURCES);
    }

    function test_Paused() public {
        _expectNoProfit(new PausedToken(), address(this));
    }

    function test_BlocklistOfTheExecutor() public {
        _expectNoLoss(new BlocklistToken(), address(executor));
    }

    function test_BlocklistOfThePool() public {
        BlocklistToken token = new BlocklistToken();
        _market(token, 100 ether);
        token.arm(address(dear));
        // Along the two paths that sell it elsewhere.
        assertEq(_lead(token), 2 * SOURCES);
    }

    function test_Honeypot() public {
        HoneypotToken token = new HoneypotToken();
        _market(token, 100 ether);
        token.arm(address(dear));
        // Along the two paths that sell it elsewhere.
        assertEq(_lead(token), 2 * SOURCES);
    }

    function test_Salmonella() public {
        _expectNoProfit(new SalmonellaToken(), address(this));
    }

    function test_Rebasing() public {
        _expectNoProfit(new RebasingToken(), address(this));
    }

    function test_MaxBalance() public {
        _expectNoLoss(new MaxBalanceToken(), address(executor));
    }

    function test_ShrinkingBalance() public {
        _expectNoLoss(new ShrinkingToken(), address(executor));
    }

    function test_WholeBalance() public {
        _expectProfit(new WholeBalanceToken(), address(executor));
    }

    function test_OtherCoinbase() public {
        CoinbaseToken token = new CoinbaseToken();
        _market(token, 100 ether);
        token.arm(COINBASE);
        assertGt(_lead(token), 0);
        vm.coinbase(STRANGER);
        assertEq(_lead(token), 0);
    }

    function test_BurntGas() public {
        _expectNoProfit(new GasToken(), address(this));
    }

    function test_Verbose() public {
        _expectProfit(new VerboseToken(), address(this));
    }

    function test_Thief() public {
        _expectNoLoss(new ThiefToken(), address(executor));
    }

    // Tokens that are merely odd

    function test_FeeOfOnePercent() public {
        _market(new FeeToken(), 100 ether);
        assertEq(_lead(DevnetToken(address(cheapToken))), SOURCES);
    }

    function test_FalseReturn() public {
        FalseReturnToken token = new FalseReturnToken();
        _market(token, 100 ether);
        token.refuse(address(executor));
        _lead(token);
    }

    function test_NoReturn() public {
        _market(DevnetToken(address(new NoReturnToken())), 100 ether);
        assertGt(_lead(DevnetToken(address(cheapToken))), 0);
    }

    function test_StickyAllowance() public {
        _market(new StickyAllowanceToken(), 100 ether);
        _lead(DevnetToken(address(cheapToken)));
    }

    function test_Reentrant() public {
        ReentrantToken token = new ReentrantToken();
        _market(token, 100 ether);
        token.reenter(address(executor), abi.encodeCall(executor.execute, (_plan())));
        assertGt(_lead(token), 0);
        assertEq(token.successes(), 0);
    }

    function test_Decimals() public {
        uint8[3] memory decimals = [0, 2, 27];
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < decimals.length; ++i) {
            DevnetToken token = new DevnetToken("Odd", "ODD", decimals[i]);
            _market(token, 100_000 * 10 ** decimals[i]);
            assertGt(_lead(token), 0);
            vm.revertToState(snapshot);
        }
    }

    // Private

    DevnetToken private cheapToken;

    function _expectProfit(ToxicToken token, address prey) private {
        _market(token, 100 ether);
        token.arm(prey);
        assertGt(_lead(token), 0);
    }

    function _expectNoProfit(ToxicToken token, address prey) private {
        _market(token, 100 ether);
        token.arm(prey);
        assertEq(_lead(token), 0);
    }

    function _expectNoLoss(ToxicToken token, address prey) private {
        _market(token, 100 ether);
        token.arm(prey);
        _lead(token);
    }

    /// @dev The token is cheap in one pair and dear in the other, and even in all other pools.
    function _market(DevnetToken token, uint256 amount) private {
        cheapToken = token;
        cheap = _pair(address(weth), address(token), 100 ether, amount * 12 / 10);
        dear = _pair(address(weth), address(token), 120 ether, amount);
        curve = new CurveInt128Double(IERC20(address(token)), IERC20(address(weth)));
        _give(address(weth), address(curve), 100 ether);
        _give(address(weth), address(executor), HELD);
        _concentratedPool(address(weth), address(token), FEE, 1000 ether);
    }

    /// @dev Leads the token along every path, from every kind of source. Returns how many paid.
    function _lead(DevnetToken token) private returns (uint256 profits) {
        bytes[5] memory paths = _paths(address(token));
        uint8[4] memory sources =
            [PlanBuilder.BALANCER, PlanBuilder.AAVE, PlanBuilder.SOLO, PlanBuilder.NONE];
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < paths.length; ++i) {
            for (uint256 j = 0; j < sources.length; ++j) {
                if (_survives(_planFrom(sources[j], 0, paths[i]), address(token))) ++profits;
                vm.revertToState(snapshot);
            }
        }
    }

    /// @dev Pair to pair; through the executor; through four pairs; into and out of a
    /// concentrated pool.
    function _paths(address token) private view returns (bytes[5] memory paths) {
        bytes memory buy = _pairHop(cheap, address(weth));
        paths[0] = bytes.concat(buy, _pairHop(dear, token));
        paths[1] = bytes.concat(
            buy, PlanBuilder.curveHop(token, address(weth), address(curve), 0, 1, false)
        );
        paths[2] = bytes.concat(paths[0], _pairHops());
        paths[3] = bytes.concat(buy, _concentratedHop(token, address(weth)));
        paths[4] = bytes.concat(_concentratedHop(address(weth), token), _pairHop(dear, token));
    }

    /// @dev Whether it earned; if it did not, nothing may have changed.
    function _survives(bytes memory plan, address token) private returns (bool succeeded) {
        uint256 earnedBefore = weth.balanceOf(BENEFICIARY);
        vm.prank(OWNER);
        bytes memory call = abi.encodeCall(executor.execute, (plan));
        (succeeded,) = address(executor).call{gas: 3_000_000}(call);

        uint256 earned = weth.balanceOf(BENEFICIARY) - earnedBefore;
        assertEq(earned > 0, succeeded, "profit or revert");
        assertEq(weth.balanceOf(address(executor)), HELD, "holdings");
        assertEq(address(executor).balance, 0, "ether");
        address[5] memory spenders =
            [address(aave), vault, address(solo), address(curve), address(balancerV3)];
        for (uint256 i = 0; i < spenders.length; ++i) {
            assertEq(weth.allowance(address(executor), spenders[i]), 0, "allowance of weth");
            uint256 allowance = DevnetToken(token).allowance(address(executor), spenders[i]);
            assertEq(allowance, 0, "allowance of the token");
        }
    }
}
