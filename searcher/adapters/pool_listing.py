"""Pools from a factory's own list instead of its past events: `allPairs` and its relatives.

For nodes that keep no old logs, and for Curve, whose factories do not announce where a pool is.
"""

from collections.abc import Container, Mapping
from typing import Final

from graphs.units import Address, PoolId
from searcher.adapters.abi import WORD_BITS, decode_address, decode_unsigned, encode_word, selector
from searcher.adapters.created_pools import NOWHERE, CreatedPool, Factory, PoolKind, pool_at
from searcher.adapters.multicall import Call
from searcher.adapters.reading_stage import StateBlock, given
from searcher.errors import WireError

MAX_LISTED: Final = 5_000_000
"""Ten times Uniswap V2's list on mainnet: a longer one is no list."""

_LISTS: Final[Mapping[PoolKind, tuple[bytes, bytes]]] = {
    "uniswap_v2": (selector("allPairsLength()"), selector("allPairs(uint256)")),
    "solidly": (selector("allPoolsLength()"), selector("allPools(uint256)")),
    "curve": (selector("pool_count()"), selector("pool_list(uint256)")),
}


async def list_pools(
    block: StateBlock, factory: Factory, known: Container[PoolId]
) -> list[CreatedPool]:
    """The pools of the list, and those that the settings add, which are not known yet.

    Raises:
        RpcError: the node refused.
        WireError: the factory has no such list.
    """
    contracts = list(factory.pools)
    if factory.address != NOWHERE:
        contracts += await _listed(block, factory)
    fresh = dict.fromkeys(contract for contract in contracts if PoolId(contract) not in known)
    return [pool_at(factory, contract) for contract in fresh]


async def _listed(block: StateBlock, factory: Factory) -> list[Address]:
    count_view, item_view = _LISTS[factory.kind]
    (answer,) = await block.multicall.aggregate(
        [Call(to=factory.address, data=count_view)], block.hash
    )
    field = f"list of {factory.venue}"
    count = decode_unsigned(given(answer, field), 0, bits=WORD_BITS, field=field)
    if count > MAX_LISTED:
        raise WireError(field, f"{count} pools")
    calls = [Call(to=factory.address, data=item_view + encode_word(i)) for i in range(count)]
    answers = await block.multicall.aggregate(calls, block.hash)
    return [decode_address(given(item, field), 0, field=field) for item in answers]
