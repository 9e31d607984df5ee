"""Rivals on the real contracts: they want what we want, and the better payer in time gets it."""

import pytest

from searcher.adapters.clock import SystemClock
from searcher.adapters.rpc import Rpc
from searcher.config import load_settings
from sims.devnet.anvil import ROOT
from sims.devnet.cache import Devnet
from sims.devnet.traders import Noise, open_traders
from sims.local_network import devnet_network, running_local_relay
from sims.relay.auction import DropReason
from sims.rivals import Rival, RivalStage, running_rivals
from sims.slots import run_slot
from tests.devnet_fixture import fresh_devnet, rpc

__all__ = ["fresh_devnet", "rpc"]

pytestmark = pytest.mark.anvil

SLOTS = 12
PACE_S = 0.5


async def test_better_paying_rival_lands_and_the_other_is_outbid(
    fresh_devnet: Devnet, rpc: Rpc
) -> None:
    settings = load_settings(ROOT / "config.toml")
    bare = devnet_network(fresh_devnet.anvil, fresh_devnet.deployment)
    rivals = (Rival(tip_share_bps=7_000), Rival(tip_share_bps=9_500, reaction_s=0.01))
    async with running_local_relay(bare) as (relay, network):
        traders = await open_traders(rpc, fresh_devnet.deployment, seed=7, noise=Noise())
        stage = RivalStage(deployment=fresh_devnet.deployment, network=network, settings=settings)

        async def trade() -> None:
            await traders.trade(rpc)

        async with running_rivals(stage, rivals) as (poor, rich):
            for _ in range(SLOTS):
                await run_slot(trade, relay.builder.build_block, clock=SystemClock(), pace_s=PACE_S)

    landed = [tx.sender for block in relay.trace for one in block.included for tx in one.txs()]
    lost = [dropped.reason for block in relay.trace for dropped in block.dropped]
    assert landed.count(rich.account) > landed.count(poor.account)
    assert DropReason.OUTBID in lost
