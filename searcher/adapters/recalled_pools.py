"""The start of a run: what the last one kept, where it is still true, else everything anew.

A file whose block a reorg has orphaned is passed over for the one before it; a file that is
damaged, foreign or contradicted by events costs a full discovery and never a wrong state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from searcher.adapters.decoding import Header
from searcher.adapters.discovery import (
    Discovered,
    Survey,
    Watch,
    Witness,
    discover,
    is_canonical,
    nobody,
)
from searcher.adapters.pool_snapshot import (
    PoolSnapshot,
    fingerprint,
    previous,
    read_snapshot,
    write_snapshot,
)
from searcher.adapters.rpc import Rpc
from searcher.errors import DivergenceError, SnapshotError


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFile:
    """Where one network's pools are kept."""

    path: Path
    """The file; the one before it lies beside it."""

    chain_id: int
    """Of the network."""

    watch: Watch = nobody
    """Told how far the discovery is."""

    warn: Callable[[str], None] = nobody
    """Told in one line why a file is not used."""


async def discover_from(
    rpc: Rpc, survey: Survey, *, block: Header, file: SnapshotFile
) -> Discovered:
    """Discover from what was kept, and keep what is found.

    Raises:
        RpcError, WireError, DivergenceError: as `discover`.
        SnapshotError: the file cannot be written.
    """
    settings = fingerprint(survey.factories)
    write = partial(write_snapshot, file.path, chain_id=file.chain_id, settings=settings)
    witness = Witness(watch=file.watch, keep=write)
    for path in (file.path, previous(file.path)):
        known = await _usable(rpc, path, block=block, file=file, settings=settings)
        if known is None:
            continue
        try:
            return await discover(rpc, survey, block=block, known=known, witness=witness)
        except DivergenceError as error:
            if not await is_canonical(rpc, block.number, block.hash):
                raise
            file.warn(f"{path} is not used: {error.reason}")
    return await discover(rpc, survey, block=block, witness=witness)


async def _usable(
    rpc: Rpc, path: Path, *, block: Header, file: SnapshotFile, settings: str
) -> PoolSnapshot | None:
    """What the file holds, if its block is an ancestor of the head; None where it is not."""
    try:
        known = read_snapshot(path, chain_id=file.chain_id, settings=settings)
    except SnapshotError as error:
        file.warn(error.reason)
        return None
    if known is None or known.block_number > block.number:
        return None
    if not await is_canonical(rpc, known.block_number, known.block_hash):
        file.warn(f"{path} is not used: its block {known.block_number} was replaced")
        return None
    return known
