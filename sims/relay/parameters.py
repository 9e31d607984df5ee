"""The parameter objects of the relay's methods: JSON in, checked records out.

Only syntax is judged here. A bundle that can never land is accepted like any other, as on the
public relay: an acknowledgement is not a promise.
"""

import re
import uuid
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from eth_utils.address import is_address

from graphs.units import Address
from searcher.errors import UndecodableTransactionError
from searcher.transactions import Transaction
from sims.relay.bundle_pool import PooledBundle
from sims.relay.profiles import Profile
from sims.relay.refunds import PERCENT, RefundRule
from sims.relay.validity import decode_executable
from sims.relay.words import Fault, refused

MAX_BUNDLE_TXS: Final = 100
"""Transactions in a bundle (Flashbots documentation)."""

MAX_BUNDLE_BYTES: Final = 300_000
"""Of the raw transactions of a bundle (Flashbots documentation)."""

VERSIONS: Final = ("v1", "v2")
"""Of `eth_sendBundle`; only the second refunds and drops transactions."""

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,16}")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_BYTES: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")

_FIELD_FAULTS: Final = {
    "blockNumber": Fault.BLOCK_TYPE,
    "minTimestamp": Fault.MIN_TIMESTAMP,
    "maxTimestamp": Fault.MAX_TIMESTAMP,
}
"""Fields of which a relay may say which one does not fit."""


class SendBundle(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`eth_sendBundle`. Unknown fields are ignored; null is the same as absent."""

    txs: list[str]
    """Raw signed transactions."""

    block_number: str | None = None
    """The only block that the bundle is valid in."""

    min_timestamp: int | None = None
    """Earliest block timestamp; 0 for any."""

    max_timestamp: int | None = None
    """Latest block timestamp; 0 for any."""

    reverting_tx_hashes: list[str] | None = None
    """These may revert."""

    dropping_tx_hashes: list[str] | None = None
    """These may be left out (v2)."""

    replacement_uuid: str | None = None
    """For replacing and cancelling."""

    uuid: str | None = None
    """Another name of the replacement id; wins over it."""

    replacement_nonce: int | None = None
    """Of several bundles of the id the one with the highest counts."""

    version: str | None = None
    """None for the relay's default."""

    refund_percent: int | None = None
    """Of the payment (v2); 0 for none."""

    refund_recipient: str | None = None
    """None for the first transaction's sender (v2)."""

    refund_tx_hashes: list[str] | None = None
    """Whose payment is refunded, at most one (v2); empty for the last transaction's."""

    builders: list[str] | None = None
    """With whom to share it as well; only acknowledged."""

    def id(self) -> str | None:
        """Return the replacement id in its canonical form.

        Raises:
            RequestRefusedError: not a UUID.
        """
        text = self.replacement_uuid if self.uuid is None else self.uuid
        return None if text is None else canonical_uuid(text)


class CallBundle(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`eth_callBundle` with the node extensions that the local relay supports."""

    txs: list[str]
    """Raw signed transactions."""

    block_number: str | None = None
    """What NUMBER answers."""

    state_block_number: str | None = None
    """A height or a tag: the block after which the bundle runs."""

    timestamp: int | None = None
    """Of the simulated block; None for a slot after the state block's."""

    coinbase: str | None = None
    """Who is paid; None for the builder."""

    gas_limit: int | None = None
    """Of the simulated block; None for the state block's."""

    base_fee: int | None = None
    """Of the simulated block; None for the one that follows the state block (EIP-1559)."""


class CancelBundle(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`eth_cancelBundle`."""

    replacement_uuid: str
    """Of the bundle to forget."""


Parameters = TypeVar("Parameters", bound=msgspec.Struct)


def only(params: object, kind: type[Parameters]) -> Parameters:
    """Return the single parameter object of a request.

    Raises:
        RequestRefusedError: none, several, or one of another shape.
    """
    if not isinstance(params, list) or not params:
        raise refused(Fault.NO_PARAMETERS)
    if len(params) > 1:
        raise refused(Fault.ARGUMENTS)
    return parsed(params[0], kind)


def parsed(value: object, kind: type[Parameters]) -> Parameters:
    """Return a parameter as the record that it should be.

    Raises:
        RequestRefusedError: it has another shape.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        complaint = str(error)
        faults = (fault for name, fault in _FIELD_FAULTS.items() if f"$.{name}`" in complaint)
        raise refused(next(faults, Fault.BUNDLE), detail=complaint) from None


def pooled_bundle(bundle: SendBundle, *, signer: Address, profile: Profile) -> PooledBundle:
    """Decode a bundle for the pool.

    Raises:
        RequestRefusedError: it breaks a limit, or a field is malformed.
    """
    _check_version(bundle, profile)
    txs = transactions(bundle.txs, profile)
    return PooledBundle(
        txs=txs,
        block_number=_first_block(bundle.block_number, profile),
        min_timestamp_s=_natural(bundle.min_timestamp, Fault.MIN_TIMESTAMP),
        max_timestamp_s=_natural(bundle.max_timestamp, Fault.MAX_TIMESTAMP),
        reverting_tx_hashes=_hashes(bundle.reverting_tx_hashes, "revertingTxHashes"),
        dropping_tx_hashes=_hashes(bundle.dropping_tx_hashes, "droppingTxHashes"),
        replacement_uuid=bundle.id(),
        replacement_nonce=bundle.replacement_nonce,
        refunds=_refunds(bundle, txs),
        signer=signer,
    )


def transactions(encoded: Sequence[str], profile: Profile) -> tuple[Transaction, ...]:
    """Decode the transactions of a bundle within the relay's limits.

    Raises:
        RequestRefusedError: none, too many, too large, undecodable, or to a refused callee.
    """
    if not encoded:
        raise refused(Fault.NO_TXS)
    if len(encoded) > MAX_BUNDLE_TXS:
        raise refused(Fault.TOO_MANY)
    raws = [_raw(text) for text in encoded]
    if sum(map(len, raws)) > MAX_BUNDLE_BYTES:
        raise refused(Fault.TOO_LARGE, detail=f"the limit is {MAX_BUNDLE_BYTES} bytes")
    txs = tuple(map(_transaction, raws))
    if any(tx.to in profile.refused_callees for tx in txs):
        raise refused(Fault.CALLEE)
    return txs


def transaction(encoded: str, profile: Profile) -> Transaction:
    """Decode a single transaction.

    Raises:
        RequestRefusedError: too large, undecodable, or to a refused callee.
    """
    return transactions([encoded], profile)[0]


def block_number(text: str | None) -> int:
    """Return a target block.

    Raises:
        RequestRefusedError: absent, zero or not a hex quantity.
    """
    number = 0 if text is None else height(text)
    if number == 0:
        raise refused(Fault.NO_BLOCK)
    return number


def height(text: str) -> int:
    """Return a block's number.

    Raises:
        RequestRefusedError: not a hex quantity.
    """
    if _QUANTITY.fullmatch(text) is None:
        raise refused(Fault.BLOCK)
    return int(text, 16)


def canonical_uuid(text: str) -> str:
    """Return a replacement id in its canonical form.

    Raises:
        RequestRefusedError: not a UUID.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise refused(Fault.BUNDLE, detail="replacementUuid") from None


def canonical_hash(text: str, *, name: str) -> str:
    """Return a hash in lower case.

    Raises:
        RequestRefusedError: not a hash.
    """
    if _HASH.fullmatch(text) is None:
        raise refused(Fault.BUNDLE, detail=name)
    return text.lower()


def _check_version(bundle: SendBundle, profile: Profile) -> None:
    version = bundle.version or profile.default_version
    if version not in VERSIONS:
        raise refused(Fault.VERSION)
    newer = (
        bundle.dropping_tx_hashes,
        bundle.refund_percent,
        bundle.refund_recipient,
        bundle.refund_tx_hashes,
    )
    if version == VERSIONS[0] and any(newer):
        raise refused(Fault.VERSION, detail="refunds and droppable transactions need v2")


def _first_block(text: str | None, profile: Profile) -> int:
    if profile.is_block_optional:
        return 0 if text is None else height(text)
    return block_number(text)


def _refunds(bundle: SendBundle, txs: Sequence[Transaction]) -> tuple[RefundRule, ...]:
    percent = bundle.refund_percent or 0
    if not 0 <= percent < PERCENT:
        raise refused(Fault.REFUND)
    recipient = bundle.refund_recipient or txs[0].sender
    named = _hashes(bundle.refund_tx_hashes, "refundTxHashes")
    if not is_address(recipient) or len(named) > 1 or not named <= {tx.hash for tx in txs}:
        raise refused(Fault.BUNDLE, detail="refund")
    if not percent:
        return ()
    rule = RefundRule(
        paying_tx_hashes=named or frozenset({txs[-1].hash}),
        percent=percent,
        recipients=((Address(recipient.lower()), PERCENT),),
    )
    return (rule,)


def _raw(text: str) -> bytes:
    if _BYTES.fullmatch(text) is None:
        raise refused(Fault.TXS)
    return bytes.fromhex(text.removeprefix("0x"))


def _transaction(raw: bytes) -> Transaction:
    try:
        return decode_executable(raw)
    except UndecodableTransactionError as error:
        raise refused(Fault.TXS, detail=error.flaw) from None


def _natural(value: int | None, fault: Fault) -> int:
    if value is not None and value < 0:
        raise refused(fault)
    return value or 0


def _hashes(texts: Sequence[str] | None, name: str) -> frozenset[str]:
    return frozenset(canonical_hash(text, name=name) for text in texts or ())
