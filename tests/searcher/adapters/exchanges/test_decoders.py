"""Whatever comes instead of a message ends in an error of the tree, or in nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.exchanges.conversation import Conversation
from searcher.errors import FeedError, WireError
from tests.sims.exchanges.lines import PROTOCOLS, FaultyExchange

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(("ETH/USD", "ETH-USD", "ETHUSD", "snapshot", "update", "bid", "offer"))
    | st.sampled_from(("book", "ticker", "l2_data", "instrument", "status", "depthUpdate"))
    | st.text("0123456789.e-", max_size=12)
)
keys = st.sampled_from(
    [
        "e",
        "u",
        "U",
        "s",
        "b",
        "a",
        "B",
        "A",
        "E",
        "channel",
        "type",
        "data",
        "events",
        "updates",
        "sequence_num",
        "timestamp",
        "product_id",
        "symbol",
        "bids",
        "asks",
        "price",
        "qty",
        "checksum",
        "method",
        "result",
        "req_id",
        "success",
        "pairs",
        "lastUpdateId",
        "side",
    ]
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6)
)


def live_conversation(name: str) -> Conversation:
    exchange = FaultyExchange(name, 0, {})
    for _ in range(5):
        exchange.step()
    assert exchange.conversation.is_live
    return exchange.conversation


@pytest.mark.parametrize("name", PROTOCOLS)
@given(frame=st.binary(max_size=80) | values.map(lambda value: json.dumps(value).encode()))
def test_only_typed_errors_come_out_of_a_decoder(name: str, frame: bytes) -> None:
    conversation = live_conversation(name)

    try:
        conversation.receive(frame, 0)
        if name == "binance":
            conversation.snapshot("ETHUSD", frame, 0)
    except (WireError, FeedError):
        return


@pytest.mark.parametrize("name", PROTOCOLS)
def test_endless_nesting_is_refused(name: str) -> None:
    conversation = live_conversation(name)

    with pytest.raises(WireError):
        conversation.receive(b'{"x":' * 100_000, 0)
