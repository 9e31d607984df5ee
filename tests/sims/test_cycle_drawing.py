"""Tests of the picture: it is well-formed whatever tokens call themselves, and always the same."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.bellman_ford import find_cycles
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import best_cycles
from graphs.token_graph import TokenGraph
from graphs.tokens import Token
from graphs.units import Address, PoolId
from sims.cycle_drawing import DrawingError, draw_cycles, profit, write_drawing
from sims.search import NO_FEE, SearchReport

BASE, OTHER, THIRD = (Address("0x" + digit * 40) for digit in "abc")
SVG = "{http://www.w3.org/2000/svg}"


def pool(
    number: int, *, reserve1: int, venue: str, tokens: tuple[Address, Address]
) -> ConstantProductPool:
    return ConstantProductPool(
        id=PoolId(f"0x{number:040x}"),
        venue=venue,
        token0=tokens[0],
        token1=tokens[1],
        reserve0=10**9,
        reserve1=reserve1,
        fee_pips=3_000,
    )


def report(symbol: str = "ONE", venue: str = "uni", top: int = 9) -> SearchReport:
    pools = (
        pool(1, reserve1=2 * 10**9, venue=venue, tokens=(BASE, OTHER)),
        pool(2, reserve1=10**9, venue=venue, tokens=(BASE, OTHER)),
        pool(3, reserve1=10**9, venue=venue, tokens=(OTHER, THIRD)),
        pool(4, reserve1=10**9, venue=venue, tokens=(BASE, THIRD)),
    )
    tokens = {BASE: Token(address=BASE, symbol=symbol, decimals=6)}
    market = Market(
        block_number=0, block_hash="", tokens=tokens, pools={pool.id: pool for pool in pools}
    )
    graph = TokenGraph.from_market(market)
    search = find_cycles(graph, BASE, max_hops=3, limit=100)
    best = best_cycles(market, search, NO_FEE, top=top)
    return SearchReport(
        market=market,
        graph=graph,
        found=search,
        tokens=3,
        pools=4,
        pools_left_out=0,
        refusals=(),
        cycles=len(search),
        build_ms=0.0,
        search_ms=0.0,
        size_ms=0.0,
        best=best,
        worths=tuple(sized.gross_profit for sized in best),
    )


def drawn(report: SearchReport) -> ET.Element:
    return ET.fromstring(draw_cycles(report))  # noqa: S314 -- our own output


def test_picture_has_a_disc_a_token_a_curve_a_hop_and_a_legend_a_cycle() -> None:
    shown = report()

    svg = drawn(shown)

    assert len(shown.best) == 2
    assert len(svg.findall(f".//{SVG}circle")) == 3
    assert len(svg.findall(f"./{SVG}path")) == sum(len(s.cycle.hops) for s in shown.best)
    assert len(svg.findall(f"./{SVG}text")) == 3 * len(shown.best)


@example(words="<script>alert(1)</script>")
@example(words='" onload="alert(1)')
@example(words="]]>&amp;\x00\ud800\u202e")
@given(words=st.text(max_size=30))
def test_names_of_strangers_are_words_and_nothing_else(words: str) -> None:
    svg = drawn(report(symbol=words, venue=words))

    kinds = {element.tag.removeprefix(SVG) for element in svg.iter()}
    assert kinds <= {
        "svg",
        "defs",
        "marker",
        "path",
        "rect",
        "line",
        "circle",
        "text",
        "title",
        "g",
    }
    assert not any(key.startswith("on") for element in svg.iter() for key in element.attrib)


def test_equal_reports_give_equal_pictures() -> None:
    assert draw_cycles(report()) == draw_cycles(report())


def test_report_without_a_cycle_is_an_empty_picture() -> None:
    assert drawn(report(top=0)).findall(f".//{SVG}circle") == []


def test_nothing_lies_outside_the_picture() -> None:
    svg = drawn(report())

    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    for circle in svg.findall(f".//{SVG}circle"):
        assert 26 <= float(circle.attrib["cx"]) <= width - 26
        assert 26 <= float(circle.attrib["cy"]) <= height - 26


@pytest.mark.parametrize(
    ("decimals", "shown"), [(0, "12345678.0 ONE"), (6, "12.345678 ONE"), (9, "0.012345 ONE")]
)
def test_profit_is_cut_to_six_decimals(decimals: int, shown: str) -> None:
    best = report().best[0]
    tokens = {BASE: Token(address=BASE, symbol="ONE", decimals=decimals)}
    fixed = type(best)(cycle=best.cycle, amounts=best.amounts, flash_fee=0, gross_profit=12_345_678)

    assert profit(fixed, tokens) == shown


def test_picture_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    write_drawing(tmp_path / "cycle.svg", report())

    assert (tmp_path / "cycle.svg").read_text(encoding="utf-8") == draw_cycles(report())


def test_folder_that_is_absent_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DrawingError, match="cannot be written: no such file"):
        write_drawing(tmp_path / "absent" / "cycle.svg", report())
