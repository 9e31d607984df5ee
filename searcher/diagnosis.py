"""Why a bundle did not land: from what the ledger and the chain say to one verdict, in words.

Pure. The order of the reasons is the order in which a bundle can fail: what kept it from being sent
or valid comes before what others did in its block, and a guess comes last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from graphs.units import WEI_PER_ETHER
from searcher.bundle_evidence import Evidence, PoolTrade
from searcher.model import Outcome
from searcher.settlement import WITHDRAWN

_ETHER_DIGITS: Final = 9


class Ending(StrEnum):
    """How a bundle ended, as the chain has it now."""

    LANDED = "landed"
    REVERTED = "reverted"
    REORGED = "reorged"
    MISSED = "missed"
    OPEN = "open"


class Reason(StrEnum):
    """Why it missed, in the order in which reasons are looked for."""

    WITHDRAWN = "withdrawn"
    UNSENT = "not sent"
    REFUSED = "relay refused"
    NONCE_USED = "nonce used"
    BASE_FEE = "base fee above cap"
    STATE_MOVED = "state moved"
    LATE = "late"
    OUTBID = "outbid"
    OTHER_BUILDER = "slot of another builder"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a bundle ended and why."""

    ending: Ending
    """As the chain has it now."""

    reason: Reason | None
    """Of a miss; None else."""

    sentences: tuple[str, ...]
    """The verdict in plain words, then what else is known."""


def diagnose(evidence: Evidence) -> Verdict:
    """Give exactly one verdict for any evidence."""
    ending = _ending(evidence)
    reason = None
    if ending is Ending.MISSED:
        reason = next(reason for reason, holds in _REASONS if holds(evidence))
    first = _WORDS[reason](evidence) if reason else _ENDING_WORDS[ending](evidence)
    return Verdict(ending=ending, reason=reason, sentences=(first, *_context(evidence, reason)))


def _ending(evidence: Evidence) -> Ending:
    sent, receipts = evidence.sent, evidence.receipts
    if receipts and not _is_part_of_replacement(evidence):
        is_whole = len(receipts) == len(sent.intent.tx_hashes)
        succeeded = is_whole and all(receipt.succeeded for receipt in receipts)
        return Ending.LANDED if succeeded else Ending.REVERTED
    mined_once = any(one.outcome is not Outcome.MISSED for one in sent.inclusions)
    if mined_once and not receipts:
        return Ending.REORGED
    return Ending.OPEN if evidence.block is None else Ending.MISSED


def _is_part_of_replacement(evidence: Evidence) -> bool:
    """Whether what is mined counts for a longer bundle that begins alike."""
    replacement = evidence.sent.replacement
    return (
        replacement is not None
        and evidence.has_replacement_landed
        and set(evidence.sent.intent.tx_hashes) < set(replacement.tx_hashes)
    )


def _is_withdrawn(evidence: Evidence) -> bool:
    sent = evidence.sent
    return (
        sent.replacement is not None
        or bool(sent.cancellations)
        or any(one.reason.startswith(WITHDRAWN) for one in sent.inclusions)
    )


def _is_refused(evidence: Evidence) -> bool:
    return not any(one.accepted for one in evidence.sent.submissions)


def _is_base_fee_above_cap(evidence: Evidence) -> bool:
    cap_wei = evidence.sent.intent.max_fee_per_gas_wei
    return evidence.block is not None and evidence.block.base_fee_wei > cap_wei


def _rival(evidence: Evidence) -> PoolTrade | None:
    """The first in the block that took what we wanted."""
    return next((trade for trade in evidence.trades if trade.is_rival), None)


_REASONS: Final[tuple[tuple[Reason, Callable[[Evidence], bool]], ...]] = (
    (Reason.WITHDRAWN, _is_withdrawn),
    (Reason.UNSENT, lambda evidence: not evidence.sent.submissions),
    (Reason.REFUSED, _is_refused),
    (Reason.NONCE_USED, lambda evidence: evidence.nonce_user is not None),
    (Reason.BASE_FEE, _is_base_fee_above_cap),
    (
        Reason.STATE_MOVED,
        lambda evidence: evidence.rerun is not None and evidence.rerun.failed is not None,
    ),
    (Reason.LATE, lambda evidence: (evidence.into_slot_ms or 0) > 0),
    (Reason.OUTBID, lambda evidence: _rival(evidence) is not None),
    (
        Reason.OTHER_BUILDER,
        lambda evidence: evidence.block is not None and evidence.block.was_sent_to is False,
    ),
    (Reason.UNKNOWN, lambda _evidence: True),
)


def _withdrawn(evidence: Evidence) -> str:
    sent = evidence.sent
    if sent.replacement is not None:
        became = " and landed" if evidence.has_replacement_landed else ""
        return f"We replaced it by bundle {sent.replacement.bundle_id}, which came later{became}."
    reasons = [one.reason for one in sent.cancellations]
    reasons += [one.reason for one in sent.inclusions if one.reason.startswith(WITHDRAWN)]
    return f"We withdrew it: {reasons[0].removeprefix(f'{WITHDRAWN}: ')}."


def _refused(evidence: Evidence) -> str:
    words = [f"{one.relay} said {one.answer!r}" for one in evidence.sent.submissions]
    return f"No relay took it: {'; '.join(words)}."


def _nonce_used(evidence: Evidence) -> str:
    nonce, user = evidence.sent.intent.nonce, evidence.nonce_user
    where = f"{user.tx_hash} in block {user.block_number}" if user else "another transaction"
    return f"Its nonce {nonce} was used by {where}."


def _base_fee(evidence: Evidence) -> str:
    fee_wei = evidence.block.base_fee_wei if evidence.block else 0
    cap_wei = evidence.sent.intent.max_fee_per_gas_wei
    return f"The block's base fee was {fee_wei} wei a gas, and it could pay {cap_wei} at most."


def _state_moved(evidence: Evidence) -> str:
    rerun, parent = evidence.rerun, evidence.sent.intent.target_block - 1
    if rerun is None or rerun.failed is None:
        return "The state had moved."
    which = f"transaction {rerun.failed + 1} of {len(evidence.sent.calls)}"
    return f"The state had moved: on block {parent} our {which} fails: {rerun.reason}."


def _late(evidence: Evidence) -> str:
    return f"It was late: sent {evidence.into_slot_ms} ms into the slot of its target."


def _outbid(evidence: Evidence) -> str:
    rival = _rival(evidence)
    if rival is None:
        return "Somebody else won the same pools."
    theirs = [trade for trade in evidence.trades if trade.sender == rival.sender]
    paid, ours = ether(sum(trade.tip_wei for trade in theirs)), ether(evidence.sent.offered_wei)
    least = " at least" if any(trade.direct_wei is None for trade in theirs) else ""
    won = f"{len(rival.pools)} of our {len(evidence.sent.pools)} pools"
    more = f" and {len(theirs) - 1} more" if len(theirs) > 1 else ""
    return (
        f"Outbid: {rival.sender} won {won} with {rival.mined.tx_hash}{more} "
        f"and paid the builder{least} {paid}; we offered {ours}."
    )


def _other_builder(evidence: Evidence) -> str:
    builder = evidence.block.builder if evidence.block else ""
    return f"The block was built by {builder!r}, and we had not sent to that builder."


def _landed(evidence: Evidence) -> str:
    paid = ether(sum(receipt.tip_wei for receipt in evidence.receipts))
    gained = ether(sum(receipt.gross_profit_wei for receipt in evidence.receipts))
    return f"It landed: {gained} gross, of which the builder had {paid}."


def _reverted(evidence: Evidence) -> str:
    mined, whole = len(evidence.receipts), len(evidence.sent.intent.tx_hashes)
    failed = sum(not receipt.succeeded for receipt in evidence.receipts)
    return f"{mined} of its {whole} transactions were mined, and {failed} of them failed."


_ENDING_WORDS: Final[dict[Ending, Callable[[Evidence], str]]] = {
    Ending.LANDED: _landed,
    Ending.REVERTED: _reverted,
    Ending.REORGED: lambda _evidence: "It was mined, in a block that a reorg replaced.",
    Ending.OPEN: lambda evidence: (
        f"Its target, block {evidence.sent.intent.target_block}, is still to come."
    ),
}

_WORDS: Final[dict[Reason, Callable[[Evidence], str]]] = {
    Reason.WITHDRAWN: _withdrawn,
    Reason.UNSENT: lambda _evidence: (
        "No relay's answer is on record: the bot stopped after writing it down."
    ),
    Reason.REFUSED: _refused,
    Reason.NONCE_USED: _nonce_used,
    Reason.BASE_FEE: _base_fee,
    Reason.STATE_MOVED: _state_moved,
    Reason.LATE: _late,
    Reason.OUTBID: _outbid,
    Reason.OTHER_BUILDER: _other_builder,
    Reason.UNKNOWN: lambda _evidence: (
        "Unknown: nothing on the chain kept it out, and no builder says why it left it out."
    ),
}


def _context(evidence: Evidence, reason: Reason | None) -> Sequence[str]:
    """What else is known, where it bears on the ending."""
    sent, sentences = evidence.sent, list[str]()
    if reason is not Reason.REFUSED:
        sentences += [
            f"{one.relay} refused it: {one.answer!r}."
            for one in sent.submissions
            if not one.accepted
        ]
    if reason is Reason.STATE_MOVED:
        sentences += [
            f"Its pools were traded in by {one.mined.tx_hash} in block {one.mined.block_number}."
            for one in evidence.movers
        ]
    if reason in {Reason.OUTBID, Reason.OTHER_BUILDER, Reason.UNKNOWN, Reason.LATE}:
        sentences += _about_the_block(evidence)
    return sentences


def _about_the_block(evidence: Evidence) -> Sequence[str]:
    sentences, block = list[str](), evidence.block
    if evidence.rerun is not None:
        sentences.append("Our transactions still succeed on the target's parent.")
    elif evidence.rerun_obstacle:
        sentences.append(f"They could not be tried again: {evidence.rerun_obstacle}.")
    if block is not None:
        named = f" and calls itself {block.builder!r}" if block.builder else ""
        sentences.append(f"Block {block.number} paid {block.coinbase}{named}.")
    sentences += [
        f"{one.sender} traded in {len(one.pools)} of our pools with {one.mined.tx_hash}, "
        f"paying {ether(one.tip_wei)}."
        for one in evidence.trades
        if one is not _rival(evidence)
    ]
    return sentences


def ether(amount_wei: int) -> str:
    """Write an amount of wei in ether, exact to nine decimals and cut there."""
    whole, part_wei = divmod(abs(amount_wei), WEI_PER_ETHER)
    decimals = f"{part_wei:018}"[:_ETHER_DIGITS].rstrip("0") or "0"
    return f"{'-' if amount_wei < 0 else ''}{whole}.{decimals} ETH"
