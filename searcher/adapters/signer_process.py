"""A signer in a process of its own: the key is there, and the bot is not.

It listens on a unix socket that its owner alone may use, and answers each line with one. Whoever
takes over the bot can then sign calls of the executor, which pay its beneficiary or revert, and
nothing else.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from searcher.errors import ConfigError, WireError
from searcher.ports import Signer
from searcher.signing_policy import (
    LINE_LIMIT,
    SigningAnswer,
    SigningPolicy,
    read_request,
    write_answer,
)

OWNER_ONLY: Final = 0o177
"""The umask under which the socket appears: nobody else may ever connect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerProcess:
    """The key behind its policy."""

    signer: Signer
    """Holds the key."""

    policy: SigningPolicy
    """What it may be used for."""

    def answer(self, line: bytes) -> SigningAnswer:
        """Sign, or say why not; whatever the bytes are."""
        try:
            request = read_request(line)
        except WireError as error:
            return self._refused(str(error))
        refusal = self.policy.refusal(request)
        if refusal is not None:
            return self._refused(refusal)
        raw = self.signer.sign(request.transaction)
        return SigningAnswer(address=self.signer.address, raw=raw, refusal="")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client, line by line, until it hangs up or sends too long a line."""
        with suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write(write_answer(self.answer(line)))
                await writer.drain()
        writer.close()

    def _refused(self, words: str) -> SigningAnswer:
        return SigningAnswer(address=self.signer.address, raw=b"", refusal=words)


@asynccontextmanager
async def listening(process: SignerProcess, path: Path) -> AsyncIterator[asyncio.Server]:
    """Listen while the context lasts.

    Raises:
        ConfigError: the socket cannot be made there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    before = os.umask(OWNER_ONLY)
    try:
        server = await asyncio.start_unix_server(process.serve, path, limit=LINE_LIMIT)
    except OSError as error:
        reason = f"the signer cannot listen at {path} ({type(error).__name__}); choose another"
        raise ConfigError(reason) from None
    finally:
        os.umask(before)
    try:
        async with server:
            yield server
    finally:
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
