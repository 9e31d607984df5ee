"""Tests of the reader of order books: to the raw unit, without floats, broken ones by name."""

import json
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.pools.order_book import OrderBookPool
from graphs.tokens import Token
from graphs.units import Address
from sims.book_files import read_books
from sims.recorded_states.book_recording import checksum
from sims.recorded_states.exchange_messages import Pair
from sims.recorded_states.states import PoolFileError, PoolStates
from tests.sims.recorded_states.book_documents import (
    KRAKEN_SNAPSHOT,
    KRAKEN_UPDATE,
    WETH_USDC,
    books_of,
    recorded_book,
    recording_of,
)
from tests.sims.recorded_states.documents import E18, ONE, TWO, token
from tests.sims.recorded_states.test_documents import JUNK, broken, places

KRAKENS_EXAMPLE_ASKS = (
    "45285.2 0.00100000, 45286.4 1.54571953, 45286.6 1.54571109, 45289.6 1.54560911, "
    "45290.2 0.15890660, 45291.8 1.54553491, 45294.7 0.04454749, 45296.1 0.35380000, "
    "45297.5 0.09945542, 45299.5 0.18772827"
)
KRAKENS_EXAMPLE_BIDS = (
    "45283.5 0.10000000, 45283.4 1.54582015, 45282.1 0.10000000, 45281.0 0.10000000, "
    "45280.3 1.54592586, 45279.0 0.07990000, 45277.6 0.03310103, 45277.5 0.30000000, "
    "45277.3 1.54602737, 45276.6 0.15445238"
)


def read(path: Path) -> PoolStates:
    return read_books([path], known={})


def book_in(path: Path) -> OrderBookPool:
    (book,) = read(path).market.pools.values()
    assert isinstance(book, OrderBookPool)
    return book


def refusals_of(path: Path) -> list[str]:
    """What is said of what cannot be used."""
    try:
        return [str(refusal) for refusal in read(path).refusals]
    except PoolFileError as error:
        return [str(error)]


def levels_of(listed: str) -> list[Pair]:
    return [Pair(*level.split()) for level in listed.split(", ")]


def test_book_is_read_to_the_raw_unit(tmp_path: Path) -> None:
    states = read(books_of(tmp_path, [WETH_USDC]))

    (book,) = states.market.pools.values()
    assert (book.id, book.venue, book.tokens) == ("kraken:ETH/USDC", "kraken", (ONE, TWO))
    assert not book.is_atomic
    # 3.25 whole ones at 2500.10 and half a one at 2499, less 0.26 %.
    base, quote = book.tokens
    assert book.amount_out(base, quote, 375 * 10**16) == 9_374_825_000 * 9_974 // 10_000
    assert book.amount_in(quote, base, 9_974 * 5 * 10**13) == 1_250_100_000
    assert states.market.tokens == {
        ONE: Token(address=Address(ONE), symbol="T", decimals=18),
        TWO: Token(address=Address(TWO), symbol="T", decimals=6),
    }


decimal_texts = st.decimals(
    min_value="0.00000001", max_value="99999999", allow_nan=False, places=8
).map(lambda value: f"{value:f}".rstrip("0").rstrip("."))


@given(
    price=decimal_texts,
    size=decimal_texts,
    decimals=st.tuples(st.integers(0, 20), st.integers(0, 20)),
)
def test_price_and_size_of_any_digits_are_exact(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    price: str,
    size: str,
    decimals: tuple[int, int],
) -> None:
    sides = {"base": token(ONE, decimals[0]), "quote": token(TWO, decimals[1])}
    levels = {"bids": [[price, size]], "asks": []}
    whole_size = floor(Fraction(size) * 10 ** decimals[0])
    folder = tmp_path_factory.mktemp("exact")

    states = read_books(
        [books_of(folder, [{**WETH_USDC, **sides, **levels, "fee_pips": 0}])], known={}
    )

    assert len(states.market.pools) == (1 if whole_size else 0)
    for book in states.market.pools.values():
        received = Fraction(price) * whole_size * Fraction(10) ** (decimals[1] - decimals[0])
        assert book.amount_out(Address(ONE), Address(TWO), whole_size) == floor(received)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exchange": None}, "exchange is missing; record it"),
        ({"fee_pips": 10**6}, "fee_pips '1000000' is not in range"),
        ({"base": token(TWO)}, "traded for itself"),
        ({"bids": [["2500.1", 3.25]]}, "bids[0], size is 3.25; write text"),
        ({"bids": [["2.5e3", "1"]]}, "bids[0], price '2.5e3' is no decimal"),
        ({"bids": [["2500"]]}, "bids[0] is no level"),
        ({"bids": [["2499", "1"], ["2500", "1"]]}, "bids do not fall; record it as the exchange"),
        ({"asks": [["2400", "1"]]}, "meets ask"),
        ({"bids": [["0", "1"]]}, "size of 1000000000000000000 at 0"),
        ({"asks": None}, "asks is no list"),
        ({"recordings": ["none.0"]}, "none.0: no such file"),
        ({"recordings": ["x"], "exchange": "mtgox"}, "recordings of mtgox are not read; choose"),
    ],
)
def test_book_that_cannot_be_used_is_named_with_its_place_and_the_rest_is_read(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    path = books_of(tmp_path, [{**WETH_USDC, **change}, {**WETH_USDC, "symbol": "other"}])

    states = read(path)

    (refusal,) = states.refusals
    assert str(refusal).startswith(f"{path}, books[0]: ")
    assert reason in str(refusal)
    assert list(states.market.pools) == ["kraken:other"]


def test_level_below_one_raw_unit_is_left_out_and_so_is_a_book_without_levels(
    tmp_path: Path,
) -> None:
    dust = {"bids": [["2500", "0.0000000000000000009"]], "asks": []}

    states = read(books_of(tmp_path, [{**WETH_USDC, **dust}, {**WETH_USDC, "symbol": "other"}]))

    assert (len(states.market.pools), states.pools_left_out) == (1, 1)


def test_other_decimals_of_a_token_are_refused_whoever_said_the_first(tmp_path: Path) -> None:
    other = {**WETH_USDC, "symbol": "other", "quote": token(TWO, 18)}
    path = books_of(tmp_path, [WETH_USDC, other])
    known = {Address(TWO): Token(address=Address(TWO), symbol="", decimals=18)}

    by_book, by_pool = read_books([path], known={}), read_books([path], known=known)

    assert list(by_book.market.pools) == ["kraken:ETH/USDC"]
    assert list(by_pool.market.pools) == ["kraken:other"]
    assert [refusal.place for refusal in by_book.refusals + by_pool.refusals] == [
        "books[1]",
        "books[0]",
    ]
    assert "18 decimals here and 6 elsewhere" in by_book.refusals[0].reason


def test_folders_and_files_are_read_together_and_name_those_that_hold_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "folder").mkdir()
    books_of(tmp_path / "folder", [WETH_USDC])
    (tmp_path / "folder" / "note.json").write_text("[]")
    torn = tmp_path / "torn.json"
    torn.write_text('{"books":')
    again = books_of(tmp_path, [WETH_USDC], name="again.json")

    states = read_books([torn, tmp_path / "folder", again], known={})

    assert list(states.market.pools) == ["kraken:ETH/USDC"]
    shown = [(refusal.path.name, refusal.reason) for refusal in states.refusals]
    assert shown == [
        ("torn.json", "not JSON: expecting value"),
        ("note.json", "no list of books"),
        ("again.json", "pool kraken:ETH/USDC is listed twice"),
    ]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"books": []}', '{"books": 3}'])
def test_file_without_a_book_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "books.json"
    path.write_text(content)

    with pytest.raises(PoolFileError) as caught:
        read(path)

    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_folder_without_a_document_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PoolFileError, match="no JSON in this folder"):
        read(tmp_path)


def test_recording_is_replayed_to_its_end_or_until_a_time(tmp_path: Path) -> None:
    recording_of(tmp_path, {"10.5": KRAKEN_SNAPSHOT, "11.5": KRAKEN_UPDATE})

    at_end = book_in(books_of(tmp_path, [recorded_book()]))
    before = book_in(books_of(tmp_path, [recorded_book(until="11.4")]))

    assert [level.price for level in at_end.bids] == [25_002 * 10**6, 25_001 * 10**6]
    assert [level.size for level in at_end.asks] == [4 * E18, 9 * E18]
    assert [level.price for level in before.asks] == [25_002 * 10**6, 25_012 * 10**6]


def test_side_keeps_no_more_levels_than_were_subscribed(tmp_path: Path) -> None:
    better = [7, {"a": [["2500.15", "1.0", "2"]]}, "book-2", "ETH/USDC"]
    recording_of(tmp_path, {"1.0": KRAKEN_SNAPSHOT, "2.0": better})

    book = book_in(books_of(tmp_path, [recorded_book()]))

    assert [level.size for level in book.asks] == [E18, E18 // 2]


def test_checksum_is_that_of_the_exchanges_own_example() -> None:
    asks, bids = levels_of(KRAKENS_EXAMPLE_ASKS), levels_of(KRAKENS_EXAMPLE_BIDS)

    assert checksum((bids, asks)) == 3_310_070_434


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ({}, "no snapshot of it is recorded"),
        ({"1.0": KRAKEN_UPDATE}, "no snapshot of it is recorded"),
        ({"1.0": [*KRAKEN_SNAPSHOT[:-1], "ETH/EUR"]}, "no snapshot of it is recorded"),
        (
            {"1.0": KRAKEN_SNAPSHOT, "2.0": [7, {"a": [], "c": "5"}, "book-2", "ETH/USDC"]},
            "its checksum is",
        ),
    ],
    ids=["empty", "no snapshot", "other symbol", "checksum"],
)
def test_recording_that_does_not_tell_the_book_is_refused(
    tmp_path: Path, messages: dict[str, object], reason: str
) -> None:
    recording_of(tmp_path, messages)

    (refusal,) = refusals_of(books_of(tmp_path, [recorded_book()]))

    assert reason in refusal


def depth(first: int, last: int, price: str) -> dict[str, object]:
    data = {"e": "depthUpdate", "s": "ETHUSDC", "U": first, "u": last, "b": [[price, "1"]], "a": []}
    return {"stream": "ethusdc@depth", "data": data}


def test_numbered_updates_go_on_where_the_answered_snapshot_ends(tmp_path: Path) -> None:
    snapshot = {"lastUpdateId": 5, "bids": [["90", "1"]], "asks": []}
    recording_of(
        tmp_path,
        {"1.0": depth(3, 4, "91"), "2.0": depth(5, 7, "92"), "4.0": depth(8, 8, "93")},
        name="stream.0",
    )
    recording_of(
        tmp_path, {"https://exchange/depth?symbol=ETHUSDC -> 3.0": snapshot}, name="http.0"
    )
    wanted = recorded_book(["stream.0", "http.0"], exchange="binance", symbol="ETHUSDC")

    book = book_in(books_of(tmp_path, [wanted]))

    assert [level.price for level in book.bids] == [93 * 10**6, 92 * 10**6, 90 * 10**6]


def test_gap_in_numbered_updates_is_refused_by_what_is_missing(tmp_path: Path) -> None:
    snapshot = {"lastUpdateId": 5, "bids": [["90", "1"]], "asks": []}
    recording_of(
        tmp_path,
        {"https://exchange/depth?symbol=ETHUSDC -> 1.0": snapshot, "2.0": depth(9, 9, "91")},
    )
    wanted = recorded_book(exchange="binance", symbol="ETHUSDC")

    (refusal,) = refusals_of(books_of(tmp_path, [wanted]))

    assert "changes 6 to 8 are not recorded; record every message" in refusal


def test_book_of_coinbase_follows_both_sides(tmp_path: Path) -> None:
    snapshot = {
        "type": "snapshot",
        "product_id": "ETH-USDC",
        "bids": [["90", "1"]],
        "asks": [["95.0", "2"], ["96", "1"]],
    }
    changes = [["buy", "91", "3"], ["sell", "95", "0"], ["buy", "90.0", "0.0"]]
    update = {"type": "l2update", "product_id": "ETH-USDC", "changes": changes}
    ticker = {"type": "ticker", "product_id": "ETH-USDC", "price": "95"}
    recording_of(tmp_path, {"1.0": snapshot, "2.0": ticker, "3.0": update})
    wanted = recorded_book(exchange="coinbase", symbol="ETH-USDC")

    book = book_in(books_of(tmp_path, [wanted]))

    assert [[level.size for level in side] for side in (book.bids, book.asks)] == [[3 * E18], [E18]]


@given(data=st.data(), junk=JUNK)
def test_book_with_any_value_replaced_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, *, data: st.DataObject, junk: object
) -> None:
    document = {"books": [WETH_USDC]}
    place = data.draw(st.sampled_from(list(places(document))))
    path = tmp_path_factory.mktemp("broken") / "books.json"
    path.write_text(json.dumps(broken(document, place, junk)), encoding="utf-8")

    assert all("\n" not in line for line in refusals_of(path))


MESSAGES: dict[str, dict[str, object]] = {
    "kraken": {"1.0": KRAKEN_SNAPSHOT, "2.0": KRAKEN_UPDATE},
    "coinbase": {
        "1.0": {"type": "snapshot", "product_id": "ETH/USDC", "bids": [], "asks": [["9", "1"]]},
        "2.0": {"type": "l2update", "product_id": "ETH/USDC", "changes": [["buy", "8", "1"]]},
    },
    "binance": {
        "http://x?symbol=ETH/USDC -> 1.0": {"lastUpdateId": 1, "bids": [], "asks": [["9", "1"]]},
        "2.0": {"e": "depthUpdate", "s": "ETH/USDC", "U": 2, "u": 2, "b": [["8", "1"]], "a": []},
    },
}


@given(data=st.data(), junk=JUNK)
@pytest.mark.parametrize("exchange", MESSAGES)
def test_recording_with_any_value_replaced_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, *, exchange: str, data: st.DataObject, junk: object
) -> None:
    messages = MESSAGES[exchange]
    place = data.draw(st.sampled_from(list(places(messages))))
    folder = tmp_path_factory.mktemp("broken")
    recording_of(folder, broken(messages, place, junk))  # type: ignore[arg-type]  # a mapping still

    lines = refusals_of(books_of(folder, [recorded_book(exchange=exchange)]))

    assert all("\n" not in line for line in lines)
