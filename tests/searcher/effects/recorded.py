"""Recorded mainnet transactions and the routers they went to, where the data is there."""

import csv
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from graphs.units import Address
from searcher.effects.router import Router, RouterKind

DATA: Final = Path(__file__).parents[4] / "shared" / "data"
RAW: Final = DATA / "raw_txs" / "mainnet_signed_txs.csv.gz"
BLOCKS: Final = DATA / "mainnet_blocks"
WETH: Final = Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
KINDS: Final = {
    "UniswapV2Router01": RouterKind.UNISWAP_V2,
    "UniswapV2Router02": RouterKind.UNISWAP_V2,
    "SushiRouter": RouterKind.UNISWAP_V2,
    "UniswapV3SwapRouter": RouterKind.UNISWAP_V3,
    "UniswapV3SwapRouter02": RouterKind.SWAP_ROUTER_02,
    "UniversalRouterV1": RouterKind.UNIVERSAL_ROUTER_V1,
    "UniversalRouterV1_2": RouterKind.UNIVERSAL_ROUTER_V1,
    "1inchV3": RouterKind.ONE_INCH,
    "1inchV4": RouterKind.ONE_INCH,
    "1inchV5": RouterKind.ONE_INCH,
    "1inchV6": RouterKind.ONE_INCH_V6,
    "0xExchangeProxy": RouterKind.ZERO_EX,
}
"""By the names in the recording."""

MAX_FIELD: Final = 2**24
"""Of a raw transaction in hex."""


def recorded_router(name: str, address: str) -> Router:
    """The router of a row, with the venues of the recorded pools."""
    return Router(
        kind=KINDS[name],
        address=Address(address),
        weth=WETH,
        v2_venue="sushiswap" if name == "SushiRouter" else "uniswap_v2",
        v3_venue="uniswap_v3",
        sushi_venue="sushiswap",
        quote_pips=3_000,
    )


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file, compressed or not."""
    csv.field_size_limit(min(MAX_FIELD, sys.maxsize))
    if path.suffix == ".gz":
        with gzip.open(path, "rt") as file:
            yield from csv.DictReader(file)
    else:
        with path.open() as file:
            yield from csv.DictReader(file)
