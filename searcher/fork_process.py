"""Runs `sims fork` as a child process: the bot may not import the simulations, only start them.

The child holds the forked chain and the local relay, leaves the network file that the bot reads,
and ends when its standard input closes, however this process dies.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from searcher.errors import ConfigError

READY = "ready"
"""The line with which the child says that its network file is written."""

STOP_TIMEOUT_SECONDS = 10
"""After which a child that does not end is killed."""


@contextmanager
def running_fork(*, config: Path, of: str) -> Iterator[None]:
    """Start a fork of a network with a local relay in front of it; stop it on exit.

    Raises:
        ConfigError: it did not start; the child's own line says why.
    """
    command = [sys.executable, "-m", "sims", "fork", "--of", of, "--config", str(config)]
    with subprocess.Popen(
        [*command, "--attached"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            _wait_until_ready(child)
            yield
        finally:
            _stop(child)


def _wait_until_ready(child: "subprocess.Popen[str]") -> None:
    if child.stdout is None or child.stderr is None:
        raise ConfigError("the fork has no output")
    for line in child.stdout:
        if line.strip() == READY:
            return
    words = child.stderr.read().strip().splitlines()
    raise ConfigError(words[-1].removeprefix("error: ") if words else "the fork did not start")


def _stop(child: "subprocess.Popen[str]") -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
