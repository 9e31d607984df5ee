"""The heartbeat of a local chain: in each slot somebody trades, at its end the builder builds.

The pace is wall-clock time, so the bot has as long as it really takes; timestamps on the chain
advance by the protocol's slot whatever the pace is.
"""

from collections.abc import Awaitable, Callable

from searcher.adapters.clock import SystemClock
from sims.relay.trace import BuiltBlock

NS_PER_SECOND = 1_000_000_000

Trade = Callable[[], Awaitable[None]]
"""Submits the trades of one slot to the public pool."""

Build = Callable[[], Awaitable[BuiltBlock]]
"""Builds the block at a slot's end."""


async def run_slot(trade: Trade, build: Build, *, clock: SystemClock, pace_s: float) -> BuiltBlock:
    """One slot: trades at its start, a block at its end."""
    end_ns = clock.now_ns() + int(pace_s * NS_PER_SECOND)
    await trade()
    await clock.wait_until_ns(end_ns)
    return await build()
