"""What a node says, as records: JSON values in, frozen records or a WireError out, no I/O.

Strict, because a number that is silently wrong costs money: no leading zeros, no wrong lengths, no
value beyond its Solidity type. Logs of contracts that are not known pools are skipped unread, so
that a stranger's look-alike event is nothing to us.
"""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import Address, PoolId
from searcher.adapters.abi import (
    ADDRESS_BITS,
    WORD_BYTES,
    decode_signed,
    decode_unsigned,
    topic,
)
from searcher.calldata import EXECUTED_TOPIC, ExecutedEvent, decode_executed
from searcher.errors import WireError
from searcher.model import Receipt
from searcher.pool_updates import LiquidityChanged, PoolUpdate, PriceSet, ReservesSet

SYNC: Final = topic("Sync(uint112,uint112)")
SWAP: Final = topic("Swap(address,address,int256,int256,uint160,uint128,int24)")
MINT: Final = topic("Mint(address,address,int24,int24,uint128,uint256,uint256)")
BURN: Final = topic("Burn(address,int24,int24,uint128,uint256,uint256)")
INITIALIZE: Final = topic("Initialize(uint160,int24)")

HEADER_ONLY: Final = False
"""The flag of the eth_getBlockBy calls that leaves transaction bodies out."""

RESERVE_BITS: Final = 112
LIQUIDITY_BITS: Final = 128
TICK_BITS: Final = 24

MAX_QUANTITY_LENGTH: Final = 66
"""Of a quantity of 256 bits in hex, with its prefix."""

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
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


def quantity(value: object, field: str) -> int:
    """A JSON-RPC quantity: minimal hex of at most 256 bits.

    Raises:
        WireError: anything else.
    """
    if isinstance(value, str) and value.startswith("0x") and len(value) <= MAX_QUANTITY_LENGTH:
        try:
            number = int(value, 16)
        except ValueError:
            raise WireError(field, "malformed hex") from None
        # Whatever int takes besides, as underscores and leading zeros, is written otherwise.
        if hex(number) == value.lower():
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
    return Header(
        number=quantity(member(value, "number"), "number"),
        hash=hash32(member(value, "hash"), "hash"),
        parent_hash=hash32(member(value, "parentHash"), "parentHash"),
        timestamp_s=quantity(member(value, "timestamp"), "timestamp"),
        gas_used_gas=quantity(member(value, "gasUsed"), "gasUsed"),
        gas_limit_gas=quantity(member(value, "gasLimit"), "gasLimit"),
        base_fee_wei=quantity(member(value, "baseFeePerGas"), "baseFeePerGas"),
    )


def decode_updates(
    value: object, *, block_hash: str, pools: Container[PoolId]
) -> tuple[PoolUpdate, ...]:
    """All updates of known pools in a block's logs, in their order.

    Raises:
        WireError: a log is malformed, out of order, or of another block.
    """
    updates: list[PoolUpdate] = []
    last_index = -1
    for log in array(value, "logs"):
        index = quantity(member(log, "logIndex"), "log.logIndex")
        if index <= last_index:
            raise WireError("log.logIndex", "out of order")
        if member(log, "blockHash") != block_hash:
            raise WireError("log.blockHash", "of another block")
        last_index = index
        update = decode_log(log, pools)
        if update is not None:
            updates.append(update)
    return tuple(updates)


def decode_log(value: object, pools: Container[PoolId]) -> PoolUpdate | None:
    """What a log changes in a known pool; None when it is of no concern.

    A burn of nothing is of no concern: owners use it to collect fees.

    Raises:
        WireError: a known pool's event that its contract cannot have emitted.
    """
    pool_id = _pool_id(member(value, "address"), pools)
    if pool_id is None:
        return None
    topics = array(member(value, "topics"), "log.topics")
    decoder = _decoder(topics[0]) if topics else None
    if decoder is None:
        return None
    return decoder(pool_id, topics, hex_bytes(member(value, "data"), "log.data"))


def _pool_id(value: object, pools: Container[PoolId]) -> PoolId | None:
    """Which known pool it is. Most nodes write addresses as we do, and a known one is well-formed.

    Raises:
        WireError: not an address.
    """
    if isinstance(value, str) and value in pools:
        return PoolId(value)
    pool_id = PoolId(address(value, "log.address"))
    return pool_id if pool_id in pools else None


def _decoder(topic0: object) -> "_Decoder | None":
    """Who reads events of this topic; a known topic is well-formed."""
    known = _DECODERS.get(topic0) if isinstance(topic0, str) else None
    return known or _DECODERS.get(hash32(topic0, "log.topics"))


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


def _sync(pool_id: PoolId, topics: Sequence[object], data: bytes) -> ReservesSet:
    _expect(topics, data, topic_count=1, words=2)
    return ReservesSet(
        pool_id=pool_id,
        reserve0=decode_unsigned(data, 0, bits=RESERVE_BITS, field="Sync.reserve0"),
        reserve1=decode_unsigned(data, 1, bits=RESERVE_BITS, field="Sync.reserve1"),
    )


def _swap(pool_id: PoolId, topics: Sequence[object], data: bytes) -> PriceSet:
    _expect(topics, data, topic_count=3, words=5)
    return PriceSet(
        pool_id=pool_id,
        sqrt_price_x96=decode_unsigned(data, 2, bits=ADDRESS_BITS, field="Swap.sqrtPriceX96"),
        liquidity=decode_unsigned(data, 3, bits=LIQUIDITY_BITS, field="Swap.liquidity"),
        tick=decode_signed(data, 4, bits=TICK_BITS, field="Swap.tick"),
    )


def _initialize(pool_id: PoolId, topics: Sequence[object], data: bytes) -> PriceSet:
    _expect(topics, data, topic_count=1, words=2)
    return PriceSet(
        pool_id=pool_id,
        sqrt_price_x96=decode_unsigned(data, 0, bits=ADDRESS_BITS, field="Initialize.sqrtPriceX96"),
        liquidity=None,
        tick=decode_signed(data, 1, bits=TICK_BITS, field="Initialize.tick"),
    )


def _mint(pool_id: PoolId, topics: Sequence[object], data: bytes) -> LiquidityChanged | None:
    _expect(topics, data, topic_count=4, words=4)
    amount = decode_unsigned(data, 1, bits=LIQUIDITY_BITS, field="Mint.amount")
    return _liquidity_changed(pool_id, topics, amount)


def _burn(pool_id: PoolId, topics: Sequence[object], data: bytes) -> LiquidityChanged | None:
    _expect(topics, data, topic_count=4, words=3)
    amount = decode_unsigned(data, 0, bits=LIQUIDITY_BITS, field="Burn.amount")
    return _liquidity_changed(pool_id, topics, -amount)


def _liquidity_changed(
    pool_id: PoolId, topics: Sequence[object], liquidity_delta: int
) -> LiquidityChanged | None:
    lower, upper = (
        decode_signed(_indexed(word), 0, bits=TICK_BITS, field="log.topics") for word in topics[2:]
    )
    if lower >= upper:
        raise WireError("log.topics", "an empty range of ticks")
    if liquidity_delta == 0:
        return None
    return LiquidityChanged(
        pool_id=pool_id, tick_lower=lower, tick_upper=upper, liquidity_delta=liquidity_delta
    )


def _indexed(value: object) -> bytes:
    return bytes.fromhex(hash32(value, "log.topics")[2:])


def _executed(log: object) -> ExecutedEvent | None:
    topics = [
        hex_bytes(item, "receipt.log.topics")
        for item in array(member(log, "topics"), "receipt.log.topics")
    ]
    if not topics or topics[0] != EXECUTED_TOPIC:
        return None
    data = hex_bytes(member(log, "data"), "receipt.log.data")
    return decode_executed(topics=topics, data=data)


def _expect(topics: Sequence[object], data: bytes, *, topic_count: int, words: int) -> None:
    if len(topics) != topic_count:
        raise WireError("log.topics", f"{len(topics)} of {topic_count}")
    if len(data) != words * WORD_BYTES:
        raise WireError("log.data", f"{len(data)} bytes of {words * WORD_BYTES}")


_Decoder = Callable[[PoolId, Sequence[object], bytes], PoolUpdate | None]

_DECODERS: Final[Mapping[str, _Decoder]] = {
    SYNC: _sync,
    SWAP: _swap,
    INITIALIZE: _initialize,
    MINT: _mint,
    BURN: _burn,
}

POOL_TOPICS: Final = tuple(_DECODERS)
"""The first topics to ask a node for."""
