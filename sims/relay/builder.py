"""Builds blocks on a node that mines only when told: bundles first, then the public.

A block is planned by simulation, carried out on the node, and compared with the plan. Between
blocks the node's pool holds public transactions alone; bundles wait here, unseen.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import Address
from searcher.adapters.decoding import Header, decode_header
from searcher.adapters.rpc import Rpc
from searcher.errors import RpcError
from searcher.transactions import Transaction
from sims.errors import BuilderError
from sims.relay.auction import Auction, AuctionResult, DroppedBundle, IncludedBundle, late
from sims.relay.bundle_pool import BundlePool
from sims.relay.public_pool import PublicPool, by_effective_tip, decodable
from sims.relay.simulation import BlockContext, BundleSimulator, child_context
from sims.relay.validity import Refusal
from sims.relay.verification import WITH_TRANSACTIONS, BlockPlan, MinedBlock, verify_block

COINBASE: Final = Address("0x6c6f63616c20626c6f636b206275696c64657221")
"""The ASCII text `local block builder!`: an address that nobody can own."""

SLOT_SECONDS: Final = 12
"""Between a block and its parent on the main network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuilderIdentity:
    """What simulation and building must share to agree."""

    coinbase: Address = COINBASE
    """Who is paid in every block."""

    slot_seconds: int = SLOT_SECONDS
    """Between a block and its parent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltBlock:
    """A mined block that was verified against its plan."""

    number: int
    """Height."""

    hash: str
    """Its identity."""

    timestamp_s: int
    """Unix seconds."""

    included: tuple[IncludedBundle, ...]
    """At its top, in order, with the gas and the payments that were simulated and mined."""

    dropped: tuple[DroppedBundle, ...]
    """Bundles for this block, or for an earlier one, that no block will contain."""

    public_tx_count: int
    """Transactions after the bundles."""

    refused_tx_hashes: tuple[str, ...]
    """Public transactions that the node does not take back, such as those of a used nonce."""


class Builder:
    """The only one who mines on its node."""

    def __init__(
        self, rpc: Rpc, pool: BundlePool, *, simulator: BundleSimulator, identity: BuilderIdentity
    ) -> None:
        self._rpc = rpc
        self._pool = pool
        self._simulator = simulator
        self._identity = identity
        self._public = PublicPool(rpc)

    async def build_block(self, timestamp_s: int | None = None) -> BuiltBlock:
        """Mine the next block; without a timestamp, one slot after its parent.

        Raises:
            BuilderError: the node did not mine what was planned.
        """
        context = await self._next_context(timestamp_s)
        waiting = await self._public.raw_txs()
        public_txs = decodable(waiting)
        auction = Auction(
            self._simulator, context, public_tx_hashes=frozenset(tx.hash for tx in public_txs)
        )
        considered = self._pool.candidates(context.number)
        result = await auction.run(considered)
        public_part = await self._fill(public_txs, result, context)
        plan = BlockPlan(context=context, bundles=result.included, public_txs=public_part)
        mined, refused = await self._carry_out(plan)
        decided = self._pool.take_until(context.number)
        return BuiltBlock(
            number=mined.header.number,
            hash=mined.header.hash,
            timestamp_s=mined.header.timestamp_s,
            included=result.included,
            dropped=(
                *result.dropped,
                *(late(bundle) for bundle in decided if bundle not in considered),
            ),
            public_tx_count=len(mined.tx_hashes) - len(plan.bundle_txs()),
            refused_tx_hashes=refused,
        )

    async def _next_context(self, timestamp_s: int | None) -> BlockContext:
        parent: Header = decode_header(
            await self._rpc.call("eth_getBlockByNumber", "latest", WITH_TRANSACTIONS)
        )
        default = parent.timestamp_s + self._identity.slot_seconds
        return child_context(
            parent,
            timestamp_s=default if timestamp_s is None else timestamp_s,
            coinbase=self._identity.coinbase,
        )

    async def _fill(
        self, public_txs: Sequence[Transaction], auction: AuctionResult, context: BlockContext
    ) -> tuple[Transaction, ...]:
        """Choose public transactions that are valid after the bundles and fit into the block."""
        bundled = auction.txs()
        taken = {tx.hash for tx in bundled}
        left = [tx for tx in public_txs if tx.hash not in taken]
        nonces = await self._simulator.nonces([tx.sender for tx in (*left, *bundled)], context)
        for tx in bundled:
            nonces[tx.sender] += 1
        ordered = tuple(by_effective_tip(left, nonces=nonces, base_fee_wei=context.base_fee_wei))
        chosen = tuple(tx for tx in ordered if tx.to is not None)
        calls, room_gas = await self._executable(bundled, chosen, context=context)
        nonces.update((tx.sender, tx.nonce + 1) for tx in calls)
        creations = (tx for tx in ordered if tx.to is None and tx.nonce == nonces[tx.sender])
        return (*calls, *_within(room_gas, creations))

    async def _executable(
        self,
        bundled: Sequence[Transaction],
        calls: tuple[Transaction, ...],
        *,
        context: BlockContext,
    ) -> tuple[tuple[Transaction, ...], int]:
        """Return the calls that can be mined and the gas left after them."""
        while True:
            execution = await self._simulator.simulate((*bundled, *calls), context)
            if isinstance(execution, Refusal):
                index = _index(execution, calls, block_number=context.number)
            else:
                overflow = execution.overflow()
                if overflow is None:
                    return calls, context.gas_limit_gas - execution.gas_used_gas()
                index = overflow - len(bundled)
            calls = _without(calls, index)

    async def _carry_out(self, plan: BlockPlan) -> tuple[MinedBlock, tuple[str, ...]]:
        """Mine and verify the plan; also return what the node does not take back."""
        context = plan.context
        waiting = await self._public.raw_txs()
        await self._public.empty()
        await self._rpc.batch(
            [
                ("anvil_setCoinbase", [context.coinbase]),
                ("anvil_setNextBlockBaseFeePerGas", [hex(context.base_fee_wei)]),
                ("evm_setNextBlockTimestamp", [context.timestamp_s]),
            ]
        )
        planned = [tx.raw for tx in (*plan.bundle_txs(), *plan.public_txs)]
        await self._send_planned(planned, block_number=context.number)
        await self._rpc.call("evm_mine")
        mined = await verify_block(self._rpc, plan)
        refused = await self._public.put_back(raw for raw in waiting if raw not in planned)
        return mined, refused

    async def _send_planned(self, raws: Sequence[bytes], *, block_number: int) -> None:
        try:
            await self._public.send(raws)
        except RpcError as error:
            if error.code is None:
                raise
            reason = f"the node refuses one of its transactions: {error.reason}"
            raise BuilderError(block_number, reason) from error


def _index(refusal: Refusal, calls: Sequence[Transaction], *, block_number: int) -> int:
    for index, tx in enumerate(calls):
        if tx.hash == refusal.tx_hash:
            return index
    raise BuilderError(block_number, f"a bundle became invalid: {refusal.reason}")


def _without(calls: Sequence[Transaction], index: int) -> tuple[Transaction, ...]:
    """Leave out a transaction and what its sender wants to do after it."""
    sender = calls[index].sender
    return (*calls[:index], *(tx for tx in calls[index:] if tx.sender != sender))


def _within(room_gas: int, txs: Iterable[Transaction]) -> Iterator[Transaction]:
    for tx in txs:
        if tx.gas_limit_gas <= room_gas:
            room_gas -= tx.gas_limit_gas
            yield tx
