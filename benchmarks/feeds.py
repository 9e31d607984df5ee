"""Everything about feeds: from bytes of a node, a builder or an exchange to what the search reads.

Each area runs in a process of its own: what one leaves in memory is not the next one's.
"""

from benchmarks import (
    feeds_archive,
    feeds_chain,
    feeds_discovery,
    feeds_effects,
    feeds_exchanges,
    feeds_mempool,
    feeds_streams,
)
from benchmarks.report import joined, report

AREAS = (
    feeds_chain,
    feeds_exchanges,
    feeds_mempool,
    feeds_streams,
    feeds_effects,
    feeds_discovery,
    feeds_archive,
)

if __name__ == "__main__":
    report("feeds", joined(AREAS))
