"""What of a network's settings is about its chain: pools, lenders, blocks and our contract on it.

Separate from the composition root, which plugs these together with keys, relays and the ledger.
"""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Final

from graphs.pools.base import Pool
from graphs.units import Address
from searcher.adapters.block_reader import BlockReader
from searcher.adapters.blocks import FeedTerms
from searcher.adapters.created_pools import NOWHERE, Factory
from searcher.adapters.decoding import Header, address, quantity
from searcher.adapters.discovery import Discovered, Survey
from searcher.adapters.lenders import resolve_desks
from searcher.adapters.lending_desk import NOBODY, LenderSource
from searcher.adapters.multicall import Multicall
from searcher.adapters.rpc import Rpc
from searcher.errors import ConfigError
from searcher.flash_lenders import LenderKind
from searcher.network_wiring import concentrated_factories
from searcher.pool_lenders import lending_pools
from searcher.settings.network import NetworkSettings

OWNER_CALL: Final = "0x8da5cb5b"
"""Calldata of the executor's `owner()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What is known before the first block is read."""

    head: Header
    """The block after which it was so."""

    found: Discovered
    """The pools."""

    bases: tuple[Address, ...]
    """What may be borrowed."""

    account: Address
    """Ours."""


def survey_of(network: NetworkSettings) -> Survey:
    """Where the configuration says that pools are."""
    return Survey(
        factories=tuple(
            Factory(
                kind=factory.kind,
                venue=factory.venue,
                address=Address(factory.address),
                fee_pips=factory.fee_pips,
                vault=Address(factory.vault or NOWHERE),
                is_listed=factory.is_listed,
                init_code_hash=factory.init_code_hash,
                pools=tuple(map(Address, factory.pools)),
            )
            for factory in network.factories
        ),
        multicall3=Address(network.multicall3),
        start_block=network.start_block,
    )


async def reader_of(rpc: Rpc, network: NetworkSettings, beginning: Beginning) -> BlockReader:
    """Read blocks with the lenders that answer at the start.

    Raises:
        RpcError, WireError: the node does not answer.
    """
    multicall = Multicall(rpc=rpc, address=Address(network.multicall3))
    desks = await resolve_desks(
        multicall,
        sources=lender_sources(network, beginning.found.pools.values()),
        assets=beginning.bases,
        block_hash=beginning.head.hash,
    )
    return BlockReader(
        rpc=rpc,
        multicall=multicall,
        pools=beginning.found.known,
        desks=desks,
        account=beginning.account,
        executor=Address(network.executor) if network.executor else None,
    )


def lender_sources(network: NetworkSettings, pools: Collection[Pool]) -> list[LenderSource]:
    """The configured lenders, with pools of the market where a kind of pool has no address."""
    factories, base = concentrated_factories(network), Address(network.weth)
    sources = []
    for lender in network.lenders:
        found = [(lender.address or NOBODY, lender.fee_pips)]
        if lender.address is None and lender.kind is not LenderKind.NONE:
            chosen = lending_pools(lender.kind, pools, base)
            found = [(pool.id, pool.fee_pips) for pool in chosen]
        sources += [
            LenderSource(
                kind=lender.kind, address=Address(address), fee_pips=fee, factories=factories
            )
            for address, fee in found
        ]
    return sources


def feed_terms(network: NetworkSettings, random: Random) -> FeedTerms:
    """How long a head is believed, and how attempts to connect are spread."""
    return FeedTerms(
        slot_seconds=network.slot_seconds,
        max_head_age_seconds=network.head_age_seconds,
        random=random,
    )


async def check_chain(rpc: Rpc, network: NetworkSettings) -> None:
    """Ask the node which chain it is on.

    Raises:
        ConfigError: another one than the configuration says.
        RpcError: the node does not answer.
    """
    chain_id = quantity(await rpc.call("eth_chainId"), "eth_chainId")
    if chain_id != network.chain_id:
        raise ConfigError(
            f"the node is on chain {chain_id}, the configuration says {network.chain_id}; "
            "correct http_url or chain_id"
        )


async def checked_executor(rpc: Rpc, network: NetworkSettings, *, owner: Address) -> Address:
    """Refuse an executor that is not there or not ours.

    Raises:
        ConfigError: none is configured, or it is not there, or somebody else's.
        RpcError, WireError: the node does not answer.
    """
    if network.executor is None:
        raise ConfigError("no executor is configured; run `searcher deploy`, or set `executor`")
    executor = Address(network.executor)
    if await rpc.call("eth_getCode", executor, "latest") == "0x":
        raise ConfigError(f"there is no contract at executor {executor}; deploy it first")
    word = await rpc.call("eth_call", {"to": executor, "data": OWNER_CALL}, "latest")
    actual = address("0x" + str(word)[-40:], "owner()")
    if actual != owner:
        raise ConfigError(
            f"the executor {executor} belongs to {actual} and the trading key to {owner}; "
            "use the owner's key"
        )
    return executor
