"""The live Prices: the books of exchanges and the answers of oracles, as of one moment."""

from contextlib import suppress

from typing_extensions import override

from searcher.adapters.chainlink import Oracles
from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.exchanges.desk import ExchangeDesk
from searcher.adapters.multicall import Multicall
from searcher.errors import RpcError, WireError
from searcher.exchange_books import ShownBook
from searcher.model import Block
from searcher.ports import Prices
from searcher.price_guard import GuardLimits, References


class ReferencePrices(Prices):
    """What exchanges show and oracles have answered at the newest block."""

    def __init__(
        self, desk: ExchangeDesk, oracles: Oracles, limits: GuardLimits, *, multicall: Multicall
    ) -> None:
        self._desk = desk
        self._oracles = oracles
        self._limits = limits
        self._multicall = multicall
        self._timestamp_s = 0

    @override
    async def refresh(self, block: Block) -> None:
        """Ask every oracle; where the node does not answer, the answers from before grow old."""
        with suppress(RpcError, WireError):
            await self._oracles.read(self._multicall, block.hash)
            self._timestamp_s = block.timestamp_s

    @override
    def references(self, now_ns: int) -> References:
        """Of the books that can be believed now, and of oracles at their block's own time."""
        books = self.books(now_ns)
        market = References(books, (), self._limits, now_ns=now_ns)
        answers = self._oracles.prices(now_s=self._timestamp_s, market=market.rate).prices
        block_ns = self._timestamp_s * NS_PER_SECOND
        if not answers:
            return market
        return References(books, answers, self._limits, now_ns=block_ns)

    @override
    def books(self, now_ns: int) -> tuple[ShownBook, ...]:
        """Live, young, and not far from the others' middle."""
        return self._desk.shown(now_ns)
