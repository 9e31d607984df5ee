"""Pools as their factories announce or list them, before anything of their state is known.

Only what a configured factory's own logs or lists say counts: a stranger's factory, however alike,
is never asked and never listened to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from graphs.pools.pool_key import PoolKey, find_refusal
from graphs.units import Address, PoolId
from searcher.adapters.abi import (
    WORD_BYTES,
    decode_address,
    decode_bool,
    decode_signed,
    decode_unsigned,
    topic,
)
from searcher.adapters.decoding import TICK_BITS, address, array, hash32, hex_bytes, member
from searcher.errors import WireError

PAIR_CREATED: Final = topic("PairCreated(address,address,address,uint256)")
POOL_CREATED: Final = topic("PoolCreated(address,address,uint24,int24,address)")
SOLIDLY_CREATED: Final = topic("PoolCreated(address,address,bool,address,uint256)")
V4_INITIALIZE: Final = topic(
    "Initialize(bytes32,address,address,uint24,int24,address,uint160,int24)"
)
BALANCER_CREATED: Final = topic("PoolCreated(address)")
CURVE_DEPLOYED: Final = (
    topic("PlainPoolDeployed(address[4],uint256,uint256,address)"),
    topic("PlainPoolDeployed(address[],uint256,uint256,address)"),
)
"""Of Curve's factories: they do not name the pool, so the factory's list is read on."""

FEE_BITS: Final = 24
ADDRESS_CHARACTERS: Final = 42
NOWHERE: Final = Address("0x" + "0" * 40)

PoolKind = Literal[
    "uniswap_v2",
    "uniswap_v3",
    "uniswap_v4",
    "solidly",
    "balancer_weighted_v1",
    "balancer_weighted",
    "balancer_stable",
    "balancer_composable",
    "curve",
]
"""The curve and the ABI of a factory and of its pools, by the exchange that forks copy it from."""

BALANCER_KINDS: Final[frozenset[PoolKind]] = frozenset(
    {"balancer_weighted_v1", "balancer_weighted", "balancer_stable", "balancer_composable"}
)
"""Pools that Balancer's Vault holds. Version 1 of weighted pools takes all powers by logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory:
    """A contract that announces or lists pools."""

    kind: PoolKind
    """The curve and the ABI of its pools."""

    venue: str
    """The exchange's name, for people and for the ledger."""

    address: Address
    """Where it is deployed; the PoolManager of Uniswap V4."""

    fee_pips: int = 0
    """Of uniswap_v2 pools, which do not say; the others are asked."""

    vault: Address = NOWHERE
    """Balancer's, for its kinds alone."""

    is_listed: bool = False
    """Whether its pools are read from its list (`allPairs`) instead of its past events."""

    init_code_hash: str = ""
    """Of its pools' creation code, to re-derive their addresses; empty to ask the factory."""

    pools: tuple[Address, ...] = ()
    """Of a curve factory: pools that it does not list, or all of them where it is nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedPool:
    """A pool that a factory vouches for."""

    kind: PoolKind
    """The curve and the ABI."""

    venue: str
    """The exchange's name, for people and for the ledger."""

    id: PoolId
    """Its id, or its contract's address while that is all that is known."""

    factory: Address
    """Who announced it."""

    keeper: Address
    """Whose events tell its state: its own contract, the PoolManager or the Vault."""

    tokens: tuple[Address, ...] = ()
    """What it trades, in the contract's order; empty while only its address is known."""

    fee_pips: int = 0
    """Share of the input that stays in the pool; 0 where the pool says so itself."""

    tick_spacing: int = 0
    """Of concentrated pools; 0 for all others."""

    is_stable: bool = False
    """Of solidly pools: which curve."""

    @property
    def contract(self) -> Address:
        """Who answers questions about this pool alone; a Balancer id begins with it."""
        if self.kind == "uniswap_v4":
            return self.keeper
        return Address(self.id[:ADDRESS_CHARACTERS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A pool that is left out of the Market."""

    pool_id: PoolId
    """Which pool."""

    reason: str
    """Why, in words."""


Announcement = CreatedPool | Refusal | Factory
"""A pool, why it is none for us, or the factory whose list has grown."""

_Decoder = Callable[[Factory, bytes, bytes], Announcement]


def decode_created(value: object, factories: Mapping[Address, Factory]) -> Announcement | None:
    """What a configured factory's log announces; None for any other log.

    Raises:
        WireError: an announcement that the factory cannot have emitted.
    """
    factory = factories.get(address(member(value, "address"), "log.address"))
    topics = [hash32(item, "log.topics") for item in array(member(value, "topics"), "log.topics")]
    if factory is None or not topics or topics[0] not in topics_of(factory):
        return None
    indexed = b"".join(bytes.fromhex(item[2:]) for item in topics)
    return _DECODERS[factory.kind](factory, indexed, hex_bytes(member(value, "data"), "log.data"))


def topics_of(factory: Factory) -> Sequence[str]:
    """The first topics of the factory's announcements."""
    return _TOPICS[factory.kind]


def pool_at(factory: Factory, contract: Address) -> CreatedPool:
    """A pool of which the factory says nothing but where it is."""
    return CreatedPool(
        kind=factory.kind,
        venue=factory.venue,
        id=PoolId(contract),
        factory=factory.address,
        keeper=factory.vault if factory.kind in BALANCER_KINDS else contract,
        fee_pips=factory.fee_pips,
    )


def _pair(factory: Factory, indexed: bytes, data: bytes) -> CreatedPool:
    contract = decode_address(data, 0, field="log.data")
    return replace(pool_at(factory, contract), tokens=_indexed_pair(indexed))


def _solidly(factory: Factory, indexed: bytes, data: bytes) -> CreatedPool:
    contract = decode_address(data, 0, field="log.data")
    return replace(
        pool_at(factory, contract),
        tokens=_indexed_pair(indexed),
        is_stable=decode_bool(indexed, 3, field="log.topics"),
    )


def _ranged(factory: Factory, indexed: bytes, data: bytes) -> CreatedPool:
    contract = decode_address(data, 1, field="log.data")
    return replace(
        pool_at(factory, contract),
        tokens=_indexed_pair(indexed),
        fee_pips=decode_unsigned(indexed, 3, bits=FEE_BITS, field="PoolCreated.fee"),
        tick_spacing=_tick_spacing(data, 0),
    )


def _v4(factory: Factory, indexed: bytes, data: bytes) -> CreatedPool | Refusal:
    """The id is the hash of the key, so that an id that is not is not the manager's."""
    key = PoolKey(
        currency0=decode_address(indexed, 2, field="Initialize.currency0"),
        currency1=decode_address(indexed, 3, field="Initialize.currency1"),
        fee_pips=decode_unsigned(data, 0, bits=FEE_BITS, field="Initialize.fee"),
        tick_spacing=_tick_spacing(data, 1),
        hooks=decode_address(data, 2, field="Initialize.hooks"),
    )
    if indexed[WORD_BYTES : 2 * WORD_BYTES].hex() != key.id[2:]:
        raise WireError("Initialize.id", "not the hash of its key")
    reason = find_refusal(key)
    if reason is not None:
        return Refusal(pool_id=key.id, reason=reason)
    return CreatedPool(
        kind=factory.kind,
        venue=factory.venue,
        id=key.id,
        factory=factory.address,
        keeper=factory.address,
        tokens=(key.currency0, key.currency1),
        fee_pips=key.fee_pips,
        tick_spacing=key.tick_spacing,
    )


def _balancer(factory: Factory, indexed: bytes, _data: bytes) -> CreatedPool:
    return pool_at(factory, decode_address(indexed, 1, field="PoolCreated.pool"))


def _curve(factory: Factory, _indexed: bytes, _data: bytes) -> Factory:
    return factory


def _indexed_pair(indexed: bytes) -> tuple[Address, Address]:
    token0, token1 = (decode_address(indexed, place, field="log.topics") for place in (1, 2))
    if token0 >= token1:
        raise WireError("log.topics", "tokens out of order")
    return token0, token1


def _tick_spacing(data: bytes, index: int) -> int:
    tick_spacing = decode_signed(data, index, bits=TICK_BITS, field="PoolCreated.tickSpacing")
    if tick_spacing <= 0:
        raise WireError("PoolCreated.tickSpacing", "not positive")
    return tick_spacing


_DECODERS: Final[Mapping[PoolKind, _Decoder]] = {
    "uniswap_v2": _pair,
    "uniswap_v3": _ranged,
    "uniswap_v4": _v4,
    "solidly": _solidly,
    "balancer_weighted_v1": _balancer,
    "balancer_weighted": _balancer,
    "balancer_stable": _balancer,
    "balancer_composable": _balancer,
    "curve": _curve,
}

_TOPICS: Final[Mapping[PoolKind, Sequence[str]]] = {
    "uniswap_v2": (PAIR_CREATED,),
    "uniswap_v3": (POOL_CREATED,),
    "uniswap_v4": (V4_INITIALIZE,),
    "solidly": (SOLIDLY_CREATED,),
    "balancer_weighted_v1": (BALANCER_CREATED,),
    "balancer_weighted": (BALANCER_CREATED,),
    "balancer_stable": (BALANCER_CREATED,),
    "balancer_composable": (BALANCER_CREATED,),
    "curve": CURVE_DEPLOYED,
}
