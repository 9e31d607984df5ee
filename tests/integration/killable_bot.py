"""The live bot as a process that kills itself, without warning, at the n-th step after a bid.

Steps are counted where a step is begun and where it is done: each record of the ledger, each
signature, each simulation, each request to the relay and the arrival of its answer. What is
counted is the real program; it is stopped as a power cut would stop it.
"""

import asyncio
import os
import signal
import sys
import tomllib
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from searcher.adapters import flashbots_rpc
from searcher.adapters.flashbots_rpc import FlashbotsEndpoint
from searcher.adapters.keys import TradingKey
from searcher.adapters.ledger import SqliteLedger
from searcher.adapters.relays import BuilderRelay
from searcher.adapters.simulator_chain import SimulatorChain
from searcher.config import Settings
from searcher.live import Notice, Run, Secrets, Started, run_live
from searcher.model import Bid, LedgerRecord
from searcher.pipeline import Dealt
from searcher.settings.network import NetworkSettings
from sims.devnet.accounts import IDENTITY, SEARCHER, public_key

STARTED = "started"
DEALT = "dealt"
KILLED = "killed"
NEVER = 0

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Countdown:
    """Counts steps from the first bid on, and ends the process at the last one."""

    def __init__(self, steps: int) -> None:
        self._left = steps
        self._has_bid = False

    def start(self) -> None:
        """Count from here."""
        self._has_bid = True

    def step(self, name: str) -> None:
        """Count one; say its name and die where it is the last."""
        if not self._has_bid or self._left == NEVER:
            return
        self._left -= 1
        if self._left == NEVER:
            say(KILLED, name)
            os.kill(os.getpid(), signal.SIGKILL)

    def around(
        self, name: str, method: Callable[Parameters, Result]
    ) -> Callable[Parameters, Result]:
        """Count before the method and after it."""

        @wraps(method)
        def counted(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            self.step(f"before {name}")
            result = method(*args, **kwargs)
            self.step(f"after {name}")
            return result

        return counted

    def around_waiting(
        self, name: str, method: Callable[Parameters, Awaitable[Result]]
    ) -> Callable[Parameters, Awaitable[Result]]:
        """Count before the method and after it."""

        @wraps(method)
        async def counted(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            self.step(f"before {name}")
            result = await method(*args, **kwargs)
            self.step(f"after {name}")
            return result

        return counted


def watch_steps(countdown: Countdown) -> None:
    """Put the countdown around the steps of the live adapters."""
    record = SqliteLedger.record

    def recorded(ledger: SqliteLedger, one: LedgerRecord) -> None:
        name = type(one).__name__.lower()
        countdown.step(f"before recording a {name}")
        record(ledger, one)
        if isinstance(one, Bid):
            countdown.start()
        countdown.step(f"after recording a {name}")

    patch(SqliteLedger, "record", recorded)
    patch(TradingKey, "sign", countdown.around("signing", TradingKey.sign))
    for owner, method, name in (
        (SimulatorChain, "simulate", "simulating"),
        (BuilderRelay, "submit", "submitting"),
        (BuilderRelay, "cancel", "cancelling"),
        (FlashbotsEndpoint, "post", "posting"),
        (flashbots_rpc, "_read", "reading an answer"),
    ):
        patch(owner, method, countdown.around_waiting(name, getattr(owner, method)))


def patch(owner: object, name: str, replacement: object) -> None:
    """Put a replacement into a class or a module of this process."""
    setattr(owner, name, replacement)


def say(*words: object) -> None:
    """Tell the parent."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def watch(event: Notice) -> None:
    """Tell the parent how far the bot is."""
    if isinstance(event, Started):
        say(STARTED)
    elif isinstance(event, Dealt):
        say(DEALT, event.block.number)


def main(network: Path, ledger: Path, steps: int) -> None:
    """Run the bot of a network file until it is killed."""
    watch_steps(Countdown(steps))
    run = Run(
        settings=Settings(),
        network=NetworkSettings.model_validate(tomllib.loads(network.read_text())),
        secrets=Secrets(trading=public_key(SEARCHER), identity=public_key(IDENTITY)),
        ledger=ledger,
        sends=True,
    )
    asyncio.run(run_live(run, watch))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
