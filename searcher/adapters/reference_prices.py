"""The live Prices: the books of exchanges and the answers of oracles, as of one moment."""

from typing_extensions import override

from searcher.adapters.exchanges.desk import ExchangeDesk
from searcher.exchange_books import ShownBook
from searcher.ports import Prices
from searcher.price_guard import GuardLimits, References


class ReferencePrices(Prices):
    """What exchanges show."""

    def __init__(self, desk: ExchangeDesk, limits: GuardLimits) -> None:
        self._desk = desk
        self._limits = limits

    @override
    def references(self, now_ns: int) -> References:
        """Of the books that can be believed now."""
        return References(self.books(now_ns), (), self._limits, now_ns=now_ns)

    @override
    def books(self, now_ns: int) -> tuple[ShownBook, ...]:
        """Live, young, and not far from the others' middle."""
        return self._desk.shown(now_ns)
