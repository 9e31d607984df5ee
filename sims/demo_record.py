"""What happened in a demonstration, gathered from the pipeline's own events.

Separate from the run and from its rendering: the closing table, the JSON and the tests all read
the same rows.
"""

import statistics
from collections import Counter
from dataclasses import dataclass, field

from searcher.exchange_signals import ExchangeSignal
from searcher.flash_lenders import LenderKind
from searcher.live import Notice
from searcher.model import Bid, Bundle, Inclusion, Outcome, Rejection, Simulation, Submission
from searcher.pipeline import Searched
from searcher.settlement import OURS_INSTEAD, WITHDRAWN

NS_PER_MS = 1_000_000
MEDIAN_PERCENT = 50
TAIL_PERCENT = 99


@dataclass(slots=True, kw_only=True)
class Row:
    """The life of one bundle, filled as it goes."""

    bundle: Bundle
    """What was sent."""

    simulation: Simulation
    """Why it was let out."""

    submissions: list[Submission] = field(default_factory=list)
    """The relays' answers."""

    inclusion: Inclusion | None = None
    """How it ended; None while it is open."""

    @property
    def has_landed(self) -> bool:
        """Whether it is in the chain and succeeded."""
        return self.inclusion is not None and self.inclusion.outcome is Outcome.LANDED

    @property
    def was_withdrawn(self) -> bool:
        """Whether we replaced or cancelled it ourselves, or landed another one in its place."""
        return self.inclusion is not None and self.inclusion.reason.startswith(
            (WITHDRAWN, OURS_INSTEAD)
        )

    @property
    def is_exact(self) -> bool:
        """Whether expected, simulated and realised gross profit are one number."""
        return self.inclusion is not None and (
            self.bundle.gross_profit_wei
            == self.simulation.gross_profit_wei
            == self.inclusion.gross_profit_wei
        )


class DemoRecord:
    """Watches a run and keeps a row for each bundle."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.rejections: list[Rejection] = []
        self.opportunities = 0
        self.signals = 0
        self.simulated = 0
        self._simulations: dict[str, Simulation] = {}
        self._received_ns: dict[int, int] = {}

    def watch(self, event: Notice) -> None:
        """Take one event in."""
        match event:
            case Searched():
                self.opportunities += event.nominated
                self._received_ns[event.block.number] = event.block.received_ns
            case ExchangeSignal():
                self.signals += 1
            case Rejection():
                self.rejections.append(event)
            case Simulation():
                self.simulated += 1
                self._simulations[event.bundle_hash] = event
            case Bundle():
                simulation = self._simulations[event.bundle_hash]
                self.rows[event.id] = Row(bundle=event, simulation=simulation)
            case Submission():
                self.rows[event.bundle_id].submissions.append(event)
            case Inclusion():
                self.rows[event.bundle_id].inclusion = event
            case _:
                pass

    @property
    def shown(self) -> list[Row]:
        """The rows without those that another bundle of ours took the place of."""
        return [row for row in self.rows.values() if not row.was_withdrawn]

    @property
    def landed(self) -> list[Row]:
        """The rows that ended well, in order."""
        return [row for row in self.rows.values() if row.has_landed]

    def landed_by_lender(self) -> dict[LenderKind, int]:
        """Loans that landed bundles took, for each flash source."""
        return dict(Counter(bid.opportunity.lender.kind for bid in self._landed_bids()))

    def passed_over(self, chosen: LenderKind) -> dict[tuple[LenderKind, str], int]:
        """Who did not lend where a source did, and why: how often."""
        return dict(
            Counter(
                (other.lender.kind, other.reason)
                for bid in self._landed_bids()
                if bid.opportunity.lender.kind is chosen
                for other in bid.opportunity.passed_over
            )
        )

    def _landed_bids(self) -> list[Bid]:
        return [bid for row in self.landed for bid in row.bundle.bids]

    def latencies_ms(self) -> list[float]:
        """From a block's arrival to the first relay's acknowledgement of its first bundle."""
        first: dict[int, int] = {}
        for row in self.rows.values():
            for answer in row.submissions:
                first.setdefault(row.bundle.bid.opportunity.block_number, answer.sent_ns)
        return [(sent - self._received_ns[block]) / NS_PER_MS for block, sent in first.items()]

    def summary(self, *, blocks: int, elapsed_s: float) -> dict[str, object]:
        """The figures of the run; wei as decimal strings, profits summed over landed bundles."""
        inclusions = [row.inclusion for row in self.rows.values() if row.inclusion is not None]
        landed = self.landed
        return {
            "blocks": blocks,
            "opportunities": self.opportunities,
            "exchange_signals": self.signals,
            "bundles_simulated": self.simulated,
            "bundles_sent": len(self.rows),
            "bundles_landed": len(landed),
            "transactions_landed": len(self._landed_bids()),
            "backruns_landed": sum(row.bundle.target is not None for row in landed),
            "reverted_on_chain": sum(i.outcome is Outcome.REVERTED for i in inclusions),
            "expected_profit_wei": str(sum(row.bundle.gross_profit_wei for row in landed)),
            "simulated_profit_wei": str(sum(row.simulation.gross_profit_wei for row in landed)),
            "realised_profit_wei": str(
                sum(i.gross_profit_wei for i in inclusions if i.outcome is Outcome.LANDED)
            ),
            "gas_used": sum(i.gas_used_gas for i in inclusions),
            "block_to_bundle_ms": {
                "p50": percentile(self.latencies_ms(), MEDIAN_PERCENT),
                "p99": percentile(self.latencies_ms(), TAIL_PERCENT),
            },
            "elapsed_s": round(elapsed_s, 3),
        }


def percentile(values: list[float], percent: int) -> float | None:
    """The percentile by linear interpolation, to a microsecond; None of nothing."""
    if not values:
        return None
    if len(values) == 1:
        return round(values[0], 3)
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 3)
