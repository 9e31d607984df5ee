"""Runs `sims fork` as a child process: the bot may not import the simulations, only start them.

The child holds the forked chain and the local relay, leaves the network file that the bot reads,
and ends when its standard input closes, however this process dies.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from searcher.errors import ConfigError, SearcherError

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
    with (
        tempfile.TemporaryFile("w+") as words,
        subprocess.Popen(
            [*command, "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            # A signal to the terminal's group is ours to handle: we close the child's input.
            start_new_session=True,
        ) as child,
    ):
        try:
            _wait_until_ready(child, words)
            yield
        except* SearcherError as group:
            if child.poll() is None:
                raise
            raise ConfigError(_last_words(words)) from group
        finally:
            _stop(child)


def _wait_until_ready(child: "subprocess.Popen[str]", words: IO[str]) -> None:
    if child.stdout is not None:
        for line in child.stdout:
            if line.strip() == READY:
                return
    child.wait()
    raise ConfigError(_last_words(words))


def _last_words(words: IO[str]) -> str:
    words.seek(0)
    lines = words.read().strip().splitlines()
    return lines[-1].removeprefix("error: ") if lines else "the fork ended without a word"


def _stop(child: "subprocess.Popen[str]") -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
