"""Rows of every table, for tests to write and read back."""

from hypothesis import strategies as st

from searcher.adapters.archive.entries import (
    ArchivedBlock,
    ArchivedHealth,
    ArchivedPending,
    ArchivedPoolUpdate,
    ArchivedQuote,
    ArchiveEntry,
)

TIMES = st.integers(min_value=0, max_value=2**62)
TEXTS = st.text(max_size=12)
AMOUNTS = st.integers(min_value=0, max_value=2**256 - 1).map(str)
ROWS: st.SearchStrategy[ArchiveEntry] = st.one_of(
    st.builds(
        ArchivedBlock,
        at_ns=TIMES,
        number=TIMES,
        hash=TEXTS,
        parent_hash=TEXTS,
        timestamp_s=TIMES,
        gas_used_gas=TIMES,
        gas_limit_gas=TIMES,
        base_fee_wei=AMOUNTS,
    ),
    st.builds(
        ArchivedPoolUpdate,
        at_ns=TIMES,
        block_number=TIMES,
        block_hash=TEXTS,
        index=TIMES,
        pool=TEXTS,
        kind=TEXTS,
        reserve0=st.none() | AMOUNTS,
        tick=st.none() | st.integers(-900_000, 900_000),
    ),
    st.builds(
        ArchivedPending,
        at_ns=TIMES,
        source=TEXTS,
        hash=TEXTS,
        sender=TEXTS,
        nonce=TIMES,
        raw=st.binary(max_size=40),
    ),
    st.builds(
        ArchivedQuote,
        at_ns=TIMES,
        exchange_ns=st.none() | TIMES,
        venue=TEXTS,
        symbol=TEXTS,
        bid=AMOUNTS,
        bid_size=AMOUNTS,
        ask=AMOUNTS,
        ask_size=AMOUNTS,
    ),
    st.builds(
        ArchivedHealth,
        at_ns=TIMES,
        feed=st.sampled_from("ab"),
        state=TEXTS,
        reason=TEXTS,
        messages=TIMES,
        gaps=st.integers(0, 5),
        reconnects=TIMES,
    ),
)
