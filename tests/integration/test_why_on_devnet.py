"""Bundles of a real bot among real rivals: each is explained as the builder's own trace has it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from graphs.units import Address
from searcher.adapters.clock import SystemClock
from searcher.adapters.evidence import Witness, gather
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.adapters.sent_bundles import read_bundle, read_newest
from searcher.bundle_evidence import Evidence
from searcher.config import load_settings
from searcher.diagnosis import Ending, Reason, diagnose
from searcher.live import Notice, Run, Secrets, Started, run_live
from sims.devnet.accounts import IDENTITY, SEARCHER, public_key
from sims.devnet.anvil import ROOT
from sims.devnet.cache import devnet
from sims.devnet.traders import Noise, Traders, open_traders
from sims.local_network import devnet_network, running_local_relay
from sims.relay.auction import DropReason
from sims.relay.server import RunningRelay
from sims.relay.trace import BuiltBlock
from sims.rivals import Rival, RivalStage, running_rivals
from sims.slots import run_slot

pytestmark = [pytest.mark.anvil, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

SLOTS = 8
"""With the rival, and again without."""

PACE_S = 0.7
UNUSED = 10**6
"""A nonce that no account here comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a competition left behind."""

    witness: Witness
    ledger: Path
    trace: tuple[BuiltBlock, ...]
    rival: Address
    found: tuple[Evidence, ...]

    def ended(self, reason: Reason | None, ending: Ending = Ending.MISSED) -> list[Evidence]:
        """The bundles with this verdict."""
        verdicts = [(one, diagnose(one)) for one in self.found]
        return [one for one, v in verdicts if (v.ending, v.reason) == (ending, reason)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    """Slots against a rival that pays more, then slots alone."""
    ledger = tmp_path_factory.mktemp("why") / "ledger.sqlite"
    settings = load_settings(ROOT / "config.toml")
    async with (
        devnet() as chain,
        open_rpc(chain.anvil.http_url) as rpc,
        running_local_relay(devnet_network(chain.anvil, chain.deployment)) as (relay, network),
    ):
        traders = await open_traders(rpc, chain.deployment, seed=7, noise=Noise())
        bot = Run(
            settings=settings,
            network=network,
            secrets=Secrets(trading=public_key(SEARCHER), identity=public_key(IDENTITY)),
            ledger=ledger,
            sends=True,
        )
        stage = RivalStage(deployment=chain.deployment, network=network, settings=settings)
        async with running_rivals(stage, (Rival(tip_share_bps=9_500),)) as (rival,):
            await run_slots(bot, traders, relay, rpc=rpc)
        await run_slots(bot, traders, relay, rpc=rpc)
        witness = Witness(
            rpc=rpc,
            executor=chain.deployment.executor,
            slot_seconds=network.slot_seconds,
            recipients={},
        )
        yield Played(
            witness=witness,
            ledger=ledger,
            trace=tuple(relay.trace),
            rival=rival.account,
            found=tuple([await gather(witness, one) for one in read_newest(ledger, 1_000)]),
        )


async def run_slots(bot: Run, traders: Traders, relay: RunningRelay, *, rpc: Rpc) -> None:
    """Let the bot, and whoever else is there, live through some slots."""
    started = asyncio.Event()

    def watch(event: Notice) -> None:
        if isinstance(event, Started):
            started.set()

    async def trade() -> None:
        await traders.trade(rpc)

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run_live(bot, watch))
        await started.wait()
        for _ in range(SLOTS):
            await run_slot(trade, relay.builder.build_block, clock=SystemClock(), pace_s=PACE_S)
        running.cancel()


async def test_outbid_bundle_names_the_winner_and_its_tip_as_the_builder_counted(
    played: Played,
) -> None:
    outbid = played.ended(Reason.OUTBID)
    assert outbid
    paid_wei = {
        outcome.tx.hash: outcome.coinbase_diff_wei
        for block in played.trace
        for bundle in block.included
        for outcome in bundle.outcomes
    }
    for one in outbid:
        winner = next(trade for trade in one.trades if trade.is_rival)
        assert winner.sender == played.rival
        theirs = [trade for trade in one.trades if trade.sender == played.rival]
        assert [t.tip_wei for t in theirs] == [paid_wei[t.mined.tx_hash] for t in theirs]
        assert winner.mined.tx_hash in diagnose(one).sentences[0]


async def test_every_bundle_that_the_builder_calls_outbid_is_found_so_or_withdrawn(
    played: Played,
) -> None:
    lost = {
        dropped.bundle_hash
        for block in played.trace
        for dropped in block.dropped
        if dropped.reason is DropReason.OUTBID
    }
    verdicts = [
        diagnose(one).reason
        for one in played.found
        if any(answer.answer in lost for answer in one.sent.submissions)
    ]

    assert verdicts
    assert set(verdicts) <= {
        Reason.OUTBID,
        Reason.WITHDRAWN,
        Reason.STATE_MOVED,
        # A shorter bundle of ours, which begins alike, may have landed instead.
        Reason.NONCE_USED,
    }


async def test_landed_is_what_the_builder_included(played: Played) -> None:
    included = {
        tx.hash for block in played.trace for bundle in block.included for tx in bundle.txs()
    }

    for one in played.found:
        if diagnose(one).ending is Ending.LANDED:
            assert included.issuperset(one.sent.intent.tx_hashes)
            assert (
                sum(receipt.gross_profit_wei for receipt in one.receipts) == one.sent.predicted_wei
            )


async def test_no_bundle_is_left_unexplained(played: Played) -> None:
    endings = [diagnose(one) for one in played.found]

    assert len({verdict.ending for verdict in endings}) > 1
    assert all(verdict.reason is not Reason.UNKNOWN for verdict in endings)


async def test_state_that_moved_is_found_by_trying_again(played: Played) -> None:
    """Bundles for the block after the next, had we left them with the relays and sent no other."""
    kept = [
        replace(
            one.sent,
            intent=replace(one.sent.intent, nonce=UNUSED),
            replacement=None,
            cancellations=(),
            inclusions=(),
        )
        for one in played.found
        if one.block and not one.receipts and one.block.number > one.sent.intent.block_number + 1
    ]

    found = [await gather(played.witness, one) for one in kept]

    moved = [one for one in found if diagnose(one).reason is Reason.STATE_MOVED]
    told = [diagnose(one).sentences[0] for one in moved]
    assert told
    assert all("HopFailed" in words or "ProfitBelowMinimum" in words for words in told), told
    assert any(one.movers for one in moved)


async def test_transaction_that_used_the_nonce_is_named(played: Played) -> None:
    """A bundle that wanted the nonce with which another one landed."""
    landed = played.ended(None, Ending.LANDED)[0].sent
    intent = replace(landed.intent, tx_hashes=("0x" + "00" * 32,))
    other = replace(landed, intent=intent, replacement=None, cancellations=(), inclusions=())

    evidence = await gather(played.witness, other)

    assert diagnose(evidence).reason is Reason.NONCE_USED
    assert evidence.nonce_user is not None
    assert evidence.nonce_user.tx_hash == landed.intent.tx_hashes[0]
    assert evidence.nonce_user.block_number == landed.intent.target_block


async def test_replaced_bundle_names_the_one_that_came_later(played: Played) -> None:
    for one in played.ended(Reason.WITHDRAWN):
        if one.sent.replacement is not None:
            later = read_bundle(played.ledger, one.sent.replacement.bundle_id)
            assert later.intent.uuid == one.sent.intent.uuid
            assert later.intent.bundle_id in diagnose(one).sentences[0]
