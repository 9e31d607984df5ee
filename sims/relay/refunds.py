"""What the builder pays back out of a bundle's payment, and to whom.

A bundle may ask for a share of what it pays (`refundPercent`); a MEV-Share back-run owes one to
whoever sent its target. The transfer's own gas is taken out of the refund.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import Address

PERCENT: Final = 100

TRANSFER_GAS: Final = 21_000
"""Of a refund that a bundle asks for."""

SHARE_TRANSFER_GAS: Final = 30_000
"""Set aside for each of MEV-Share's refunds (flashbots/builder)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRule:
    """A share of the payments of some transactions."""

    paying_tx_hashes: frozenset[str]
    """Whose payments to the coinbase are shared."""

    percent: int
    """Of them, for all recipients together."""

    recipients: tuple[tuple[Address, int], ...]
    """Each with its percentage of the share."""

    transfer_gas: int = TRANSFER_GAS
    """Taken out of the refund, for each recipient."""

    is_owed: bool = False
    """Whether a bundle that cannot pay it is invalid; else it is not paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A transfer from the builder."""

    recipient: Address
    """Who is paid."""

    value_wei: int
    """How much."""


def payouts(
    rules: Sequence[RefundRule], payments_wei: Mapping[str, int], *, base_fee_wei: int
) -> tuple[Payout, ...] | None:
    """Return the transfers that follow from what each transaction paid.

    None if one is owed that costs more than it is.
    """
    transfers = []
    for rule in rules:
        paid_wei = sum(payments_wei.get(tx_hash, 0) for tx_hash in rule.paying_tx_hashes)
        share_wei = max(0, paid_wei) * rule.percent // PERCENT
        cost_wei = rule.transfer_gas * base_fee_wei
        if cost_wei * len(rule.recipients) > share_wei:
            if rule.is_owed:
                return None
            continue
        transfers += [
            Payout(recipient=recipient, value_wei=share_wei * percent // PERCENT - cost_wei)
            for recipient, percent in rule.recipients
            if share_wei * percent // PERCENT > cost_wei
        ]
    return tuple(transfers)
