"""How long a newcomer waits: for the local chain, for the demo's first slot, for a compiler.

A first chain is started before anything is timed, so that its state is in the cache.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, report
from sims.devnet.cache import devnet

RUNS = 7
DEMO_RUNS = 3
COMPILE_RUNS = 3
BIN = Path(sys.executable).parent
READY = "searching"
"""The first word of the line with which the demo's bot begins."""


async def chain_seconds() -> float:
    """Seconds until a cached chain answers."""
    begun = time.perf_counter()
    async with devnet():
        return time.perf_counter() - begun


def demo_seconds() -> float:
    """Seconds from the command to the line with which the bot begins, interpreter included."""
    begun = time.perf_counter()
    command = [str(BIN / "sims"), "demo", "--blocks", "1", "--pace", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the demo prints nothing")
        for line in process.stdout:
            if line.startswith(READY):
                elapsed = time.perf_counter() - begun
                process.stdout.read()
                return elapsed
    raise RuntimeError("the demo did not start")


def compile_seconds() -> float:
    """Seconds until the search is compiled where it never was; the contracts are already."""
    with tempfile.TemporaryDirectory() as empty:
        begun = time.perf_counter()
        command = ["env", f"NUMBA_CACHE_DIR={empty}", str(BIN / "sims"), "compile"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    asyncio.run(chain_seconds())
    chains = [asyncio.run(chain_seconds()) for _ in range(RUNS)]
    demos = [demo_seconds() for _ in range(DEMO_RUNS)]
    report(
        "start",
        [
            Row(
                measure="local chain from its cache",
                value=statistics.median(chains),
                unit="s",
                target=3,
            ),
            Row(
                measure="second demo until it works",
                value=statistics.median(demos),
                unit="s",
                target=5,
            ),
            Row(
                measure="first use of the search on a machine",
                value=statistics.median(compile_seconds() for _ in range(COMPILE_RUNS)),
                unit="s",
                target=20,
            ),
        ],
    )


if __name__ == "__main__":
    main()
