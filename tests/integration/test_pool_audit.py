"""The auditor and both ways to hear of heads, against real contracts on a local chain."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from graphs.pools.closed import ClosedPool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import PoolId
from searcher.adapters.block_reader import BlockReader
from searcher.adapters.blocks import BlockFeed, FeedTerms
from searcher.adapters.pool_audit import PoolAuditor
from searcher.model import Block
from searcher.settings.endpoints import EndpointSettings
from sims.devnet.traders import Noise, open_traders
from tests.integration.test_feed_on_devnet import Chain, chain
from tests.searcher.adapters.passing_time import repeatable

pytestmark = pytest.mark.anvil


def auditor(local: Chain) -> PoolAuditor:
    return PoolAuditor(
        multicall=local.reader.multicall, random=repeatable(), pools_per_block=10**6
    )
