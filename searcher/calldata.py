"""The executor's interface in bytes: plans out; results, events and errors in.

The ABI lives here and nowhere else. The plan has the layout of `contracts/src/libraries/Plan.sol`;
both sides are checked against `contracts/test/vectors/plans.json`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from graphs.units import BPS, PIPS, Address
from searcher.errors import CalldataError, WireError
from searcher.model import LenderKind

EXECUTE_SIGNATURE: Final = "execute(bytes)"
EXECUTED_SIGNATURE: Final = "Executed(address,uint8,uint256,uint256,uint256)"
ERROR_SIGNATURES: Final = (
    "CycleNotClosed(address)",
    "DanglingAllowance(address,uint256)",
    "FeeTooLarge(uint256,uint256)",
    "InputNotTransferred(uint256,address,uint256)",
    "LoanMismatch(address,uint256)",
    "LoanNotTaken(uint8)",
    "MalformedPlan(uint256)",
    "NothingReceived(uint256,address)",
    "OverCharged(address,int256,uint256)",
    "OwnableInvalidOwner(address)",
    "OwnableUnauthorizedAccount(address)",
    "OwnershipIsPermanent()",
    "PartialFill(uint256,uint256,uint256)",
    "PoolFailed(uint256,address,bytes)",
    "PoolMissing(uint256,address)",
    "ProfitBelowMinimum(int256,uint256)",
    "ReentrancyGuardReentrantCall()",
    "SafeCastOverflowedUintToInt(uint256)",
    "SafeERC20FailedOperation(address)",
    "TipNeedsWeth(address)",
    "TipRefused(address,uint256)",
    "TipShareTooLarge(uint256)",
    "UnauthorizedCallback(address)",
    "UnauthorizedInitiator(address)",
    "UnexpectedEther(address)",
    "UnexpectedLoan()",
    "UnknownHopKind(uint256,uint8)",
    "UnknownLender(uint8)",
    "WrongBlock(uint256,uint256)",
    "ZeroAddress()",
)
_BUILT_IN_SIGNATURES: Final = ("Error(string)", "Panic(uint256)")

_SELECTOR_BYTES: Final = 4
EXECUTE_SELECTOR: Final = keccak(text=EXECUTE_SIGNATURE)[:_SELECTOR_BYTES]
EXECUTED_TOPIC: Final = keccak(text=EXECUTED_SIGNATURE)

MIN_HOPS: Final = 2
MAX_HOPS: Final = 8
_HEADER_BYTES: Final = 63
_HOP_BYTES: Final = 44
_WORD_BYTES: Final = 32
_UINT64_MAX: Final = 2**64 - 1
_UINT128_MAX: Final = 2**128 - 1
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")

_LENDER_NUMBERS: Final = MappingProxyType({LenderKind.AAVE_V3: 0, LenderKind.BALANCER_V2: 1})
_LENDERS: Final = MappingProxyType({number: kind for kind, number in _LENDER_NUMBERS.items()})

REVERT_BYTES_READ: Final = 4096
"""Revert data is chosen by contracts that we do not know; no more of it is looked at."""

REVERT_TEXT_CHARS: Final = 256
"""The longest text that `decode_revert` returns."""

_REVERT_NESTING: Final = 3
_ABBREVIATED_BYTES: Final = 36


class HopKind(IntEnum):
    """How the executor trades with a pool; the values are those of the wire."""

    CONSTANT_PRODUCT = 0
    CONCENTRATED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHop:
    """One trade of a plan. Its input is the output of the one before."""

    kind: HopKind
    """The pool's interface."""

    pool: Address
    """The contract to trade with."""

    token_out: Address
    """What it gives."""

    fee_pips: int
    """Charged on the input; the executor reads it for constant product only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that the executor is told."""

    target_block: int
    """The only block that it may run in."""

    min_profit: int
    """Gross profit below which it reverts, in raw units of the asset."""

    tip_share_bps: int
    """Of the gross profit, for the coinbase; more than 0 only if the asset is wrapped ether."""

    lender: LenderKind
    """Where the input is borrowed."""

    asset: Address
    """What is borrowed; the first hop sells it and the last one buys it."""

    amount_in: int
    """How much, in raw units."""

    hops: tuple[PlanHop, ...]
    """Two to eight."""


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
    """What was borrowed."""

    lender: LenderKind
    """Where."""

    amount_in: int
    """How much, in raw units."""

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


def encode_plan(plan: Plan) -> bytes:
    """Pack a plan without the call around it.

    Raises:
        CalldataError: a field is outside the range of the wire format, or one that always reverts.
    """
    if not MIN_HOPS <= len(plan.hops) <= MAX_HOPS:
        raise CalldataError(field="hops", reason=f"{len(plan.hops)} of them")
    header = (
        _packed("target_block", plan.target_block, most=_UINT64_MAX),
        _packed("min_profit", plan.min_profit, most=_UINT128_MAX),
        _packed("tip_share_bps", plan.tip_share_bps, most=BPS, size=2),
        bytes([_LENDER_NUMBERS[plan.lender]]),
        _packed_address("asset", plan.asset),
        _packed("amount_in", plan.amount_in, most=_UINT128_MAX),
    )
    return b"".join((*header, *(_encode_hop(hop) for hop in plan.hops)))


def decode_execute(data: bytes) -> Plan:
    """Read back what `encode_execute` wrote, and nothing else.

    Raises:
        WireError: the bytes are not the calldata of a plan, or not in its only encoding.
    """
    try:
        (packed,) = decode(["bytes"], data[_SELECTOR_BYTES:])
    except (DecodingError, OverflowError) as error:
        raise WireError(field="execute", reason=type(error).__name__) from error
    count, rest = divmod(len(packed) - _HEADER_BYTES, _HOP_BYTES)
    if rest != 0 or not MIN_HOPS <= count <= MAX_HOPS:
        raise WireError(field="execute", reason=f"plan of {len(packed)} bytes")
    try:
        plan = _decode_plan(packed)
        canonical = encode_execute(plan)
    except CalldataError as error:
        raise WireError(field=error.field, reason=error.reason) from error
    if canonical != data:
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
    if number not in _LENDERS:
        raise WireError(field="Executed.lender", reason=f"unassigned number {number}")
    return ExecutedEvent(
        asset=Address(asset_address),
        lender=_LENDERS[number],
        amount_in=amount_in,
        gross_profit=gross_profit,
        tip_wei=tip,
    )


def decode_revert(data: bytes) -> str:
    """Say in one printable line why a call reverted, whatever bytes it left behind."""
    return _describe_revert(data[:REVERT_BYTES_READ], nesting=_REVERT_NESTING)[:REVERT_TEXT_CHARS]


def _packed(field: str, value: int, *, most: int, size: int | None = None) -> bytes:
    if not 0 <= value <= most:
        raise CalldataError(field=field, reason=f"{value} is not between 0 and {most}")
    return value.to_bytes(size or most.bit_length() // 8)


def _packed_address(field: str, address: Address) -> bytes:
    if _ADDRESS.fullmatch(address) is None:
        raise CalldataError(field=field, reason="not an address in lower case")
    return bytes.fromhex(address[2:])


def _encode_hop(hop: PlanHop) -> bytes:
    return b"".join(
        (
            bytes([hop.kind]),
            _packed_address("pool", hop.pool),
            _packed_address("token_out", hop.token_out),
            _packed("fee_pips", hop.fee_pips, most=PIPS - 1, size=3),
        )
    )


def _decode_plan(packed: bytes) -> Plan:
    number = packed[26]
    if number not in _LENDERS:
        raise WireError(field="lender", reason=f"unassigned number {number}")
    starts = range(_HEADER_BYTES, len(packed), _HOP_BYTES)
    return Plan(
        target_block=int.from_bytes(packed[0:8]),
        min_profit=int.from_bytes(packed[8:24]),
        tip_share_bps=int.from_bytes(packed[24:26]),
        lender=_LENDERS[number],
        asset=_address(packed[27:47]),
        amount_in=int.from_bytes(packed[47:63]),
        hops=tuple(_decode_hop(packed[start : start + _HOP_BYTES]) for start in starts),
    )


def _decode_hop(packed: bytes) -> PlanHop:
    try:
        kind = HopKind(packed[0])
    except ValueError as error:
        raise WireError(field="kind", reason=f"unassigned number {packed[0]}") from error
    return PlanHop(
        kind=kind,
        pool=_address(packed[1:21]),
        token_out=_address(packed[21:41]),
        fee_pips=int.from_bytes(packed[41:44]),
    )


def _address(packed: bytes) -> Address:
    return Address("0x" + packed.hex())


def _by_selector(signatures: Sequence[str]) -> Mapping[bytes, tuple[str, tuple[str, ...]]]:
    """Name and argument types of each signature, keyed by what revert data begins with."""
    table = {}
    for signature in signatures:
        name, _, arguments = signature.removesuffix(")").partition("(")
        types = tuple(arguments.split(",")) if arguments else ()
        table[keccak(text=signature)[:_SELECTOR_BYTES]] = (name, types)
    return MappingProxyType(table)


_ERRORS: Final = _by_selector(ERROR_SIGNATURES + _BUILT_IN_SIGNATURES)


def _describe_revert(data: bytes, *, nesting: int) -> str:
    if not data:
        return "no reason given"
    selector = data[:_SELECTOR_BYTES]
    if selector not in _ERRORS:
        return f"unknown error {_abbreviated(data)}"
    name, types = _ERRORS[selector]
    try:
        values = decode(types, data[_SELECTOR_BYTES:])
    except (DecodingError, OverflowError, UnicodeDecodeError):
        return f"{name} with malformed arguments"
    described = ", ".join(_describe_value(value, nesting=nesting) for value in values)
    return f"{name}({described})"


def _describe_value(value: object, *, nesting: int) -> str:
    match value:
        case bytes() if nesting > 0:
            return _describe_revert(value, nesting=nesting - 1)
        case bytes():
            return _abbreviated(value)
        case _:
            return "".join(char if char.isprintable() else "?" for char in str(value))


def _abbreviated(data: bytes) -> str:
    return "0x" + data[:_ABBREVIATED_BYTES].hex() + ("…" if len(data) > _ABBREVIATED_BYTES else "")
