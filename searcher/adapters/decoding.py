"""What a node says, as records: JSON values in, frozen records or a WireError out, no I/O.

Strict, because a number that is silently wrong costs money: no leading zeros, no wrong lengths, no
value beyond its Solidity type. What logs say of pools is in `pool_events`.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from graphs.units import Address
from searcher.calldata import EXECUTED_TOPIC, ExecutedEvent, decode_executed
from searcher.errors import WireError
from searcher.model import Receipt

HEADER_ONLY: Final = False
"""The flag of the eth_getBlockBy calls that leaves transaction bodies out."""

RESERVE_BITS: Final = 112
LIQUIDITY_BITS: Final = 128
TICK_BITS: Final = 24

MAX_QUANTITY_LENGTH: Final = 66
"""Of a quantity of 256 bits in hex, with its prefix."""

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")


class Header(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The part of a block header that the bot reads."""

    number: int
    """Height."""

    hash: str
    """Its identity."""

    parent_hash: str
    """What it builds on."""

    timestamp_s: int
    """Unix seconds."""

    gas_used_gas: int
    """By all its transactions."""

    gas_limit_gas: int
    """What they could have used."""

    base_fee_wei: int
    """Per gas."""


class HeaderJson(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A header as a node tells it, as far as it is read: nothing else of it is built."""

    number: str
    """A quantity."""

    hash: str
    """32 bytes."""

    parent_hash: str
    """32 bytes."""

    timestamp: str
    """A quantity."""

    gas_used: str
    """A quantity."""

    gas_limit: str
    """A quantity."""

    base_fee_per_gas: str
    """A quantity."""


def quantity(value: object, field: str) -> int:
    """A JSON-RPC quantity: minimal hex of at most 256 bits.

    Raises:
        WireError: anything else.
    """
    if isinstance(value, str) and len(value) <= MAX_QUANTITY_LENGTH:
        try:
            number = int(value, 16)
        except ValueError:
            raise WireError(field, "malformed hex") from None
        # Whatever int takes besides, as underscores and leading zeros, is written otherwise.
        written = hex(number)
        if number >= 0 and (written == value or written == value.lower()):
            return number
    raise WireError(field, "malformed hex")


def hex_bytes(value: object, field: str) -> bytes:
    """JSON-RPC data: an even number of hex digits.

    Raises:
        WireError: anything else.
    """
    if isinstance(value, str) and value.startswith("0x"):
        try:
            content = bytes.fromhex(value[2:])
        except ValueError:
            raise WireError(field, "malformed hex") from None
        # Two digits make a byte, unless white space was skipped.
        if len(value) == len("0x") + 2 * len(content):
            return content
    raise WireError(field, "malformed hex")


def hash32(value: object, field: str) -> str:
    """A 32-byte hash in lower-case hex.

    Raises:
        WireError: anything else.
    """
    return _matched(_HASH, value, field).lower()


def address(value: object, field: str) -> Address:
    """An address in lower case, whatever case it came in.

    Raises:
        WireError: anything else.
    """
    return Address(_matched(_ADDRESS, value, field).lower())


def decode_header(value: object) -> Header:
    """A block as in `eth_getBlockByHash` or a `newHeads` notification.

    Raises:
        WireError: a field is missing or malformed.
    """
    try:
        told = value if isinstance(value, HeaderJson) else msgspec.convert(value, HeaderJson)
    except msgspec.ValidationError as error:
        for name in HeaderJson.__struct_encode_fields__:
            member(value, name)
        raise WireError("header", str(error)) from None
    return Header(
        number=quantity(told.number, "number"),
        hash=hash32(told.hash, "hash"),
        parent_hash=hash32(told.parent_hash, "parentHash"),
        timestamp_s=quantity(told.timestamp, "timestamp"),
        gas_used_gas=quantity(told.gas_used, "gasUsed"),
        gas_limit_gas=quantity(told.gas_limit, "gasLimit"),
        base_fee_wei=quantity(told.base_fee_per_gas, "baseFeePerGas"),
    )


def decode_receipt(value: object, *, executor: Address | None) -> Receipt:
    """A receipt of one of our transactions, with the figures of the executor's event.

    Raises:
        WireError: a field is missing or malformed.
    """
    events = [
        event
        for log in array(member(value, "logs"), "receipt.logs")
        if address(member(log, "address"), "receipt.log.address") == executor
        and (event := _executed(log)) is not None
    ]
    status = quantity(member(value, "status"), "receipt.status")
    if status not in {0, 1}:
        raise WireError("receipt.status", "neither 0 nor 1")
    return Receipt(
        tx_hash=hash32(member(value, "transactionHash"), "receipt.transactionHash"),
        succeeded=status == 1,
        gas_used_gas=quantity(member(value, "gasUsed"), "receipt.gasUsed"),
        effective_gas_price_wei=quantity(
            member(value, "effectiveGasPrice"), "receipt.effectiveGasPrice"
        ),
        gross_profit_wei=sum(event.gross_profit for event in events),
        tip_wei=sum(event.tip_wei for event in events),
    )


def member(value: object, name: str) -> object:
    """A field of a JSON object.

    Raises:
        WireError: not an object, or without it.
    """
    if not isinstance(value, dict) or name not in value:
        raise WireError(name, "missing")
    return value[name]


def array(value: object, field: str) -> Sequence[object]:
    """A JSON array.

    Raises:
        WireError: anything else.
    """
    if not isinstance(value, list):
        raise WireError(field, "not an array")
    return value


def _matched(pattern: re.Pattern[str], value: object, field: str) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise WireError(field, "malformed hex")
    return value


def _executed(log: object) -> ExecutedEvent | None:
    topics = [
        hex_bytes(item, "receipt.log.topics")
        for item in array(member(log, "topics"), "receipt.log.topics")
    ]
    if not topics or topics[0] != EXECUTED_TOPIC:
        return None
    data = hex_bytes(member(log, "data"), "receipt.log.data")
    return decode_executed(topics=topics, data=data)
