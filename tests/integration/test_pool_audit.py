"""The auditor and both ways to hear of heads, against real contracts on a local chain."""

import pytest

from searcher.adapters.pool_audit import PoolAuditor
from tests.integration.test_feed_on_devnet import Chain
from tests.searcher.adapters.passing_time import repeatable

pytestmark = pytest.mark.anvil


def auditor(local: Chain) -> PoolAuditor:
    return PoolAuditor(multicall=local.reader.multicall, random=repeatable(), pools_per_block=10**6)
