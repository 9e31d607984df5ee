"""The records that the pipeline passes forward. All are frozen; each names the block it came from.

The road is Block, Opportunity, Bid, Bundle, Simulation, AdmittedBundle, Submission, Inclusion.
"""

from dataclasses import dataclass
from enum import StrEnum

from graphs.cycles import Cycle
from graphs.units import Address
from searcher.exchange_signals import ExchangeSignal
from searcher.flash_lenders import Lender, LenderKind, PassedOver
from searcher.pending import PendingTransaction
from searcher.pool_updates import PoolUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Our trading account after a block."""

    address: Address
    """Who signs transactions."""

    nonce: int
    """The next nonce that the chain accepts."""

    balance_wei: int
    """What is left for gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a transaction of ours that a block contains."""

    tx_hash: str
    """Which transaction."""

    succeeded: bool
    """False when it was mined and reverted."""

    gas_used_gas: int
    """As charged."""

    effective_gas_price_wei: int
    """Base fee and priority fee, per gas."""

    gross_profit_wei: int
    """As the executor's event reports it, after the flash fee and before the tip; 0 without one."""

    tip_wei: int
    """Paid to the block's coinbase, from the same event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A new head with everything that a decision on it needs."""

    number: int
    """Height."""

    hash: str
    """Its identity."""

    parent_hash: str
    """What it builds on: the state that `updates` apply to."""

    timestamp_s: int
    """Unix seconds."""

    gas_used_gas: int
    """By all its transactions; input of the next base fee."""

    gas_limit_gas: int
    """Input of the next base fee."""

    base_fee_wei: int
    """Per gas, of this block."""

    updates: tuple[PoolUpdate, ...]
    """Of known pools, in log order."""

    lenders: tuple[Lender, ...]
    """What can be borrowed after this block."""

    account: Account
    """Our trading account after this block."""

    receipts: tuple[Receipt, ...]
    """Of our own transactions in this block."""

    received_ns: int
    """When the head was first heard of, on the injected clock."""

    tx_hashes: tuple[str, ...] = ()
    """Of all its transactions, whoever sent them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """A cycle with its best input, to the wei, on one Market."""

    block_number: int
    """The block whose state it was sized on."""

    block_hash: str
    """That block's identity."""

    cycle: Cycle
    """Starts and ends at the borrowed token."""

    amounts: tuple[int, ...]
    """The input, then the output of each hop: one longer than the hops."""

    lender: Lender
    """Where the input is borrowed."""

    flash_fee_wei: int
    """Owed to the lender on top of the input."""

    gross_profit_wei: int
    """Output minus input minus flash fee."""

    gas_limit_gas: int
    """Upper bound of the transaction's gas, from its lender and its pools."""

    passed_over: tuple[PassedOver, ...] = ()
    """The base token's other lenders, in the block's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """An opportunity with what we pay to have it included."""

    opportunity: Opportunity
    """What is bid on."""

    target_block: int
    """The only block that it is valid in."""

    tip_share_bps: int
    """Of the realised gross profit, paid by the executor to the block's coinbase."""

    tip_wei: int
    """That share of the expected profit."""

    min_profit_wei: int
    """Gross profit below which the executor reverts."""

    gas_limit_gas: int
    """Of the transaction."""

    max_fee_per_gas_wei: int
    """The most that the target block's base fee can be: exact one block ahead (EIP-1559)."""

    net_profit_wei: int
    """Gross profit minus tip minus gas at that base fee, if it lands."""

    expected_profit_wei: int
    """On average, with the cost of landing outside the bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Signed transactions for one target block."""

    id: str
    """Our name for these very bytes, shaped as a UUIDv4."""

    uuid: str
    """What relays replace and cancel by: one for an opportunity and a target block."""

    bid: Bid
    """Why it exists."""

    sequels: tuple[Bid, ...] = ()
    """Further opportunities, each sized on the market that the ones before it leave."""

    target: PendingTransaction | None = None
    """Somebody else's transaction that comes before ours; None for block arbitrage."""

    max_timestamp_s: int | None = None
    """The latest block time at which it is wanted; None for any."""

    txs: tuple[bytes, ...]
    """Raw signed transactions in consensus encoding, in order. Never logged."""

    tx_hashes: tuple[str, ...]
    """Their hashes."""

    bundle_hash: str
    """keccak256 of the concatenated transaction hashes."""

    nonce: int
    """Of our first transaction; the sequels' follow."""

    @property
    def bids(self) -> tuple[Bid, ...]:
        """One for each transaction of ours."""
        return self.bid, *self.sequels

    @property
    def own_tx_hashes(self) -> tuple[str, ...]:
        """Of our own transactions."""
        return self.tx_hashes[-len(self.bids) :]

    @property
    def gross_profit_wei(self) -> int:
        """Expected of all our transactions."""
        return sum(bid.opportunity.gross_profit_wei for bid in self.bids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a simulator says of a bundle on top of its state block."""

    simulator: str
    """Who answered."""

    has_run: bool
    """False when it refused or did not answer; then `revert_reason` holds its words."""

    bundle_hash: str
    """Of exactly the transactions that were simulated."""

    state_block: int
    """The block after whose state it ran."""

    gas_used_gas: int
    """By the whole bundle."""

    coinbase_diff_wei: int
    """What the builder would gain: priority fees and direct payments."""

    gross_profit_wei: int
    """Returned by the executor for all our transactions; 0 when one reverted."""

    revert_reason: str | None
    """The decoded error of the first failing transaction; None when all succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedBundle:
    """A bundle whose very bytes were simulated successfully. Made by `bundles.admit` alone."""

    bundle: Bundle
    """What may be sent."""

    simulation: Simulation
    """Why it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One relay's answer to an admitted bundle. An acknowledgement is not an inclusion."""

    bundle_id: str
    """Which bundle."""

    relay: str
    """Whose answer."""

    accepted: bool
    """Whether the relay acknowledged it."""

    answer: str
    """The relay's bundle hash when accepted, else its words, shortened."""

    sent_ns: int
    """When the last byte was handed over, on the injected clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """One relay's answer to our wish to withdraw a bundle, which may land all the same."""

    bundle_id: str
    """Which bundle."""

    relay: str
    """Whose answer."""

    accepted: bool
    """Whether the relay acknowledged it."""

    answer: str
    """Its words where it did not, shortened."""

    reason: str
    """Why we no longer want it."""


class Outcome(StrEnum):
    """How a bundle ended."""

    LANDED = "landed"
    REVERTED = "reverted"
    MISSED = "missed"
    REORGED = "reorged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """How a submitted bundle ended, found from the chain."""

    bundle_id: str
    """Which bundle."""

    block_number: int
    """The block that decided it."""

    outcome: Outcome
    """The verdict."""

    reason: str
    """Why it missed or reverted; empty when it landed."""

    gross_profit_wei: int
    """Realised, from the executor's event; 0 unless landed."""

    tip_wei: int
    """Realised, from the same event."""

    gas_used_gas: int
    """Charged on chain; 0 when missed."""

    gas_cost_wei: int
    """Charged on chain; 0 when missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """An opportunity that a stage declined, and why. One of the program's ordinary outcomes."""

    block_number: int
    """The block whose state it was found on."""

    cycle: Cycle
    """What was declined."""

    stage: str
    """`bid`, `simulate`, `admit` or `deadline`."""

    reason: str
    """A closed, named reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSearch:
    """A search that left something out, because there were more cycles than can be listed."""

    block_number: int
    """The block whose state was searched."""

    base: Address
    """Where its cycles start."""

    lender: LenderKind
    """Whose loan the profits are bounded for."""

    nominated: int
    """Cycles that were looked at: those with the greatest bounds of their net profit."""

    left_out: int
    """Cycles, and beginnings of cycles, that were met and not looked at."""

    bound_wei: int | None
    """No cycle that was left out has a greater net profit; None where that is not known."""


LedgerRecord = (
    Bid
    | Rejection
    | CutSearch
    | ExchangeSignal
    | Bundle
    | Simulation
    | Submission
    | Cancellation
    | Inclusion
)
