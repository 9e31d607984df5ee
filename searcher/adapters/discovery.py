"""The Market's beginnings: which pools exist, and their exact state at one block.

Factories name the pools by events or by lists, views pinned to the block's hash give their state,
and everything that is left out is left out by name and reason. What an earlier run left is brought
up to date by the events since; from there on the feed's events carry the state.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.tokens import Token
from graphs.units import Address, PoolId
from searcher.adapters.created_pools import CreatedPool, Factory, Refusal, topics_of
from searcher.adapters.decoding import HEADER_ONLY, Header, array, decode_header
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.multicall import Multicall
from searcher.adapters.pool_identities import identify
from searcher.adapters.pool_listing import list_pools
from searcher.adapters.pool_snapshot import PoolColumns, PoolSnapshot
from searcher.adapters.pool_states import read_pools
from searcher.adapters.reading_stage import StateBlock
from searcher.adapters.rpc import Rpc
from searcher.errors import DivergenceError, RpcError
from searcher.pool_application import apply_updates
from searcher.pool_updates import PoolLost, PoolRead

CHUNK_BLOCKS: Final = 10_000
"""What most providers let one eth_getLogs span; halved where a node wants less."""

KEPT_CHUNKS: Final = 50
"""Chunks of blocks after which what is known is kept again."""

SLICE_POOLS: Final = 2_000
"""Pools that are read before what is known is kept again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Where to look for pools."""

    factories: Sequence[Factory]
    """Whose events and lists to read."""

    multicall3: Address
    """The batch reader."""

    start_block: int
    """First block whose events matter."""

    chunk_blocks: int = CHUNK_BLOCKS
    """Blocks in one request for events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the discovery is."""

    stage: str
    """What is being counted: `blocks` of events, or `pools`."""

    done: int
    """Of it."""

    total: int
    """Of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What a Market is made of, all at one block."""

    pools: Mapping[PoolId, Pool]
    """Every usable pool, in order of discovery."""

    tokens: Mapping[Address, Token]
    """Every token that a created pool trades and that has decimals."""

    refused: tuple[Refusal, ...]
    """The pools that were left out."""

    known: KnownPools
    """Whom to follow from here on."""

    snapshot: PoolSnapshot
    """The same, for the next start."""

    def refused_by_reason(self) -> dict[str, int]:
        """How many pools were left out for each reason."""
        return dict(Counter(refusal.reason for refusal in self.refused))


Watch = Callable[[Progress], None]
"""Whoever looks on."""

Keep = Callable[[PoolSnapshot], None]
"""Whoever stores what is known so far, so that an interrupted discovery resumes there."""


def nobody(_told: object) -> None:
    """Look away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Who is told while a discovery is under way, which may take an hour."""

    watch: Watch = nobody
    """How far it is: after each request for events, and before each slice of pools."""

    keep: Keep = nobody
    """What is known, now and then, and at the end."""


ALONE: Final = Witness()
"""Nobody looks on."""


async def discover(
    rpc: Rpc,
    survey: Survey,
    *,
    block: Header,
    known: PoolSnapshot | None = None,
    witness: Witness = ALONE,
) -> Discovered:
    """Find all pools up to the block, with their state after exactly that block.

    Args:
        rpc: the node.
        survey: where to look.
        block: the state to find.
        known: what an earlier discovery kept, of a block that is still canonical.
        witness: who is told how far it is, and what is known.

    Raises:
        RpcError: the node refused; a full node keeps the state of recent blocks only.
        WireError: a factory's event is not what its interface promises.
        DivergenceError: the block was replaced meanwhile, or an event contradicts what was known;
            discover again, without what was known in the second case.
    """
    search = _Search(rpc, survey, block, witness=witness)
    search.recall(known)
    if known is None or known.block_number < block.number:
        await search.scan()
    await search.list_pools(only_unannounced=known is not None)
    await search.read_pending()
    await search.read_unsaid()
    await _check_canonical(rpc, block)
    return search.finish()


class _Search:
    """One discovery under way: what is known so far, and of which block."""

    def __init__(self, rpc: Rpc, survey: Survey, head: Header, *, witness: Witness) -> None:
        self._rpc = rpc
        self._survey = survey
        self._head = head
        self._watch = witness.watch
        self._keep = witness.keep
        multicall = Multicall(rpc=rpc, address=survey.multicall3)
        self._block = StateBlock(multicall=multicall, hash=head.hash)
        self._known = KnownPools(survey.factories)
        self._market = Market(block_number=0, block_hash="", tokens={}, pools={})
        self._next_block = survey.start_block
        self._pending: dict[str, CreatedPool] = {}
        self._unsaid: set[PoolId] = set()
        self._refused: dict[PoolId, Refusal] = {}

    def recall(self, snapshot: PoolSnapshot | None) -> None:
        """Start from what an earlier discovery kept."""
        if snapshot is None:
            return
        pools = {pool.id: pool for pool in snapshot.pools.in_order()}
        tokens = {token.address: token for token in snapshot.tokens}
        self._known.learn(snapshot.created, live=pools, restless=snapshot.restless, tokens=tokens)
        self._market = replace(self._market, tokens=tokens, pools=pools)
        self._next_block = snapshot.block_number + 1
        self._pending = {pool.contract + pool.id: pool for pool in snapshot.pending}
        self._refused = {refusal.pool_id: refusal for refusal in snapshot.refused}

    async def scan(self) -> None:
        """Read announcements up to the head, and the events of pools that are known."""
        first, last = self._next_block, self._head.number
        chunk, chunks = self._survey.chunk_blocks, 0
        while first <= last:
            end = min(first + chunk - 1, last)
            try:
                logs = array(await self._rpc.call("eth_getLogs", self._query(first, end)), "logs")
            except RpcError as error:
                if error.code is None or chunk == 1:
                    raise
                chunk //= 2
                continue
            self._note(logs)
            first, chunk, chunks = end + 1, min(2 * chunk, self._survey.chunk_blocks), chunks + 1
            self._next_block = first
            self._watch(Progress(stage="blocks", done=end, total=last))
            if chunks % KEPT_CHUNKS == 0 and first <= last:
                await self._keep_scanned(end)

    def _query(self, first: int, last: int) -> dict[str, object]:
        """Announcements alone while no pool is known: of those, one asks for every event."""
        span = {"fromBlock": hex(first), "toBlock": hex(last)}
        if self._known.created:
            return {**span, "topics": [self._known.topics]}
        told = [item for item in self._survey.factories if not item.is_listed]
        topics = [topic for item in told for topic in topics_of(item)]
        addresses = [item.address for item in told]
        return {**span, "address": addresses, "topics": [list(dict.fromkeys(topics))]}

    def _note(self, logs: Sequence[object]) -> None:
        summary = self._known.summarise(logs)
        self._pending |= {pool.contract + pool.id: pool for pool in summary.created}
        self._refused |= {refusal.pool_id: refusal for refusal in summary.refused}
        self._unsaid |= summary.unsaid
        silenced = self._unsaid | self._known.restless
        events = [event for event in summary.events if event.pool_id not in silenced]
        self._market = apply_updates(self._market, events).market

    async def _keep_scanned(self, number: int) -> None:
        """Keep the state of a block in the past, where it is that of all pools that are known."""
        if self._unsaid or self._known.restless:
            return
        value = await self._rpc.call("eth_getBlockByNumber", hex(number), HEADER_ONLY)
        if value is not None:
            self._keep(self._snapshot(decode_header(value)))

    async def list_pools(self, *, only_unannounced: bool) -> None:
        """Read the lists: of Curve always, of others unless an earlier discovery did."""
        for factory in self._survey.factories:
            if factory.kind == "curve" or (factory.is_listed and not only_unannounced):
                known = {PoolId(pool.contract) for pool in self._known.created}
                listed = await list_pools(self._block, factory, known)
                self._pending |= {pool.contract + pool.id: pool for pool in listed}

    async def read_pending(self) -> None:
        """Identify and read new pools, a slice at a time, each kept when it is done."""
        pending = list(self._pending.values())
        for start in range(0, len(pending), SLICE_POOLS):
            self._watch(Progress(stage="pools", done=start, total=len(pending)))
            part = pending[start : start + SLICE_POOLS]
            identified, refused = await identify(self._block, part, self._known.factories)
            await self._read(identified)
            self._refused |= {refusal.pool_id: refusal for refusal in refused}
            for pool in part:
                del self._pending[pool.contract + pool.id]
            if self._pending and not self._unsaid:
                self._keep(self._snapshot(self._head))
        self._watch(Progress(stage="pools", done=len(pending), total=len(pending)))

    async def read_unsaid(self) -> None:
        """Read again what events since the earlier discovery do not tell."""
        wanted = self._unsaid | self._known.restless
        await self._read([pool for pool in self._known.created if pool.id in wanted])

    async def _read(self, created: Sequence[CreatedPool]) -> None:
        reading = await read_pools(self._block, created, self._market.tokens)
        refused = {refusal.pool_id: refusal for refusal in reading.refused}
        self._refused = {**self._refused, **refused}
        self._known.learn(
            created,
            live=[pool.id for pool in reading.pools],
            restless=reading.restless,
            tokens=reading.tokens,
        )
        read = [PoolRead(pool=pool, tokens=()) for pool in reading.pools]
        lost = [PoolLost(pool_id=item.pool_id, reason=item.reason) for item in reading.refused]
        market = apply_updates(self._market, [*read, *lost]).market
        self._market = replace(market, tokens={**market.tokens, **reading.tokens})

    def finish(self) -> Discovered:
        """Everything, at the head."""
        snapshot = self._snapshot(self._head)
        self._keep(snapshot)
        return Discovered(
            pools=self._market.pools,
            tokens=self._market.tokens,
            refused=tuple(self._refused.values()),
            known=self._known,
            snapshot=snapshot,
        )

    def _snapshot(self, block: Header) -> PoolSnapshot:
        return PoolSnapshot(
            block_number=block.number,
            block_hash=block.hash,
            created=tuple(self._known.created),
            pending=tuple(self._pending.values()),
            pools=PoolColumns.of(self._market.pools.values()),
            tokens=tuple(self._market.tokens.values()),
            refused=tuple(self._refused.values()),
            restless=tuple(sorted(self._known.restless)),
        )


async def _check_canonical(rpc: Rpc, block: Header) -> None:
    """Events were asked for by number, so the number must still mean the same block."""
    if not await is_canonical(rpc, block.number, block.hash):
        reason = f"block {block.number} was replaced during discovery; start again"
        raise DivergenceError(reason)


async def is_canonical(rpc: Rpc, number: int, block_hash: str) -> bool:
    """Whether the block of that number still has that hash.

    Raises:
        RpcError, WireError: no usable answer.
    """
    value = await rpc.call("eth_getBlockByNumber", hex(number), HEADER_ONLY)
    return value is not None and decode_header(value).hash == block_hash
