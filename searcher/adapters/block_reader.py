"""One block with all that a decision on it needs, in one batch.

Everything is asked by block hash, so that no answer can mix two branches.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from graphs.units import Address
from searcher.adapters.decoding import (
    HEADER_ONLY,
    Header,
    address,
    array,
    decode_header,
    decode_receipt,
    hash32,
    member,
    quantity,
)
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.lenders import decode_lenders, desk_calls
from searcher.adapters.lending_desk import LendingDesk
from searcher.adapters.multicall import Multicall, decode_answer
from searcher.adapters.rpc import Rpc
from searcher.errors import RpcError, WireError
from searcher.model import Account, Block, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReader:
    """Reads one block with all that a decision on it needs."""

    rpc: Rpc
    """The node."""

    multicall: Multicall
    """On the same node."""

    pools: KnownPools
    """The pools that are followed; events of all others are skipped."""

    desks: Sequence[LendingDesk]
    """Where borrowing is possible."""

    account: Address
    """Our trading account."""

    executor: Address | None
    """Our contract; None before it is deployed."""

    async def header(self, block_hash: str) -> Header:
        """The header of a block.

        Raises:
            RpcError: nobody knows the block, or no longer.
            WireError: malformed, or of another block.
        """
        method = "eth_getBlockByHash"
        value = await self.rpc.call(method, block_hash, HEADER_ONLY)
        if value is None:
            raise RpcError(method=method, node="any node", reason=f"no block {block_hash}")
        return _header(value, block_hash)

    async def read(self, block_hash: str, *, parent_nonce: int | None, received_ns: int) -> Block:
        """One batch, and a second request only when our nonce advanced since the parent.

        More requests where a lender spoils the batch, so that it alone counts as silent.

        Args:
            block_hash: which block.
            parent_nonce: our nonce after the parent; None to leave our receipts out.
            received_ns: when the block was first heard of.

        Raises:
            RpcError: the node does not know the block, or refused.
            WireError: an answer is malformed or belongs to another block.
        """
        (header, logs, nonce_hex, balance), answers = await self._answers(block_hash)
        decoded = _header(header, block_hash)
        nonce = quantity(nonce_hex, "nonce")
        is_ours_inside = parent_nonce is not None and nonce > parent_nonce
        return Block(
            number=decoded.number,
            hash=decoded.hash,
            parent_hash=decoded.parent_hash,
            timestamp_s=decoded.timestamp_s,
            gas_used_gas=decoded.gas_used_gas,
            gas_limit_gas=decoded.gas_limit_gas,
            base_fee_wei=decoded.base_fee_wei,
            updates=await self.pools.updates(logs, self.multicall, block_hash),
            lenders=decode_lenders(self.desks, answers),
            account=Account(
                address=self.account, nonce=nonce, balance_wei=quantity(balance, "balance")
            ),
            receipts=await self._receipts(block_hash) if is_ours_inside else (),
            received_ns=received_ns,
            tx_hashes=_tx_hashes(header),
        )

    async def _answers(self, block_hash: str) -> tuple[list[object], list[bytes | None]]:
        """What the node says of the block, and the contracts of the lenders."""
        calls, questions = self._calls(block_hash), desk_calls(self.desks)
        if not questions:
            return await self.rpc.batch(calls), []
        try:
            *own, answer = await self.rpc.batch(
                [*calls, self.multicall.at_block(questions, block_hash)]
            )
        except RpcError as error:
            if error.method != "eth_call":
                raise
            own = await self.rpc.batch(calls)
            return own, await self.multicall.aggregate(questions, block_hash)
        return own, decode_answer(answer, len(questions))

    def _calls(self, block_hash: str) -> list[tuple[str, Sequence[object]]]:
        at_block = {"blockHash": block_hash}
        return [
            ("eth_getBlockByHash", (block_hash, HEADER_ONLY)),
            ("eth_getLogs", ({**at_block, "topics": [self.pools.topics]},)),
            ("eth_getTransactionCount", (self.account, at_block)),
            ("eth_getBalance", (self.account, at_block)),
        ]

    async def _receipts(self, block_hash: str) -> tuple[Receipt, ...]:
        value = await self.rpc.call("eth_getBlockReceipts", block_hash)
        receipts = array(value, "receipts")
        if any(_block_hash(receipt) != block_hash for receipt in receipts):
            raise WireError("receipt.blockHash", "of another block")
        return tuple(
            decode_receipt(receipt, executor=self.executor)
            for receipt in receipts
            if address(member(receipt, "from"), "receipt.from") == self.account
        )


def _header(value: object, block_hash: str) -> Header:
    header = decode_header(value)
    if header.hash != block_hash:
        raise WireError("hash", "of another block")
    return header


def _tx_hashes(header: object) -> tuple[str, ...]:
    """What a header without bodies has in their place; a node that leaves it out hides nothing."""
    listed = (
        array(header.get("transactions", []), "transactions") if isinstance(header, dict) else []
    )
    return tuple(hash32(tx_hash, "transactions") for tx_hash in array(listed, "transactions"))


def _block_hash(receipt: object) -> str:
    return hash32(member(receipt, "blockHash"), "receipt.blockHash")
