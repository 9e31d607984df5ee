"""The block that a bundle is tried in: what its transactions will read there, known or assumed.

Known exactly are number, base fee and, but for missed slots, the timestamp. Who will be the
coinbase is not known; the parent's stands in for it unless told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphs.units import Address
from searcher.adapters.decoding import HEADER_ONLY, address, decode_header, member, quantity
from searcher.adapters.rpc import Rpc
from searcher.base_fee import next_base_fee
from searcher.model import Bundle
from searcher.transactions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetBlock:
    """The child of the state block, as it is simulated."""

    state_block: int
    """The block after whose state it runs."""

    number: int
    """What NUMBER answers."""

    timestamp_s: int
    """Unix seconds."""

    base_fee_wei: int
    """Per gas."""

    gas_limit_gas: int
    """Of the block."""

    coinbase: Address
    """Who is paid."""

    nonces: Mapping[Address, int]
    """What the state expects of each sender."""

    def invalid(self, txs: Sequence[Transaction], chain_id: int) -> str | None:
        """Return why a transaction cannot be executed at its place; None where all can.

        Only what nodes leave unchecked in a simulation: chain, nonce and fee cap.
        """
        nonces = dict(self.nonces)
        for tx in txs:
            reason = self._invalid(tx, chain_id, nonces[tx.sender])
            if reason is not None:
                return f"sim_invalid: {reason}"
            nonces[tx.sender] += 1
        return None

    def _invalid(self, tx: Transaction, chain_id: int, nonce: int) -> str | None:
        if tx.chain_id not in {None, chain_id}:
            return f"of chain {tx.chain_id}, where {chain_id} is simulated"
        if tx.nonce != nonce:
            side = "low" if tx.nonce < nonce else "high"
            return f"nonce too {side}: tx: {tx.nonce} state: {nonce}"
        if tx.max_fee_per_gas_wei < self.base_fee_wei:
            return (
                "max fee per gas less than block base fee: "
                f"maxFeePerGas: {tx.max_fee_per_gas_wei}, baseFee: {self.base_fee_wei}"
            )
        return None


async def read_target_block(
    rpc: Rpc,
    bundle: Bundle,
    txs: Sequence[Transaction],
    *,
    slot_seconds: int,
    coinbase: Address | None = None,
) -> TargetBlock:
    """Ask the node for the state block and the senders' nonces, in one round trip.

    Raises:
        RpcError: the node does not answer, or does not know the state block.
        WireError: it answers what no node answers.
    """
    number = bundle.bid.target_block - 1
    senders = sorted({tx.sender for tx in txs})
    header, *counts = await rpc.batch(
        [
            ("eth_getBlockByNumber", [hex(number), HEADER_ONLY]),
            *(("eth_getTransactionCount", [sender, hex(number)]) for sender in senders),
        ]
    )
    parent = decode_header(header)
    return TargetBlock(
        state_block=parent.number,
        number=parent.number + 1,
        timestamp_s=parent.timestamp_s + slot_seconds,
        base_fee_wei=next_base_fee(
            base_fee_wei=parent.base_fee_wei,
            gas_used_gas=parent.gas_used_gas,
            gas_limit_gas=parent.gas_limit_gas,
        ),
        gas_limit_gas=parent.gas_limit_gas,
        coinbase=coinbase or address(member(header, "miner"), "miner"),
        nonces={
            sender: quantity(count, "nonce") for sender, count in zip(senders, counts, strict=True)
        },
    )
