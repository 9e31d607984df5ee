"""Ledger, tracker and reconciliation together: whatever is killed when, the ledger tells the chain.

The chain is a list of blocks that a schedule grows, cuts and grows again; the bot is what stands
between a decision and its verdict in `live`, killed between any two of its writes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.token_graph import TokenGraph
from searcher.adapters.decoding import Header
from searcher.adapters.ledger import SqliteLedger, open_ledger
from searcher.adapters.ledger_history import read_history
from searcher.adapters.reconciliation import reconcile
from searcher.live import remember
from searcher.model import Block, Bundle, Inclusion, Outcome, Receipt
from searcher.settlement import intent_of
from searcher.tracker import KEPT_BLOCKS, Tracker
from tests.searcher.receipts_node import ReceiptsNode, receipt_json
from tests.searcher.records import BID, EXECUTOR, START, block, bundle, receipt

pytestmark = pytest.mark.slow

GENESIS = block(100)
DEPTH = 4
"""Of the deepest reorg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Offer a bundle, perhaps followed by a longer one that begins alike; die after some writes."""

    ahead: int
    has_sequel: bool
    survives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Replace so many blocks by one more than that; each holds one of the bundles sent for it."""

    replaced: int
    choices: tuple[int, ...]
    survives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Kill, and start again; a start may die as well."""

    survives: int


SURVIVES = st.integers(min_value=0, max_value=6)
SCHEDULES = st.lists(
    st.one_of(
        st.builds(
            Send,
            ahead=st.integers(min_value=1, max_value=2),
            has_sequel=st.booleans(),
            survives=SURVIVES,
        ),
        st.builds(
            Build,
            replaced=st.sampled_from([0, 0, 0, 1, 2, DEPTH]),
            choices=st.tuples(*[st.integers(min_value=0, max_value=5)] * (DEPTH + 1)),
            survives=SURVIVES,
        ),
        st.builds(Restart, survives=SURVIVES),
    ),
    max_size=14,
)


class KilledError(Exception):
    """The process is gone."""


@dataclass(slots=True, kw_only=True)
class Chain:
    """What is canonical, and what builders know."""

    blocks: list[Block] = field(default_factory=lambda: [GENESIS])
    sent: dict[str, Bundle] = field(default_factory=dict)
    grown: int = 0

    @property
    def head(self) -> Block:
        return self.blocks[-1]

    def receipts(self) -> dict[str, tuple[int, Receipt]]:
        return {one.tx_hash: (head.number, one) for head in self.blocks for one in head.receipts}

    def grow(self, choice: int) -> Block:
        """Add a block; the choice is of nothing, a bundle for it, or one that leaks too late."""
        number, used = self.head.number + 1, self.receipts().keys()
        self.grown += 1
        fitting: list[tuple[Receipt, ...]] = [()]
        for one in self.sent.values():
            if used.isdisjoint(one.own_tx_hashes):
                whole = replace(receipt(one), tx_hash=one.own_tx_hashes[0])
                if one.bid.target_block == number:
                    all_of_it = tuple(replace(whole, tx_hash=each) for each in one.own_tx_hashes)
                    fitting.append(all_of_it)
                elif one.bid.target_block < number and not one.sequels:
                    failed = receipt(one, succeeded=False)
                    fitting.append((failed,))
        new = block(number, branch=f"-{self.grown}", parent=self.head.hash)
        self.blocks.append(replace(new, receipts=fitting[-choice % len(fitting)]))
        return self.head


class Bot:
    """One process: what it knows dies with it, the ledger stays."""

    def __init__(self, chain: Chain, ledger: SqliteLedger, path: Path) -> None:
        self._chain = chain
        self._ledger = ledger
        self.writes = 0
        since = chain.head.number - KEPT_BLOCKS
        self._history = read_history(path, since_block=since)
        market = replace(START, block_number=chain.head.number, block_hash=chain.head.hash)
        self._tracker = Tracker(market, TokenGraph.from_market(market))
        self.first = chain.head.number

    def record(self, one: Bundle | Inclusion) -> None:
        """Write while it lives."""
        if not self.writes:
            raise KilledError
        self.writes -= 1
        self._ledger.record(one)

    def start(self) -> None:
        """As `live` does."""
        receipts = {
            tx_hash: receipt_json(tx_hash, block_number=number, succeeded=one.succeeded)
            for tx_hash, (number, one) in self._chain.receipts().items()
        }
        earlier = asyncio.run(
            reconcile(
                ReceiptsNode(receipts),
                self._history,
                head=header(self._chain.head),
                executor=EXECUTOR,
            )
        )
        for inclusion in earlier.news:
            self.record(inclusion)
        remember(self._tracker, earlier)

    def send(self, one: Bundle) -> None:
        """Ledger before network."""
        self.record(one)
        self._tracker.open(intent_of(one))
        self._chain.sent[one.id] = one

    def follow(self, head: Block) -> None:
        """As the pipeline does."""
        self._tracker.apply(head)
        for inclusion in self._tracker.settle(head):
            self.record(inclusion)


def header(head: Block) -> Header:
    return Header(
        number=head.number,
        hash=head.hash,
        parent_hash=head.parent_hash,
        timestamp_s=0,
        gas_used_gas=0,
        gas_limit_gas=0,
        base_fee_wei=1,
    )


class World:
    """Plays a schedule."""

    def __init__(self, ledger: SqliteLedger, path: Path) -> None:
        self.chain = Chain()
        self._ledger = ledger
        self._path = path
        self._bot: Bot | None = None
        self._sent = 0

    def play(self, action: Send | Build | Restart) -> None:
        match action:
            case Send():
                self._alive(action.survives, partial(self._send, action=action))
            case Build():
                self._build(action)
            case Restart():
                self._bot = Bot(self.chain, self._ledger, self._path)
                self._alive(action.survives, Bot.start)

    def end(self) -> None:
        """Bring every target into the past, under the eyes of a bot that lives."""
        if self._bot is None:
            self.play(Restart(survives=10**6))
        self.play(Build(replaced=0, choices=(0,), survives=10**6))
        self.play(Build(replaced=0, choices=(0,), survives=10**6))

    def _alive(self, survives: int, action: Callable[[Bot], None]) -> None:
        if self._bot is None:
            return
        self._bot.writes = survives
        try:
            action(self._bot)
        except KilledError:
            self._bot = None

    def _send(self, bot: Bot, action: Send) -> None:
        target = self.chain.head.number + action.ahead
        self._sent += 2
        bid = replace(BID, target_block=target)
        first, second = bundle(self._sent, bid=bid), bundle(self._sent + 1, bid=bid)
        first = replace(first, uuid=str(target))
        bot.send(first)
        if action.has_sequel:
            hashes = (*first.tx_hashes, *second.tx_hashes)
            bot.send(replace(second, uuid=str(target), sequels=(bid,), tx_hashes=hashes))

    def _build(self, action: Build) -> None:
        replaced = min(action.replaced, len(self.chain.blocks) - 1)
        if replaced:
            del self.chain.blocks[-replaced:]
        if self._bot is not None and self.chain.head.number < self._bot.first:
            self._bot = None
        for choice in action.choices[: replaced + 1]:
            head = self.chain.grow(choice)
            self._alive(action.survives, partial(Bot.follow, head=head))


@given(schedule=SCHEDULES)
@settings(max_examples=100)
def test_ledger_ends_with_what_the_chain_holds(schedule: list[Send | Build | Restart]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        with open_ledger(path) as ledger:
            world = World(ledger, path)
            for action in (Restart(survives=1), *schedule):
                world.play(action)
            world.end()

            history = read_history(path, since_block=0)

    chain = {tx_hash: (number, one) for tx_hash, (number, one) in world.chain.receipts().items()}
    landed = [
        (tx_hash, verdict.block_number)
        for intent, verdict in history.decided
        if verdict.outcome is Outcome.LANDED
        for tx_hash in intent.tx_hashes
    ]
    succeeded = [(tx_hash, number) for tx_hash, (number, one) in chain.items() if one.succeeded]
    assert history.open == ()
    assert Counter(landed) == Counter(succeeded)
    receipts = [one for _, one in chain.values()]
    verdicts = [verdict for _, verdict in history.decided]
    assert sum(one.gas_used_gas for one in verdicts) == sum(one.gas_used_gas for one in receipts)
    assert sum(one.gross_profit_wei for one in verdicts) == sum(
        one.gross_profit_wei for one in receipts
    )
