"""What a person reads: amounts cut exactly, strangers' symbols made harmless."""

from dataclasses import replace
from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from graphs.tokens import Token
from graphs.units import Address
from searcher.event_log import name
from sims.demo_view import ether_down, path
from tests.searcher.records import BID, START, WETH


@given(st.integers(-(2**256), 2**256))
def test_ether_is_cut_towards_zero_at_six_decimals(wei: int) -> None:
    shown = ether_down(wei)

    with localcontext(prec=100):
        lost = abs(Decimal(wei).scaleb(-18)) - abs(Decimal(shown))
    assert 0 <= lost < Decimal("0.000001")
    assert shown.startswith("-") == (wei < 0)


@given(st.text())
def test_a_token_is_named_in_one_short_printable_word(symbol: str) -> None:
    token = Token(address=WETH, symbol=symbol, decimals=18)

    shown = name(WETH, {WETH: token})

    assert shown
    assert shown.isprintable()
    assert len(shown) <= 13


def test_unknown_token_is_shown_by_its_address() -> None:
    assert name(Address("0x" + "ab" * 20), {}) == "0xabab…abab"


def test_markup_in_a_symbol_is_shown_and_not_obeyed() -> None:
    hostile = Token(address=WETH, symbol="[bold]W[/]", decimals=18)
    market = replace(START, tokens={WETH: hostile})
    console = Console(width=200)

    with console.capture() as capture:
        console.print(path(BID.opportunity.cycle, market)[0])

    assert "[bold]W[/]" in capture.get()
