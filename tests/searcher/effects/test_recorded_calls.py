"""What recorded mainnet transactions were seen to do at pairs is what we foresee of them.

Where tokens take a fee on transfers, which only the bot's list of such tokens can know, the pair
got less than was ordered: those are told apart by just that.
"""

from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import Address, PoolId
from searcher.effects.calls import decode_call
from searcher.effects.execution import effect_of
from searcher.effects.outcome import Effect, Reason, UnforeseenError
from searcher.effects.pool_index import PoolIndex
from searcher.effects.prospect import Prospect
from searcher.effects.router import RouterKind
from searcher.effects.steps import Swap
from searcher.errors import WireError
from searcher.transactions import decode_transaction
from tests.searcher.effects.recorded import BLOCKS, KINDS, RAW, recorded_router, rows
from tests.searcher.pending_records import pending

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not RAW.exists(), reason="../shared/data is absent"),
]

VENUES = {"uniswap_v2": "uniswap_v2", "sushiswap_v2": "sushiswap"}
Key = tuple[str, str]
"""Block and index of a transaction."""


def test_nearly_all_recorded_swaps_decode() -> None:
    outcomes: Counter[tuple[RouterKind, str]] = Counter()
    for row in rows(RAW):
        if row["router"] in KINDS:
            router = recorded_router(row["router"], row["to"])
            transaction = decode_transaction(bytes.fromhex(row["raw"][2:]))
            try:
                call = decode_call(router, transaction.data, transaction.value_wei)
                assert any(isinstance(step, Swap) for step in call.steps)
                outcomes[router.kind, "decoded"] += 1
            except UnforeseenError as error:
                outcomes[router.kind, error.reason] += 1
            except WireError:
                pytest.fail(f"{row['hash']} is malformed")

    decoded = {kind: outcomes[kind, "decoded"] for kind in RouterKind}
    # The 13 of Router02 that do not decode add or remove liquidity.
    assert decoded[RouterKind.UNISWAP_V2] == 283
    assert outcomes[RouterKind.UNISWAP_V2, Reason.UNSUPPORTED_CALL] == 13
    assert decoded[RouterKind.UNISWAP_V3] == 3
    assert decoded[RouterKind.SWAP_ROUTER_02] == 19
    assert decoded[RouterKind.UNIVERSAL_ROUTER_V1] == 34
    assert decoded[RouterKind.ONE_INCH] == 10
    assert decoded[RouterKind.ZERO_EX] == 7


def recorded_swaps() -> dict[Key, list[dict[str, str]]]:
    swaps: dict[Key, list[dict[str, str]]] = defaultdict(list)
    for row in rows(BLOCKS / "v2_swaps_with_state.csv"):
        swaps[row["block"], row["tx_index"]].append(row)
    return swaps


def pair(row: dict[str, str], when: str) -> ConstantProductPool:
    return ConstantProductPool(
        id=PoolId(row["pool"]),
        venue=VENUES.get(row["dex"], row["dex"]),
        token0=Address(row["token0"]),
        token1=Address(row["token1"]),
        reserve0=int(row[f"reserve0_{when}"]),
        reserve1=int(row[f"reserve1_{when}"]),
        fee_pips=3_000,
    )


def is_taxed(swaps: list[dict[str, str]]) -> bool:
    """Whether a hop got another amount than the one before gave."""
    given = [int(row["amount0_out"]) or int(row["amount1_out"]) for row in swaps]
    got = [int(row["amount0_in"]) or int(row["amount1_in"]) for row in swaps]
    return any(out != into for out, into in zip(given, got[1:], strict=False))


def prospect_of(swaps: list[dict[str, str]]) -> Prospect:
    before: dict[PoolId, ConstantProductPool] = {}
    for row in swaps:
        pool = pair(row, "before")
        before.setdefault(pool.id, pool)
    return Prospect(
        market=Market(block_number=1, block_hash="0x1", tokens={}, pools=before),
        index=PoolIndex.from_pools(before.values()),
        routers={},
        taxed=frozenset(),
        chain_id=1,
        timestamp_s=0,
        base_fee_wei=0,
    )


def test_recorded_swaps_at_pairs_moved_what_is_foreseen() -> None:
    by_transaction, outcomes = recorded_swaps(), Counter[str]()
    for row in rows(RAW):
        swaps = by_transaction.get((row["block"], row["tx_index"]))
        if swaps is None or row["router"] not in KINDS or is_taxed(swaps):
            continue
        router = recorded_router(row["router"], row["to"])
        prospect = replace(prospect_of(swaps), routers={router.address: router})
        target = pending()
        transaction = decode_transaction(bytes.fromhex(row["raw"][2:]))
        effect = effect_of(replace(target, transaction=transaction), prospect)
        if not isinstance(effect, Effect):
            outcomes[effect.reason] += 1
            continue
        after = {pair(swap, "after").id: pair(swap, "after") for swap in swaps}
        if {pool.id: pool for pool in effect.touched} == after:
            outcomes["equal"] += 1
        elif got_less(swaps[0], effect):
            outcomes["taxed"] += 1
        else:
            outcomes["different"] += 1

    assert outcomes["different"] == 0
    assert outcomes["equal"] == 137
    assert outcomes["taxed"] == 12


def got_less(swap: dict[str, str], effect: Effect) -> bool:
    """Whether the first pair got less than was ordered, or was sent some back."""
    if any(int(swap[f"amount{side}_in"]) and int(swap[f"amount{side}_out"]) for side in (0, 1)):
        return True
    before = pair(swap, "before")
    foreseen = next(pool for pool in effect.touched if pool.id == before.id)
    assert isinstance(foreseen, ConstantProductPool)
    got0, got1 = int(swap["amount0_in"]), int(swap["amount1_in"])
    ordered0, ordered1 = foreseen.reserve0 - before.reserve0, foreseen.reserve1 - before.reserve1
    return got0 < ordered0 if got0 else got1 < ordered1
