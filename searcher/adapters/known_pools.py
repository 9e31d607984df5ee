"""The pools that are followed, and what a block's logs make of them.

What is known here only grows: a reorg takes no knowledge away, since the tracker alone holds state.
Where events do not tell a pool's state, it is read at the block's hash; new pools are, too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.tokens import Token
from graphs.units import Address, PoolId
from searcher.adapters.created_pools import (
    CreatedPool,
    Factory,
    Refusal,
    decode_created,
    pool_at,
    topics_of,
)
from searcher.adapters.decoding import address, array, hash32, hex_bytes, member, quantity
from searcher.adapters.event_words import EventDecoder, Unsaid
from searcher.adapters.multicall import Multicall
from searcher.adapters.pool_events import (
    FACTORY_DECODERS,
    KEEPER_DECODERS,
    OWN_DECODERS,
    POOL_TOPICS,
)
from searcher.adapters.pool_identities import identify
from searcher.adapters.pool_listing import list_pools
from searcher.adapters.pool_states import read_pools
from searcher.adapters.reading_stage import StateBlock
from searcher.errors import WireError
from searcher.pool_updates import PoolEvent, PoolLost, PoolRead, PoolUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSummary:
    """What logs say, before anything is read."""

    events: Sequence[PoolEvent]
    """Everything that carries its state, in order."""

    unsaid: frozenset[PoolId]
    """Known pools that changed in an unsaid way."""

    created: Sequence[CreatedPool]
    """New pools, in order of announcement."""

    refused: Sequence[Refusal]
    """New pools that are none for us."""

    grown: Sequence[Factory]
    """Factories whose list has grown."""


class KnownPools:
    """Which pools are followed."""

    def __init__(self, factories: Iterable[Factory]) -> None:
        """Know the factories, and no pool yet."""
        self.factories: Final[Mapping[Address, Factory]] = {
            factory.address: factory for factory in factories
        }
        self._keepers = {
            factory.address if factory.kind == "uniswap_v4" else factory.vault
            for factory in self.factories.values()
            if factory.kind in KEEPER_DECODERS
        }
        self._created: dict[PoolId, CreatedPool] = {}
        self._by_contract: dict[Address, CreatedPool] = {}
        self._tokens: dict[Address, Token] = {}
        self._live: set[PoolId] = set()
        self._restless: set[PoolId] = set()

    @property
    def topics(self) -> list[str]:
        """The first topics to ask a node for."""
        announced = (topic for item in self.factories.values() for topic in topics_of(item))
        return list(dict.fromkeys((*POOL_TOPICS, *announced)))

    @property
    def created(self) -> Sequence[CreatedPool]:
        """Every identified pool, usable or not, in order of discovery."""
        return tuple(self._created.values())

    def created_of(self, pool_ids: Iterable[PoolId]) -> list[CreatedPool]:
        """What was announced of these pools, without those that are not known."""
        return [self._created[pool_id] for pool_id in pool_ids if pool_id in self._created]

    @property
    def restless(self) -> frozenset[PoolId]:
        """Pools whose state changes without events."""
        return frozenset(self._restless)

    def learn(
        self,
        created: Iterable[CreatedPool],
        *,
        live: Iterable[PoolId] = (),
        restless: Iterable[PoolId] = (),
        tokens: Mapping[Address, Token] | None = None,
    ) -> None:
        """Know pools that were identified, which of them are in the Market, and their tokens."""
        for pool in created:
            self._created[pool.id] = pool
            if pool.kind != "uniswap_v4":
                self._by_contract[pool.contract] = pool
        self._live |= set(live)
        self._restless |= set(restless)
        self._tokens |= tokens or {}

    async def updates(
        self, logs: object, multicall: Multicall, block_hash: str
    ) -> tuple[PoolUpdate, ...]:
        """What a block did to the pools: events in log order, then what had to be read.

        Raises:
            RpcError: the node refused to answer at the block.
            WireError: a log is malformed, out of order, or of another block.
        """
        in_order = _ordered(logs, block_hash)
        summary = self.summarise(in_order)
        block = StateBlock(multicall=multicall, hash=block_hash)
        read = await self.read(block, summary)
        silenced = summary.unsaid | self._restless
        events = (event for event in summary.events if event.pool_id not in silenced)
        return (*events, *read)

    def summarise(self, logs: Iterable[object]) -> LogSummary:
        """Sort what the logs say.

        Raises:
            WireError: a log that its contract cannot have emitted.
        """
        events: list[PoolEvent] = []
        unsaid: set[PoolId] = set()
        announced: list[CreatedPool | Refusal | Factory] = []
        for log in logs:
            emitter = self._emitter(log)
            is_factory = emitter in self.factories
            announcement = decode_created(log, self.factories) if is_factory else None
            said = self._said(emitter, log) if announcement is None else None
            if announcement is not None:
                announced.append(announcement)
            elif isinstance(said, Unsaid):
                unsaid.add(said.pool_id)
            elif said is not None:
                events.append(said)
        return LogSummary(
            events=events,
            unsaid=frozenset(unsaid),
            created=[item for item in announced if isinstance(item, CreatedPool)],
            refused=[item for item in announced if isinstance(item, Refusal)],
            grown=list(
                {item.address: item for item in announced if isinstance(item, Factory)}.values()
            ),
        )

    def decode(self, log: object) -> PoolEvent | Unsaid | None:
        """What a log changes in a known pool; None when it is of no concern.

        Raises:
            WireError: a known pool's event that its contract cannot have emitted.
        """
        return self._said(self._emitter(log), log)

    def _emitter(self, log: object) -> Address:
        """Nearly always a known pool's, in lower case as nodes write it: then there is no doubt."""
        told = member(log, "address")
        known = self._by_contract.get(Address(told)) if isinstance(told, str) else None
        return address(told, "log.address") if known is None else known.contract

    def _said(self, emitter: Address, log: object) -> PoolEvent | Unsaid | None:
        found = self._decoder_of(emitter, array(member(log, "topics"), "log.topics"))
        if found is None:
            return None
        pool_id, decoder, topics = found
        said = decoder(pool_id, topics, hex_bytes(member(log, "data"), "log.data"))
        if isinstance(said, Unsaid):
            return said if said.pool_id in self._created else None
        return said if pool_id in self._live else None

    def _decoder_of(
        self, emitter: Address, topics: Sequence[object]
    ) -> tuple[PoolId, EventDecoder, Sequence[object]] | None:
        if not topics:
            return None
        if emitter in self._keepers:
            pool = (
                self._created.get(PoolId(hash32(topics[1], "log.topics"))) if topics[1:] else None
            )
            table = KEEPER_DECODERS
        elif emitter in self._by_contract:
            pool, table = self._by_contract[emitter], OWN_DECODERS
        elif emitter in self.factories:
            pool, table = pool_at(self.factories[emitter], emitter), FACTORY_DECODERS
        else:
            return None
        if pool is None or (table is KEEPER_DECODERS and pool.keeper != emitter):
            return None
        decoder = table.get(pool.kind, {}).get(hash32(topics[0], "log.topics"))
        return None if decoder is None else (pool.id, decoder, topics)

    async def read(self, block: StateBlock, summary: LogSummary) -> tuple[PoolRead | PoolLost, ...]:
        """The pools that the summary does not tell, as they are after the block.

        Raises:
            RpcError, WireError: the node refused, or there is no Multicall3.
        """
        listed = [await list_pools(block, factory, self._created) for factory in summary.grown]
        announced = {
            pool.contract + pool.id: pool for group in (summary.created, *listed) for pool in group
        }
        new, _ = await identify(block, list(announced.values()), self.factories)
        wanted = {pool.id: pool for pool in new}
        for pool_id in sorted(summary.unsaid | self._restless):
            wanted.setdefault(pool_id, self._created[pool_id])
        if not wanted:
            return ()
        reading = await read_pools(block, list(wanted.values()), self._tokens)
        lost = {refusal.pool_id: refusal.reason for refusal in reading.refused}
        gone = [pool_id for pool_id in lost if pool_id in self._live]
        self.learn(
            new,
            live=[pool.id for pool in reading.pools],
            restless=(*reading.restless, *gone),
            tokens=reading.tokens,
        )
        return (
            *(
                PoolRead(pool=pool, tokens=tuple(reading.tokens[token] for token in pool.tokens))
                for pool in reading.pools
            ),
            *(PoolLost(pool_id=pool_id, reason=lost[pool_id]) for pool_id in gone),
        )


def _ordered(value: object, block_hash: str) -> Iterator[object]:
    """The logs of one block, each checked to be its own and behind the one before."""
    last_index = -1
    for log in array(value, "logs"):
        index = quantity(member(log, "logIndex"), "log.logIndex")
        if index <= last_index:
            raise WireError("log.logIndex", "out of order")
        if member(log, "blockHash") != block_hash:
            raise WireError("log.blockHash", "of another block")
        last_index = index
        yield log
