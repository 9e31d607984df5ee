"""Fixtures of a deployed local chain, for every test that needs the real contracts.

A module imports the one it needs: `from tests.devnet_fixture import devnet`.
"""

from collections.abc import AsyncIterator

import pytest_asyncio

from searcher.adapters.rpc import Rpc, open_rpc
from sims.devnet.cache import Devnet
from sims.devnet.cache import devnet as running_devnet


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def devnet() -> AsyncIterator[Devnet]:
    """One chain for the whole session: read from it, never mine on it."""
    async with running_devnet() as chain:
        yield chain


@pytest_asyncio.fixture
async def fresh_devnet() -> AsyncIterator[Devnet]:
    """A chain of the test's own."""
    async with running_devnet() as chain:
        yield chain


@pytest_asyncio.fixture
async def rpc(fresh_devnet: Devnet) -> AsyncIterator[Rpc]:
    """The fresh chain's node."""
    async with open_rpc(fresh_devnet.anvil.http_url) as node:
        yield node
