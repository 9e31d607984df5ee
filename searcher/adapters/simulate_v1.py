"""Simulation on a node of one's own with `eth_simulateV1`, and on Tenderly.

Nodes differ in what they validate there: anvil looks at neither nonces nor fee caps. So both are
checked here, and validation is left off, which every node understands alike. What the coinbase
gains is read by a probe before and after the bundle, so direct payments count to the wei.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from graphs.units import Address
from searcher.adapters.decoding import array, hex_bytes, member, quantity
from searcher.adapters.rpc import Rpc
from searcher.adapters.simulators import not_run, reverted
from searcher.adapters.target_block import TargetBlock, read_target_block
from searcher.calldata import decode_result
from searcher.errors import SearcherError, WireError
from searcher.model import Bundle, Simulation
from searcher.ports import Simulator
from searcher.relay_answers import shown
from searcher.reverts import decode_revert
from searcher.transactions import Transaction, decode_transaction

PROBE: Final = Address("0x00000000000073656172636865722d70726f6265")
"""Ends in the ASCII text `searcher-probe`: an address that nobody can own."""

PROBE_CODE: Final = "0x413160005260206000f3"
"""Returns the balance of the coinbase."""

PROBE_GAS: Final = 100_000
"""More than a probe can use."""

PROBING: Final[Mapping[str, object]] = {"to": PROBE, "gas": hex(PROBE_GAS)}
"""The call that reads the balance of the coinbase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What is assumed of every target block."""

    chain_id: int
    """Of the network."""

    slot_seconds: int
    """Between a block and its parent."""

    coinbase: Address | None = None
    """Who is paid; None for whoever was paid in the parent."""


class SimulateV1Simulator(Simulator):
    """The network's node."""

    def __init__(self, rpc: Rpc, conditions: Conditions, *, name: str = "node") -> None:
        self._rpc = rpc
        self._conditions = conditions
        self._name = name

    @override
    async def simulate(self, bundle: Bundle) -> Simulation:
        """Run the bundle at the top of its target block. Every trouble is a reason."""
        try:
            txs = [decode_transaction(raw) for raw in bundle.txs]
            block = await read_target_block(
                self._rpc,
                bundle,
                txs,
                slot_seconds=self._conditions.slot_seconds,
                coinbase=self._conditions.coinbase,
            )
            invalid = block.invalid(txs, self._conditions.chain_id)
            if invalid is not None:
                return not_run(bundle, self._name, invalid)
            return await self._run(bundle, txs, block)
        except SearcherError as error:
            return not_run(bundle, self._name, shown(str(error)))

    async def _run(
        self, bundle: Bundle, txs: Sequence[Transaction], block: TargetBlock
    ) -> Simulation:
        request = {
            "blockStateCalls": [
                {
                    "blockOverrides": overrides(block),
                    "stateOverrides": {PROBE: {"code": PROBE_CODE}},
                    "calls": [PROBING, *map(call_of, txs), PROBING],
                }
            ],
            "validation": False,
        }
        answer = await self._rpc.call("eth_simulateV1", request, hex(block.state_block))
        blocks = array(answer, "simulated blocks")
        results = array(member(blocks[0] if blocks else None, "calls"), "calls")
        if len(results) != len(txs) + 2:
            raise WireError("calls", "not one result for each call")
        before, *outcomes, after = results
        for outcome in outcomes:
            if quantity(member(outcome, "status"), "status") != 1:
                return reverted(bundle, self._name, _reason(outcome))
        ours = [decode_result(_returned(one)) for one in outcomes[-len(bundle.bids) :]]
        return Simulation(
            simulator=self._name,
            has_run=True,
            bundle_hash=bundle.bundle_hash,
            state_block=block.state_block,
            gas_used_gas=sum(
                quantity(member(outcome, "gasUsed"), "gasUsed") for outcome in outcomes
            ),
            coinbase_diff_wei=int.from_bytes(_returned(after)) - int.from_bytes(_returned(before)),
            gross_profit_wei=sum(one.gross_profit_wei for one in ours),
            revert_reason=None,
        )


class TenderlySimulator(Simulator):
    """`tenderly_simulateBundle`, which reports gas and traces but no balance of the coinbase.

    What the coinbase gains is the priority fees and the tip that the executor says it paid.
    """

    def __init__(self, tenderly: Rpc, node: Rpc, conditions: Conditions) -> None:
        self._tenderly = tenderly
        self._node = node
        self._conditions = conditions

    @override
    async def simulate(self, bundle: Bundle) -> Simulation:
        """Run the bundle at the top of its target block. Every trouble is a reason."""
        try:
            txs = [decode_transaction(raw) for raw in bundle.txs]
            block = await read_target_block(
                self._node,
                bundle,
                txs,
                slot_seconds=self._conditions.slot_seconds,
                coinbase=self._conditions.coinbase,
            )
            invalid = block.invalid(txs, self._conditions.chain_id)
            if invalid is not None:
                return not_run(bundle, _TENDERLY, invalid)
            return await self._run(bundle, txs, block)
        except SearcherError as error:
            return not_run(bundle, _TENDERLY, shown(str(error)))

    async def _run(
        self, bundle: Bundle, txs: Sequence[Transaction], block: TargetBlock
    ) -> Simulation:
        answer = await self._tenderly.call(
            "tenderly_simulateBundle",
            [call_of(tx) for tx in txs],
            hex(block.state_block),
            {},
            overrides(block),
        )
        outcomes = array(answer, "simulated transactions")
        if not outcomes or len(outcomes) != len(txs):
            raise WireError("simulated transactions", "not one for each transaction")
        for outcome in outcomes:
            if member(outcome, "status") is not True:
                data = _traced(outcome)
                return reverted(bundle, _TENDERLY, decode_revert(data))
        executed = decode_result(_traced(outcomes[-1]))
        gas = [quantity(member(outcome, "gasUsed"), "gasUsed") for outcome in outcomes]
        fees = sum(
            used * tx.effective_tip_wei(block.base_fee_wei)
            for used, tx in zip(gas, txs, strict=True)
        )
        return Simulation(
            simulator=_TENDERLY,
            has_run=True,
            bundle_hash=bundle.bundle_hash,
            state_block=block.state_block,
            gas_used_gas=sum(gas),
            coinbase_diff_wei=fees + executed.tip_wei,
            gross_profit_wei=executed.gross_profit_wei,
            revert_reason=None,
        )


def call_of(tx: Transaction) -> Mapping[str, object]:
    """Return the transaction as a call; equal caps make a legacy price of it."""
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


def overrides(block: TargetBlock) -> Mapping[str, str]:
    """Return the block as `eth_simulateV1` names its parts."""
    return {
        "number": hex(block.number),
        "time": hex(block.timestamp_s),
        "feeRecipient": block.coinbase,
        "baseFeePerGas": hex(block.base_fee_wei),
        "gasLimit": hex(block.gas_limit_gas),
    }


_TENDERLY: Final = "tenderly"


def _returned(outcome: object) -> bytes:
    return hex_bytes(member(outcome, "returnData"), "returnData")


def _reason(outcome: object) -> str:
    return decode_revert(_returned(outcome))


def _traced(outcome: object) -> bytes:
    """The output of the outermost call, which the trace begins with."""
    trace = array(member(outcome, "trace"), "trace")
    output = member(trace[0] if trace else None, "output")
    return hex_bytes(output or "0x", "output")
