"""How a command ends: errors become one line and an exit code, signals become cancellation.

Shared by `searcher` and `sims`, so that both fail alike.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import NoReturn

import typer

from graphs.errors import GraphError
from graphs.kernels import LOADERS, are_kernels_kept
from searcher.errors import DivergenceError, FeedError, LagError, LedgerError, SearcherError

EXIT_BROKEN_WORLD = 1
"""The world broke while running."""

EXIT_BAD_INPUT = 2
"""Nothing was done: a setting, an argument, a file or an endpoint is wrong."""

EXIT_INTERRUPTED = 130
"""Ctrl-C or SIGTERM, as shells report the first."""

RECURSION_LIMIT = 1_000
"""Frames, as Python starts. An import of eth-account raises it to 100,000, where JSON nested deeply
by a stranger overflows the C stack and kills the process instead of raising RecursionError."""

BROKEN_WORLD = (DivergenceError, FeedError, LagError, LedgerError)


def run_app(app: typer.Typer, *families: type[Exception]) -> NoReturn:
    """Run a command line; errors of these families, and our own, end it with one line."""
    sys.setrecursionlimit(RECURSION_LIMIT)
    expected: tuple[type[Exception], ...] = (SearcherError, GraphError, *families)
    try:
        app()
    except expected as error:
        fail(error)
    except BaseExceptionGroup as group:
        leaf = first_leaf(group)
        if not isinstance(leaf, expected):
            raise
        fail(leaf)
    sys.exit(0)


def prepare_kernels() -> None:
    """Compile the search where these sources were not compiled yet, and say so: it takes a while.

    A compiler works on one processor, so its parts are done at once; later loads find them on disk.
    """
    if are_kernels_kept():
        return
    typer.echo("compiling the search, once for these sources: some twenty seconds", err=True)
    run_apart(LOADERS)


def run_apart(jobs: Sequence[Callable[[], None]]) -> None:
    """Do all jobs at once, each in a process; one after the other, here, where that is refused."""
    try:
        with ProcessPoolExecutor(max_workers=len(jobs), mp_context=get_context("spawn")) as pool:
            for future in [pool.submit(job) for job in jobs]:
                future.result()
    except (BrokenProcessPool, OSError):
        # No semaphores, no memory for so many, or a main module that has no file.
        for job in jobs:
            job()


def fail(error: Exception) -> NoReturn:
    """Say what is wrong in one line on standard error and exit with its code."""
    line = " ".join(str(error).split())
    typer.echo(f"error: {line}", err=True)
    sys.exit(EXIT_BROKEN_WORLD if isinstance(error, BROKEN_WORLD) else EXIT_BAD_INPUT)


def first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of nested task groups: the one that cancelled the others."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def run_until_stopped(main: Coroutine[None, None, None]) -> None:
    """Run a coroutine; Ctrl-C, SIGTERM and a closed terminal cancel it, and it tidies up."""

    async def cancellable() -> None:
        task = asyncio.current_task()
        if task is not None:
            for ending in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
        await main

    try:
        asyncio.run(cancellable())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(EXIT_INTERRUPTED)
