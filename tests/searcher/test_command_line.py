"""How commands end: one line, the right code, and nothing left open."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import parent_process

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from graphs.errors import AmountOutOfRangeError
from searcher.command_line import (
    EXIT_BAD_INPUT,
    EXIT_BROKEN_WORLD,
    EXIT_INTERRUPTED,
    RECURSION_LIMIT,
    fail,
    first_leaf,
    run_apart,
    run_app,
    run_until_stopped,
)
from searcher.errors import (
    ConfigError,
    DivergenceError,
    FeedError,
    KeyMissingError,
    LagError,
    LedgerError,
)


class ForeignError(Exception):
    """Of another package."""


def ended(error: BaseException | None, *families: type[Exception]) -> object:
    """The exit code of a command that raises this."""
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command() -> None:
        if error is not None:
            raise error

    argv, sys.argv = sys.argv, ["searcher"]
    try:
        with pytest.raises(SystemExit) as caught:
            run_app(app, *families)
    finally:
        sys.argv = argv
    return caught.value.code


def grouped(error: Exception) -> ExceptionGroup[Exception]:
    return ExceptionGroup("unhandled errors", [ExceptionGroup("inner", [error])])


BROKEN = [
    DivergenceError("block 7 builds on an unknown parent"),
    FeedError("blocks", "the node hung up"),
    LagError(64),
    LedgerError("the ledger cannot be written: disk full"),
]
BAD = [
    ConfigError("no network 'x'"),
    KeyMissingError("env:KEY", "export KEY"),
    AmountOutOfRangeError("amount", -1),
]


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("wrap", [lambda error: error, grouped], ids=["bare", "grouped"])
def test_broken_world_ends_with_one(
    error: Exception, wrap: Callable[[Exception], Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(wrap(error)) == EXIT_BROKEN_WORLD
    assert capsys.readouterr() == ("", f"error: {error}\n")


@pytest.mark.parametrize("error", BAD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("wrap", [lambda error: error, grouped], ids=["bare", "grouped"])
def test_bad_input_ends_with_two(
    error: Exception, wrap: Callable[[Exception], Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(wrap(error)) == EXIT_BAD_INPUT
    assert capsys.readouterr() == ("", f"error: {error}\n")


def test_command_that_returns_ends_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(None) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("wrap", [lambda error: error, grouped], ids=["bare", "grouped"])
def test_error_of_a_named_family_is_expected(wrap: Callable[[Exception], Exception]) -> None:
    assert ended(wrap(ForeignError("words")), ForeignError) == EXIT_BAD_INPUT


def test_unexpected_error_keeps_its_traceback() -> None:
    with pytest.raises(ForeignError):
        ended(ForeignError("words"))
    with pytest.raises(ExceptionGroup):
        ended(grouped(ForeignError("words")))


@given(reason=st.text())
def test_message_is_one_line_whatever_the_error_says(reason: str) -> None:
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer, "echo", lambda line, *, err: said.append(line if err else ""))
        with pytest.raises(SystemExit):
            fail(ConfigError(reason))

    (line,) = said
    assert len(line.splitlines()) == 1
    assert line.startswith("error:")


@given(depth=st.integers(min_value=1, max_value=20), others=st.integers(0, 3))
def test_first_leaf_is_the_error_that_came_first(depth: int, others: int) -> None:
    error: Exception = LagError(1)
    first = error
    for _ in range(depth):
        error = ExceptionGroup("group", [error, *[ValueError()] * others])

    assert isinstance(error, ExceptionGroup)
    assert first_leaf(error) is first


def test_recursion_is_as_shallow_as_python_starts_with() -> None:
    sys.setrecursionlimit(100_000)

    ended(None)

    assert sys.getrecursionlimit() == RECURSION_LIMIT


def test_sigterm_cancels_and_closes_what_was_open() -> None:
    closed: list[bool] = []

    async def serve() -> None:
        try:
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    with pytest.raises(SystemExit) as caught:
        run_until_stopped(serve())

    assert (caught.value.code, closed) == (EXIT_INTERRUPTED, [True])


def test_interrupt_ends_as_shells_expect() -> None:
    async def interrupt() -> None:
        await asyncio.Event().wait()

    async def serve() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        await interrupt()

    with pytest.raises(SystemExit) as caught:
        run_until_stopped(serve())

    assert caught.value.code == EXIT_INTERRUPTED


def test_coroutine_that_returns_ends_quietly() -> None:
    done: list[bool] = []

    async def serve() -> None:
        done.append(True)

    run_until_stopped(serve())

    assert done == [True]


done_here: list[str] = []


def killed_elsewhere() -> None:
    """As the kernel ends a process for which there is no memory."""
    if parent_process():
        os._exit(1)
    done_here.append("job")


@pytest.mark.slow
def test_what_other_processes_cannot_do_is_done_here() -> None:
    done_here.clear()

    run_apart([killed_elsewhere, killed_elsewhere])

    assert done_here == ["job", "job"]


def done_elsewhere() -> None:
    done_here.append("job")


@pytest.mark.slow
def test_what_other_processes_do_is_not_done_again() -> None:
    done_here.clear()

    run_apart([done_elsewhere])

    assert not done_here
