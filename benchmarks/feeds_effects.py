"""How fast a pending transaction becomes a what-if market and its backruns.

Calldata is recorded where the data is there; the search runs on the recorded pools of one morning.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from eth_abi.abi import encode

from benchmarks.report import Row, report
from benchmarks.search import RECORDED, WETH, median_s
from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import TokenGraph
from graphs.units import WEI_PER_ETHER, Address
from searcher.backrun import find_backruns
from searcher.effects.calls import decode_call
from searcher.effects.execution import effect_of
from searcher.effects.outcome import Effect
from searcher.effects.pool_index import PoolIndex
from searcher.effects.prospect import Prospect
from searcher.effects.router import Router, RouterKind
from searcher.effects.words import selector
from searcher.scan import Scan, scan_snapshot
from searcher.tracker import Snapshot
from sims.pool_files import read_pools
from tests.searcher.pending_records import pending
from tests.searcher.records import BLOCK, TERMS

CALLS: Final = 500
US: Final = 1_000_000.0
MS: Final = 1_000.0
DECODE_TARGET_US: Final = 5.0
ADDRESS: Final = "0x" + "7a" * 20
V2: Final = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
V3: Final = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"


def router(kind: RouterKind, *, venue: str = "uniswap-v2") -> Router:
    """A router of the kind."""
    return Router(
        kind=kind,
        address=Address(ADDRESS),
        weth=WETH,
        v2_venue=venue,
        v3_venue="uniswap-v3",
        sushi_venue="sushiswap",
        quote_pips=3_000,
    )


def call(signature: str, *arguments: object) -> bytes:
    """Calldata, by eth-abi."""
    types = signature[signature.index("(") + 1 : -1]
    whole = [types] if types.startswith("(") else types.split(",")
    return selector(signature) + encode(whole, arguments)


def universal() -> bytes:
    """Wrap, then one V3 swap: what wallets send most."""
    path = bytes.fromhex(WETH[2:]) + (500).to_bytes(3, "big") + bytes(20)
    wrap = encode(["address", "uint256"], [ADDRESS, WEI_PER_ETHER])
    swap_types = ["address", "uint256", "uint256", "bytes", "bool"]
    swap = encode(swap_types, [ADDRESS, WEI_PER_ETHER, 1, path, False])
    inputs = [b"\x0b\x00", [wrap, swap], 2**40]
    return selector("execute(bytes,bytes[],uint256)") + encode(
        ["bytes", "bytes[]", "uint256"], inputs
    )


def cpu_us(action: Callable[[], object]) -> float:
    """CPU microseconds of the median run of many."""

    def many() -> None:
        for _ in range(CALLS):
            action()

    return median_s(many, clock=time.process_time) / CALLS * US


def decode_rows() -> list[Row]:
    """Calldata to steps."""
    pair_path = [WETH, ADDRESS]
    single = (WETH, ADDRESS, 500, ADDRESS, 2**40, WEI_PER_ETHER, 1, 0)
    calls = (
        ("V2 swap", RouterKind.UNISWAP_V2, call(V2, 1, 1, pair_path, ADDRESS, 2**40)),
        ("V3 single swap", RouterKind.UNISWAP_V3, call(V3, single)),
        ("Universal Router, two commands", RouterKind.UNIVERSAL_ROUTER, universal()),
    )
    return [
        Row(
            measure=f"router calldata decode, {name}",
            value=cpu_us(partial(decode_call, router(kind), data, 0)),
            unit="us",
            target=DECODE_TARGET_US,
        )
        for name, kind, data in calls
    ]


def recorded_scan(path: Path) -> Scan:
    """The standing cycles of the recorded pools."""
    market = read_pools(path).market
    block = replace(BLOCK, number=market.block_number, hash=market.block_hash)
    snapshot = Snapshot(block=block, market=market, graph=TokenGraph.from_market(market))
    return scan_snapshot(snapshot, replace(TERMS, weth=WETH), before=None)


def what_if_rows() -> list[Row]:
    """Decoding, exact execution, and the search through what it touched."""
    if not RECORDED.exists():
        return [
            Row(measure=name, value=None, unit=unit, target=None)
            for name, unit in (("pending swap to its effect", "us"), ("backruns of it", "ms"))
        ]
    scan = recorded_scan(RECORDED)
    market = scan.snapshot.market
    pools = [pool for pool in market.pools.values() if isinstance(pool, ConstantProductPool)]
    deepest = max((pool for pool in pools if pool.token1 == WETH), key=lambda pool: pool.reserve1)
    path = [WETH, deepest.token0]
    data = call(V2, deepest.reserve1 // 50, 0, path, ADDRESS, 2**40)
    target = pending(to=Address(ADDRESS), data=data)
    known = router(RouterKind.UNISWAP_V2, venue=deepest.venue)
    prospect = Prospect(
        market=market,
        index=PoolIndex.from_pools(market.pools.values()),
        routers={known.address: known},
        taxed=frozenset(),
        chain_id=1,
        timestamp_s=0,
        base_fee_wei=0,
    )
    effect = effect_of(target, prospect)
    if not isinstance(effect, Effect):
        raise TypeError(effect.reason)
    terms = replace(TERMS, weth=WETH)

    def search() -> object:
        return find_backruns(scan, [(target, effect)], terms, set_aside=())

    return [
        Row(
            measure="pending swap to its effect (decode and exact pools)",
            value=cpu_us(lambda: effect_of(target, prospect)),
            unit="us",
            target=None,
        ),
        Row(
            measure=f"backruns of it among {len(pools):,} recorded pools, four hops",
            value=median_s(search) * MS,
            unit="ms",
            target=None,
        ),
    ]


def rows() -> list[Row]:
    """Everything, for the report."""
    return [*decode_rows(), *what_if_rows()]


if __name__ == "__main__":
    report("feeds_effects", rows())
