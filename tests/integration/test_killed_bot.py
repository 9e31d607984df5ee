"""The bot is killed at twenty points between a decision and its answer, and loses nothing.

Each start reconciles what the one before left behind. Whatever was killed when, the ledger agrees
with the chain in the end: no transaction of ours is missing, none is counted twice.
"""

import asyncio
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from graphs.units import Address
from searcher.adapters.decoding import decode_receipt
from searcher.adapters.ledger_history import History, read_history
from searcher.adapters.rpc import Rpc
from searcher.flash_lenders import LenderKind
from searcher.model import Outcome, Receipt
from sims.devnet.accounts import SEARCHER, public_address
from sims.devnet.cache import Devnet
from sims.devnet.traders import Noise, Traders, open_traders
from sims.local_network import devnet_network, network_toml, running_local_relay
from sims.relay.builder import Builder
from tests.devnet_fixture import fresh_devnet, rpc
from tests.end_to_end.commands import ROOT
from tests.integration.killable_bot import DEALT, KILLED, NEVER, STARTED

__all__ = ["fresh_devnet", "rpc"]

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

STEPS = (1, 2, 3, 6, *range(11, 21), 22, 23, 27, 34, 45, 60)
"""Where the bots die: around the first bundle's record and its way out, then in its successors."""

AROUND_SENDING = {
    "before recording a bundle",
    "after recording a bundle",
    "before posting",
    "before reading an answer",
    "before recording a submission",
    "after recording a submission",
}
"""Steps that are among them whatever the traders do."""

SLOTS_PER_BOT = 12
"""Within which a bot finds enough to do for its last step."""

PATIENCE_SECONDS = 60.0
"""For one line of a bot."""

ACCOUNT = public_address(SEARCHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What bots come and go in."""

    rpc: Rpc
    traders: Traders
    builder: Builder
    network: Path
    ledger: Path

    async def slot(self, *, trades: bool = True) -> int:
        """Let traders trade and a block be built; give its number."""
        if trades:
            await self.traders.trade(self.rpc)
        return (await self.builder.build_block()).number


@asynccontextmanager
async def bot(world: World, steps: int) -> AsyncIterator[Process]:
    """A bot that is ready, gone afterwards at any rate."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.killable_bot",
        str(world.network),
        str(world.ledger),
        str(steps),
        cwd=ROOT,
        stdout=PIPE,
    )
    try:
        assert await said(process) == STARTED
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await process.stdout.readline()).decode().strip()


async def killed_at(world: World, steps: int) -> str:
    """Run slots until the bot is dead; give the name of its last step."""
    async with bot(world, steps) as process:
        for _ in range(SLOTS_PER_BOT):
            number = await world.slot()
            line = await said(process)
            if line.startswith(KILLED):
                assert await process.wait() == -signal.SIGKILL
                return line.removeprefix(KILLED).strip()
            assert line == f"{DEALT} {number}"
    raise AssertionError(f"the bot never came to step {steps}")


async def settled(world: World) -> None:
    """Let a last bot see two blocks in which nobody trades."""
    async with bot(world, NEVER) as process:
        for _ in range(2):
            number = await world.slot(trades=False)
            assert await said(process) == f"{DEALT} {number}"


@asynccontextmanager
async def opened(chain: Devnet, rpc: Rpc, folder: Path) -> AsyncIterator[World]:
    network = devnet_network(chain.anvil, chain.deployment)
    lenders = tuple(one for one in network.lenders if one.kind is not LenderKind.NONE)
    network = network.model_copy(update={"lenders": lenders})
    async with running_local_relay(network) as (relay, local):
        path = folder / "network.toml"
        path.write_text(network_toml(local))
        yield World(
            rpc=rpc,
            traders=await open_traders(rpc, chain.deployment, seed=7, noise=Noise()),
            builder=relay.builder,
            network=path,
            ledger=folder / "ledger.sqlite",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnChain:
    """A transaction of ours in the chain."""

    nonce: int
    block_number: int
    receipt: Receipt


async def mined(rpc: Rpc, *, after: int, executor: Address) -> list[OnChain]:
    """All transactions of the trading account in the blocks after one."""
    found = []
    for number in range(after + 1, int(str(await rpc.call("eth_blockNumber")), 16) + 1):
        block = await rpc.call("eth_getBlockByNumber", hex(number), True)  # noqa: FBT003 - JSON-RPC
        assert isinstance(block, dict)
        for tx in block["transactions"]:
            if tx["from"].lower() == ACCOUNT:
                answer = await rpc.call("eth_getTransactionReceipt", tx["hash"])
                receipt = decode_receipt(answer, executor=executor)
                found.append(
                    OnChain(nonce=int(tx["nonce"], 16), block_number=number, receipt=receipt)
                )
    return found


def unanswered_landings(ledger: Path, history: History) -> int:
    """How many bundles landed whose bot was dead before the relay's answer was written down."""
    with closing(sqlite3.connect(ledger)) as connection:
        answered = {row[0] for row in connection.execute("SELECT bundle_id FROM submissions")}
    landed = {one.bundle_id for _, one in history.decided if one.outcome is Outcome.LANDED}
    return len(landed - answered)


async def test_bot_killed_at_twenty_steps_accounts_for_every_transaction(
    fresh_devnet: Devnet, rpc: Rpc, tmp_path: Path
) -> None:
    head = int(str(await rpc.call("eth_blockNumber")), 16)
    async with opened(fresh_devnet, rpc, tmp_path) as world:
        last_steps = set()
        for index, steps in enumerate(STEPS):
            last_steps.add(await killed_at(world, steps))
            # What was sent is decided while nobody runs, or under the eyes of the next bot.
            if index % 2:
                await world.slot()
        await settled(world)

    assert last_steps >= AROUND_SENDING
    chain = await mined(rpc, after=head, executor=fresh_devnet.deployment.executor)
    history = read_history(world.ledger, since_block=0)
    assert unanswered_landings(world.ledger, history) > 0
    assert_accounted(history, world.ledger, chain)


def assert_accounted(history: History, ledger: Path, chain: list[OnChain]) -> None:
    """The ledger says of every bundle what the chain says, once."""
    landed = [(intent, end) for intent, end in history.decided if end.outcome is Outcome.LANDED]
    claimed = Counter(tx_hash for intent, _ in landed for tx_hash in intent.tx_hashes)
    assert claimed == Counter(one.receipt.tx_hash for one in chain)
    assert {end.outcome for _, end in history.decided} == {Outcome.LANDED, Outcome.MISSED}

    last = max(one.block_number for one in chain)
    assert all(intent.target_block > last for intent in history.open)
    with closing(sqlite3.connect(ledger)) as connection:
        verdicts = connection.execute("SELECT bundle_id FROM inclusions").fetchall()
    assert max(Counter(verdicts).values()) == 1

    realised = Counter[int]()
    for one in chain:
        realised[one.block_number] += one.receipt.gross_profit_wei
    booked = Counter[int]()
    for _, end in landed:
        booked[end.block_number] += end.gross_profit_wei
    assert booked == realised

    assert max(Counter(one.nonce for one in chain).values()) == 1
    assert max(Counter((intent.target_block, intent.uuid) for intent, _ in landed).values()) == 1
