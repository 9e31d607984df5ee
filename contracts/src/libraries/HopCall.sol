// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IArbitrageExecutor} from "../interfaces/IArbitrageExecutor.sol";

/// @title Calls that name the hop when they fail
/// @notice Every contract that a hop talks to may be hostile. Whatever it does, revert, answer too
/// little or not exist, the call reverts with the hop's index, the contract and its reason.
///
/// No more than two words of an answer are ever read, and they are read without copying the rest.
library HopCall {
    uint256 private constant WORD = 32;

    /// @notice Calls a contract, which counts as failed if there is none.
    /// @dev In plain Solidity, which copies the whole answer to memory first:
    ///
    ///     (bool succeeded, bytes memory returned) = target.call(data);
    ///     size = returned.length;
    ///     (first, second) = abi.decode(returned, (uint256, uint256)); // as far as it reaches
    ///     succeeded = succeeded && (size != 0 || target.code.length != 0);
    /// @param target What is called.
    /// @param data Selector and arguments.
    /// @return succeeded Whether it did.
    /// @return size Bytes of the answer, which `reason` can still copy.
    /// @return first Its first word, to be used if it has one.
    /// @return second Its second word.
    function attempt(
        address target,
        bytes memory data
    ) internal returns (bool succeeded, uint256 size, uint256 first, uint256 second) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            succeeded := call(gas(), target, 0, add(data, 32), mload(data), 0, 64)
            size := returndatasize()
            first := mload(0)
            second := mload(32)
        }
        if (size == 0 && succeeded) succeeded = target.code.length != 0;
    }

    /// @notice Calls a contract for its effect.
    /// @param index Of the hop.
    /// @param target What is called.
    /// @param data Selector and arguments.
    function send(uint256 index, address target, bytes memory data) internal {
        (bool succeeded,,,) = attempt(target, data);
        if (!succeeded) fail(index, target);
    }

    /// @notice Calls a contract for its effect and the first word of its answer.
    /// @param index Of the hop.
    /// @param target What is called.
    /// @param data Selector and arguments.
    /// @return The first word.
    function sendForWord(
        uint256 index,
        address target,
        bytes memory data
    ) internal returns (uint256) {
        (bool succeeded, uint256 size, uint256 first,) = attempt(target, data);
        if (!succeeded || size < WORD) fail(index, target);
        return first;
    }

    /// @notice Calls a contract for its effect and the first two words of its answer.
    /// @param index Of the hop.
    /// @param target What is called.
    /// @param data Selector and arguments.
    /// @return The first word.
    /// @return The second word.
    function sendForWords(
        uint256 index,
        address target,
        bytes memory data
    ) internal returns (uint256, uint256) {
        (bool succeeded, uint256 size, uint256 first, uint256 second) = attempt(target, data);
        if (!succeeded || size < 2 * WORD) fail(index, target);
        return (first, second);
    }

    /// @notice Transfers, or approves, and believes the token only if it does not say no.
    /// @param index Of the hop.
    /// @param token What is called.
    /// @param data A call of `transfer` or `approve`.
    function order(uint256 index, address token, bytes memory data) internal {
        (bool succeeded, uint256 size, uint256 first,) = attempt(token, data);
        if (!succeeded) fail(index, token);
        bool obeyed = size == 0 || (size >= WORD && first == 1);
        require(obeyed, IArbitrageExecutor.TokenRefused(index, token));
    }

    /// @notice Asks a contract that must not change anything.
    /// @dev In plain Solidity `target.staticcall(data)` and `abi.decode`, as above.
    /// @param index Of the hop.
    /// @param target What is asked.
    /// @param data Selector and arguments.
    /// @param words How many words the answer has at least: one or two.
    /// @return first The first word.
    /// @return second The second word.
    function ask(
        uint256 index,
        address target,
        bytes memory data,
        uint256 words
    ) internal view returns (uint256 first, uint256 second) {
        bool answered;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            answered := staticcall(gas(), target, add(data, 32), mload(data), 0, 64)
            answered := and(answered, iszero(lt(returndatasize(), mul(words, 32))))
            first := mload(0)
            second := mload(32)
        }
        if (!answered) fail(index, target);
    }

    /// @notice The executor's own balance of a token.
    /// @param index Of the hop.
    /// @param token Whose ledger is asked.
    /// @return amount Raw units.
    function balance(uint256 index, address token) internal view returns (uint256 amount) {
        (amount,) = ask(index, token, abi.encodeCall(IERC20.balanceOf, (address(this))), 1);
    }

    /// @notice Reverts with the answer to the last call as the reason.
    /// @param index Of the hop.
    /// @param target What was called.
    function fail(uint256 index, address target) internal pure {
        revert IArbitrageExecutor.HopFailed(index, target, reason());
    }

    /// @notice The whole answer to the last call.
    /// @dev In plain Solidity it is the `bytes memory` that a low-level call returns.
    /// @return returned A copy.
    function reason() internal pure returns (bytes memory returned) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            returned := mload(0x40)
            let size := returndatasize()
            mstore(returned, size)
            returndatacopy(add(returned, 32), 0, size)
            mstore(0x40, add(returned, and(add(size, 63), not(31))))
        }
    }
}
