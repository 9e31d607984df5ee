"""The state of created pools of every kind at one block, as pools that quote.

Each kind of exchange has its own views; all pools of a kind are asked together. A pool that cannot
be understood is refused by name and reason instead of ending the discovery.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphs.pools.base import Pool
from graphs.tokens import Token
from graphs.units import Address, PoolId
from searcher.adapters.balancer_states import read_stable, read_weighted
from searcher.adapters.concentrated_states import read_concentrated
from searcher.adapters.created_pools import CreatedPool, PoolKind, Refusal
from searcher.adapters.curve_states import read_curve
from searcher.adapters.pair_states import PAIRS, SOLIDLY_PAIRS
from searcher.adapters.reading_stage import StateBlock
from searcher.adapters.tokens import read_tokens
from searcher.adapters.v4_states import read_v4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Pools as the chain answered at one block."""

    pools: Sequence[Pool]
    """Every usable pool, in the order in which they were asked for."""

    tokens: Mapping[Address, Token]
    """Every token of theirs that has decimals."""

    refused: Sequence[Refusal]
    """The pools that were left out."""

    restless: frozenset[PoolId]
    """Pools whose state changes without events: they are read at every block."""


async def read_pools(
    block: StateBlock, created: Sequence[CreatedPool], known_tokens: Mapping[Address, Token]
) -> Reading:
    """Every identified pool's state after the block.

    A pair without reserves is usable, since it may be funded later. A concentrated pool without a
    price is not: nothing else of it is defined.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    tokens = await _tokens(block, created, known_tokens)
    by_kind = defaultdict[PoolKind, list[CreatedPool]](list)
    refused: list[Refusal] = []
    for pool in created:
        if tokens.keys() >= set(pool.tokens):
            by_kind[pool.kind].append(pool)
        else:
            refused.append(Refusal(pool_id=pool.id, reason="a token has no decimals"))
    event_told, unread = await _read_event_told(block, by_kind)
    held, restless, unfit = await _read_held(block, by_kind, tokens)
    place = {pool.id: index for index, pool in enumerate(created)}
    return Reading(
        pools=sorted([*event_told, *held], key=lambda pool: place[pool.id]),
        tokens=tokens,
        refused=[*refused, *unread, *unfit],
        restless=restless,
    )


async def _tokens(
    block: StateBlock, created: Sequence[CreatedPool], known: Mapping[Address, Token]
) -> dict[Address, Token]:
    traded = dict.fromkeys(token for pool in created for token in pool.tokens)
    unknown = [token for token in traded if token not in known]
    read = await read_tokens(block.multicall, unknown, block.hash)
    found = {token: known.get(token) or read.get(token) for token in traded}
    return {address: token for address, token in found.items() if token is not None}


async def _read_event_told(
    block: StateBlock, by_kind: Mapping[PoolKind, Sequence[CreatedPool]]
) -> tuple[list[Pool], list[Refusal]]:
    """Pools of which events tell everything."""
    pairs, unpaired = await PAIRS.run(block, by_kind["uniswap_v2"])
    solidly, unsolid = await SOLIDLY_PAIRS.run(block, by_kind["solidly"])
    ranged, unranged = await read_concentrated(block, by_kind["uniswap_v3"])
    v4, unmanaged = await read_v4(block, by_kind["uniswap_v4"])
    return [*pairs, *solidly, *ranged, *v4], [*unpaired, *unsolid, *unranged, *unmanaged]


async def _read_held(
    block: StateBlock,
    by_kind: Mapping[PoolKind, Sequence[CreatedPool]],
    tokens: Mapping[Address, Token],
) -> tuple[list[Pool], frozenset[PoolId], list[Refusal]]:
    """Pools that may also change without an event."""
    weighted_pools = [*by_kind["balancer_weighted_v1"], *by_kind["balancer_weighted"]]
    stable_pools = [*by_kind["balancer_stable"], *by_kind["balancer_composable"]]
    weighted, unweighted = await read_weighted(block, weighted_pools, tokens)
    stable, unstable = await read_stable(block, stable_pools, tokens)
    curve, uncurved = await read_curve(block, by_kind["curve"], tokens)
    restless = [read.pool.id for read in stable if read.is_restless]
    restless += [read.pool.id for read in curve if read.is_restless]
    pools: list[Pool] = [*weighted, *(read.pool for read in stable), *(read.pool for read in curve)]
    return pools, frozenset(restless), [*unweighted, *unstable, *uncurved]
