"""What a pending transaction would meet if it came first in the next block."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphs.market import Market
from graphs.units import Address
from searcher.effects.pool_index import PoolIndex
from searcher.effects.router import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """The head's state and the block that follows it."""

    market: Market
    """After the head."""

    index: PoolIndex
    """Of the market's pools."""

    routers: Mapping[Address, Router]
    """Those that we know, by address."""

    taxed: frozenset[Address]
    """Tokens that take a fee on transfers, or may: their amounts do not arrive whole."""

    chain_id: int
    """What transactions are signed for."""

    timestamp_s: int
    """Of the next block."""

    base_fee_wei: int
    """Of the next block, per gas."""
