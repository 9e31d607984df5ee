"""Whether the prices that an opportunity implies are sane, by exchanges and by oracles.

Pure. An arbitrage lives on prices that differ, so the band is wide: the guard is there for what no
honest market shows, such as a pool of another token, a decimal point, a broken state or an asset
that has lost its peg. A reference prices one asset in another; two that share an asset are chained,
and a dollar of one kind is never taken for another.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from graphs.cycles import Cycle
from graphs.units import BPS, Address
from searcher.exchange_books import ShownBook


class GuardReason(StrEnum):
    """Why a price is not believed, or cannot be judged."""

    FAR_FROM_EXCHANGES = "a hop's price is far from the exchanges' middle"
    FAR_FROM_ORACLE = "a hop's price is far from the oracle's"
    NO_REFERENCE = "neither an exchange nor an oracle prices any of its hops"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePrice:
    """What an oracle says of an asset, as raw units of what it is priced in."""

    asset: Address
    """Whose price it is."""

    priced_in: Address
    """The token, or the asset without a token (`exchange_books.token_of`), that it counts."""

    numerator: int
    """Raw units of `priced_in`..."""

    denominator: int
    """...for so many raw units of the asset."""

    updated_at_ns: int
    """When the oracle was written last, since the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """How far and how old."""

    max_deviation_bps: int
    """Between a hop's price and its reference."""

    max_oracle_age_ns: int
    """A reference that was not written for longer is passed over."""

    demands_reference: bool = False
    """Whether what nothing prices is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rate:
    """What one unit of an asset is in another."""

    ratio: Fraction
    reason: GuardReason
    """What is said where a hop is far from it."""


class References:
    """All prices of a moment, ready to be asked for any two assets."""

    def __init__(
        self,
        books: Sequence[ShownBook],
        oracles: Sequence[ReferencePrice],
        limits: GuardLimits,
        *,
        now_ns: int,
    ) -> None:
        """Take books that are live, young and judged; the conflated and old oracles say nothing."""
        self._limits = limits
        self._rates: defaultdict[Address, dict[Address, _Rate]] = defaultdict(dict)
        for oracle in oracles:
            is_young = now_ns - oracle.updated_at_ns <= limits.max_oracle_age_ns
            if is_young and oracle.numerator > 0 and oracle.denominator > 0:
                ratio = Fraction(oracle.numerator, oracle.denominator)
                rate = _Rate(ratio=ratio, reason=GuardReason.FAR_FROM_ORACLE)
                self._add(oracle.asset, oracle.priced_in, rate)
        for (base, quote), mids in _mids(books).items():
            median = sorted(mids)[len(mids) // 2]
            rate = _Rate(ratio=median, reason=GuardReason.FAR_FROM_EXCHANGES)
            self._add(base, quote, rate)

    def _add(self, base: Address, quote: Address, rate: _Rate) -> None:
        """Exchanges come last: they are younger than any oracle, and replace what it says."""
        self._rates[base][quote] = rate
        self._rates[quote][base] = _Rate(ratio=1 / rate.ratio, reason=rate.reason)

    def rate(self, sold: Address, bought: Address) -> Fraction | None:
        """Raw units of the second asset for one of the first; None where nothing says it."""
        found = self._found(sold, bought)
        return found.ratio if found else None

    def _found(self, sold: Address, bought: Address) -> _Rate | None:
        """Directly, else by one asset that both are priced in, the least address of several."""
        direct = self._rates.get(sold, {}).get(bought)
        if direct is not None:
            return direct
        first, second = self._rates.get(sold, {}), self._rates.get(bought, {})
        for asset in sorted(set(first) & set(second)):
            ratio = first[asset].ratio / second[asset].ratio
            return _Rate(ratio=ratio, reason=first[asset].reason)
        return None

    def refusal(self, cycle: Cycle, amounts: Sequence[int]) -> GuardReason | None:
        """Why the prices of a sized cycle are not believed; None when they are.

        The amounts are its input, then the output of each hop, all above 0.
        """
        judged = 0
        for hop, (amount_in, amount_out) in zip(cycle.hops, pairwise(amounts), strict=True):
            rate = self._found(hop.token_in, hop.token_out)
            if rate is None:
                continue
            judged += 1
            implied = Fraction(amount_out, amount_in)
            if abs(implied - rate.ratio) * BPS > self._limits.max_deviation_bps * rate.ratio:
                return rate.reason
        is_blind = not judged and self._limits.demands_reference
        return GuardReason.NO_REFERENCE if is_blind else None


def _mids(books: Sequence[ShownBook]) -> Mapping[tuple[Address, Address], list[Fraction]]:
    mids: defaultdict[tuple[Address, Address], list[Fraction]] = defaultdict(list)
    for book in books:
        if book.mid is not None and not book.market.is_conflated:
            mids[book.market.base.address, book.market.quote.address].append(book.mid)
    return mids
