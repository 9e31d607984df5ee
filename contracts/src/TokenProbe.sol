// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Moves a token as a trade would, and tells what the balances say
/// @notice Never deployed: a simulation puts this code at the executor's and at a pool's address,
/// so that the token meets the very accounts of a trade, and the pool needs not be understood.
contract TokenProbe {
    /// @notice What a transfer answered.
    enum Outcome {
        Moved,
        Reverted,
        SaidFalse,
        SaidNonsense,
        WithoutBalances
    }

    /// @notice One transfer, and the balances around it.
    struct Move {
        Outcome outcome;
        uint256 amount;
        uint256 gasUsed;
        uint256 senderBefore;
        uint256 senderAfter;
        uint256 recipientBefore;
        uint256 recipientAfter;
        uint256 thirdBefore;
        uint256 thirdAfter;
    }

    /// @notice What is moved, and under which limit.
    struct Terms {
        IERC20 token;
        uint256 transferGas;
    }

    uint256 private constant MOVES = 4;
    uint256 private constant BALANCE_GAS = 100_000;

    /// @notice For each part of what the holder has: holder to bystander, holder to this address,
    /// a quarter of that on to the bystander, half back to the holder. The rest shows whoever takes
    /// more than was sent.
    /// @param terms The token and the gas that a transfer may take.
    /// @param holder A pool, with this code at its address.
    /// @param bystander Somebody else.
    /// @param parts What the holder's balance is divided by.
    /// @return moves Four for each part, in that order.
    function probe(
        Terms calldata terms,
        TokenProbe holder,
        address bystander,
        uint256[] calldata parts
    ) external returns (Move[] memory moves) {
        moves = new Move[](MOVES * parts.length);
        (, uint256 held) = _balance(terms.token, address(holder));
        for (uint256 i = 0; i < parts.length; ++i) {
            uint256 amount = held / parts[i];
            uint256 first = MOVES * i;
            address here = address(this);
            address pool = address(holder);
            moves[first] = _move(terms, amount, [pool, bystander, here]);
            moves[first + 1] = _move(terms, amount, [pool, here, bystander]);
            moves[first + 2] = _move(terms, amount / 4, [here, bystander, pool]);
            moves[first + 3] = _move(terms, amount / 2, [here, pool, bystander]);
        }
    }

    /// @notice Transfers from this address.
    /// @param terms The token and the gas that the transfer may take.
    /// @param to The recipient.
    /// @param amount How much.
    /// @return outcome What the token answered.
    /// @return gasUsed By the transfer.
    function pay(
        Terms calldata terms,
        address to,
        uint256 amount
    ) external returns (Outcome outcome, uint256 gasUsed) {
        uint256 gasBefore = gasleft();
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, bytes memory answer) = address(terms.token).call{gas: terms.transferGas}(
            abi.encodeCall(IERC20.transfer, (to, amount))
        );
        gasUsed = gasBefore - gasleft();
        if (!succeeded) return (Outcome.Reverted, gasUsed);
        if (answer.length == 0) return (Outcome.Moved, gasUsed);
        if (answer.length < 32) return (Outcome.SaidNonsense, gasUsed);
        uint256 word = uint256(bytes32(answer));
        if (word == 0) return (Outcome.SaidFalse, gasUsed);
        return (word == 1 ? Outcome.Moved : Outcome.SaidNonsense, gasUsed);
    }

    /// @dev The accounts are sender, recipient and one who has no part in it.
    function _move(
        Terms calldata terms,
        uint256 amount,
        address[3] memory accounts
    ) private returns (Move memory move) {
        move.amount = amount;
        bool known;
        (known, move.senderBefore, move.recipientBefore, move.thirdBefore) =
            _balances(terms.token, accounts);
        if (!known) {
            move.outcome = Outcome.WithoutBalances;
            return move;
        }
        (move.outcome, move.gasUsed) = TokenProbe(accounts[0]).pay(terms, accounts[1], amount);
        (known, move.senderAfter, move.recipientAfter, move.thirdAfter) =
            _balances(terms.token, accounts);
        if (!known) move.outcome = Outcome.WithoutBalances;
    }

    function _balances(
        IERC20 token,
        address[3] memory accounts
    ) private view returns (bool known, uint256 sender, uint256 recipient, uint256 third) {
        bool isKnown;
        (known, sender) = _balance(token, accounts[0]);
        (isKnown, recipient) = _balance(token, accounts[1]);
        known = known && isKnown;
        (isKnown, third) = _balance(token, accounts[2]);
        known = known && isKnown;
    }

    function _balance(
        IERC20 token,
        address account
    ) private view returns (bool known, uint256 balance) {
        (bool succeeded, bytes memory answer) = address(token).staticcall{gas: BALANCE_GAS}(
            abi.encodeCall(IERC20.balanceOf, (account))
        );
        if (!succeeded || answer.length < 32) return (false, 0);
        return (true, uint256(bytes32(answer)));
    }
}
