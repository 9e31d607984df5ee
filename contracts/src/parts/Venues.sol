// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {IArbitrageExecutor} from "../interfaces/IArbitrageExecutor.sol";

/// @title The protocols an executor knows, and the proof of their callbacks
/// @notice Everything that is fixed at construction, and the one word of transient state.
///
/// A callback proves itself in one way, whatever the protocol: before a contract is called that
/// will call back, the hash of its address and of the bytes that it will hand back is stored for
/// the transaction. The callback must come from that address with those bytes, and it clears the
/// word, so it is served once. Outside of a call of the owner's the word is zero, which no hash is.
abstract contract Venues is IArbitrageExecutor {
    // Immutables: private, since a getter for each would make every callback's dispatch longer

    address internal immutable AAVE_POOL;
    address internal immutable BALANCER_V2_VAULT;
    address internal immutable BALANCER_V3_VAULT;
    address internal immutable UNISWAP_V4_MANAGER;
    address internal immutable SOLO_MARGIN;
    address private immutable DEPLOYER_0;
    address private immutable DEPLOYER_1;
    address private immutable DEPLOYER_2;
    bytes32 private immutable INIT_CODE_HASH_0;
    bytes32 private immutable INIT_CODE_HASH_1;
    bytes32 private immutable INIT_CODE_HASH_2;

    // Transient state: zero whenever no call is in progress

    bytes32 private transient _awaited;

    // Constructor

    constructor(Wiring memory wiring) {
        AAVE_POOL = wiring.aavePool;
        BALANCER_V2_VAULT = wiring.balancerV2Vault;
        BALANCER_V3_VAULT = wiring.balancerV3Vault;
        UNISWAP_V4_MANAGER = wiring.uniswapV4Manager;
        SOLO_MARGIN = wiring.soloMargin;
        DEPLOYER_0 = wiring.concentratedFactories[0].deployer;
        DEPLOYER_1 = wiring.concentratedFactories[1].deployer;
        DEPLOYER_2 = wiring.concentratedFactories[2].deployer;
        INIT_CODE_HASH_0 = wiring.concentratedFactories[0].initCodeHash;
        INIT_CODE_HASH_1 = wiring.concentratedFactories[1].initCodeHash;
        INIT_CODE_HASH_2 = wiring.concentratedFactories[2].initCodeHash;
    }

    // Internal

    /// @dev Lets one contract call back, once, with these bytes.
    function _await(address caller, bytes memory data) internal {
        _awaited = keccak256(abi.encodePacked(caller, data));
    }

    /// @dev Accepts the callback that is awaited, and no second one.
    function _authenticate(bytes calldata data) internal {
        bytes32 presented = keccak256(abi.encodePacked(msg.sender, data));
        require(presented == _awaited, UnauthorizedCallback(msg.sender));
        _awaited = 0;
    }

    /// @dev As `_authenticate`, for callbacks that one contract alone has.
    function _authenticateAs(address venue, bytes calldata data) internal {
        require(msg.sender == venue, UnauthorizedCallback(msg.sender));
        _authenticate(data);
    }

    /// @dev The only address at which the factory can have deployed the pool of this key.
    function _concentratedPool(
        uint256 number,
        address tokenA,
        address tokenB,
        uint256 fee
    ) internal view returns (address) {
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        (address deployer, bytes32 initCodeHash) = _concentratedFactory(number);
        return Create2.computeAddress(salt, initCodeHash, deployer);
    }

    /// @dev Zeros where there is none.
    function _concentratedFactory(uint256 number) internal view returns (address, bytes32) {
        if (number == 0) return (DEPLOYER_0, INIT_CODE_HASH_0);
        if (number == 1) return (DEPLOYER_1, INIT_CODE_HASH_1);
        if (number == 2) return (DEPLOYER_2, INIT_CODE_HASH_2);
        return (address(0), 0);
    }

    /// @dev For protocols that let anybody ask for a callback on somebody else.
    function _requireOurs(address initiator) internal view {
        require(initiator == address(this), UnauthorizedInitiator(initiator));
    }

    /// @dev Whoever was to call back has done so and cannot any more.
    function _requireServed(address called) internal view {
        require(_awaited == 0, CallbackMissing(called));
    }

    /// @dev No allowance outlives the call that it was given for.
    function _requireNoAllowance(address token, address spender) internal view {
        uint256 allowance = IERC20(token).allowance(address(this), spender);
        require(allowance == 0, DanglingAllowance(token, spender, allowance));
    }
}
