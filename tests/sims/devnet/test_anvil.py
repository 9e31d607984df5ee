"""Anvil lives exactly as long as its context, however that ends."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from searcher.adapters.rpc import open_rpc
from sims.devnet.anvil import AnvilOptions, find_anvil, running_anvil
from sims.errors import AnvilMissingError, AnvilStartError, PortInUseError

PARENT = """
import asyncio
from sims.devnet.anvil import running_anvil

async def main():
    async with running_anvil() as anvil:
        print(anvil.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def parent_of_anvil() -> AsyncIterator[tuple[Process, int]]:
    """Another interpreter with an anvil of its own, and a descriptor that tells anvil's end."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=PIPE)
    assert parent.stdout is not None
    descriptor = os.pidfd_open(int(await parent.stdout.readline()))
    try:
        yield parent, descriptor
    finally:
        os.close(descriptor)


async def wait_ended(descriptor: int) -> None:
    """Wait for the end of a process that is not a child of ours."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        async with asyncio.timeout(10):
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)


async def fail_with_anvil(pids: list[int]) -> None:
    async with running_anvil() as anvil:
        pids.append(anvil.pid)
        raise ZeroDivisionError


async def hang_with_anvil(pids: list[int]) -> None:
    """Wait for ever, until the scope that is around it all is told to end."""
    async with asyncio.timeout(None) as scope, running_anvil() as anvil:
        pids.append(anvil.pid)
        scope.reschedule(0)
        await asyncio.Event().wait()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.anvil
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a parent-death signal")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_anvil_ends_with_its_parent_whatever_ends_that(end: signal.Signals) -> None:
    async with parent_of_anvil() as (parent, descriptor):
        parent.send_signal(end)
        await parent.wait()

        await wait_ended(descriptor)


@pytest.mark.anvil
async def test_anvil_is_dead_after_an_exception() -> None:
    pids: list[int] = []

    with pytest.raises(ZeroDivisionError):
        await fail_with_anvil(pids)

    assert not is_alive(pids[0])


@pytest.mark.anvil
async def test_anvil_is_dead_after_a_cancellation() -> None:
    pids: list[int] = []

    with pytest.raises(TimeoutError):
        await hang_with_anvil(pids)

    assert not is_alive(pids[0])


@pytest.mark.anvil
async def test_anvil_mines_only_when_told() -> None:
    async with running_anvil() as anvil, open_rpc(anvil.http_url) as rpc:
        before = await rpc.call("eth_blockNumber")
        await rpc.call("evm_mine")

        assert (before, await rpc.call("eth_blockNumber")) == ("0x0", "0x1")


@pytest.mark.anvil
async def test_anvil_answers_with_the_chain_id_that_was_chosen() -> None:
    options = AnvilOptions(chain_id=1_337)

    async with running_anvil(options) as anvil, open_rpc(anvil.http_url) as rpc:
        assert await rpc.call("eth_chainId") == hex(1_337)


@pytest.mark.anvil
async def test_taken_port_is_an_error_that_names_it() -> None:
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]

        with pytest.raises(PortInUseError, match=str(port)):
            async with running_anvil(AnvilOptions(port=port)):
                pass


@pytest.mark.anvil
async def test_anvil_that_dies_at_its_start_is_an_error_with_its_words(tmp_path: Path) -> None:
    options = AnvilOptions(state_path=tmp_path / "absent.json")

    with pytest.raises(AnvilStartError, match=r"absent\.json"):
        async with running_anvil(options):
            pass


def test_missing_binary_is_an_error_that_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(AnvilMissingError, match="npm ci"):
        find_anvil(tmp_path)


def test_binary_on_the_path_serves_where_none_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "anvil"
    binary.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_anvil(tmp_path) == binary.resolve()
