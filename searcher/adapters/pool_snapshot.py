"""The file that makes the second start take seconds: every pool with its state at one block.

A header that names format, chain, settings and a digest, then compressed JSON, in which integers
may have any size. It is written beside the old file and renamed over it, so that a reader finds one
or the other; the old one stays behind it, for the case that a reorg orphans the new one's block.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from graphs.errors import GraphError
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.curve import CurvePool
from graphs.pools.solidly import SolidlyPool
from graphs.pools.stable import StablePool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.pools.weighted import WeightedPool
from graphs.tokens import Token
from graphs.units import PoolId
from searcher.adapters.created_pools import CreatedPool, Factory, Refusal
from searcher.errors import SnapshotError

FORMAT: Final = "searcher pools 1"
"""Of this version of the file; another is refused."""

COMPRESSION: Final = 1
"""The fastest of zlib: half a second for 50,000 pools."""

MAX_BYTES: Final = 2**31
"""Of the contents, unpacked: more is no file of ours."""


class PoolColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Pools by their kind, so that each list has one shape."""

    constant_product: tuple[ConstantProductPool, ...] = ()
    concentrated: tuple[ConcentratedPool, ...] = ()
    uniswap_v4: tuple[UniswapV4Pool, ...] = ()
    solidly: tuple[SolidlyPool, ...] = ()
    weighted: tuple[WeightedPool, ...] = ()
    stable: tuple[StablePool, ...] = ()
    curve: tuple[CurvePool, ...] = ()
    order: tuple[int, ...] = ()
    """Of each pool, column by column: its place among all."""

    @classmethod
    def of(cls, pools: Iterable[Pool]) -> "PoolColumns":
        """Sort pools into columns."""
        columns: dict[str, list[tuple[int, Pool]]] = {name: [] for name in _COLUMNS.values()}
        for place, pool in enumerate(pools):
            columns[_COLUMNS[type(pool)]].append((place, pool))
        sorted_pools = {name: tuple(pool for _, pool in rows) for name, rows in columns.items()}
        order = tuple(place for rows in columns.values() for place, _ in rows)
        return msgspec.structs.replace(cls(order=order), **sorted_pools)

    def in_order(self) -> list[Pool]:
        """All pools, in the order in which they came."""
        pools: Iterable[Pool] = chain.from_iterable(
            getattr(self, name) for name in _COLUMNS.values()
        )
        placed = sorted(zip(self.order, pools, strict=True), key=lambda row: row[0])
        return [pool for _, pool in placed]


_COLUMNS: Final[dict[type, str]] = {
    ConstantProductPool: "constant_product",
    ConcentratedPool: "concentrated",
    UniswapV4Pool: "uniswap_v4",
    SolidlyPool: "solidly",
    WeightedPool: "weighted",
    StablePool: "stable",
    CurvePool: "curve",
}


class PoolSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a discovery knows, at one block."""

    block_number: int
    """The block after which the states hold, and up to which announcements were read."""

    block_hash: str
    """Its identity."""

    created: tuple[CreatedPool, ...]
    """Every identified pool."""

    pending: tuple[CreatedPool, ...]
    """Announced pools that were not identified or read yet: the discovery was interrupted."""

    pools: PoolColumns
    """The state of every usable pool."""

    tokens: tuple[Token, ...]
    """Of all pools."""

    refused: tuple[Refusal, ...]
    """The pools that were left out."""

    restless: tuple[PoolId, ...]
    """Pools whose state changes without events."""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    chain_id: int
    settings: str
    digest: str


_HEADER: Final = msgspec.json.Decoder(_Header)
_SNAPSHOT: Final = msgspec.json.Decoder(PoolSnapshot)


def fingerprint(factories: Iterable[Factory]) -> str:
    """What the settings of a discovery are told apart by."""
    return hashlib.sha256(msgspec.json.encode(tuple(factories))).hexdigest()


def write_snapshot(path: Path, snapshot: PoolSnapshot, *, chain_id: int, settings: str) -> None:
    """Put the snapshot in the place of the file, and keep the file that was there behind it.

    Raises:
        SnapshotError: it cannot be written.
    """
    body = zlib.compress(msgspec.json.encode(snapshot), COMPRESSION)
    header = _Header(
        format=FORMAT,
        chain_id=chain_id,
        settings=settings,
        digest=hashlib.sha256(body).hexdigest(),
    )
    temporary = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(header) + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            path.replace(previous(path))
        temporary.replace(path)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror}") from error


def previous(path: Path) -> Path:
    """Where the file before this one is kept."""
    return path.with_suffix(".previous")


def read_snapshot(path: Path, *, chain_id: int, settings: str) -> PoolSnapshot | None:
    """Read a snapshot of this chain and these settings; None where there is no file.

    Raises:
        SnapshotError: damaged, or of another chain, format or settings; delete it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}") from error
    reason = _find_flaw(content, chain_id=chain_id, settings=settings)
    if reason is not None:
        raise SnapshotError(f"{path} {reason}; delete it")
    try:
        return _unpacked(content.partition(b"\n")[2])
    except (msgspec.MsgspecError, zlib.error, GraphError, ValueError, RecursionError):
        raise SnapshotError(f"{path} holds no pools; delete it") from None


def _find_flaw(content: bytes, *, chain_id: int, settings: str) -> str | None:
    """Say why the file is not to be read any further; None if it is."""
    first, _, body = content.partition(b"\n")
    try:
        header = _HEADER.decode(first)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "is no file of pools"
    if header.format != FORMAT:
        return f"has another format than {FORMAT!r}"
    if header.chain_id != chain_id:
        return f"is of chain {header.chain_id}, not {chain_id}"
    if header.settings != settings:
        return "was made with other factories"
    if header.digest != hashlib.sha256(body).hexdigest():
        return "is damaged"
    return None


def _unpacked(body: bytes) -> PoolSnapshot:
    unpacker = zlib.decompressobj()
    snapshot = _SNAPSHOT.decode(unpacker.decompress(body, MAX_BYTES))
    pools = snapshot.pools
    counted = sum(len(getattr(pools, name)) for name in _COLUMNS.values())
    if sorted(pools.order) != list(range(counted)):
        message = "places of pools"
        raise ValueError(message)
    return snapshot
