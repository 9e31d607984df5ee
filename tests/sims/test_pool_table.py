"""Tests of the pool table: what is read, and that every broken file is named in one line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.pool_files import read_pools
from sims.pool_table import COLUMNS
from sims.recorded_states.states import PoolFileError

HEADER = ",".join(COLUMNS)
POOL, OTHER = "0x" + "aa" * 20, "0x" + "bb" * 20
TOKEN0, TOKEN1 = "0x" + "01" * 20, "0x" + "02" * 20
ROW = f"ethereum,uniswap_v2,{POOL},{TOKEN0},{TOKEN1},ONE,TWO,18,6,1000,2000,25,7"


def table_of(folder: Path, *lines: str) -> Path:
    path = folder / "pools.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_row_becomes_a_pool_and_its_tokens(tmp_path: Path) -> None:
    market = read_pools(table_of(tmp_path, HEADER, ROW)).market

    (pool,) = market.pools.values()
    assert pool.id == POOL
    assert pool.venue == "uniswap_v2"
    assert pool.tokens == (TOKEN0, TOKEN1)
    # 1000 * 0.9975 * 2000 / (1000 + 997.5), rounded down
    assert pool.amount_out(pool.tokens[0], pool.tokens[1], 1_000) == 998
    assert [(token.symbol, token.decimals) for token in market.tokens.values()] == [
        ("ONE", 18),
        ("TWO", 6),
    ]


def test_empty_fee_is_that_of_uniswap(tmp_path: Path) -> None:
    empty = ROW.replace(",25,", ",,").replace(",1000,2000,", ",1000000,1000000,")

    (pool,) = read_pools(table_of(tmp_path, HEADER, empty)).market.pools.values()

    assert pool.marginal_rate_float(pool.tokens[0], pool.tokens[1]) == 0.997


def test_token_of_unknown_decimals_is_traded_all_the_same(tmp_path: Path) -> None:
    table = read_pools(table_of(tmp_path, HEADER, ROW.replace(",18,6,", ",18,,")))

    assert list(table.market.tokens) == [TOKEN0]
    assert list(table.market.pools) == [POOL]


@pytest.mark.parametrize("reserves", [",0,2000,", ",1000,0,", ",0,0,"])
def test_pool_without_a_reserve_is_left_out_and_counted(tmp_path: Path, reserves: str) -> None:
    dry = ROW.replace(POOL, OTHER).replace(",1000,2000,", reserves)

    table = read_pools(table_of(tmp_path, HEADER, dry, ROW))

    assert list(table.market.pools) == [POOL]
    assert table.pools_left_out == 1


def test_addresses_are_read_in_any_case(tmp_path: Path) -> None:
    shouted = ROW.replace(POOL, "0x" + "AA" * 20)

    assert list(read_pools(table_of(tmp_path, HEADER, shouted)).market.pools) == [POOL]


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    header = ",".join(("note", *reversed(COLUMNS)))
    row = ",".join(("hello", *reversed(ROW.split(","))))

    assert list(read_pools(table_of(tmp_path, header, row)).market.pools) == [POOL]


BROKEN_ROWS = {
    "short row": (ROW.rsplit(",", 1)[0], "not as many fields"),
    "long row": (ROW + ",more", "not as many fields"),
    "pool no address": (ROW.replace(POOL, "0x12"), "pool '0x12' is no address"),
    "pool without digits": (ROW.replace(POOL, "0x" + "zz" * 20), "is no address"),
    "token no address": (ROW.replace(TOKEN1, ""), "token1 '' is no address"),
    "negative reserve": (ROW.replace(",1000,", ",-1000,"), "reserve0 '-1000' is not in range"),
    "fractional reserve": (ROW.replace(",2000,", ",2e3,"), "reserve1 '2e3' is not in range"),
    "reserve of 113 bits": (ROW.replace(",1000,", f",{2**112},"), "is not in range"),
    "reserve without end": (ROW.replace(",1000,", "," + "9" * 9_999 + ","), "is not in range"),
    "foreign digits": (ROW.replace(",1000,", ",\u0661\u0662,"), "is not in range"),
    "whole fee": (ROW.replace(",25,", ",10000,"), "fee_bps '10000' is not in range"),
    "decimals": (ROW.replace(",18,", ",256,"), "decimals0 '256' is not in range"),
    "tokens swapped": (ROW.replace(f"{TOKEN0},{TOKEN1}", f"{TOKEN1},{TOKEN0}"), "is not below"),
    "one token": (ROW.replace(TOKEN1, TOKEN0), "is not below"),
    "stray quote": ('"open"quote', "not CSV"),
}


@pytest.mark.parametrize(("row", "reason"), BROKEN_ROWS.values(), ids=BROKEN_ROWS)
def test_broken_row_is_refused_by_file_line_and_remedy(
    tmp_path: Path, row: str, reason: str
) -> None:
    path = table_of(tmp_path, HEADER, row)

    with pytest.raises(PoolFileError) as caught:
        read_pools(path)

    text = str(caught.value)
    assert text.startswith(f"{path}, line 2: ")
    assert reason in text
    assert caught.value.remedy in text
    assert "\n" not in text


@pytest.mark.parametrize(("row", "reason"), BROKEN_ROWS.values(), ids=BROKEN_ROWS)
def test_rest_is_read_behind_a_broken_row(tmp_path: Path, row: str, reason: str) -> None:
    whole = ROW.replace(POOL, OTHER)

    states = read_pools(table_of(tmp_path, HEADER, row, whole))

    (refusal,) = states.refusals
    assert refusal.place == "line 2"
    assert reason in refusal.reason
    assert list(states.market.pools) == [OTHER]


@pytest.mark.parametrize("first", [ROW, ROW.replace(",1000,", ",0,")], ids=["live", "dry"])
def test_pool_that_is_listed_twice_is_refused_at_its_second_place(
    tmp_path: Path, first: str
) -> None:
    (refusal,) = read_pools(table_of(tmp_path, HEADER, first, ROW)).refusals

    assert refusal.place == "line 3"
    assert "listed twice" in refusal.reason


def test_pools_of_two_chains_are_searched_one_chain_at_a_time(tmp_path: Path) -> None:
    other = ROW.replace("ethereum", "fantom").replace(POOL, OTHER)
    path = table_of(tmp_path, HEADER, ROW, other)

    with pytest.raises(PoolFileError, match="pools of ethereum and fantom; name one"):
        read_pools(path)
    assert list(read_pools(path, chain="fantom").market.pools) == [OTHER]


def test_chain_that_no_pool_is_of_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(PoolFileError, match="no pool of gnosis; choose from ethereum"):
        read_pools(table_of(tmp_path, HEADER, ROW), chain="gnosis")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "header without chain"),
        ((HEADER.replace("reserve1", "reserve2"), ROW), "header without reserve1"),
        ((HEADER,), "no pool"),
    ],
)
def test_table_without_columns_or_rows_is_refused(
    tmp_path: Path, lines: tuple[str, ...], reason: str
) -> None:
    path = table_of(tmp_path, *lines)

    with pytest.raises(PoolFileError, match=reason):
        read_pools(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PoolFileError, match=r"absent\.csv: no such file"):
        read_pools(tmp_path / "absent.csv")


def test_folder_without_a_pool_is_named(tmp_path: Path) -> None:
    with pytest.raises(PoolFileError, match="no pool"):
        read_pools(tmp_path)


def refusal(path: Path) -> str:
    """What reading says of a file; nothing when it is taken."""
    try:
        read_pools(path)
    except PoolFileError as error:
        return str(error)
    return ""


@given(content=st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_a_table_or_a_refusal_of_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "pools.csv"
    path.write_bytes(f"{HEADER}\n{ROW}\n".encode() + content)

    assert "\n" not in refusal(path)
