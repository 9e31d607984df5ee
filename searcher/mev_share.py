"""Bundles of MEV-Share (v0.1): their bodies, their names, and the requests that carry them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from eth_hash.auto import keccak

from searcher.flashbots import transaction_hash
from searcher.relay_profiles import MEV_SEND, MEV_SIMULATE
from searcher.relay_requests import rpc_request

VERSION: Final = "v0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class HintedTransaction:
    """Somebody else's transaction or bundle, known by the hash of an event alone."""

    hash: str
    """As the event names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """A transaction whose bytes we have."""

    raw: bytes = field(repr=False)
    """Signed, in consensus encoding."""

    can_revert: bool = False
    """Whether the bundle survives its revert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MevBundle:
    """Elements in order, for a range of blocks."""

    body: tuple["HintedTransaction | SignedTransaction | MevBundle", ...]
    """At least one; a hinted one comes first or not at all."""

    block: int
    """The first block that it is meant for."""

    max_block: int
    """The last one."""

    builders: tuple[str, ...] = ()
    """Registered builders that get it; empty for the relay's own choice."""


def mev_send_bundle(bundle: MevBundle) -> bytes:
    """Write the request that submits."""
    return rpc_request(MEV_SEND, [_parameters(bundle)])


def mev_sim_bundle(bundle: MevBundle, *, parent_block: int) -> bytes:
    """Write the request that simulates on a parent; every transaction must be signed."""
    return rpc_request(MEV_SIMULATE, [_parameters(bundle), {"parentBlock": hex(parent_block)}])


def mev_bundle_hash(bundle: MevBundle) -> str:
    """Return the name that the node gives: of a single element its own hash."""
    hashes = [_hash(element) for element in bundle.body]
    return hashes[0] if len(hashes) == 1 else _joined(hashes)


def matching_hash(tx_hashes: Sequence[str]) -> str:
    """Return the name under which an event announces transactions: the hash of their hash."""
    return _joined([tx_hashes[0] if len(tx_hashes) == 1 else _joined(tx_hashes)])


def _joined(hashes: Sequence[str]) -> str:
    return "0x" + keccak(b"".join(bytes.fromhex(one[2:]) for one in hashes)).hex()


def _hash(element: "HintedTransaction | SignedTransaction | MevBundle") -> str:
    match element:
        case HintedTransaction():
            return element.hash
        case SignedTransaction():
            return transaction_hash(element.raw)
        case MevBundle():
            return mev_bundle_hash(element)


def _parameters(bundle: MevBundle) -> dict[str, object]:
    privacy = {"privacy": {"builders": bundle.builders}} if bundle.builders else {}
    return {
        "version": VERSION,
        "inclusion": {"block": hex(bundle.block), "maxBlock": hex(bundle.max_block)},
        "body": [_element(element) for element in bundle.body],
        **privacy,
    }


def _element(element: "HintedTransaction | SignedTransaction | MevBundle") -> dict[str, object]:
    match element:
        case HintedTransaction():
            return {"hash": element.hash}
        case SignedTransaction():
            return {"tx": "0x" + element.raw.hex(), "canRevert": element.can_revert}
        case MevBundle():
            return {"bundle": _parameters(element)}
