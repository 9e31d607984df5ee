"""Many view calls at one block in one `eth_call`, through the canonical Multicall3 contract.

The block is named by hash (EIP-1898), so that no answer can mix two branches of the chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import Address
from searcher.adapters.abi import (
    WORD_BITS,
    WORD_BYTES,
    decode_bool,
    decode_bytes,
    decode_unsigned,
    encode_address,
    encode_word,
    selector,
)
from searcher.adapters.decoding import hex_bytes
from searcher.adapters.rpc import Rpc
from searcher.errors import RpcError, WireError

AGGREGATE3: Final = selector("aggregate3((address,bool,bytes)[])")

CALLS_PER_REQUEST: Final = 500
"""A view of these contracts costs below 30,000 gas; nodes cap eth_call at 30 to 50 million."""

ACCEPTED_BEFORE_GROWTH: Final = 8
"""Requests in a row after which a size that was halved is doubled: a node's cap stays learnt for
that long, and one stranger who burns gas does not slow down the rest of a discovery."""

_FIELD: Final = "aggregate3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One view call."""

    to: Address
    """The contract."""

    data: bytes
    """Selector and arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Multicall:
    """The Multicall3 contract on one node."""

    rpc: Rpc
    """The node."""

    address: Address
    """Where the contract is deployed."""

    def at_block(self, calls: Sequence[Call], block_hash: str) -> tuple[str, tuple[object, ...]]:
        """Method and parameters of one `eth_call`, for a JSON-RPC batch."""
        data = "0x" + encode_aggregate3(calls).hex()
        return "eth_call", ({"to": self.address, "data": data}, {"blockHash": block_hash})

    async def aggregate(self, calls: Sequence[Call], block_hash: str) -> list[bytes | None]:
        """Make all calls at the block; None for one that reverted.

        A request that the node refuses is halved, and so are those after it.

        A stranger's contract may burn all the gas of a request. What failed beside others is
        asked again on its own, so that nobody's answer depends on their neighbours.

        Raises:
            RpcError, WireError: the node refused, or there is no Multicall3 at that address.
        """
        results: list[bytes | None] = []
        size, accepted = CALLS_PER_REQUEST, 0
        while len(results) < len(calls):
            chunk = calls[len(results) : len(results) + size]
            answers = await self._attempt(chunk, block_hash)
            if answers is not None:
                results.extend(answers)
                accepted += 1
            elif len(chunk) == 1:
                results.append(None)
            else:
                size, accepted = len(chunk) // 2, 0
            if accepted == ACCEPTED_BEFORE_GROWTH:
                size, accepted = min(2 * size, CALLS_PER_REQUEST), 0
        return results

    async def _attempt(self, calls: Sequence[Call], block_hash: str) -> list[bytes | None] | None:
        """The answers to one request; None where the node refused it."""
        method, params = self.at_block(calls, block_hash)
        try:
            answers = decode_answer(await self.rpc.call(method, *params), len(calls))
        except RpcError as error:
            if error.code is None:
                raise
            return None
        if len(calls) == 1:
            return answers
        for index, answer in enumerate(answers):
            if answer is None:
                alone = await self._attempt([calls[index]], block_hash)
                answers[index] = alone[0] if alone else None
        return answers


def decode_answer(value: object, count: int) -> list[bytes | None]:
    """The calls' return data from what `eth_call` answered.

    Raises:
        WireError: as `decode_aggregate3`.
    """
    return decode_aggregate3(hex_bytes(value, _FIELD), count)


def encode_aggregate3(calls: Sequence[Call]) -> bytes:
    """Calldata that makes every call and lets each fail on its own (`allowFailure`)."""
    tuples = [_encode_call(call) for call in calls]
    offsets: list[bytes] = []
    position = len(calls) * WORD_BYTES
    for encoded in tuples:
        offsets.append(encode_word(position))
        position += len(encoded)
    head = encode_word(WORD_BYTES) + encode_word(len(calls))
    return b"".join((AGGREGATE3, head, *offsets, *tuples))


def decode_aggregate3(data: bytes, count: int) -> list[bytes | None]:
    """The calls' return data in order; None for one that reverted.

    Raises:
        WireError: not `(bool,bytes)[]` of that length.
    """
    if not data:
        raise WireError(_FIELD, "no contract at the multicall3 address")
    array = _tail(memoryview(data), 0)
    if decode_unsigned(array, 0, bits=WORD_BITS, field=_FIELD) != count:
        raise WireError(_FIELD, "answers do not match the calls")
    elements = array[WORD_BYTES:]
    return [_decode_result(_tail(elements, index)) for index in range(count)]


def _encode_call(call: Call) -> bytes:
    padding = -len(call.data) % WORD_BYTES
    return b"".join(
        (
            encode_address(call.to),
            encode_word(1),
            encode_word(3 * WORD_BYTES),
            encode_word(len(call.data)),
            call.data,
            bytes(padding),
        )
    )


def _decode_result(element: memoryview) -> bytes | None:
    succeeded = decode_bool(element, 0, field=_FIELD)
    returned = decode_bytes(element, 1, field=_FIELD)
    return returned if succeeded else None


def _tail(data: memoryview, index: int) -> memoryview:
    offset = decode_unsigned(data, index, bits=WORD_BITS, field=_FIELD)
    if offset > len(data):
        raise WireError(_FIELD, "offset outside the data")
    return data[offset:]
