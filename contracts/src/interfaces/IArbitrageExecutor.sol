// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One flash-loaned arbitrage per call
interface IArbitrageExecutor {
    /// @notice An arbitrage succeeded.
    /// @param asset What was borrowed, and what the amounts are in.
    /// @param lender 0 Aave V3, 1 Balancer V2.
    /// @param amountIn What was borrowed, in raw units.
    /// @param grossProfit What was left after repayment, before the tip.
    /// @param tip Paid to the block's coinbase, in wei.
    event Executed(
        address indexed asset, uint8 lender, uint256 amountIn, uint256 grossProfit, uint256 tip
    );

    /// @notice A constructor argument that must be an address is zero.
    error ZeroAddress();

    /// @notice The length is not that of a header and two to eight hops.
    error MalformedPlan(uint256 length);

    /// @notice The plan is valid in one block only, and it is not this one.
    error WrongBlock(uint256 actual, uint256 target);

    /// @notice The plan's number for the lender is not assigned.
    error UnknownLender(uint8 lender);

    /// @notice The tip would exceed the profit.
    error TipShareTooLarge(uint256 tipShareBps);

    /// @notice A tip can be paid out of wrapped ether only.
    error TipNeedsWeth(address asset);

    /// @notice The caller of a callback is not the contract that this transaction called.
    error UnauthorizedCallback(address caller);

    /// @notice Aave lends to us at somebody else's request.
    error UnauthorizedInitiator(address initiator);

    /// @notice No plan of the owner's is waiting for this loan.
    error UnexpectedLoan();

    /// @notice The lender lent something else than the plan asked for.
    error LoanMismatch(address asset, uint256 amount);

    /// @notice The lender returned without ever lending.
    error LoanNotTaken(uint8 lender);

    /// @notice The lender left an allowance behind.
    error DanglingAllowance(address asset, uint256 allowance);

    /// @notice The plan's number for the kind of the hop's pool is not assigned.
    error UnknownHopKind(uint256 index, uint8 kind);

    /// @notice There is no contract at the hop's pool.
    error PoolMissing(uint256 index, address pool);

    /// @notice The hop's fee takes the whole input.
    error FeeTooLarge(uint256 index, uint256 feePips);

    /// @notice The hop's pool reverted, with this reason.
    error PoolFailed(uint256 index, address pool, bytes reason);

    /// @notice The token refused to go to the hop's pool.
    error InputNotTransferred(uint256 index, address token, uint256 amount);

    /// @notice The pool asks for more than the hop's input, or for nothing.
    error OverCharged(address pool, int256 owed, uint256 amountIn);

    /// @notice The pool ran out of liquidity before it took the hop's whole input.
    error PartialFill(uint256 index, uint256 consumed, uint256 amountIn);

    /// @notice The hop's output did not arrive.
    error NothingReceived(uint256 index, address token);

    /// @notice The last hop ends in another token than the one that was borrowed.
    error CycleNotClosed(address token);

    /// @notice What is left after repayment is less than the plan demands; negative is a loss.
    error ProfitBelowMinimum(int256 actual, uint256 minimum);

    /// @notice The block's coinbase does not take ether within the gas that it is given.
    error TipRefused(address coinbase, uint256 tip);

    /// @notice Ether from anybody but the contract of wrapped ether.
    error UnexpectedEther(address sender);

    /// @notice An executor without an owner could never be emptied.
    error OwnershipIsPermanent();

    /// @notice Borrows, trades along the plan's hops, repays, tips the coinbase and pays out.
    /// @dev Reverts with the error that names the failing step; nothing is ever half done.
    ///
    /// Assumptions:
    /// - The plan is laid out as the library `Plan` says.
    /// - The owner chose pools and tokens that it knows. A hostile one can make the call revert, it
    ///   cannot make it end with less than the minimum profit.
    ///
    /// Warning: a coinbase that refuses ether, or needs more than the gas it is given, makes the
    /// whole call revert. A plan without a tip lands with any coinbase.
    /// @param plan Packed bytes.
    /// @return grossProfit What was left of the asset after repayment, before the tip.
    /// @return tip The part of it that the coinbase got, in wei.
    function execute(bytes calldata plan) external returns (uint256 grossProfit, uint256 tip);

    /// @notice Sends the executor's whole balance of a token to the beneficiary.
    /// @dev The executor holds nothing between calls; this is for tokens sent to it by mistake.
    /// @param token Which token.
    function rescue(address token) external;
}
