"""MEV-Share bundles: what `mev_sendBundle` takes, judged by the rules of the MEV-Share node.

A bundle is a tree of depth two: transactions, inner bundles, and at its top at most one hash that
stands for somebody else's transaction or bundle. `pooled` flattens it for the builder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import msgspec
from eth_utils.address import is_address

from graphs.units import Address
from searcher.transactions import Transaction
from sims.relay.bundle_pool import PooledBundle
from sims.relay.identity import share_hash
from sims.relay.parameters import canonical_hash, canonical_uuid, height, transaction
from sims.relay.profiles import Profile
from sims.relay.refunds import PERCENT, SHARE_TRANSFER_GAS, RefundRule
from sims.relay.words import Fault, refused

VERSIONS: Final = frozenset({"v0.1", "beta-1"})
MAX_BODY_TXS: Final = 50
MAX_BLOCKS_AHEAD: Final = 5
MAX_WINDOW_BLOCKS: Final = 30
DEFAULT_REFUND_PERCENT: Final = 90
"""Asked from back-runners where the sender does not say."""

BACKRUN_ELEMENTS: Final = 2
"""The target's hash and the one transaction behind it."""

REVERT_MODES: Final = frozenset({"allow", "drop", "fail"})
IMPLIED_HINTS: Final = {
    "full": ("calldata", "logs", "tx_hash", "function_selector", "contract_address", "hash"),
    "calldata": ("function_selector", "contract_address"),
    "function_selector": ("contract_address",),
    "special_logs": ("default_logs",),
    "transaction_hash": ("tx_hash",),
}
KNOWN_HINTS: Final = frozenset(
    {*IMPLIED_HINTS, "contract_address", "logs", "hash", "tx_hash", "default_logs"}
)


class Inclusion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """In which blocks."""

    block: str
    max_block: str | None = None


class Element(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One of the three kinds."""

    hash: str | None = None
    tx: str | None = None
    can_revert: bool = False
    revert_mode: str | None = None
    bundle: "SendShare | None" = None


class RefundEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A share of the payment for an element's sender."""

    body_idx: int
    percent: int


class RefundConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who receives what is refunded for a bundle."""

    address: str
    percent: int


class Validity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Refunds to others and to oneself."""

    refund: list[RefundEntry] | None = None
    refund_config: list[RefundConfig] | None = None


class Privacy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is told, to whom, and for how much."""

    hints: list[str] | None = None
    builders: list[str] | None = None
    want_refund: int | None = None


class SendShare(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`mev_sendBundle`."""

    inclusion: Inclusion
    body: list[Element]
    version: str = ""
    validity: Validity | None = None
    privacy: Privacy | None = None
    replacement_uuid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareTransaction:
    """A transaction of the tree."""

    tx: Transaction
    """What runs."""

    revert_mode: str = "fail"
    """Whether it may revert, may be left out, or neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareBundle:
    """A bundle whose rules hold."""

    elements: tuple["ShareElement", ...]
    """In order."""

    first_block: int
    """That it is valid in."""

    last_block: int
    """That it is valid in."""

    signer: Address
    """Who sent it."""

    refunds: tuple[tuple[int, int], ...] = ()
    """Index of an element and its percentage of what the others pay."""

    refund_recipients: tuple[tuple[Address, int], ...] = ()
    """Of what is refunded for this bundle; empty for its first sender."""

    hints: frozenset[str] = frozenset()
    """What may be told; empty for nothing."""

    want_refund: int = DEFAULT_REFUND_PERCENT
    """Percentage asked from back-runners."""

    replacement_uuid: str | None = None
    """For replacing and cancelling."""

    def hash(self) -> str:
        """Return its identity."""
        return share_hash([_element_hash(element) for element in self.elements])

    def target(self) -> str | None:
        """Return the hash that stands for somebody else's bundle."""
        first = self.elements[0]
        return first if isinstance(first, str) else None

    def transactions(self) -> tuple[ShareTransaction, ...]:
        """Return the transactions of the tree, in order.

        Raises:
            RequestRefusedError: a hash stands for some of them.
        """
        return tuple(one for element in self.elements for one in element_transactions(element))

    def matched(self, target: "ShareBundle") -> "ShareBundle":
        """Return the bundle with the target in the place of its hash, and the refund owed.

        Raises:
            RequestRefusedError: the two are never valid in the same block.
        """
        first = max(self.first_block, target.first_block)
        last = min(self.last_block, target.last_block)
        if first > last:
            raise refused(Fault.BACKRUN_INCLUSION)
        return replace(
            self,
            elements=(target, *self.elements[1:]),
            first_block=first,
            last_block=last,
            refunds=((0, target.want_refund),),
        )


ShareElement: TypeAlias = ShareTransaction | ShareBundle | str


def pooled(bundle: ShareBundle) -> PooledBundle:
    """Return what the builder holds.

    Raises:
        RequestRefusedError: a hash stands for some of its transactions.
    """
    txs = bundle.transactions()
    return PooledBundle(
        txs=tuple(one.tx for one in txs),
        block_number=bundle.first_block,
        last_block_number=bundle.last_block,
        reverting_tx_hashes=frozenset(one.tx.hash for one in txs if one.revert_mode == "allow"),
        dropping_tx_hashes=frozenset(one.tx.hash for one in txs if one.revert_mode == "drop"),
        replacement_uuid=bundle.replacement_uuid,
        refunds=tuple(refund_rules(bundle)),
        signer=bundle.signer,
    )


def refund_rules(bundle: ShareBundle) -> Iterator[RefundRule]:
    """Yield the refunds of the tree, inner ones last."""
    refunded = {index for index, _ in bundle.refunds}
    paying = frozenset(
        one.tx.hash
        for index, element in enumerate(bundle.elements)
        if index not in refunded
        for one in element_transactions(element)
    )
    for index, percent in bundle.refunds:
        element = bundle.elements[index]
        configured = element.refund_recipients if isinstance(element, ShareBundle) else ()
        sender = element_transactions(element)[0].tx.sender
        yield RefundRule(
            paying_tx_hashes=paying,
            percent=percent,
            recipients=configured or ((sender, PERCENT),),
            transfer_gas=SHARE_TRANSFER_GAS,
            is_owed=True,
        )
    for element in bundle.elements:
        if isinstance(element, ShareBundle):
            yield from refund_rules(element)


def element_transactions(element: ShareElement) -> tuple[ShareTransaction, ...]:
    """Return an element's transactions, in order.

    Raises:
        RequestRefusedError: it is a hash.
    """
    match element:
        case ShareTransaction():
            return (element,)
        case ShareBundle():
            return element.transactions()
        case str():
            raise refused(Fault.UNMATCHED)


def judged(sent: SendShare, *, signer: Address, profile: Profile, depth: int = 0) -> ShareBundle:
    """Apply every rule that does not depend on the chain's head.

    Raises:
        RequestRefusedError: one is broken.
    """
    if depth > 1:
        raise refused(Fault.DEPTH)
    if sent.version not in VERSIONS:
        raise refused(Fault.VERSION)
    first = height(sent.inclusion.block)
    last = first if sent.inclusion.max_block is None else height(sent.inclusion.max_block)
    if not 0 < first <= last <= first + MAX_WINDOW_BLOCKS:
        raise refused(Fault.INCLUSION)
    elements = tuple(
        _element(element, sent, signer=signer, profile=profile, place=(index, depth))
        for index, element in enumerate(sent.body)
    )
    bundle = _with_wishes(
        sent,
        ShareBundle(elements=elements, first_block=first, last_block=last, signer=signer),
    )
    return _within_inner_windows(bundle)


def check_window(bundle: ShareBundle, *, head: int) -> None:
    """Apply the rules about the chain's head.

    Raises:
        RequestRefusedError: the bundle is for the past or for too far a future.
    """
    if bundle.last_block <= head or bundle.first_block > head + MAX_BLOCKS_AHEAD:
        raise refused(Fault.INCLUSION)


def expanded(hints: list[str] | None) -> frozenset[str]:
    """Return the hints with those that they imply; any implies the hash.

    Raises:
        RequestRefusedError: one is not known.
    """
    named = set(hints or ())
    if not named <= KNOWN_HINTS:
        raise refused(Fault.PRIVACY)
    for hint in (*IMPLIED_HINTS, "function_selector"):
        if hint in named:
            named.update(IMPLIED_HINTS[hint])
    return frozenset({*named, "hash"} if named else ())


def _element(
    element: Element,
    sent: SendShare,
    *,
    signer: Address,
    profile: Profile,
    place: tuple[int, int],
) -> ShareElement:
    if sum(one is not None for one in (element.hash, element.tx, element.bundle)) != 1:
        raise refused(Fault.BODY)
    if element.hash is not None:
        # A target comes first, at the top, and exactly one transaction runs behind it.
        if place != (0, 0) or len(sent.body) != BACKRUN_ELEMENTS:
            raise refused(Fault.BODY)
        return canonical_hash(element.hash, name="hash")
    if element.bundle is not None:
        return judged(element.bundle, signer=signer, profile=profile, depth=place[1] + 1)
    mode = element.revert_mode or ("allow" if element.can_revert else "fail")
    if mode not in REVERT_MODES:
        raise refused(Fault.REVERT_MODE)
    return ShareTransaction(tx=transaction(element.tx or "", profile), revert_mode=mode)


def _with_wishes(sent: SendShare, bundle: ShareBundle) -> ShareBundle:
    if not bundle.elements or _size(bundle) > MAX_BODY_TXS:
        raise refused(Fault.BODY_SIZE)
    validity, privacy = sent.validity or Validity(), sent.privacy or Privacy()
    refunds = tuple((entry.body_idx, entry.percent) for entry in validity.refund or ())
    configured = validity.refund_config or ()
    _check_shares([percent for _, percent in refunds])
    _check_shares([config.percent for config in configured])
    indexes = [index for index, _ in refunds]
    is_in_range = all(0 <= index < len(bundle.elements) for index in indexes)
    has_addresses = all(is_address(config.address) for config in configured)
    if len(set(indexes)) != len(indexes) or not is_in_range or not has_addresses:
        raise refused(Fault.CONSTRAINTS)
    if bundle.target() is not None and refunds:
        raise refused(Fault.CONSTRAINTS)
    hints = expanded(privacy.hints)
    want = DEFAULT_REFUND_PERCENT if privacy.want_refund is None else privacy.want_refund
    if (bundle.target() is not None and hints) or not 0 <= want <= PERCENT:
        raise refused(Fault.PRIVACY)
    uuid = sent.replacement_uuid
    return replace(
        bundle,
        refunds=refunds,
        refund_recipients=tuple(
            (Address(config.address.lower()), config.percent) for config in configured
        ),
        hints=hints,
        want_refund=want,
        replacement_uuid=None if uuid is None else canonical_uuid(uuid),
    )


def _check_shares(percents: list[int]) -> None:
    if any(not 0 <= percent <= PERCENT for percent in percents) or sum(percents) > PERCENT:
        raise refused(Fault.CONSTRAINTS)


def _within_inner_windows(bundle: ShareBundle) -> ShareBundle:
    inner = [element for element in bundle.elements if isinstance(element, ShareBundle)]
    first = max([bundle.first_block, *(one.first_block for one in inner)])
    last = min([bundle.last_block, *(one.last_block for one in inner)])
    if first > last:
        raise refused(Fault.INCLUSION)
    return replace(bundle, first_block=first, last_block=last)


def _size(bundle: ShareBundle) -> int:
    return sum(
        _size(element) if isinstance(element, ShareBundle) else 1 for element in bundle.elements
    )


def _element_hash(element: ShareElement) -> str:
    match element:
        case ShareTransaction():
            return element.tx.hash
        case ShareBundle():
            return element.hash()
        case str():
            return element
