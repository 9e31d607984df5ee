"""What else pays in a block after a bid was executed in it, one transaction after the other."""

from collections.abc import Iterable

from searcher.bidding import bid
from searcher.model import Bid, Block, Opportunity, Rejection
from searcher.scan import Scan, Terms, scan_what_if, traded
from searcher.strategy import Aside, find_opportunities


def ranked_bids(
    opportunities: Iterable[Opportunity], block: Block, terms: Terms
) -> list[Bid] | list[Rejection]:
    """Bid on every opportunity: the bids, best first; else why the best is not worth one."""
    offers = [bid(opportunity, block, terms.bidding) for opportunity in opportunities]
    bids = [offer for offer in offers if isinstance(offer, Bid)]
    rejections = [offer for offer in offers if isinstance(offer, Rejection)]
    return sorted(bids, key=lambda offer: -offer.expected_profit_wei) or rejections[:1]


def sequels(scan: Scan, best: Bid, terms: Terms, *, set_aside: Aside) -> tuple[Bid, ...]:
    """Find what pays after the best bid was executed in the same block, again and again."""
    bids = [best]
    while len(bids) <= terms.bidding.max_sequels:
        known, opportunity = len(bids), bids[-1].opportunity
        pools = traded(scan.snapshot.market, opportunity.cycle, opportunity.amounts)
        scan = scan_what_if(scan, pools.values())
        found = find_opportunities(scan, terms, set_aside=set_aside)
        following = ranked_bids(found.opportunities, scan.snapshot.block, terms)[:1]
        bids += [one for one in following if isinstance(one, Bid)]
        if len(bids) == known:
            break
    return tuple(bids[1:])
