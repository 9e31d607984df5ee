// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IArbitrageExecutor} from "../interfaces/IArbitrageExecutor.sol";

/// @title Calls that name the hop when they fail
/// @notice Every contract that a hop talks to may be hostile. Whatever it does, revert, answer too
/// little or not exist, the call reverts with the hop's index, the contract and its reason.
library HopCall {
    uint256 private constant WORD = 32;

    /// @notice Calls a contract, which counts as failed if there is none.
    /// @param target What is called.
    /// @param data Selector and arguments.
    /// @return succeeded Whether it did.
    /// @return returned What it answered.
    function attempt(
        address target,
        bytes memory data
    ) internal returns (bool succeeded, bytes memory returned) {
        // The target's revert reason becomes part of ours, which a high-level call cannot do.
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, returned) = target.call(data);
        succeeded = succeeded && (returned.length != 0 || target.code.length != 0);
    }

    /// @notice Calls a contract for its effect.
    /// @param index Of the hop.
    /// @param target What is called.
    /// @param data Selector and arguments.
    /// @return What it answered.
    function send(
        uint256 index,
        address target,
        bytes memory data
    ) internal returns (bytes memory) {
        (bool succeeded, bytes memory returned) = attempt(target, data);
        require(succeeded, IArbitrageExecutor.HopFailed(index, target, returned));
        return returned;
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
        bytes memory returned = send(index, target, data);
        require(returned.length >= WORD, IArbitrageExecutor.HopFailed(index, target, returned));
        return abi.decode(returned, (uint256));
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
        bytes memory returned = send(index, target, data);
        require(returned.length >= 2 * WORD, IArbitrageExecutor.HopFailed(index, target, returned));
        return abi.decode(returned, (uint256, uint256));
    }

    /// @notice Transfers, or approves, and believes the token only if it does not say no.
    /// @param index Of the hop.
    /// @param token What is called.
    /// @param data A call of `transfer` or `approve`.
    function order(uint256 index, address token, bytes memory data) internal {
        bytes memory returned = send(index, token, data);
        bool obeyed = returned.length == 0
            || (returned.length >= WORD && abi.decode(returned, (uint256)) == 1);
        require(obeyed, IArbitrageExecutor.TokenRefused(index, token));
    }

    /// @notice Asks a contract that must not change anything.
    /// @param index Of the hop.
    /// @param target What is asked.
    /// @param data Selector and arguments.
    /// @param words How many words the answer has at least.
    /// @return returned The answer.
    function ask(
        uint256 index,
        address target,
        bytes memory data,
        uint256 words
    ) internal view returns (bytes memory returned) {
        bool succeeded;
        // As above.
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, returned) = target.staticcall(data);
        bool answered = succeeded && returned.length >= words * WORD;
        require(answered, IArbitrageExecutor.HopFailed(index, target, returned));
    }

    /// @notice The executor's own balance of a token.
    /// @param index Of the hop.
    /// @param token Whose ledger is asked.
    /// @return Raw units.
    function balance(uint256 index, address token) internal view returns (uint256) {
        bytes memory data = abi.encodeCall(IERC20.balanceOf, (address(this)));
        return abi.decode(ask(index, token, data, 1), (uint256));
    }
}
