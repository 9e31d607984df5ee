"""The result of `eth_callBundle`, in the dialects of geth and of reth.

One deviation from geth: `revert` is 0x-hex, where geth casts the raw bytes to text.
"""

from collections.abc import Mapping
from typing import Final

from eth_utils.address import to_checksum_address
from typing_extensions import override

from searcher.flashbots import bundle_hash
from sims.relay.profiles import CallDialect
from sims.relay.simulation import Execution, TransactionOutcome

UINT256: Final = 2**256
"""Coinbase differences wrap around in geth's unsigned arithmetic; reth stops at zero."""


def call_result(execution: Execution, dialect: CallDialect) -> Mapping[str, object]:
    """Return the result object."""
    writer = _Geth(execution) if dialect is CallDialect.GETH else _Reth(execution)
    return writer.result()


class _Geth:
    """Decimal strings for wei, JSON integers for gas."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def result(self) -> Mapping[str, object]:
        """Return the whole result."""
        execution = self._execution
        gas_used = execution.gas_used_gas()
        coinbase_diff = execution.coinbase_diff_wei()
        gas_fees = sum(execution.gas_fees_wei(outcome) for outcome in execution.outcomes)
        return {
            **self._money(coinbase_diff, gas_fees),
            "bundleGasPrice": str(self.unsigned(coinbase_diff) // gas_used),
            "bundleHash": bundle_hash([outcome.tx.hash for outcome in execution.outcomes]),
            "results": [self._transaction(outcome) for outcome in execution.outcomes],
            "stateBlockNumber": self.integer(execution.context.state_block),
            "totalGasUsed": self.integer(gas_used),
        }

    def _transaction(self, outcome: TransactionOutcome) -> Mapping[str, object]:
        tx = outcome.tx
        return {
            **self._money(outcome.coinbase_diff_wei, self._execution.gas_fees_wei(outcome)),
            "fromAddress": to_checksum_address(tx.sender),
            "gasPrice": str(self.gas_price_wei(outcome)),
            "gasUsed": self.integer(outcome.gas_used_gas),
            "toAddress": self.creation() if tx.to is None else to_checksum_address(tx.to),
            "txHash": tx.hash,
            **self.ending(outcome),
        }

    def _money(self, coinbase_diff_wei: int, gas_fees_wei: int) -> Mapping[str, str]:
        return {
            "coinbaseDiff": str(self.unsigned(coinbase_diff_wei)),
            "ethSentToCoinbase": str(self.unsigned(coinbase_diff_wei - gas_fees_wei)),
            "gasFees": str(gas_fees_wei),
        }

    def unsigned(self, wei: int) -> int:
        """Write a difference that may be negative."""
        return wei % UINT256

    def integer(self, value: int) -> object:
        """Write gas and heights."""
        return value

    def gas_price_wei(self, outcome: TransactionOutcome) -> int:
        """Return what a transaction pays per gas, transfers to the coinbase included."""
        return self.unsigned(outcome.coinbase_diff_wei) // outcome.gas_used_gas

    def creation(self) -> str | None:
        """Return the callee of a contract creation."""
        return "0x"

    def ending(self, outcome: TransactionOutcome) -> Mapping[str, str]:
        """Return how the transaction ended."""
        data, error = "0x" + outcome.return_data.hex(), outcome.error()
        if error is None:
            return {"value": data}
        return {"error": error, "revert": data} if outcome.return_data else {"error": error}


class _Reth(_Geth):
    """Decimal strings for wei, hex quantities for gas; a failure is told by its data alone."""

    @override
    def unsigned(self, wei: int) -> int:
        return max(0, wei)

    @override
    def integer(self, value: int) -> object:
        return hex(value)

    @override
    def gas_price_wei(self, outcome: TransactionOutcome) -> int:
        """The effective tip, without transfers to the coinbase."""
        return outcome.tx.effective_tip_wei(self._execution.context.base_fee_wei)

    @override
    def creation(self) -> str | None:
        return None

    @override
    def ending(self, outcome: TransactionOutcome) -> Mapping[str, str]:
        data = "0x" + outcome.return_data.hex()
        return {"value": data} if outcome.succeeded else {"revert": data}
