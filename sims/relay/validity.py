"""What makes a transaction invalid before it executes, in geth's order and words.

The local node's simulation checks neither nonces nor fees, so the relay does; clients read the
texts, so they are those of geth's state transition.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from eth_utils.address import to_checksum_address

from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.transactions import Transaction, decode_transaction

TX_GAS: Final = 21_000
"""Of every transaction (Yellow Paper, G_transaction)."""

ZERO_BYTE_GAS: Final = 4
"""Per zero byte of calldata (EIP-2028)."""

NONZERO_BYTE_GAS: Final = 16
"""Per other byte of calldata (EIP-2028)."""

FLOOR_GAS_PER_TOKEN: Final = 10
"""A zero byte is one token, any other four (EIP-7623)."""

TOKENS_PER_NONZERO_BYTE: Final = 4
"""Of calldata (EIP-7623)."""

ACCESS_LIST_ADDRESS_GAS: Final = 2_400
"""Per address (EIP-2930)."""

ACCESS_LIST_KEY_GAS: Final = 1_900
"""Per storage key (EIP-2930)."""


MAX_TRANSACTION_GAS: Final = 16_777_216
"""Of one transaction (EIP-7825)."""

LAST_EXECUTABLE_TYPE: Final = 2
"""EIP-1559; the node's simulation of blobs and set code cannot be proven equal to its mining."""

FIRST_LEGACY_BYTE: Final = 0xC0
"""A transaction without a type begins with a list."""


class RefusalKind(StrEnum):
    """Why a transaction cannot be executed at all."""

    CHAIN = "chain"
    NONCE = "nonce"
    FEE = "fee"
    FUNDS = "funds"
    GAS = "gas"
    CREATION = "creation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An invalid transaction: it aborts the simulation of everything around it."""

    tx_hash: str
    """Which transaction."""

    kind: RefusalKind
    """The rule that it breaks."""

    reason: str
    """In geth's words."""

    def answer(self) -> str:
        """Return the message of the JSON-RPC error."""
        return f"err: {self.reason}; txhash {self.tx_hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a transaction is judged by at its place in a block."""

    chain_id: int
    """Of the chain."""

    base_fee_wei: int
    """Per gas, of the block."""

    nonce: int
    """That the chain expects from the sender at this place."""


def decode_executable(raw: bytes) -> Transaction:
    """Decode a transaction of a type that the relay can execute.

    Raises:
        UndecodableTransactionError: not canonical, wrongly signed, or of a later type.
    """
    if raw and LAST_EXECUTABLE_TYPE < raw[0] < FIRST_LEGACY_BYTE:
        raise UndecodableTransactionError(TransactionFlaw.TYPE)
    return decode_transaction(raw)


def refuse_always(tx: Transaction, *, chain_id: int) -> Refusal | None:
    """Return the first rule that the transaction breaks wherever it is put."""
    if tx.gas_limit_gas > MAX_TRANSACTION_GAS:
        reason = f"transaction gas limit too high: cap {MAX_TRANSACTION_GAS}"
        return Refusal(tx_hash=tx.hash, kind=RefusalKind.GAS, reason=reason)
    rules = Rules(chain_id=chain_id, base_fee_wei=0, nonce=tx.nonce)
    return next((refusal for check in (_chain, _fees, _gas) if (refusal := check(tx, rules))), None)


def refuse(tx: Transaction, rules: Rules) -> Refusal | None:
    """Return the first rule that the transaction breaks, apart from its sender's funds."""
    for check in (_chain, _nonce, _fees, _gas, _creation):
        refusal = check(tx, rules)
        if refusal is not None:
            return refusal
    return None


def refuse_funds(tx: Transaction, balance_wei: int) -> Refusal | None:
    """Judge the sender's balance just before the transaction."""
    if balance_wei >= tx.upfront_cost_wei():
        return None
    reason = (
        f"insufficient funds for gas * price + value: address {to_checksum_address(tx.sender)}"
        f" have {balance_wei} want {tx.upfront_cost_wei()}"
    )
    return Refusal(tx_hash=tx.hash, kind=RefusalKind.FUNDS, reason=reason)


def intrinsic_gas(tx: Transaction) -> int:
    """Return the gas charged before a call executes."""
    zeros = tx.data.count(0)
    return (
        TX_GAS
        + zeros * ZERO_BYTE_GAS
        + (len(tx.data) - zeros) * NONZERO_BYTE_GAS
        + len(tx.access_list) * ACCESS_LIST_ADDRESS_GAS
        + sum(len(entry.storage_keys) for entry in tx.access_list) * ACCESS_LIST_KEY_GAS
    )


def floor_gas(tx: Transaction) -> int:
    """Return the least gas that a transaction with this calldata is charged (EIP-7623)."""
    zeros = tx.data.count(0)
    tokens = zeros + (len(tx.data) - zeros) * TOKENS_PER_NONZERO_BYTE
    return TX_GAS + tokens * FLOOR_GAS_PER_TOKEN


def _chain(tx: Transaction, rules: Rules) -> Refusal | None:
    if tx.chain_id in {None, rules.chain_id}:
        return None
    reason = f"invalid chain id for signer: have {tx.chain_id} want {rules.chain_id}"
    return Refusal(tx_hash=tx.hash, kind=RefusalKind.CHAIN, reason=reason)


def _nonce(tx: Transaction, rules: Rules) -> Refusal | None:
    if tx.nonce == rules.nonce:
        return None
    direction = "low" if tx.nonce < rules.nonce else "high"
    reason = (
        f"nonce too {direction}: address {to_checksum_address(tx.sender)},"
        f" tx: {tx.nonce} state: {rules.nonce}"
    )
    return Refusal(tx_hash=tx.hash, kind=RefusalKind.NONCE, reason=reason)


def _fees(tx: Transaction, rules: Rules) -> Refusal | None:
    sender = to_checksum_address(tx.sender)
    cap, priority = tx.max_fee_per_gas_wei, tx.max_priority_fee_per_gas_wei
    if priority > cap:
        reason = (
            f"max priority fee per gas higher than max fee per gas: address {sender},"
            f" maxPriorityFeePerGas: {priority}, maxFeePerGas: {cap}"
        )
    elif cap < rules.base_fee_wei:
        reason = (
            f"max fee per gas less than block base fee: address {sender},"
            f" maxFeePerGas: {cap}, baseFee: {rules.base_fee_wei}"
        )
    else:
        return None
    return Refusal(tx_hash=tx.hash, kind=RefusalKind.FEE, reason=reason)


def _gas(tx: Transaction, _rules: Rules) -> Refusal | None:
    have = tx.gas_limit_gas
    if have < intrinsic_gas(tx):
        reason = f"intrinsic gas too low: have {have}, want {intrinsic_gas(tx)}"
    elif have < floor_gas(tx):
        reason = f"insufficient gas for floor data gas cost: have {have}, want {floor_gas(tx)}"
    else:
        return None
    return Refusal(tx_hash=tx.hash, kind=RefusalKind.GAS, reason=reason)


def _creation(tx: Transaction, _rules: Rules) -> Refusal | None:
    if tx.to is not None:
        return None
    reason = "contract creation cannot be simulated by this relay"
    return Refusal(tx_hash=tx.hash, kind=RefusalKind.CREATION, reason=reason)
