"""What a signer of its own process signs, and how it is asked.

One line of JSON each way. The request has no value and no access list, so nothing can be asked for
that moves ether; the rest is held against the policy before the key is touched.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from graphs.units import Address
from searcher.errors import WireError
from searcher.ports import UnsignedTransaction

LINE_LIMIT: Final = 2**18
"""Bytes of a request or an answer; an executor's calldata stays far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPolicy:
    """What may be signed: calls of one contract on one chain, without value, within bounds."""

    chain_id: int
    """The only chain."""

    executor: Address
    """The only recipient."""

    max_gas_gas: int
    """The highest gas limit."""

    max_fee_per_gas_wei: int
    """The highest fee cap; a priority fee cannot exceed it either."""

    def refusal(self, request: "SigningRequest") -> str | None:
        """Return why it is not signed; None where it may be."""
        transaction = request.transaction
        if request.chain_id != self.chain_id:
            return "another chain"
        if transaction.to != self.executor:
            return "another recipient than the executor"
        if not 0 <= transaction.gas_limit_gas <= self.max_gas_gas:
            return "more gas than allowed"
        fees = (transaction.max_priority_fee_per_gas_wei, transaction.max_fee_per_gas_wei)
        if not 0 <= fees[0] <= fees[1] <= self.max_fee_per_gas_wei:
            return "a higher fee than allowed"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRequest:
    """What a client wants signed."""

    chain_id: int
    """The chain that it believes to be on."""

    transaction: UnsignedTransaction
    """What it wants signed."""


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    chain_id: str
    nonce: str
    to: str
    data: str
    gas_limit: str
    max_fee: str
    max_priority_fee: str


class _Answer(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    address: str = ""
    raw: str = ""
    refusal: str = ""


_LINE: Final = msgspec.json.Decoder(_Line)
_ANSWER: Final = msgspec.json.Decoder(_Answer)
_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)
_ADDRESS_BYTES: Final = 20
_NONCE_MAX: Final = 2**64 - 2
"""EIP-2681."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningAnswer:
    """What the signer says."""

    address: Address
    """Whose key it holds."""

    raw: bytes
    """The signed transaction; empty when refused."""

    refusal: str
    """Why not; empty when signed."""


def write_request(request: SigningRequest) -> bytes:
    """Write a request as one line; integers as hex, which no JSON reader rounds."""
    transaction = request.transaction
    line = _Line(
        chain_id=hex(request.chain_id),
        nonce=hex(transaction.nonce),
        to=transaction.to,
        data=transaction.data.hex(),
        gas_limit=hex(transaction.gas_limit_gas),
        max_fee=hex(transaction.max_fee_per_gas_wei),
        max_priority_fee=hex(transaction.max_priority_fee_per_gas_wei),
    )
    return msgspec.json.encode(line) + b"\n"


def read_request(text: bytes) -> SigningRequest:
    """Read what `write_request` wrote.

    Raises:
        WireError: it is anything else.
    """
    try:
        line = _LINE.decode(text)
        recipient, nonce = bytes.fromhex(line.to[2:]), int(line.nonce, 16)
        request = SigningRequest(
            chain_id=int(line.chain_id, 16),
            transaction=UnsignedTransaction(
                nonce=nonce,
                to=Address("0x" + recipient.hex()),
                data=bytes.fromhex(line.data),
                gas_limit_gas=int(line.gas_limit, 16),
                max_fee_per_gas_wei=int(line.max_fee, 16),
                max_priority_fee_per_gas_wei=int(line.max_priority_fee, 16),
            ),
        )
    except _UNDECODABLE:
        raise WireError("signing request", "not one") from None
    if len(recipient) != _ADDRESS_BYTES or not 0 <= nonce <= _NONCE_MAX:
        raise WireError("signing request", "out of range")
    return request


def write_answer(answer: SigningAnswer) -> bytes:
    """Write an answer as one line."""
    line = _Answer(address=answer.address, raw=answer.raw.hex(), refusal=answer.refusal)
    return msgspec.json.encode(line) + b"\n"


def read_answer(text: bytes) -> SigningAnswer:
    """Read what `write_answer` wrote.

    Raises:
        WireError: it is anything else.
    """
    try:
        line = _ANSWER.decode(text)
        raw = bytes.fromhex(line.raw)
    except _UNDECODABLE:
        raise WireError("signing answer", "not one") from None
    return SigningAnswer(address=Address(line.address), raw=raw, refusal=line.refusal)
