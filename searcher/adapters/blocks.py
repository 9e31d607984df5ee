"""Heads of the chain as Blocks: a websocket announces them, one HTTP batch per block reads them.

Everything is asked by block hash, so that no answer can mix two branches. Order, gaps and reorgs
are decided here by parent hashes alone; what a reorg means for state is the tracker's affair.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Container, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from graphs.units import Address, PoolId
from searcher.adapters.decoding import (
    HEADER_ONLY,
    POOL_TOPICS,
    Header,
    address,
    array,
    decode_header,
    decode_receipt,
    decode_updates,
    hash32,
    member,
    quantity,
)
from searcher.adapters.lenders import decode_lenders, desk_calls
from searcher.adapters.lending_desk import LendingDesk
from searcher.adapters.multicall import Multicall, decode_answer
from searcher.adapters.rpc import Rpc, open_subscription
from searcher.errors import FeedError, RpcError, WireError
from searcher.feed_health import FeedHealth
from searcher.model import Account, Block, Receipt
from searcher.ports import Clock

MAX_BACKFILL_BLOCKS: Final = 64
"""Two epochs: deeper than any reorg before finality, and about 13 minutes of missed heads."""

_FEED: Final = "blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReader:
    """Reads one block with all that a decision on it needs."""

    rpc: Rpc
    """The node."""

    multicall: Multicall
    """On the same node."""

    pools: Container[PoolId]
    """The known pools; events of all others are skipped."""

    desks: Sequence[LendingDesk]
    """Where borrowing is possible."""

    account: Address
    """Our trading account."""

    executor: Address | None
    """Our contract; None before it is deployed."""

    async def latest(self) -> Header:
        """The node's head.

        Raises:
            RpcError, WireError: no usable answer.
        """
        return decode_header(await self.rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))

    async def header(self, block_hash: str) -> Header | None:
        """The header of a block; None when the node does not know it, or no longer.

        Raises:
            RpcError, WireError: no usable answer.
        """
        value = await self.rpc.call("eth_getBlockByHash", block_hash, HEADER_ONLY)
        return None if value is None else decode_header(value)

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
        decoded = decode_header(header)
        if decoded.hash != block_hash:
            raise WireError("hash", "of another block")
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
            updates=decode_updates(logs, block_hash=block_hash, pools=self.pools),
            lenders=decode_lenders(self.desks, answers),
            account=Account(
                address=self.account, nonce=nonce, balance_wei=quantity(balance, "balance")
            ),
            receipts=await self._receipts(block_hash) if is_ours_inside else (),
            received_ns=received_ns,
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
            ("eth_getLogs", ({**at_block, "topics": [POOL_TOPICS]},)),
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


class BlockFeed:
    """The live Feed. A disconnect ends it; it never resubscribes, the supervisor restarts it.

    A head that the node has dropped again before it could be read is skipped: the next head's
    branch is followed back to the last block that was emitted, so nothing canonical is lost.
    """

    def __init__(self, reader: BlockReader, *, ws_url: str, clock: Clock, start: Block) -> None:
        self._reader = reader
        self._ws_url = ws_url
        self._clock = clock
        self._start = start

    async def blocks(self) -> AsyncGenerator[Block, None]:
        """Every canonical block after the start block; see the port.

        Subscribes before it looks at the head, so that no block falls between the two.

        Raises:
            FeedError: disconnected, undecodable, or a branch that left ours too long ago.
        """
        emitted = [self._start]
        async with (
            _feed_errors(),
            open_subscription(self._ws_url, "newHeads") as notifications,
        ):
            async for head in self._heads(notifications):
                async for block in self._follow(head, emitted):
                    yield block

    def health(self) -> tuple[FeedHealth, ...]:
        """One source."""
        return ()

    async def _heads(self, notifications: AsyncIterator[object]) -> AsyncIterator[Header]:
        yield await self._reader.latest()
        async for notification in notifications:
            yield decode_header(notification)

    async def _follow(self, head: Header, emitted: list[Block]) -> AsyncIterator[Block]:
        """Emit from the common ancestor to the head, keeping `emitted` the canonical tail."""
        received_ns = self._clock.now_ns()
        for header in await self._branch(head, emitted):
            parent = _index(emitted, header.parent_hash)
            block = await self._read(header, emitted[parent], received_ns)
            if block is None:
                return
            emitted[parent + 1 :] = [block]
            del emitted[: -MAX_BACKFILL_BLOCKS - 1]
            yield block

    async def _branch(self, head: Header, emitted: Sequence[Block]) -> list[Header]:
        """The headers to emit, oldest first; none for a known head or one that vanished."""
        known = {block.hash for block in emitted}
        if head.hash in known:
            return []
        branch = [head]
        while branch[-1].parent_hash not in known:
            if len(branch) == MAX_BACKFILL_BLOCKS or branch[-1].number <= emitted[0].number:
                reason = f"block {head.number} does not build on a recent block of ours; restart"
                raise FeedError(_FEED, reason)
            parent = await self._reader.header(branch[-1].parent_hash)
            if parent is None:
                return []
            branch.append(parent)
        return branch[::-1]

    async def _read(self, header: Header, parent: Block, received_ns: int) -> Block | None:
        try:
            return await self._reader.read(
                header.hash, parent_nonce=parent.account.nonce, received_ns=received_ns
            )
        except RpcError:
            if await self._reader.header(header.hash) is None:
                return None
            raise


@asynccontextmanager
async def _feed_errors() -> AsyncIterator[None]:
    try:
        yield
    except (RpcError, WireError) as error:
        raise FeedError(_FEED, str(error)) from error


def _index(emitted: Sequence[Block], block_hash: str) -> int:
    return next(index for index, block in enumerate(emitted) if block.hash == block_hash)


def _block_hash(receipt: object) -> str:
    return hash32(member(receipt, "blockHash"), "receipt.blockHash")
