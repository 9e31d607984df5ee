"""What MEV-Share tells of a private transaction, as records, and which known pools it touches.

Every field may be absent: the sender of the transaction chooses what is shared. Under the default
hints logs keep their first topic alone, with zeros for the others and without data, so that a hint
says where somebody trades and never how much.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from graphs.units import Address, PoolId
from searcher.adapters.abi import topic
from searcher.adapters.decoding import address, array, hash32, hex_bytes, member, quantity
from searcher.errors import WireError

UNISWAP_V2_SWAP: Final = topic("Swap(address,uint256,uint256,uint256,uint256,address)")
UNISWAP_V3_SWAP: Final = topic("Swap(address,address,int256,int256,uint160,uint128,int24)")
CURVE_EXCHANGE: Final = topic("TokenExchange(address,int128,uint256,int128,uint256)")
BALANCER_SWAP: Final = topic("Swap(bytes32,address,address,uint256,uint256)")
"""Emitted by the vault; its second topic, which is kept, is the pool's id."""

ADDRESS_DIGITS: Final = 42
"""Of the pool's address at the beginning of a Balancer pool id, with 0x."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class HintLog:
    """A log that the transaction emitted when it was simulated."""

    address: Address
    """Of the contract."""

    topics: tuple[str, ...]
    """32 bytes each; zeros where they are withheld."""

    data: bytes = field(repr=False)
    """Empty where it is withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HintTransaction:
    """What is shared of one transaction; None for what is not."""

    hash: str | None
    """Of the transaction itself."""

    to: Address | None
    """Called contract."""

    function_selector: bytes | None
    """First four bytes of the calldata."""

    call_data: bytes | None = field(repr=False)
    """All of it."""

    sender: Address | None
    """Who signed it, by MEV-Share's word."""

    value_wei: int | None
    """Sent along."""

    nonce: int | None
    """Of the sender."""

    gas_limit_gas: int | None
    """Upper bound of its gas."""

    max_fee_per_gas_wei: int | None
    """Upper bound of base fee and priority fee."""

    max_priority_fee_per_gas_wei: int | None
    """Upper bound of what the coinbase gets per gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One event: a private transaction or bundle that may be backrun."""

    hash: str
    """What a bundle names to be placed after it; not a transaction's hash."""

    logs: tuple[HintLog, ...]
    """Empty where none are shared."""

    transactions: tuple[HintTransaction, ...]
    """Empty where none are shared."""

    mev_gas_price_wei: int | None
    """What it pays the builder per gas, rounded up to three digits; None where not shared."""

    gas_used_gas: int | None
    """In simulation, rounded up to two digits; None where not shared."""


def decode_hint(value: object) -> Hint:
    """An event of the stream, or the `hint` of an entry of the history.

    Raises:
        WireError: a field is malformed.
    """
    return Hint(
        hash=hash32(member(value, "hash"), "hint.hash"),
        logs=tuple(_log(log) for log in _optional(value, "logs", array) or ()),
        transactions=tuple(_transaction(tx) for tx in _optional(value, "txs", array) or ()),
        mev_gas_price_wei=_optional(value, "mevGasPrice", quantity),
        gas_used_gas=_optional(value, "gasUsed", quantity),
    )


def decode_event(data: bytes) -> Hint:
    """The data of one server-sent event.

    Raises:
        WireError: not JSON, or a field is malformed.
    """
    try:
        value = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise WireError("hint", "not JSON") from None
    return decode_hint(value)


def touched_pools(hint: Hint, known: Container[PoolId]) -> tuple[PoolId, ...]:
    """The known pools that the transaction trades with or calls, each once, in order.

    Not all of them: what is withheld is not seen, and a router hides its pools.
    """
    return tuple(dict.fromkeys(pool for pool in _candidates(hint) if pool in known))


def _candidates(hint: Hint) -> Iterator[PoolId]:
    for log in hint.logs:
        if log.topics[:1] == (BALANCER_SWAP,):
            for pool in log.topics[1:2]:
                yield PoolId(pool)
                yield PoolId(pool[:ADDRESS_DIGITS])
        else:
            yield PoolId(log.address)
    for transaction in hint.transactions:
        if transaction.to is not None:
            yield PoolId(transaction.to)


def _log(value: object) -> HintLog:
    return HintLog(
        address=address(member(value, "address"), "hint.log.address"),
        topics=tuple(
            hash32(item, "hint.log.topics")
            for item in array(member(value, "topics"), "hint.log.topics")
        ),
        data=_optional(value, "data", hex_bytes) or b"",
    )


def _transaction(value: object) -> HintTransaction:
    return HintTransaction(
        hash=_optional(value, "hash", hash32),
        to=_optional(value, "to", address),
        function_selector=_optional(value, "functionSelector", hex_bytes),
        call_data=_optional(value, "callData", hex_bytes),
        sender=_optional(value, "from", address),
        value_wei=_optional(value, "value", quantity),
        nonce=_optional(value, "nonce", quantity),
        gas_limit_gas=_optional(value, "gas", quantity),
        max_fee_per_gas_wei=_optional(value, "maxFeePerGas", quantity),
        max_priority_fee_per_gas_wei=_optional(value, "maxPriorityFeePerGas", quantity),
    )


def _optional(value: object, name: str, decode: Callable[[object, str], Value]) -> Value | None:
    if not isinstance(value, dict):
        raise WireError("hint", "not an object")
    found = value.get(name)
    return None if found is None else decode(found, f"hint.{name}")
