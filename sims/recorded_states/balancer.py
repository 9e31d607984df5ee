"""Balancer pools as a subgraph lists them: amounts in whole tokens, as decimals.

The list of a block holds pools of version 2. Snapshots of early 2021 hold pools of version 1, whose
weighted pools follow the same curve with other rounding: they are quoted as version 2 rounds.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.stable import StablePool
from graphs.pools.weighted import WeightedPool
from graphs.tokens import Token
from graphs.units import PoolId
from sims.recorded_states.document import Document
from sims.recorded_states.fields import (
    FieldError,
    Record,
    items,
    pool_id,
    record,
    scaled_down,
    text,
    token,
)
from sims.recorded_states.states import Entry, RecordedPool, Unfunded, read_state

SCALE_DECIMALS: Final = 18
"""Of weights and fees in the contracts."""

ADDRESS_LENGTH: Final = 42
"""Characters of an address, with which ids of version 2 begin."""

SINGLETON_ID_LENGTH: Final = 66
"""Characters of the 32-byte ids of version 2; version 1 has addresses."""

WEIGHTED: Final = "Weighted"
"""What `poolType` says of weighted pools."""

READ_KINDS: Final = (WEIGHTED, "Stable", "MetaStable", "StablePhantom")
"""What it can say of a pool that is read."""

AMPLIFICATION_DECIMALS: Final = 3
"""Of the amplification in the contracts. StableMath."""


def is_balancer(value: object) -> bool:
    """Whether a document is a list of pools, or a snapshot that has one."""
    pools = value.get("pools") if isinstance(value, dict) else value
    return isinstance(pools, list) and all(
        isinstance(pool, dict) and "swapFee" in pool for pool in pools[:1]
    )


def balancer(path: Path, document: Document) -> Iterator[Entry]:
    """Yield every pool of the list, and why one is none."""
    is_snapshot = isinstance(document.value, dict)
    pools = document.value["pools"] if isinstance(document.value, dict) else document.value
    before = f"{document.place}, " if document.place else ""
    for index, pool in enumerate(pools if isinstance(pools, list) else ()):
        place = f"{before}{'pools' if is_snapshot else ''}[{index}]"
        yield read_state(path, place, partial(_entry, path, place, pool))


def _entry(path: Path, place: str, value: object) -> Entry:
    source = record(value, "pool")
    if source.get("swapEnabled") is False:
        return Unfunded(chain="")
    kind = text(source, "poolType")
    if kind not in READ_KINDS:
        reason = f"pools of kind {kind} are not read"
        raise FieldError(reason=reason, remedy=f"keep those of {', '.join(READ_KINDS)}")
    listed = [record(item, "token") for item in items(source, "tokens")]
    tokens = [token(item, "token") for item in listed]
    rows = sorted(zip(tokens, listed, strict=True), key=lambda row: row[0].address)
    pool = _weighted(source, rows) if kind == WEIGHTED else _stable(source, rows)
    return RecordedPool(path=path, place=place, chain="", pool=pool, tokens=tuple(tokens))


def _weighted(source: Record, rows: list[tuple[Token, Record]]) -> WeightedPool:
    """Build a weighted pool. Weights are shares of their sum; the last one takes the rounding."""
    identity = pool_id(source, "id")
    shares = [scaled_down(item, "weight", decimals=SCALE_DECIMALS) for _, item in rows]
    whole_share = sum(shares)
    if not whole_share:
        raise FieldError(reason="weights are all 0", remedy="record what the contract holds")
    weights = [share * ONE // whole_share for share in shares[:-1]]
    version = "v2" if len(identity) == SINGLETON_ID_LENGTH else "v1"
    return WeightedPool(
        id=PoolId(identity),
        venue=f"balancer {version}",
        tokens=tuple(known.address for known, _ in rows),
        balances=tuple(
            scaled_down(item, "balance", decimals=known.decimals) for known, item in rows
        ),
        weights=(*weights, ONE - sum(weights)),
        decimals=tuple(known.decimals for known, _ in rows),
        swap_fee=scaled_down(source, "swapFee", decimals=SCALE_DECIMALS),
        has_exact_powers=False,
    )


def _stable(source: Record, rows: list[tuple[Token, Record]]) -> StablePool:
    """Build a stable pool of version 2, without its own share.

    Raises:
        FieldError: it is one of Curve, which the snapshots list without the rates of its coins.
    """
    identity = pool_id(source, "id")
    if len(identity) < SINGLETON_ID_LENGTH:
        reason = f"{identity} is Curve's, and the rates of its coins are not recorded"
        raise FieldError(reason=reason, remedy="keep pools of Balancer")
    own = identity[:ADDRESS_LENGTH]
    rows = [row for row in rows if row[0].address != own]
    return StablePool(
        id=PoolId(identity),
        venue="balancer v2",
        tokens=tuple(known.address for known, _ in rows),
        balances=tuple(
            scaled_down(item, "balance", decimals=known.decimals) for known, item in rows
        ),
        scaling_factors=tuple(
            scaled_down(item, "priceRate", decimals=SCALE_DECIMALS)
            * 10 ** max(SCALE_DECIMALS - known.decimals, 0)
            for known, item in rows
        ),
        amplification=scaled_down(source, "amp", decimals=AMPLIFICATION_DECIMALS),
        swap_fee=scaled_down(source, "swapFee", decimals=SCALE_DECIMALS),
        rounds_invariant_up=True,
    )
