"""Tests of the tables of rollup pools: coherent curves are read, all others are refused."""

from pathlib import Path

import pytest

from graphs.pools.concentrated import ConcentratedPool
from sims.pool_files import read_pools
from sims.recorded_states.l2_uniswap import COLUMNS, TICK_COLUMNS
from sims.recorded_states.states import PoolFileError

E18 = 10**18
PAIR, CURVE, NEVER = ("0x" + digit * 40 for digit in "abc")
TOKENS = f"0x{1:040x},0x{2:040x},ONE,TWO,18,18"
V2 = f"base,uniswap,v2,{PAIR},{TOKENS},3000,1000,2000,,,,1"
V3 = f"base,uniswap,v3,{CURVE},{TOKENS},3000,,,{2**96},{E18},0,1"
NO_STATE = f"base,uniswap,v3,{NEVER},{TOKENS},3000,,,,,,null"
TICKS = (f"{CURVE},-60,{E18}", f"{CURVE},0,0", f"{CURVE},60,{-E18}")


def tables(folder: Path, *rows: str, ticks: tuple[str, ...] = TICKS) -> Path:
    (folder / "v3_ticks.csv").write_text("\n".join((",".join(TICK_COLUMNS), *ticks)))
    path = folder / "states.csv"
    path.write_text("\n".join((",".join(COLUMNS), *rows)))
    return path


def test_pools_of_both_versions_are_read_with_their_ticks(tmp_path: Path) -> None:
    states = read_pools(tables(tmp_path, V2, V3, NO_STATE))

    curve = states.market.pools[CURVE]  # type: ignore[index]  # an id as text
    assert isinstance(curve, ConcentratedPool)
    assert (curve.ticks, curve.liquidity_nets) == ((-60, 60), (E18, -E18))
    assert curve.tick_spacing == 60
    assert list(states.market.pools) == [PAIR, CURVE]
    assert (states.pools_left_out, states.refusals) == (1, ())


@pytest.mark.parametrize(
    ("row", "ticks", "reason"),
    [
        (V3, TICKS[:1], "liquidity above the last tick"),
        (V3, (), "imply a liquidity of 0"),
        (V3.replace(f",{E18},0,1", f",{E18 + 1},0,1"), TICKS, "imply a liquidity"),
        (V3.replace(",3000,", ",2500,"), TICKS, "no tick spacing is known for fee_pips 2500"),
        (V3.replace("v3", "v5"), TICKS, "version 'v5' is not known"),
        (V3.replace(f"{2**96}", "0"), TICKS, "is not that of price"),
    ],
)
def test_incoherent_curve_is_refused_by_line_and_the_rest_is_read(
    tmp_path: Path, *, row: str, ticks: tuple[str, ...], reason: str
) -> None:
    states = read_pools(tables(tmp_path, row, V2, ticks=ticks))

    (refusal,) = states.refusals
    assert refusal.place == "line 2"
    assert reason in refusal.reason
    assert list(states.market.pools) == [PAIR]


def test_broken_tick_is_refused_in_its_own_file_and_so_is_its_pool(tmp_path: Path) -> None:
    ticks = (*TICKS[:2], f"{CURVE},sixty,{-E18}")

    states = read_pools(tables(tmp_path, V3, V2, ticks=ticks))

    assert [(refusal.path.name, refusal.place) for refusal in states.refusals] == [
        ("v3_ticks.csv", "line 4"),
        ("states.csv", "line 2"),
    ]


def test_absent_table_of_ticks_is_named(tmp_path: Path) -> None:
    path = tables(tmp_path, V3)
    (tmp_path / "v3_ticks.csv").unlink()

    with pytest.raises(PoolFileError, match=r"v3_ticks\.csv: no such file"):
        read_pools(path)
