"""Anvil as a child process that never outlives its use.

It mines only when told unless a block time is given, keeps transactions in order of arrival and
runs a pinned hardfork, so that what happens on it depends on nothing but what was sent to it.
"""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from searcher.adapters.rpc import Rpc, open_rpc
from searcher.errors import RpcError
from sims.errors import AnvilMissingError, AnvilStartError, PortInUseError

ROOT: Final = Path(__file__).parents[2]
"""Of the checkout."""

HOST: Final = "127.0.0.1"
HARDFORK: Final = "prague"
"""Anvil's own default changes between releases."""

DEFAULT_CHAIN_ID: Final = 31_337
"""Anvil's and Hardhat's."""

START_SECONDS: Final = 30.0
"""Within which anvil must answer; a fork first asks its remote."""

POLL_SECONDS: Final = 0.01
"""Between two attempts to reach a starting anvil."""

PORT_ATTEMPTS: Final = 5
"""A port that was free may be taken before anvil binds it."""

LAST_WORDS_CHARACTERS: Final = 300
"""Of anvil's complaint in an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnvilOptions:
    """What distinguishes one local chain from another."""

    port: int | None = None
    """Where to listen; None for any free port."""

    chain_id: int = DEFAULT_CHAIN_ID
    """What `eth_chainId` answers, also on a fork."""

    block_time_seconds: int | None = None
    """Between blocks; None to mine only when told."""

    timestamp_s: int | None = None
    """Unix seconds of the genesis, or of the clock after a state was loaded; None for now."""

    genesis_block: int | None = None
    """The number of the genesis; None for zero, or where a state is loaded."""

    state_path: Path | None = None
    """A dumped state to start from; None for an empty chain."""

    fork_url: str | None = field(default=None, repr=False)
    """A node to fork from; None for a chain of its own. Visible in the process list."""

    fork_block: int | None = None
    """The block to fork at; None for the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anvil:
    """A running local chain."""

    http_url: str
    """JSON-RPC over HTTP."""

    ws_url: str
    """JSON-RPC over websocket."""

    chain_id: int
    """As started."""

    pid: int
    """Of its process."""


@asynccontextmanager
async def running_anvil(options: AnvilOptions | None = None) -> AsyncIterator[Anvil]:
    """Start anvil and yield it once it answers. It is dead whenever this context is left.

    Raises:
        AnvilMissingError: not installed.
        AnvilStartError: it ended or stayed silent.
        PortInUseError: the port that was asked for is taken.
    """
    chosen = options or AnvilOptions()
    binary = find_anvil()
    with tempfile.TemporaryFile() as words:
        async with AsyncExitStack() as stack:
            yield await _start(binary, chosen, stack=stack, words=words)


def find_anvil(root: Path = ROOT) -> Path:
    """Find the binary in the checkout, else on the PATH.

    Raises:
        AnvilMissingError: not installed.
    """
    installed = root / "contracts" / "node_modules" / ".bin" / "anvil"
    if installed.exists():
        return installed.resolve()
    on_path = shutil.which("anvil")
    if on_path is None:
        raise AnvilMissingError(installed)
    return Path(on_path).resolve()


async def _start(
    binary: Path, options: AnvilOptions, *, stack: AsyncExitStack, words: IO[bytes]
) -> Anvil:
    """Start until one survives. The stack ends all that were started."""
    for _ in range(PORT_ATTEMPTS if options.port is None else 1):
        port = _free_port() if options.port is None else _require_free(options.port)
        command = [str(binary), *_arguments(options, port)]
        process = await stack.enter_async_context(_leashed(command, words))
        url = f"http://{HOST}:{port}"
        if await _answers(process, url):
            return Anvil(
                http_url=url,
                ws_url=f"ws://{HOST}:{port}",
                chain_id=options.chain_id,
                pid=process.pid,
            )
    raise AnvilStartError(_last_words(words))


def _arguments(options: AnvilOptions, port: int) -> list[str]:
    fixed = ["--quiet", "--host", HOST, "--hardfork", HARDFORK, "--order", "fifo"]
    unlimited = ["--no-request-size-limit", "--disable-min-priority-fee"]
    values = {
        "--port": port,
        "--chain-id": options.chain_id,
        "--block-time": options.block_time_seconds,
        "--timestamp": options.timestamp_s,
        "--number": options.genesis_block,
        "--load-state": options.state_path,
        "--fork-url": options.fork_url,
        "--fork-block-number": options.fork_block,
    }
    given = [f"{name}={value}" for name, value in values.items() if value is not None]
    mining = ["--no-mining"] if options.block_time_seconds is None else []
    return [*fixed, *unlimited, *given, *mining]


@asynccontextmanager
async def _leashed(command: Sequence[str], words: IO[bytes]) -> AsyncIterator[Process]:
    """Run a program in a session of its own, so that Ctrl-C reaches us alone and we end it.

    It inherits no environment: neither secrets nor the user's settings are the chain's concern.
    It is killed outright, since it holds nothing worth an orderly end.
    """
    leash = [sys.executable, "-I", "-S", str(Path(__file__).with_name("leash.py"))]
    process = await asyncio.create_subprocess_exec(
        *leash,
        str(os.getpid()),
        *command,
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=words,
        env={},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _answers(process: Process, url: str) -> bool:
    """Wait until it answers (true) or ends (false)."""
    try:
        async with asyncio.timeout(START_SECONDS), open_rpc(url) as rpc:
            while not await _ended_within(process, POLL_SECONDS) and not await _is_listening(rpc):
                pass
    except TimeoutError:
        reason = f"no answer within {START_SECONDS:.0f} s"
        raise AnvilStartError(reason) from None
    return not await _ended_within(process, POLL_SECONDS)


async def _is_listening(rpc: Rpc) -> bool:
    try:
        await rpc.call("eth_chainId")
    except RpcError:
        return False
    return True


async def _ended_within(process: Process, seconds: float) -> bool:
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _require_free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise PortInUseError(port) from None
    return port


def _last_words(words: IO[bytes]) -> str:
    words.seek(0)
    lines = words.read().decode(errors="replace").splitlines()
    spoken = [line.strip() for line in lines if line.strip()]
    return spoken[0][:LAST_WORDS_CHARACTERS] if spoken else "it ended without a word"
