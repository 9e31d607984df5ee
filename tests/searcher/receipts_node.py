"""A node in memory that knows receipts, which is all that a reconciliation asks for."""

from collections.abc import Mapping, Sequence

from eth_abi.abi import encode
from typing_extensions import override

from graphs.units import WEI_PER_ETHER
from searcher.adapters.rpc import Rpc
from searcher.calldata import EXECUTED_TOPIC
from searcher.errors import RpcError
from tests.searcher.records import EXECUTOR, GWEI, WETH


class ReceiptsNode(Rpc):
    """Answers `eth_getTransactionReceipt`, null for what it does not know."""

    def __init__(self, receipts: Mapping[str, object], *, is_silent: bool = False) -> None:
        self._receipts = receipts
        self._is_silent = is_silent
        self.batches: list[int] = []

    @override
    async def call(self, method: str, *params: object) -> object:
        """One receipt."""
        if self._is_silent:
            raise RpcError(method=method, node="fake", reason="no answer")
        return self._receipts.get(str(params[0]))

    @override
    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        """Several, in their order."""
        self.batches.append(len(calls))
        return [await self.call(method, *params) for method, params in calls]


def receipt_json(tx_hash: str, *, block_number: int, succeeded: bool = True) -> object:
    """The receipt of `records.receipt` as a node writes it."""
    amounts = [1, 10 * WEI_PER_ETHER, WEI_PER_ETHER, 8 * WEI_PER_ETHER // 10]
    executed = {
        "address": EXECUTOR,
        "topics": ["0x" + EXECUTED_TOPIC.hex(), "0x" + "00" * 12 + WETH[2:]],
        "data": "0x" + encode(["uint8", "uint256", "uint256", "uint256"], amounts).hex(),
    }
    return {
        "transactionHash": tx_hash,
        "blockNumber": hex(block_number),
        "status": hex(succeeded),
        "gasUsed": hex(300_000),
        "effectiveGasPrice": hex(GWEI),
        "logs": [executed] if succeeded else [],
    }
