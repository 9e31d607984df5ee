"""Which tokens may be traded, by what a trial of each one showed.

Pure. A trial moves the token as a trade would: a pool pays somebody, a pool pays the executor, the
executor pays somebody and pays the pool back, for several amounts. A token that does anything but
move that amount from one to the other has no place in a cycle, whatever its prices promise. Its
code is remembered: one that changes is another token under an old address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from graphs.units import Address


class TokenReason(StrEnum):
    """Why a token is not traded."""

    NO_CODE = "there is no contract at the token's address"
    NO_HOLDER = "no known pool holds enough of the token to try it"
    WITHOUT_BALANCES = "the token does not tell balances"
    PAUSED = "nobody can move the token"
    BLOCKLISTED = "others can receive the token and the executor cannot"
    HONEYPOT = "the token can be bought and not sold"
    SMALL_AMOUNTS_ONLY = "only small amounts of the token can be traded"
    NOT_PASSED_ON = "the token can be sold to its pool and given to nobody else"
    FALSE_RETURN = "the token answers a transfer with false"
    NONSENSE_RETURN = "the token answers a transfer with neither nothing nor true"
    FEE_ON_TRANSFER = "less of the token arrives than was sent"
    MOVES_LESS = "the token moves less than it was told to"
    SENDER_FEE = "the token takes more from the sender than was sent"
    GENEROUS = "more of the token arrives than was sent"
    REBASES = "a transfer changes the balance of somebody else"
    COSTLY = "a transfer of the token takes more gas than is bearable"
    EVASIVE = "the token behaves otherwise under another coinbase"
    CHANGED = "the token's code has changed since it was first tried"
    UNPROVEN = "the node could not try the token"


TAXING: Final = frozenset(
    {
        TokenReason.FEE_ON_TRANSFER,
        TokenReason.MOVES_LESS,
        TokenReason.SENDER_FEE,
        TokenReason.GENEROUS,
        TokenReason.REBASES,
    }
)
"""Of a token that moves, but not by the amount: what follows a swap of it cannot be reckoned."""


class Outcome(IntEnum):
    """What a transfer answered, as the probe numbers it."""

    MOVED = 0
    REVERTED = 1
    SAID_FALSE = 2
    SAID_NONSENSE = 3
    WITHOUT_BALANCES = 4


class Step(IntEnum):
    """Who pays whom; a trial makes all of them for each amount, in this order."""

    TO_BYSTANDER = 0
    """A pool pays somebody else."""

    BUY = 1
    """The pool pays the executor."""

    PASS_ON = 2
    """The executor pays somebody else, a quarter of what it bought."""

    SELL = 3
    """The executor pays the pool, half of it; the rest is there for who takes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One transfer, and the balances around it."""

    outcome: Outcome
    """What it answered."""

    amount: int
    """What was asked for, in raw units."""

    gas_used_gas: int
    """By the call of the token."""

    sender: tuple[int, int]
    """Its balance before and after."""

    recipient: tuple[int, int]
    """Its balance before and after."""

    third: tuple[int, int]
    """The balance before and after of one who has no part in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a token runs: its own code, and that of whatever it may delegate to."""

    code_hash: str
    """Of the contract."""

    implementations: tuple[tuple[Address, str], ...]
    """Who stands in the slots of the known kinds of proxies, and the hash of their code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What the last trial of a token showed."""

    token: Address
    """Which token."""

    block_number: int
    """The block on whose state it was tried."""

    identity: Identity | None
    """What it ran when it was first tried; None where the node did not say."""

    refusal: TokenReason | None
    """Why it is not traded; None when it is."""

    def is_due(self, block_number: int, every_blocks: int) -> bool:
        """Whether it must be tried again, also on a branch that is older than the trial."""
        return not 0 <= block_number - self.block_number < every_blocks


def judge(moves: Sequence[Move], *, max_transfer_gas: int) -> TokenReason | None:
    """What one pool's trial shows of the token; the moves are in the order of the steps.

    Amounts too small to be divided show nothing; a trial of such alone is none.
    """
    groups = [moves[start : start + len(Step)] for start in range(0, len(moves), len(Step))]
    telling = [group for group in groups if group[Step.PASS_ON].amount > 0]
    if any(move.outcome is Outcome.WITHOUT_BALANCES for move in moves):
        return TokenReason.WITHOUT_BALANCES
    for index, group in enumerate(telling):
        reason = _refused(group) or _lost(group, max_transfer_gas)
        if reason is not None:
            is_small_fine = index > 0 and reason in _FLAT
            return TokenReason.SMALL_AMOUNTS_ONLY if is_small_fine else reason
    return None if telling else TokenReason.NO_HOLDER


_FLAT: Final = frozenset({TokenReason.PAUSED, TokenReason.BLOCKLISTED, TokenReason.HONEYPOT})
"""Refusals that a token which moved a smaller amount makes for the amount's sake."""


def _refused(group: Sequence[Move]) -> TokenReason | None:
    """By what the token answers."""
    for move in group:
        if move.outcome is Outcome.SAID_FALSE:
            return TokenReason.FALSE_RETURN
        if move.outcome is Outcome.SAID_NONSENSE:
            return TokenReason.NONSENSE_RETURN
    if _is_barred(group[Step.BUY]):
        is_all = _is_barred(group[Step.TO_BYSTANDER])
        return TokenReason.PAUSED if is_all else TokenReason.BLOCKLISTED
    if _is_barred(group[Step.SELL]):
        return TokenReason.HONEYPOT
    if _is_barred(group[Step.PASS_ON]) or _is_barred(group[Step.TO_BYSTANDER]):
        return TokenReason.NOT_PASSED_ON
    return None


def _is_barred(move: Move) -> bool:
    """Whether it failed, and not for want of what an earlier transfer lost."""
    return move.outcome is not Outcome.MOVED and move.sender[0] >= move.amount


def _lost(group: Sequence[Move], max_transfer_gas: int) -> TokenReason | None:
    """By what the balances say. A fee is seen at the first transfer, before its consequences."""
    if any(move.third[0] != move.third[1] for move in group):
        return TokenReason.REBASES
    for move in group:
        lost = move.sender[0] - move.sender[1]
        gained = move.recipient[1] - move.recipient[0]
        if lost < move.amount:
            return TokenReason.MOVES_LESS
        if lost > move.amount:
            return TokenReason.SENDER_FEE
        if gained != move.amount:
            return TokenReason.FEE_ON_TRANSFER if gained < move.amount else TokenReason.GENEROUS
        if move.gas_used_gas > max_transfer_gas:
            return TokenReason.COSTLY
    return None
