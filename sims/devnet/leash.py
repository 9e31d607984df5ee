"""Runs a program that cannot outlive its parent: `python leash.py <parent pid> <program> ...`.

A script of its own, run in an isolated interpreter, because the kernel's parent-death signal
must be asked for by the child itself, between its fork and its exec. Elsewhere than on Linux
there is no such signal: there only an orderly end of the parent ends the program.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""Of prctl(2). The setting survives execve(2)."""


def main(arguments: Sequence[str]) -> None:
    """Become the program, unless the parent is already gone."""
    parent, *command = arguments
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - becoming another program is the whole purpose


if __name__ == "__main__":
    main(sys.argv[1:])
