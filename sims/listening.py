"""Where a local server listens, and what the system has against it."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from sims.errors import RelayPortInUseError, RelayPortRefusedError

SHUTDOWN_SECONDS: Final = 0.1
"""For answers that are being written."""


@asynccontextmanager
async def listening(app: web.Application, *, host: str, port: int) -> AsyncIterator[str]:
    """Serve the application; yield its URL.

    Raises:
        RelayPortInUseError: somebody else listens there.
        RelayPortRefusedError: the system does not let us.
    """
    # Streams never end by themselves: nobody waits for them.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise RelayPortInUseError(host, port) from None
            raise RelayPortRefusedError(host, port) from None
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
