"""States of mainnet V4 pools on which a live bot mispredicted: what the chain really gave.

The recordings hold the state, the amount that entered each hop, what the bot expected and what
the chain did. Where the recorded ticks are older than the price, the proof of ticks must say so.
"""

import json
from typing import Any

import pytest

from graphs.errors import InsufficientLiquidityError, MalformedPoolError
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.pool_key import NO_HOOKS, PoolKey
from graphs.pools.tick import TickTable, find_flaw
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import PIPS, Address, PoolId
from tests.graphs.pools.recorded import recorded_file
from tests.graphs.pools.strategies import HIGH, LOW
from tests.graphs.pools.v4_strategies import packed

FOLDER = "amm_oracle/"
THREE_HOPS = FOLDER + "path110302_v3v4v2_block25711761.json"
TWO_V4_HOPS = FOLDER + "path182449_v4v4v2_block25731019.json"
HALTED = FOLDER + "path5000_v2v4v3_block25704509.json"
ROUNDED = FOLDER + "path73385_v4_block25706469.json"
CROSSING = FOLDER + "v4_crossing_9a5c1d2f_block25673381.json"
RECURRENCES = FOLDER + "v4_overprediction_recurrences.json"
DIVERGED = FOLDER + "v4_eth_usdc_diverge_corpus.json"
SNAPSHOT = FOLDER + "mainnet_v4_liquidity_snapshot.json"
ETH_USDC = FOLDER + "chain_data/1/uniswap_v4_eth_usdc_block_24407242.json"

Record = dict[str, Any]


def recorded(name: str) -> Record:
    content: Record = json.loads(recorded_file(name).read_text())
    return content


def table_of(rows: Record) -> TickTable:
    """Columns from rows of either shape: named, or gross before net."""
    ordered = sorted((int(tick), row) for tick, row in rows.items())
    pairs = [
        (row["liquidity_net"], row["liquidity_gross"]) if isinstance(row, dict) else row[1::-1]
        for _, row in ordered
    ]
    return TickTable(
        tuple(tick for tick, _ in ordered),
        tuple(int(net) for net, _ in pairs),
        tuple(int(gross) for _, gross in pairs),
    )


def v4_pool(state: Record, *, fee_pips: int) -> UniswapV4Pool:
    return UniswapV4Pool(
        id=PoolId(state["pool_id"]),
        venue="uniswap_v4",
        token0=LOW,
        token1=HIGH,
        fee_pips=fee_pips,
        tick_spacing=state.get("tick_spacing", 1),
        sqrt_price_x96=int(state["sqrt_price_x96"]),
        tick=state["tick"],
        liquidity=int(state["liquidity"]),
        protocol_fee=state.get("protocol_fee", 0),
        **table_of(state.get("tick_data", {}))._asdict(),
    )


def v3_pool(state: Record) -> ConcentratedPool:
    return ConcentratedPool(
        id=PoolId(state["address"]),
        venue=state["family"],
        token0=LOW,
        token1=HIGH,
        fee_pips=state["fee_token0"],
        tick_spacing=state["tick_spacing"],
        sqrt_price_x96=int(state["sqrt_price_x96"]),
        tick=state["tick"],
        liquidity=int(state["liquidity"]),
        **table_of(state["tick_data"])._asdict(),
    )


def v2_pool(state: Record) -> ConstantProductPool:
    return ConstantProductPool(
        id=PoolId(state["address"]),
        venue=state["family"],
        token0=LOW,
        token1=HIGH,
        reserve0=int(state["reserve0"]),
        reserve1=int(state["reserve1"]),
        fee_pips=3 * PIPS // 1000,
    )


def pools_of(record: Record) -> dict[str, ConcentratedPool | ConstantProductPool]:
    pools: dict[str, ConcentratedPool | ConstantProductPool] = {}
    for name, state in record["pools"].items():
        if name.startswith("v4"):
            pools[name] = v4_pool(state, fee_pips=state["fee_currency0"])
        else:
            pools[name] = v3_pool(state) if name.startswith("v3") else v2_pool(state)
    return pools


def amounts_along(record: Record, hops: int) -> list[int]:
    """What comes out of each of the first hops, each given what the one before gave."""
    pools, amount, found = pools_of(record), int(record["recorded_solve"]["optimal_input"]), []
    for hop in record["path"][:hops]:
        pair = (LOW, HIGH) if hop["zero_for_one"] else (HIGH, LOW)
        amount = pools[hop["pool"]].amount_out(*pair, amount)
        found.append(amount)
    return found


@pytest.mark.parametrize("name", [THREE_HOPS, TWO_V4_HOPS], ids=["v3-v4-v2", "v4-v4-v2"])
def test_every_hop_gives_what_the_chain_gave(name: str) -> None:
    record = recorded(name)
    solve = record["recorded_solve"]

    found = amounts_along(record, 3)

    assert found == [*map(int, solve["hop_outputs"][:2]), int(solve["v2_actual"])]
    assert found[2] < int(solve["v2_predicted"])


def test_steps_that_trade_nothing_still_round_as_on_chain() -> None:
    record = recorded(ROUNDED)
    solve = record["recorded_solve"]

    found = amounts_along(record, 2)

    assert found == [int(solve["v4_input"]), int(solve["v4_onchain"])]
    assert found[1] < int(solve["v4_predicted_output"])


def test_hop_that_halted_on_chain_for_want_of_liquidity_is_refused() -> None:
    record = recorded(HALTED)

    assert amounts_along(record, 1) == [int(record["recorded_solve"]["v4_input"])]
    with pytest.raises(InsufficientLiquidityError):
        amounts_along(record, 2)


def test_hop_under_the_protocols_fee_gives_what_the_chain_gave() -> None:
    record = recorded(CROSSING)
    hop, pool = record["v4_hop"], pools_of(record)["v4"]

    assert pool.amount_out(HIGH, LOW, int(hop["input"])) == int(hop["onchain_actual"])


# The fee of the first pool is not recorded: its amounts are the same at every usual one.
@pytest.mark.parametrize(
    ("index", "fee_pips", "paid", "given"),
    [
        (0, 100, 185, 631_737_964_053_287),
        (0, 3000, 185, 631_737_964_053_287),
        (0, 3000, 184, 628_304_616_211_100),
        (1, 1, 3184, 3182),
        (1, 1, 9652, 9649),
        (1, 1, 9643, 9640),
    ],
)
def test_tiny_inputs_give_what_the_chain_gave(
    *, index: int, fee_pips: int, paid: int, given: int
) -> None:
    state = recorded(RECURRENCES)["recurrences"][index]["v4"]

    assert v4_pool(state, fee_pips=fee_pips).amount_out(HIGH, LOW, paid) == given


@pytest.mark.parametrize("name", [THREE_HOPS, TWO_V4_HOPS, HALTED, ROUNDED, CROSSING])
def test_keys_hash_to_the_recorded_ids(name: str) -> None:
    states = [s for s in recorded(name)["pools"].values() if s["family"] == "uniswap_v4"]

    for state in states:
        key = PoolKey(
            currency0=Address(state["currency0"].lower()),
            currency1=Address(state["currency1"].lower()),
            fee_pips=state["fee_currency0"],
            tick_spacing=state["tick_spacing"],
            hooks=NO_HOOKS,
        )
        assert key.id == state["pool_id"]


@pytest.mark.parametrize(
    ("name", "pool"), [(TWO_V4_HOPS, "v4_b"), (CROSSING, "v4")], ids=["v4-v4-v2", "crossing"]
)
def test_ticks_older_than_the_price_are_found_out(name: str, pool: str) -> None:
    stale = pools_of(recorded(name))[pool]

    assert isinstance(stale, UniswapV4Pool)
    with pytest.raises(MalformedPoolError, match="ticks imply"):
        stale.check_ticks()


def test_ticks_fetched_in_part_are_found_out() -> None:
    record = recorded(DIVERGED)

    with pytest.raises(MalformedPoolError, match="above the last tick"):
        v4_pool(record, fee_pips=record["fee"]).check_ticks()


def test_no_quote_pays_out_more_than_the_recorded_pool_holds() -> None:
    record = recorded(ETH_USDC)
    state = record["scalars"]
    shares = (state["protocol_fee_zero_for_one"], state["protocol_fee_one_for_zero"])
    known = {"pool_id": record["pool_id"], "tick_data": record["tick_data"]}
    pool = v4_pool(state | known | {"protocol_fee": packed(*shares)}, fee_pips=state["lp_fee"])
    balances = {HIGH: record["balance_token1"], LOW: record["balance_token0"]}

    pool.check_ticks()

    for pair in ((LOW, HIGH), (HIGH, LOW)):
        with pytest.raises(InsufficientLiquidityError):
            pool.amount_in(*pair, balances[pair[1]])


def test_ticks_of_every_pool_in_the_snapshot_are_what_positions_leave() -> None:
    states = [state for state in recorded(SNAPSHOT).values() if isinstance(state, dict)]
    tables = [table_of(state["tick_data"]) for state in states]

    flaws = [find_flaw(table, tick_spacing=1, max_liquidity=2**128) for table in tables]

    assert len(states) == 1295
    assert set(flaws) == {None}
