"""Tests of the search across recorded books: with pools or alone, shown to the last digit.

Recorded: pools of September 2020 and a session of April 2021, whose prices are far apart.
"""

import json
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.order_book import OrderBookPool
from graphs.tokens import Token
from graphs.units import Address
from sims.pool_files import read_pools
from sims.search import Bases, PoolSelection, SearchReport, search_pools
from sims.signal_search import (
    BookSelection,
    SignalReport,
    UnknownBookBaseError,
    search_signals,
    whole_tokens,
)
from sims.signal_view import NEVER_SENT, say_signals
from tests.graphs.brute_force import profitable_cycles
from tests.graphs.pools.recorded import recorded_file
from tests.sims.recorded_states.book_documents import books_of
from tests.sims.recorded_states.documents import ONE, TWO
from tests.sims.test_search import HEADER, WETH, StepClock

THREE = "0x" + "03" * 20
ETHER = {"address": ONE, "symbol": "WETH", "decimals": 18}
DOLLAR = {"address": TWO, "symbol": "USDC", "decimals": 6}
BITCOIN = {"address": THREE, "symbol": "WBTC", "decimals": 8}

KRAKEN = {
    "exchange": "kraken",
    "symbol": "ETH/USDC",
    "base": ETHER,
    "quote": DOLLAR,
    "fee_pips": 0,
    "bids": [["2100", "1.5"]],
    "asks": [["2101", "10"]],
}
POOL = f"x,one,0x{9:040x},{ONE},{TWO},WETH,USDC,18,6,{10**21},{2 * 10**12},0,0"
TRIANGLE = [
    {**KRAKEN, "bids": [], "asks": [["2000", "2"]]},
    {**KRAKEN, "symbol": "ETH/BTC", "quote": BITCOIN, "bids": [["0.05", "1"]], "asks": []},
    {
        **KRAKEN,
        "exchange": "coinbase",
        "symbol": "BTC-USDC",
        "base": BITCOIN,
        "bids": [["50000", "1"]],
        "asks": [],
    },
]


def table_of(folder: Path, *rows: str) -> Path:
    path = folder / "pools.csv"
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return path


def found(
    folder: Path, books: object, *, base: str = TWO, beside: Path | None = None
) -> SignalReport:
    selection = BookSelection(
        paths=[books_of(folder, books)],
        beside=read_pools(beside).market if beside else None,
    )
    return search_signals(selection, base=Address(base), max_hops=3, top=5, clock=StepClock())


def printed(report: SignalReport, atomic: SearchReport | None, *, as_json: bool) -> str:
    file = StringIO()
    say_signals(report, atomic, Console(file=file, width=160), as_json=as_json)
    return file.getvalue()


def test_gap_between_a_book_and_a_pool_is_shown_with_sizes_in_raw_units_and_in_whole_tokens(
    tmp_path: Path,
) -> None:
    report = found(tmp_path, [KRAKEN], base=ONE, beside=table_of(tmp_path, POOL))

    shown = json.loads(printed(report, None, as_json=True))["signals"]

    (signal,) = shown.pop("top")
    assert shown == {
        "books": 1,
        "books_left_out": 0,
        "pools": 1,
        "cycles": 1,
        "build_ms": 1.0,
        "search_ms": 1.0,
        "size_ms": 1.0,
        "refused": [],
    }
    # The exchange takes one and a half for 2100 dollars each; the pool asks 2000 and rising.
    spent, back = 15 * 10**17, 3_150 * 10**6 * 10**21 // (2 * 10**12 + 3_150 * 10**6)
    on_exchange, on_chain = signal.pop("hops")
    assert signal == {
        "kind": "CEX/DEX",
        "is_atomic": False,
        "amount_in": str(spent),
        "amount_out": str(back),
        "profit": str(back - spent),
        "whole_profit": f"0.0{back - spent}",
    }
    assert (on_chain["venue"], on_chain["on_exchange"]) == ("one", False)
    assert on_exchange == {
        "pool": "kraken:ETH/USDC",
        "venue": "kraken",
        "on_exchange": True,
        "token_in": ONE,
        "token_out": TWO,
        "amount_in": str(spent),
        "amount_out": "3150000000",
        "whole_in": "1.5",
        "whole_out": "3150",
    }


def test_books_alone_yield_a_triangle_between_exchanges(tmp_path: Path) -> None:
    report = found(tmp_path, TRIANGLE)

    (signal,) = report.best
    assert signal.kind == "CEX/CEX"
    assert signal.venues == ("kraken", "kraken", "coinbase")
    assert signal.amounts == (2_000 * 10**6, 10**18, 5 * 10**6, 2_500 * 10**6)
    assert report.pools == 0


def test_base_that_no_pool_trades_has_signals_across_pools(tmp_path: Path) -> None:
    pools = PoolSelection(path=table_of(tmp_path, POOL), chain=None, needs_base=False)

    atomic = search_pools(
        pools, bases=Bases(tokens=(Address(THREE),)), max_hops=3, top=5, clock=StepClock()
    )
    report = found(tmp_path, TRIANGLE[1:], base=THREE, beside=pools.path)

    assert (atomic.cycles, atomic.best) == (0, ())
    (signal,) = report.best
    assert signal.venues == ("coinbase", "one", "kraken")
    assert signal.kind == "CEX/DEX"


def test_base_is_read_in_any_case(tmp_path: Path) -> None:
    books = json.loads(json.dumps(TRIANGLE).replace(TWO, "0x" + "ab" * 20))

    assert found(tmp_path, books, base="0x" + "AB" * 20).cycles == 1


@pytest.mark.parametrize("base", ["0x" + "0d" * 20, "weth"])
def test_base_that_nothing_trades_is_refused_by_name(tmp_path: Path, base: str) -> None:
    with pytest.raises(UnknownBookBaseError, match=f"trades {base}"):
        found(tmp_path, [KRAKEN], base=base)


def test_refused_book_is_reported_and_the_rest_is_searched(tmp_path: Path) -> None:
    report = found(tmp_path, [{**KRAKEN, "fee_pips": -1}, *TRIANGLE])

    assert report.books == 3
    (refusal,) = report.refusals
    assert (refusal.place, report.as_dict()["refused"]) == ("books[0]", [str(refusal)])


def test_text_names_venues_sizes_and_profit_and_that_signals_are_never_sent(tmp_path: Path) -> None:
    report = found(tmp_path, [KRAKEN], base=ONE, beside=table_of(tmp_path, POOL))

    shown = " ".join(printed(report, None, as_json=False).split())

    assert "CEX/DEX kraken 1.5 WETH 3150 USDC 0.072523275840551131 WETH" in shown
    assert "one (chain) 3150 USDC 1.572523275840551131 WETH" in shown
    assert "1 signals among 1 order books" in shown
    assert shown.endswith(NEVER_SENT)


def test_size_of_a_token_without_decimals_is_shown_in_raw_units(tmp_path: Path) -> None:
    pools = table_of(
        tmp_path,
        f"x,one,0x{8:040x},{TWO},{THREE},,,,,{2 * 10**12},{10**9},0,0",
        f"x,one,0x{9:040x},{ONE},{THREE},,,,,{10**21},{10**9},0,0",
    )

    report = found(tmp_path, [KRAKEN], beside=pools)

    (signal,) = report.best
    assert f"{signal.amounts[1]} raw units of 0x0303…0303" in printed(report, None, as_json=False)
    assert '"whole_out": null' in printed(report, None, as_json=True)


@pytest.mark.parametrize("has_pools", [False, True])
def test_json_is_one_object_in_which_signals_have_their_own_key(
    tmp_path: Path, *, has_pools: bool
) -> None:
    pools = PoolSelection(path=table_of(tmp_path, POOL), chain=None)
    atomic = search_pools(
        pools, bases=Bases(tokens=(Address(TWO),)), max_hops=3, top=5, clock=StepClock()
    )
    report = found(tmp_path, TRIANGLE)

    shown = json.loads(printed(report, atomic if has_pools else None, as_json=True))

    assert shown.pop("signals") == json.loads(json.dumps(report.as_dict()))
    assert shown == (json.loads(atomic.as_json()) if has_pools else {})


def test_text_shows_atomic_cycles_before_signals(tmp_path: Path) -> None:
    pools = PoolSelection(path=table_of(tmp_path, POOL), chain=None)
    atomic = search_pools(
        pools, bases=Bases(tokens=(Address(TWO),)), max_hops=3, top=5, clock=StepClock()
    )

    shown = printed(found(tmp_path, TRIANGLE), atomic, as_json=False)

    assert shown.index("0 profitable cycles among 1 pools") < shown.index("CEX/CEX")


@pytest.mark.slow
def test_signals_of_a_recorded_book_beside_recorded_pools_are_those_of_brute_force(
    tmp_path: Path,
) -> None:
    pools = read_pools(recorded_file("pools_v2/eth_univ2_sushi_2020-09.csv")).market
    recording = recorded_file("cex_cryptofeed/COINBASE.ws.28.0.gz")
    yfi = {"address": "0x0bc529c00c6401aef6d220be8c6ea1667f6ad93e", "decimals": 18}
    wbtc = {"address": "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599", "decimals": 8}
    book = {
        "exchange": "coinbase",
        "symbol": "YFI-BTC",
        "base": yfi,
        "quote": wbtc,
        "fee_pips": 5_000,
        "recordings": [str(recording)],
    }
    selection = BookSelection(paths=[books_of(tmp_path, [book])], beside=pools)

    report = search_signals(selection, base=WETH, max_hops=3, top=99, clock=StepClock())

    traded = list(report.market.pools.values())
    mixed = [p for p in traded if isinstance(p, ConstantProductPool | OrderBookPool)]
    expected = profitable_cycles(mixed, WETH, 3)
    across = {cycle for cycle in expected if "coinbase:YFI-BTC" in cycle.pool_ids}
    assert {signal.cycle for signal in report.best} == across
    assert len(across) == report.cycles == 4


@given(amount=st.integers(0, 2**256), decimals=st.integers(0, 255))
def test_whole_tokens_are_exact_and_without_idle_digits(amount: int, decimals: int) -> None:
    shown = whole_tokens(amount, Token(address=Address(ONE), symbol="", decimals=decimals))

    assert shown is not None
    assert Fraction(shown) == Fraction(amount, 10**decimals)
    assert not shown.endswith(".")
    assert "." not in shown or not shown.endswith("0")
