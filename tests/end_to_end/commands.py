"""Runs the installed commands as a user does, with an environment that holds only what is said."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
FINISH_SECONDS = 240

INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


def run(
    *command: str, cwd: Path = ROOT, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `searcher ...` or `sims ...` to its end."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=cwd,
        env=_environment(variables or {}),
        capture_output=True,
        text=True,
        timeout=FINISH_SECONDS,
        check=False,
    )


@contextmanager
def running(
    *command: str, cwd: Path = ROOT, variables: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """Start a command that does not end by itself; interrupted and waited for on exit."""
    with subprocess.Popen(
        [str(BIN / command[0]), *command[1:]],
        cwd=cwd,
        env=_environment(variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def read_until(process: "subprocess.Popen[str]", wanted: str) -> str:
    """What the process prints up to and including the first line with these words."""
    assert process.stdout is not None
    printed = []
    watchdog = Timer(FINISH_SECONDS, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            printed.append(line)
            if wanted in line:
                return "".join(printed)
    finally:
        watchdog.cancel()
    raise AssertionError(f"{wanted!r} never came:\n{''.join(printed)}")


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, **variables, "COLUMNS": "120"}
