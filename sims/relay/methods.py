"""The relay's methods: what `eth_sendBundle`, `eth_callBundle` and `eth_cancelBundle` answer.

Results are in the dialect of geth and Flashbots: decimal strings for wei, JSON integers for gas.
One deviation: `revert` is 0x-hex, where geth casts the raw bytes to text.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from eth_utils.address import is_address, to_checksum_address

from graphs.units import Address
from searcher.adapters.decoding import Header, decode_header
from searcher.adapters.rpc import Rpc
from searcher.errors import RpcError
from searcher.flashbots import bundle_hash
from sims.errors import RequestRefusedError
from sims.relay.builder import BuilderIdentity
from sims.relay.bundle_pool import BundlePool
from sims.relay.parameters import (
    CallBundle,
    CancelBundle,
    Fault,
    SendBundle,
    block_number,
    canonical_uuid,
    height,
    only,
    pooled_bundle,
    refused,
    transactions,
)
from sims.relay.simulation import (
    BlockContext,
    BundleSimulator,
    Execution,
    TransactionOutcome,
    child_context,
)
from sims.relay.validity import Refusal
from sims.relay.verification import WITH_TRANSACTIONS

METHOD_NOT_FOUND_CODE: Final = -32601
UINT256: Final = 2**256
"""Coinbase differences wrap around in geth's unsigned arithmetic."""

BLOCK_TAGS: Final = frozenset({"latest", "earliest", "finalized", "safe"})
"""Names of mined blocks."""


class RelayMethods:
    """Answers requests whose signature has been verified."""

    def __init__(
        self, rpc: Rpc, pool: BundlePool, *, simulator: BundleSimulator, identity: BuilderIdentity
    ) -> None:
        self._rpc = rpc
        self._pool = pool
        self._simulator = simulator
        self._identity = identity

    async def answer(self, method: str, params: object, *, signer: Address) -> object:
        """Return the result of one request.

        Raises:
            RequestRefusedError: the answer is an error.
        """
        match method:
            case "eth_sendBundle":
                return self._send(only(params, SendBundle), signer)
            case "eth_cancelBundle":
                return self._cancel(only(params, CancelBundle), signer)
            case "eth_callBundle":
                return await self._call(only(params, CallBundle))
            case _:
                raise RequestRefusedError(code=METHOD_NOT_FOUND_CODE, answer="method not found")

    def _send(self, parameters: SendBundle, signer: Address) -> object:
        bundle = pooled_bundle(parameters, signer=signer)
        self._pool.add(bundle)
        return {"bundleHash": bundle.hash()}

    def _cancel(self, parameters: CancelBundle, signer: Address) -> object:
        return self._pool.cancel(signer, canonical_uuid(parameters.replacement_uuid))

    async def _call(self, parameters: CallBundle) -> object:
        txs = transactions(parameters.txs)
        number = block_number(parameters.block_number)
        try:
            parent = await self._state_block(parameters.state_block_number)
            context = self._context(parameters, parent, number=number)
            result = await self._simulator.simulate(txs, context)
        except RpcError as error:
            raise refused(Fault.INTERNAL, detail=error.reason) from error
        if isinstance(result, Refusal):
            raise refused(result.answer())
        return call_result(result)

    async def _state_block(self, text: str | None) -> Header:
        if text is None:
            raise refused(Fault.NO_STATE)
        state = text if text in BLOCK_TAGS else hex(height(text))
        header = await self._rpc.call("eth_getBlockByNumber", state, WITH_TRANSACTIONS)
        if header is None:
            raise refused(Fault.STATE)
        return decode_header(header)

    def _context(self, parameters: CallBundle, parent: Header, *, number: int) -> BlockContext:
        coinbase = parameters.coinbase or self._identity.coinbase
        if not is_address(coinbase):
            raise refused(Fault.BUNDLE, detail="coinbase")
        default = child_context(
            parent,
            timestamp_s=parent.timestamp_s + self._identity.slot_seconds,
            coinbase=Address(coinbase.lower()),
        )
        return replace(
            default,
            number=number,
            timestamp_s=_given(parameters.timestamp, default.timestamp_s),
            gas_limit_gas=_given(parameters.gas_limit, default.gas_limit_gas),
            base_fee_wei=_given(parameters.base_fee, default.base_fee_wei),
        )


def call_result(execution: Execution) -> Mapping[str, object]:
    """Return the result object of `eth_callBundle`."""
    gas_used = execution.gas_used_gas()
    coinbase_diff = execution.coinbase_diff_wei()
    gas_fees = sum(execution.gas_fees_wei(outcome) for outcome in execution.outcomes)
    return {
        **_money(coinbase_diff, gas_fees),
        "bundleGasPrice": str(coinbase_diff % UINT256 // gas_used),
        "bundleHash": bundle_hash([outcome.tx.hash for outcome in execution.outcomes]),
        "results": [_transaction_result(execution, outcome) for outcome in execution.outcomes],
        "stateBlockNumber": execution.context.state_block,
        "totalGasUsed": gas_used,
    }


def _transaction_result(execution: Execution, outcome: TransactionOutcome) -> Mapping[str, object]:
    data = "0x" + outcome.return_data.hex()
    error = outcome.error()
    if error is None:
        ending = {"value": data}
    elif outcome.return_data:
        ending = {"error": error, "revert": data}
    else:
        ending = {"error": error}
    return {
        **_money(outcome.coinbase_diff_wei, execution.gas_fees_wei(outcome)),
        "fromAddress": to_checksum_address(outcome.tx.sender),
        "gasPrice": str(outcome.coinbase_diff_wei % UINT256 // outcome.gas_used_gas),
        "gasUsed": outcome.gas_used_gas,
        "toAddress": "0x" if outcome.tx.to is None else to_checksum_address(outcome.tx.to),
        "txHash": outcome.tx.hash,
        **ending,
    }


def _money(coinbase_diff_wei: int, gas_fees_wei: int) -> Mapping[str, str]:
    return {
        "coinbaseDiff": str(coinbase_diff_wei % UINT256),
        "ethSentToCoinbase": str((coinbase_diff_wei - gas_fees_wei) % UINT256),
        "gasFees": str(gas_fees_wei),
    }


def _given(value: int | None, default: int) -> int:
    return default if value is None else value
