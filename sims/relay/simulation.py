"""Executes transactions on the node without mining them, exactly as they will be mined.

One `eth_simulateV1` holds the transactions with a probe before, between and after them. A probe
calls a contract that exists only in the simulation and answers the coinbase's balance and that of
the next sender: so every transaction's payment to the coinbase is known to the wei.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from graphs.units import Address
from searcher.adapters.decoding import Header, array, hex_bytes, member, quantity
from searcher.adapters.rpc import Rpc
from searcher.base_fee import next_base_fee
from searcher.errors import RpcError
from searcher.transactions import Transaction
from sims.relay.validity import Refusal, Rules, refuse, refuse_funds

PROBE_ADDRESS: Final = Address("0x00000000000000000072656c61792d70726f6265")
"""Ends in the ASCII text `relay-probe`: an address that nobody can own."""

PROBE_CODE: Final = "0x41316000526000353160205260406000f3"
"""Returns the balances of the coinbase and of the address in the first calldata word."""

PROBE_GAS: Final = 100_000
"""More than a probe can use."""

NO_ADDRESS: Final = Address("0x" + "00" * 20)
WORD_BYTES: Final = 32

INSUFFICIENT_FUNDS_CODE: Final = -32003
"""Anvil's code for a transaction that its simulation rejects (EIP-1474)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockContext:
    """The block that transactions are executed in, on the state after its parent."""

    state_block: int
    """Height of the block after which it runs."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionOutcome:
    """One transaction at its place."""

    tx: Transaction
    """What ran."""

    gas_used_gas: int
    """After refunds."""

    coinbase_diff_wei: int
    """The coinbase's balance after minus before; negative when it spent."""

    succeeded: bool
    """False when it reverted or ran out of gas."""

    return_data: bytes = field(repr=False)
    """Of the outermost call; the revert data when it reverted."""

    logs: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
    """As the node tells them."""

    def error(self) -> str | None:
        """Return the execution error; None when it succeeded.

        The node does not tell a halt from a revert. All gas used and no data is reported as out
        of gas, which is also what an invalid opcode looks like.
        """
        if self.succeeded:
            return None
        exhausted = self.gas_used_gas == self.tx.gas_limit_gas and not self.return_data
        return "out of gas" if exhausted else "execution reverted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Valid transactions, run in order on one state."""

    context: BlockContext
    """Where they ran."""

    outcomes: tuple[TransactionOutcome, ...]
    """One per transaction, in order."""

    def gas_used_gas(self) -> int:
        """Return the gas of all transactions."""
        return sum(outcome.gas_used_gas for outcome in self.outcomes)

    def coinbase_diff_wei(self) -> int:
        """Return what the coinbase gains by all transactions."""
        return sum(outcome.coinbase_diff_wei for outcome in self.outcomes)

    def overflow(self) -> int | None:
        """Return the index of the first transaction that finds no room in the block.

        A block has room for a transaction's gas limit, not only for what it will use.
        """
        used = 0
        for index, outcome in enumerate(self.outcomes):
            if used + outcome.tx.gas_limit_gas > self.context.gas_limit_gas:
                return index
            used += outcome.gas_used_gas
        return None

    def gas_fees_wei(self, outcome: TransactionOutcome) -> int:
        """Return the priority fees of one of the transactions."""
        return outcome.gas_used_gas * outcome.tx.effective_tip_wei(self.context.base_fee_wei)


def child_context(parent: Header, *, timestamp_s: int, coinbase: Address) -> BlockContext:
    """Return the context of the block after `parent`."""
    return BlockContext(
        state_block=parent.number,
        number=parent.number + 1,
        timestamp_s=timestamp_s,
        base_fee_wei=next_base_fee(
            base_fee_wei=parent.base_fee_wei,
            gas_used_gas=parent.gas_used_gas,
            gas_limit_gas=parent.gas_limit_gas,
        ),
        gas_limit_gas=parent.gas_limit_gas,
        coinbase=coinbase,
    )


class BundleSimulator:
    """Runs transactions on the node's states."""

    def __init__(self, rpc: Rpc, *, chain_id: int) -> None:
        self._rpc = rpc
        self.chain_id = chain_id
        """Of the node."""

    async def nonces(self, senders: Sequence[Address], context: BlockContext) -> dict[str, int]:
        """Return the senders' next nonces on the state that the block builds on."""
        unique = sorted(set(senders))
        state = hex(context.state_block)
        counts = await self._rpc.batch(
            [("eth_getTransactionCount", [sender, state]) for sender in unique]
        )
        return {
            sender: quantity(count, "nonce") for sender, count in zip(unique, counts, strict=True)
        }

    async def simulate(
        self, txs: Sequence[Transaction], context: BlockContext
    ) -> Execution | Refusal:
        """Run the transactions, or name the first that is invalid at its place.

        Raises:
            RpcError: the node is unreachable, or refuses what should be valid.
        """
        nonces = await self.nonces([tx.sender for tx in txs], context)
        for tx in txs:
            rules = Rules(
                chain_id=self.chain_id,
                base_fee_wei=context.base_fee_wei,
                nonce=nonces[tx.sender],
            )
            refusal = refuse(tx, rules)
            if refusal is not None:
                return refusal
            nonces[tx.sender] += 1
        try:
            outcomes, _ = await self._run(txs, context, watched=NO_ADDRESS)
        except RpcError as error:
            if error.code != INSUFFICIENT_FUNDS_CODE:
                raise
            refusal = await self._first_without_funds(txs, context)
            if refusal is None:
                raise
            return refusal
        return Execution(context=context, outcomes=outcomes)

    async def _first_without_funds(
        self, txs: Sequence[Transaction], context: BlockContext
    ) -> Refusal | None:
        for count, tx in enumerate(txs):
            _, balance = await self._run(txs[:count], context, watched=tx.sender)
            refusal = refuse_funds(tx, balance)
            if refusal is not None:
                return refusal
        return None

    async def _run(
        self, txs: Sequence[Transaction], context: BlockContext, *, watched: Address
    ) -> tuple[tuple[TransactionOutcome, ...], int]:
        """Run valid transactions; also return the watched account's balance after them."""
        calls = [_probe(watched)]
        for tx in txs:
            calls += [_call(tx), _probe(watched)]
        request = {
            "blockStateCalls": [
                {
                    "blockOverrides": _overrides(context),
                    "stateOverrides": {PROBE_ADDRESS: {"code": PROBE_CODE}},
                    "calls": calls,
                }
            ],
            "validation": True,
        }
        blocks = await self._rpc.call("eth_simulateV1", request, hex(context.state_block))
        results = array(member(array(blocks, "simulated blocks")[0], "calls"), "calls")
        balances = [hex_bytes(member(result, "returnData"), "probe") for result in results[::2]]
        coinbase = [int.from_bytes(balance[:WORD_BYTES], "big") for balance in balances]
        outcomes = tuple(
            _outcome(tx, result, coinbase[index + 1] - coinbase[index])
            for index, (tx, result) in enumerate(zip(txs, results[1::2], strict=True))
        )
        return outcomes, int.from_bytes(balances[-1][WORD_BYTES:], "big")


def _probe(watched: Address) -> Mapping[str, object]:
    word = watched.removeprefix("0x").rjust(2 * WORD_BYTES, "0")
    return {"to": PROBE_ADDRESS, "gas": hex(PROBE_GAS), "input": "0x" + word}


def _call(tx: Transaction) -> Mapping[str, object]:
    """Legacy transactions too: equal caps make the effective price their gas price."""
    return {
        "from": tx.sender,
        "to": tx.to,
        "nonce": hex(tx.nonce),
        "gas": hex(tx.gas_limit_gas),
        "value": hex(tx.value_wei),
        "input": "0x" + tx.data.hex(),
        "maxFeePerGas": hex(tx.max_fee_per_gas_wei),
        "maxPriorityFeePerGas": hex(tx.max_priority_fee_per_gas_wei),
        "accessList": [
            {"address": entry.address, "storageKeys": entry.storage_keys}
            for entry in tx.access_list
        ],
    }


def _overrides(context: BlockContext) -> Mapping[str, str]:
    return {
        "number": hex(context.number),
        "time": hex(context.timestamp_s),
        "feeRecipient": context.coinbase,
        "baseFeePerGas": hex(context.base_fee_wei),
        "gasLimit": hex(context.gas_limit_gas),
    }


def _outcome(tx: Transaction, result: object, coinbase_diff_wei: int) -> TransactionOutcome:
    return TransactionOutcome(
        tx=tx,
        gas_used_gas=quantity(member(result, "gasUsed"), "gasUsed"),
        coinbase_diff_wei=coinbase_diff_wei,
        succeeded=quantity(member(result, "status"), "status") == 1,
        return_data=hex_bytes(member(result, "returnData"), "returnData"),
        logs=tuple(log for log in array(member(result, "logs"), "logs") if isinstance(log, dict)),
    )
