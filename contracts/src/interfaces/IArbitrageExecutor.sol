// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One arbitrage per call, with or without a flash loan
interface IArbitrageExecutor {
    /// @notice Who deploys the pools of a Uniswap V3 factory or fork, and what their code is
    /// @param deployer Whose CREATE2 addresses the pools have; zero where there is none.
    /// @param initCodeHash Of the pools' creation code.
    struct ConcentratedFactory {
        address deployer;
        bytes32 initCodeHash;
    }

    /// @notice What an executor is built with
    /// @param owner The only account that can trade; replaced in two steps.
    /// @param beneficiary Who receives the profit, for good.
    /// @param guardian Who can pause besides the owner, or zero.
    /// @param weth Wrapped ether.
    /// @param aavePool Aave V3, or zero where there is none, as with all that follow.
    /// @param balancerV2Vault Balancer V2.
    /// @param balancerV3Vault Balancer V3.
    /// @param uniswapV4Manager Uniswap V4's PoolManager.
    /// @param soloMargin dYdX's SoloMargin.
    /// @param concentratedFactories Uniswap V3 and its forks, by the numbers that plans use.
    struct Wiring {
        address owner;
        address beneficiary;
        address guardian;
        address weth;
        address aavePool;
        address balancerV2Vault;
        address balancerV3Vault;
        address uniswapV4Manager;
        address soloMargin;
        ConcentratedFactory[3] concentratedFactories;
    }

    /// @notice An arbitrage succeeded.
    /// @param asset What the amounts are in.
    /// @param source Where the input came from, by the number in `Plan`.
    /// @param amountIn The first hop's input, in raw units.
    /// @param grossProfit What was left after repayment, before the tip.
    /// @param tip Paid to the block's coinbase, in wei.
    event Executed(
        address indexed asset, uint8 source, uint256 amountIn, uint256 grossProfit, uint256 tip
    );

    /// @notice A constructor argument that must be an address is zero.
    error ZeroAddress();

    /// @notice The plan ends before its header or one of its hops does.
    error MalformedPlan(uint256 length);

    /// @notice The plan is valid in one block only, and it is not this one.
    error WrongBlock(uint256 actual, uint256 target);

    /// @notice The block before this one is not the one that the plan builds on.
    error WrongParent(bytes32 actual, bytes32 expected);

    /// @notice The plan's number for the source is not assigned.
    error UnknownSource(uint256 source);

    /// @notice Only Uniswap V2, V3 and V4 pay before they are paid.
    error NoFlashSwap(uint256 kind);

    /// @notice The tip would exceed the profit.
    error TipShareTooLarge(uint256 tipShareBps);

    /// @notice A tip can be paid out of wrapped ether only.
    error TipNeedsWeth(address asset);

    /// @notice The caller of a callback is not the contract that this transaction called, or hands
    /// back other bytes than it was given.
    error UnauthorizedCallback(address caller);

    /// @notice A contract that we called calls back at somebody else's request.
    error UnauthorizedInitiator(address initiator);

    /// @notice A contract returned without the callback that its protocol promises.
    error CallbackMissing(address called);

    /// @notice The source reverted, with this reason, which may be that of a hop.
    error SourceFailed(uint256 source, bytes reason);

    /// @notice A spender left an allowance behind.
    error DanglingAllowance(address token, address spender, uint256 allowance);

    /// @notice The plan's number for the hop's kind is not assigned.
    error UnknownHopKind(uint256 index, uint256 kind);

    /// @notice The first hop sells something else than the asset.
    error CycleNotOpened(address token);

    /// @notice A contract that the hop needs reverted with this reason, or does not exist.
    error HopFailed(uint256 index, address called, bytes reason);

    /// @notice The hop's token answered that it did not transfer or approve.
    error TokenRefused(uint256 index, address token);

    /// @notice The hop's fee takes the whole input.
    error FeeTooLarge(uint256 index, uint256 feePips);

    /// @notice The hop gives nothing, or more than a pool can hold.
    error OutputOutOfRange(uint256 index, uint256 amount);

    /// @notice The hop's pool takes another input than it was offered, for want of liquidity or of
    /// manners.
    error InputMismatch(uint256 index, int256 taken, uint256 amountIn);

    /// @notice The pool that asks for its input asks for another amount.
    error WrongDemand(address pool, int256 demand, uint256 amountIn);

    /// @notice What is left after repayment is less than the plan demands; negative is a loss.
    error ProfitBelowMinimum(int256 actual, uint256 minimum);

    /// @notice Paying the profit out cost more than the profit.
    error PayoutTooLarge(address asset);

    /// @notice The block's coinbase does not take ether within the gas that it is given.
    error TipRefused(address coinbase, uint256 tip);

    /// @notice Ether from anybody but the contract of wrapped ether.
    error UnexpectedEther(address sender);

    /// @notice Only the guardian and the owner can pause.
    error UnauthorizedPause(address caller);

    /// @notice An executor without an owner could never be emptied.
    error OwnershipIsPermanent();

    /// @notice Borrows, trades along the plan's hops, repays, tips the coinbase and pays out.
    /// @dev Reverts with the error that names the failing step; nothing is ever half done.
    ///
    /// Assumptions:
    /// - The plan is laid out as the library `Plan` says.
    /// - Pools and tokens may be hostile. They can make the call revert, they cannot make it end
    ///   with less than the minimum profit.
    ///
    /// Warning: a coinbase that refuses ether, or needs more than the gas it is given, makes the
    /// whole call revert. A plan without a tip lands with any coinbase.
    /// @param plan Packed bytes.
    /// @return grossProfit What was left of the asset after repayment, before the tip.
    /// @return tip The part of it that the coinbase got, in wei.
    function execute(bytes calldata plan) external returns (uint256 grossProfit, uint256 tip);

    /// @notice Sends the executor's whole balance of a token to the beneficiary.
    /// @dev The executor holds nothing between calls; this is for what was sent to it by mistake.
    /// @param token Which token; zero for ether.
    function rescue(address token) external;

    /// @notice Stops `execute` until the owner unpauses. For the guardian and the owner.
    function pause() external;

    /// @notice Lets `execute` work again. For the owner.
    function unpause() external;

    /// @notice What the executor was built with, and its owner of now.
    /// @return Everything by name.
    function wiring() external view returns (Wiring memory);
}
