"""The parameter objects of the relay's methods: JSON in, checked records out.

Only syntax is judged here. A bundle that can never land is accepted like any other, as on the
public relay: an acknowledgement is not a promise.
"""

import re
import uuid
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from graphs.units import Address
from searcher.errors import UndecodableTransactionError
from searcher.transactions import Transaction
from sims.errors import RequestRefusedError
from sims.relay.bundle_pool import PooledBundle
from sims.relay.simulated_types import decode_simulated

SERVER_ERROR_CODE: Final = -32000
"""For everything that a method refuses, as the public relay does."""

MAX_BUNDLE_TXS: Final = 100
"""Transactions in a bundle (Flashbots documentation)."""

MAX_BUNDLE_BYTES: Final = 300_000
"""Of the raw transactions of a bundle (Flashbots documentation)."""

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,16}")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_BYTES: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class Fault(StrEnum):
    """The relay's words for parameters that it refuses; most are the public relay's own."""

    BUNDLE = "unable to decode bundle"
    ARGUMENTS = "too much arguments"
    NO_TXS = "bundle missing txs"
    TOO_MANY = "too many txs in bundle"
    TXS = "unable to decode txs"
    TOO_LARGE = "bundle too large"
    NO_BLOCK = "bundle missing blockNumber"
    BLOCK = "block param must be a hex int"
    INTERNAL = "internal server error"
    NO_STATE = "bundle missing stateBlockNumber"
    STATE = "header not found"


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

    replacement_uuid: str | None = None
    """For replacing and cancelling."""


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


Parameters = TypeVar("Parameters", SendBundle, CallBundle, CancelBundle)


def only(params: object, kind: type[Parameters]) -> Parameters:
    """Return the single parameter object of a request.

    Raises:
        RequestRefusedError: none, several, or one of another shape.
    """
    if not isinstance(params, list) or not params:
        raise refused(Fault.BUNDLE)
    if len(params) > 1:
        raise refused(Fault.ARGUMENTS)
    try:
        return msgspec.convert(params[0], kind)
    except msgspec.ValidationError as error:
        raise refused(Fault.BUNDLE, detail=str(error)) from None


def refused(answer: str, *, detail: str | None = None) -> RequestRefusedError:
    """Make the error of a method that refuses its parameters."""
    return RequestRefusedError(code=SERVER_ERROR_CODE, answer=answer, detail=detail)


def pooled_bundle(bundle: SendBundle, *, signer: Address) -> PooledBundle:
    """Decode a bundle for the pool.

    Raises:
        RequestRefusedError: it breaks a limit, or a field is malformed.
    """
    return PooledBundle(
        txs=transactions(bundle.txs),
        block_number=block_number(bundle.block_number),
        min_timestamp_s=_natural(bundle.min_timestamp),
        max_timestamp_s=_natural(bundle.max_timestamp),
        reverting_tx_hashes=frozenset(_hash(text) for text in bundle.reverting_tx_hashes or ()),
        replacement_uuid=(
            None if bundle.replacement_uuid is None else canonical_uuid(bundle.replacement_uuid)
        ),
        signer=signer,
    )


def transactions(encoded: Sequence[str]) -> tuple[Transaction, ...]:
    """Decode the transactions of a bundle within the relay's limits.

    Raises:
        RequestRefusedError: none, too many, too large, or undecodable.
    """
    if not encoded:
        raise refused(Fault.NO_TXS)
    if len(encoded) > MAX_BUNDLE_TXS:
        raise refused(Fault.TOO_MANY)
    if any(_BYTES.fullmatch(text) is None for text in encoded):
        raise refused(Fault.TXS)
    raws = [bytes.fromhex(text.removeprefix("0x")) for text in encoded]
    if sum(len(raw) for raw in raws) > MAX_BUNDLE_BYTES:
        raise refused(Fault.TOO_LARGE, detail=f"the limit is {MAX_BUNDLE_BYTES} bytes")
    try:
        return tuple(decode_simulated(raw) for raw in raws)
    except UndecodableTransactionError as error:
        raise refused(Fault.TXS, detail=error.flaw) from None


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


def _natural(value: int | None) -> int:
    if value is not None and value < 0:
        raise refused(Fault.BUNDLE, detail="timestamp")
    return value or 0


def _hash(text: str) -> str:
    if _HASH.fullmatch(text) is None:
        raise refused(Fault.BUNDLE, detail="revertingTxHashes")
    return text.lower()
