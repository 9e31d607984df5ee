"""The Market's beginnings: which pools exist, and their exact state at one block.

Factory events name the pools, views pinned to the block's hash give their state, and everything
that is left out is left out by name and reason. From there on the feed's events carry the state.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.pools.base import Pool
from graphs.tokens import Token
from graphs.units import Address, PoolId
from searcher.adapters.abi import (
    decode_address,
    decode_signed,
    decode_unsigned,
    topic,
)
from searcher.adapters.decoding import (
    HEADER_ONLY,
    TICK_BITS,
    Header,
    address,
    array,
    decode_header,
    hash32,
    hex_bytes,
    member,
)
from searcher.adapters.multicall import Multicall
from searcher.adapters.pool_states import CreatedPool, PoolKind, Refusal, read_pools
from searcher.adapters.rpc import Rpc
from searcher.adapters.tokens import read_tokens
from searcher.errors import DivergenceError, RpcError, WireError

PAIR_CREATED: Final = topic("PairCreated(address,address,address,uint256)")
POOL_CREATED: Final = topic("PoolCreated(address,address,uint24,int24,address)")

CHUNK_BLOCKS: Final = 10_000
"""What most providers let one eth_getLogs span; halved where a node wants less."""

FEE_BITS: Final = 24

_ANNOUNCEMENTS: Final = {"uniswap_v2": PAIR_CREATED, "uniswap_v3": POOL_CREATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory:
    """A contract whose events announce pools."""

    kind: PoolKind
    """The curve and the ABI of its pools."""

    venue: str
    """The exchange's name, for people and for the ledger."""

    address: Address
    """Where it is deployed."""

    fee_pips: int
    """Of uniswap_v2 pools, which do not say; V3 pools carry their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Where to look for pools."""

    factories: Sequence[Factory]
    """Whose events to read."""

    multicall3: Address
    """The batch reader."""

    start_block: int
    """First block whose events matter."""

    chunk_blocks: int = CHUNK_BLOCKS
    """Blocks in one request for events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What a Market is made of, all at one block."""

    pools: Mapping[PoolId, Pool]
    """Every usable pool, in order of creation."""

    tokens: Mapping[Address, Token]
    """Every token that a created pool trades and that has decimals."""

    refused: tuple[Refusal, ...]
    """The pools that were left out."""

    def refused_by_reason(self) -> dict[str, int]:
        """How many pools were left out for each reason."""
        return dict(Counter(refusal.reason for refusal in self.refused))


async def discover(rpc: Rpc, survey: Survey, *, block: Header) -> Discovered:
    """Find all pools up to the block, with their state after exactly that block.

    Raises:
        RpcError: the node refused; a full node keeps the state of recent blocks only.
        WireError: a factory's event is not what its interface promises.
        DivergenceError: the block was replaced meanwhile; discover again at the new head.
    """
    multicall = Multicall(rpc=rpc, address=survey.multicall3)
    created = await _created_pools(rpc, survey, block.number)
    addresses = list(
        dict.fromkeys(token for pool in created for token in (pool.token0, pool.token1))
    )
    tokens = await read_tokens(multicall, addresses, block.hash)
    is_known = {pool.id: {pool.token0, pool.token1} <= tokens.keys() for pool in created}
    nameable = [pool for pool in created if is_known[pool.id]]
    pools, refusals = await read_pools(multicall, nameable, block.hash)
    await _check_canonical(rpc, block)
    unknown = [
        Refusal(pool_id=pool.id, reason="a token has no decimals")
        for pool in created
        if not is_known[pool.id]
    ]
    return Discovered(
        pools={pool.id: pool for pool in pools}, tokens=tokens, refused=(*unknown, *refusals)
    )


async def _created_pools(rpc: Rpc, survey: Survey, last_block: int) -> list[CreatedPool]:
    factories = {factory.address: factory for factory in survey.factories}
    logs = await _logs(rpc, survey, last_block)
    created = (decode_created(log, factories) for log in logs)
    return list({pool.id: pool for pool in created if pool is not None}.values())


async def _logs(rpc: Rpc, survey: Survey, last_block: int) -> list[object]:
    """All announcements up to the block; a refused range is halved until one block is refused."""
    logs: list[object] = []
    first, chunk = survey.start_block, survey.chunk_blocks
    while first <= last_block:
        last = min(first + chunk - 1, last_block)
        request = {
            "fromBlock": hex(first),
            "toBlock": hex(last),
            "address": [factory.address for factory in survey.factories],
            "topics": [list(_ANNOUNCEMENTS.values())],
        }
        try:
            logs.extend(array(await rpc.call("eth_getLogs", request), "logs"))
        except RpcError as error:
            if error.code is None or chunk == 1:
                raise
            chunk //= 2
        else:
            first = last + 1
            chunk = min(2 * chunk, survey.chunk_blocks)
    return logs


def decode_created(value: object, factories: Mapping[Address, Factory]) -> CreatedPool | None:
    """The pool that a factory's log announces; None for any other log.

    Raises:
        WireError: an announcement that the factory cannot have emitted.
    """
    factory = factories.get(address(member(value, "address"), "log.address"))
    topics = [hash32(item, "log.topics") for item in array(member(value, "topics"), "log.topics")]
    if factory is None or not topics or topics[0] != _ANNOUNCEMENTS[factory.kind]:
        return None
    indexed = b"".join(bytes.fromhex(item[2:]) for item in topics)
    data = hex_bytes(member(value, "data"), "log.data")
    is_ranged = factory.kind == "uniswap_v3"
    fee_pips, tick_spacing = _range_terms(indexed, data) if is_ranged else (factory.fee_pips, 0)
    return CreatedPool(
        kind=factory.kind,
        venue=factory.venue,
        id=PoolId(decode_address(data, 1 if is_ranged else 0, field="log.data")),
        token0=decode_address(indexed, 1, field="log.topics"),
        token1=decode_address(indexed, 2, field="log.topics"),
        fee_pips=fee_pips,
        tick_spacing=tick_spacing,
    )


def _range_terms(indexed: bytes, data: bytes) -> tuple[int, int]:
    """Fee and tick spacing of a concentrated pool."""
    fee_pips = decode_unsigned(indexed, 3, bits=FEE_BITS, field="PoolCreated.fee")
    tick_spacing = decode_signed(data, 0, bits=TICK_BITS, field="PoolCreated.tickSpacing")
    if tick_spacing <= 0:
        raise WireError("PoolCreated.tickSpacing", "not positive")
    return fee_pips, tick_spacing


async def _check_canonical(rpc: Rpc, block: Header) -> None:
    """Events were asked for by number, so the number must still mean the same block."""
    value = await rpc.call("eth_getBlockByNumber", hex(block.number), HEADER_ONLY)
    if value is None or decode_header(value).hash != block.hash:
        reason = f"block {block.number} was replaced during discovery; start again"
        raise DivergenceError(reason)
