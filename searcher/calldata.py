"""The executor's interface in bytes: calls out; results and events in.

Besides `plans`, `plan_bytes` and `reverts`, the ABI lives here and nowhere else. What a plan looks
like in bytes is told in `plans`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from graphs.units import Address
from searcher.errors import WireError
from searcher.plan_bytes import decode_plan, encode_plan
from searcher.plans import Plan, SourceKind

EXECUTE_SIGNATURE: Final = "execute(bytes)"
EXECUTED_SIGNATURE: Final = "Executed(address,uint8,uint256,uint256,uint256)"

_SELECTOR_BYTES: Final = 4
EXECUTE_SELECTOR: Final = keccak(text=EXECUTE_SIGNATURE)[:_SELECTOR_BYTES]
EXECUTED_TOPIC: Final = keccak(text=EXECUTED_SIGNATURE)
_WORD_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResult:
    """What `execute` returns."""

    gross_profit_wei: int
    """After repayment and before the tip, in raw units of the asset, which is wrapped ether."""

    tip_wei: int
    """What the coinbase got of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedEvent:
    """What the executor logs once per success."""

    asset: Address
    """What the amounts are in."""

    source: SourceKind
    """Where the first input came from."""

    amount_in: int
    """The first input, in raw units."""

    gross_profit: int
    """After repayment and before the tip, in raw units of the asset."""

    tip_wei: int
    """What the coinbase got of it."""


def encode_execute(plan: Plan) -> bytes:
    """Write the calldata that makes the executor carry out a plan.

    Raises:
        CalldataError: a field is outside the range of the wire format, or one that always reverts.
    """
    return EXECUTE_SELECTOR + encode(["bytes"], [encode_plan(plan)])


def decode_execute(data: bytes) -> Plan:
    """Read back what `encode_execute` wrote, and nothing else.

    Raises:
        WireError: the bytes are not the calldata of a plan, or not in its only encoding.
    """
    try:
        (packed,) = decode(["bytes"], data[_SELECTOR_BYTES:])
    except (DecodingError, OverflowError) as error:
        raise WireError(field="execute", reason=type(error).__name__) from error
    plan = decode_plan(packed)
    if encode_execute(plan) != data:
        raise WireError(field="execute", reason="another selector or encoding")
    return plan


def decode_result(returned: bytes) -> ExecutionResult:
    """Read the return data of a successful `execute`.

    Raises:
        WireError: it does not have the length of two words.
    """
    if len(returned) != 2 * _WORD_BYTES:
        raise WireError(field="execute result", reason=f"{len(returned)} bytes")
    return ExecutionResult(
        gross_profit_wei=int.from_bytes(returned[:_WORD_BYTES]),
        tip_wei=int.from_bytes(returned[_WORD_BYTES:]),
    )


def decode_executed(*, topics: Sequence[bytes], data: bytes) -> ExecutedEvent:
    """Read the executor's log entry; the caller has checked that the executor emitted it.

    Raises:
        WireError: it is another event, or its bytes are not what the event promises.
    """
    match topics:
        case [bytes() as signature, bytes() as asset] if signature == EXECUTED_TOPIC:
            pass
        case _:
            raise WireError(field="Executed", reason="other topics")
    try:
        (asset_address,) = decode(["address"], asset)
        number, amount_in, gross_profit, tip = decode(
            ["uint8", "uint256", "uint256", "uint256"], data
        )
    except DecodingError as error:
        raise WireError(field="Executed", reason=type(error).__name__) from error
    if number not in set(SourceKind):
        raise WireError(field="Executed.source", reason=f"unassigned number {number}")
    return ExecutedEvent(
        asset=Address(asset_address),
        source=SourceKind(number),
        amount_in=amount_in,
        gross_profit=gross_profit,
        tip_wei=tip,
    )
