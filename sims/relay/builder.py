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
from sims.relay.auction import Auction, AuctionResult, DroppedBundle, DropReason, drop, late
from sims.relay.bundle_pool import BundlePool, PooledBundle
from sims.relay.public_pool import PublicPool, by_effective_tip, decodable
from sims.relay.purse import Purse
from sims.relay.simulation import BlockContext, BundleSimulator, child_context
from sims.relay.slots import Slots
from sims.relay.trace import BlockTrace, BuiltBlock
from sims.relay.validity import Refusal
from sims.relay.verification import WITH_TRANSACTIONS, BlockPlan, MinedBlock, verify_block

COINBASE: Final = Address("0x6c6f63616c20626c6f636b206275696c64657221")
"""The ASCII text `local block builder!`: an address that nobody can own."""

OTHER_COINBASE: Final = Address("0x736f6d65206f74686572206275696c6465722121")
"""The ASCII text `some other builder!!`: who is paid where the slot is not won."""

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
class BuilderRooms:
    """What the builder shares with the relay that takes its bundles."""

    pool: BundlePool
    """Where bundles wait."""

    slots: Slots
    """When the slot began, and whether it is won."""

    trace: BlockTrace
    """What became of every bundle."""


class Builder:
    """The only one who mines on its node."""

    def __init__(
        self,
        rpc: Rpc,
        rooms: BuilderRooms,
        *,
        simulator: BundleSimulator,
        identity: BuilderIdentity,
    ) -> None:
        self._rpc = rpc
        self._pool = rooms.pool
        self._slots = rooms.slots
        self._trace = rooms.trace
        self._simulator = simulator
        self._identity = identity
        self._public = PublicPool(rpc)
        self._purse = Purse(rpc, chain_id=simulator.chain_id)

    async def build_block(self, timestamp_s: int | None = None) -> BuiltBlock:
        """Mine the next block; without a timestamp, one slot after its parent.

        Raises:
            BuilderError: the node did not mine what was planned.
        """
        is_won = self._slots.is_won()
        context = await self._next_context(timestamp_s, is_won=is_won)
        waiting = await self._public.raw_txs()
        public_txs = decodable(waiting)
        considered = self._pool.candidates(context.number)
        result = await self._decide(considered, context, public_txs=public_txs, is_won=is_won)
        paid_back = [payout for included in result.included for payout in included.payouts]
        payouts = await self._purse.transactions(paid_back, base_fee_wei=context.base_fee_wei)
        private_txs = (*result.txs(), *payouts)
        public_part = await self._fill(public_txs, private_txs, context)
        plan = BlockPlan(
            context=context, bundles=result.included, payouts=payouts, public_txs=public_part
        )
        mined, refused = await self._carry_out(plan)
        built = BuiltBlock(
            number=mined.header.number,
            hash=mined.header.hash,
            timestamp_s=mined.header.timestamp_s,
            is_won=is_won,
            included=result.included,
            dropped=(*result.dropped, *self._forget(context.number, considered, result)),
            public_tx_count=len(mined.tx_hashes) - len(private_txs),
            refused_tx_hashes=refused,
        )
        self._trace.add(built)
        self._slots.begin(next_block=built.number + 1)
        return built

    async def _decide(
        self,
        considered: Sequence[PooledBundle],
        context: BlockContext,
        *,
        public_txs: Sequence[Transaction],
        is_won: bool,
    ) -> AuctionResult:
        if not is_won:
            dropped = tuple(drop(bundle, DropReason.NO_BOOST_PROPOSER) for bundle in considered)
            return AuctionResult(included=(), dropped=dropped)
        public_tx_hashes = frozenset(tx.hash for tx in public_txs)
        auction = Auction(self._simulator, context, public_tx_hashes=public_tx_hashes)
        return await auction.run(considered)

    def _forget(
        self, block_number: int, considered: Sequence[PooledBundle], result: AuctionResult
    ) -> Iterator[DroppedBundle]:
        """Empty the pool of what is decided; yield who came when the block existed already."""
        for included in result.included:
            self._pool.take(included.bundle)
        for bundle in self._pool.take_until(block_number):
            if bundle not in considered:
                yield late(bundle)

    async def _next_context(self, timestamp_s: int | None, *, is_won: bool) -> BlockContext:
        parent: Header = decode_header(
            await self._rpc.call("eth_getBlockByNumber", "latest", WITH_TRANSACTIONS)
        )
        default = parent.timestamp_s + self._identity.slot_seconds
        return child_context(
            parent,
            timestamp_s=default if timestamp_s is None else timestamp_s,
            coinbase=self._identity.coinbase if is_won else OTHER_COINBASE,
        )

    async def _fill(
        self,
        public_txs: Sequence[Transaction],
        bundled: Sequence[Transaction],
        context: BlockContext,
    ) -> tuple[Transaction, ...]:
        """Choose public transactions that are valid after the private ones and find room."""
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
        planned = [tx.raw for tx in (*plan.private_txs(), *plan.public_txs)]
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
