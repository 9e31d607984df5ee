"""What a pending transaction makes possible that the block before it did not.

Only backruns: our transaction follows the observed one in the same bundle, never precedes it. What
the block itself offers is not a reason to wait for a stranger, so a cycle counts only by what the
transaction adds to it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from graphs.horizon import find_cycles_after
from graphs.pools.base import Pool
from graphs.sizing import size_cycle
from searcher.bidding import bid
from searcher.effects.outcome import Effect
from searcher.flash_sources import Funding
from searcher.model import Bid, Opportunity
from searcher.pending import PendingTransaction
from searcher.scan import Scan, Terms
from searcher.strategy import Aside, find_opportunities


@dataclass(frozen=True, slots=True, kw_only=True)
class Backrun:
    """A stranger's transaction and what is worth doing right after it."""

    target: PendingTransaction
    """Comes first in the bundle, with the very bytes that its sender signed."""

    touched: tuple[Pool, ...]
    """The pools as it leaves them."""

    scan: Scan
    """The head's, with those pools in it: what bundles are assembled on."""

    opportunities: tuple[Opportunity, ...]
    """Greatest net profit first; at least one."""


def find_backruns(
    scan: Scan,
    effects: Iterable[tuple[PendingTransaction, Effect]],
    terms: Terms,
    *,
    set_aside: Aside,
) -> tuple[Backrun, ...]:
    """The backruns of each transaction alone, the most profitable transaction first.

    CPU-bound: call it off the event loop. A transaction of a known effect costs a search through
    its pools, and one more for the block's own profit on them where it leads to a cycle.
    """
    found = [
        backrun
        for target, effect in effects
        if (backrun := _backrun(scan, target, effect, terms=terms, set_aside=set_aside)) is not None
    ]
    return tuple(
        sorted(found, key=lambda one: -_net_profit_wei(one.scan, terms, one.opportunities[0]))
    )


def scan_after(scan: Scan, pools: Iterable[Pool], terms: Terms) -> Scan:
    """The head's scan with these pools in the place of theirs: the cycles through them alone.

    Exact, as `find_cycles_after` is; the standing cycles of the head itself are not in it.
    """
    touched = tuple(pools)
    ids = [pool.id for pool in touched]
    market = scan.snapshot.market.with_pools(touched)
    standings = {
        base: replace(
            standing,
            cycles=find_cycles_after(standing.horizon, market, ids, limit=terms.search.max_cycles),
        )
        for base, standing in scan.standings.items()
    }
    # A search that finds nothing does not make the graph in which it finds nothing.
    found = (standing.cycles.graph for standing in standings.values() if len(standing.cycles))
    graph = next(found, scan.snapshot.graph)
    return Scan(snapshot=replace(scan.snapshot, market=market, graph=graph), standings=standings)


def _backrun(
    scan: Scan, target: PendingTransaction, effect: Effect, *, terms: Terms, set_aside: Aside
) -> Backrun | None:
    after = scan_after(scan, effect.touched, terms)
    if not after.nominated:
        return None
    offered = find_opportunities(after, terms, set_aside=set_aside).opportunities
    opportunities = tuple(_created(scan, after, offered, terms=terms))
    if not opportunities:
        return None
    return Backrun(target=target, touched=effect.touched, scan=after, opportunities=opportunities)


def _created(
    scan: Scan, after: Scan, offered: Iterable[Opportunity], *, terms: Terms
) -> Iterator[Opportunity]:
    """Yield what is worth more after the transaction than the same cycle is without it."""
    for opportunity in offered:
        before = _alone(scan, opportunity)
        net_before_wei = 0 if before is None else _net_profit_wei(scan, terms, before)
        if _net_profit_wei(after, terms, opportunity) > net_before_wei:
            yield opportunity


def _alone(scan: Scan, opportunity: Opportunity) -> Opportunity | None:
    """The same cycle with the same lender at the head itself; None where it earns nothing there."""
    loan = Funding(lenders=(opportunity.lender,)).loan
    sized = size_cycle(
        scan.snapshot.market,
        opportunity.cycle,
        fee_bps=loan.fee_bps,
        max_input=loan.max_input,
        flash_fee=loan.flash_fee,
    )
    if sized is None:
        return None
    return replace(
        opportunity,
        amounts=sized.amounts,
        flash_fee_wei=sized.flash_fee,
        gross_profit_wei=sized.gross_profit,
    )


def _net_profit_wei(scan: Scan, terms: Terms, opportunity: Opportunity) -> int:
    offer = bid(opportunity, scan.snapshot.block, terms.bidding)
    return offer.net_profit_wei if isinstance(offer, Bid) else 0
