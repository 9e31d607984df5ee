"""The pending pool of the local chain as a source for the gRPC services."""

from collections.abc import AsyncIterator
from typing import Final

from searcher.adapters.clock import Sleep, sleep
from searcher.adapters.rpc import Rpc
from sims.mempool.steps import Step
from sims.relay.public_pool import PublicPool

POLL_SECONDS: Final = 0.1
"""Between two looks at the pool."""


class ChainPool:
    """Looks at the node's pool from time to time; a transaction that left it is forgotten."""

    def __init__(self, rpc: Rpc, *, sleep: Sleep = sleep) -> None:
        self._pool = PublicPool(rpc)
        self._sleep = sleep
        self._raws: tuple[bytes, ...] = ()

    def happened(self) -> tuple[bytes, ...]:
        """What was in the pool at the last look."""
        return self._raws

    async def played(self) -> AsyncIterator[Step[bytes]]:
        """Everything that is in the pool or comes into it, for ever.

        Raises:
            RpcError, WireError: the node does not answer.
        """
        told: frozenset[bytes] = frozenset()
        while True:
            self._raws = await self._pool.raw_txs()
            for raw in self._raws:
                if raw not in told:
                    yield Step(item=raw)
            told = frozenset(self._raws)
            await self._sleep(POLL_SECONDS)
