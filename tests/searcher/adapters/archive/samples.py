"""Plain rows, importable in an instant by processes that are going to be killed."""

from searcher.adapters.archive.entries import ArchivedHealth, ArchivedQuote


def quote(at_ns: int) -> ArchivedQuote:
    return ArchivedQuote(
        at_ns=at_ns,
        exchange_ns=None,
        venue="kraken",
        symbol="ETH/USD",
        bid="3010.12",
        bid_size="1.5",
        ask="3010.13",
        ask_size="0.25",
    )


def health(at_ns: int, gaps: int) -> ArchivedHealth:
    return ArchivedHealth(
        at_ns=at_ns,
        feed="node",
        state="live",
        reason="",
        messages=at_ns,
        gaps=gaps,
        reconnects=0,
    )
