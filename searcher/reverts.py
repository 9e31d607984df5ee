"""Why a call reverted, in one printable line, from whatever bytes it left behind.

The executor wraps what a pool or a lender said in an error that names the step, so reasons nest.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

ERROR_SIGNATURES: Final = (
    "CallbackMissing(address)",
    "CycleNotOpened(address)",
    "DanglingAllowance(address,address,uint256)",
    "EnforcedPause()",
    "ExpectedPause()",
    "FailedCall()",
    "FeeTooLarge(uint256,uint256)",
    "HopFailed(uint256,address,bytes)",
    "InputMismatch(uint256,int256,uint256)",
    "InsufficientBalance(uint256,uint256)",
    "MalformedPlan(uint256)",
    "NoFlashSwap(uint256)",
    "OutputOutOfRange(uint256,uint256)",
    "OwnableInvalidOwner(address)",
    "OwnableUnauthorizedAccount(address)",
    "OwnershipIsPermanent()",
    "PayoutTooLarge(address)",
    "ProfitBelowMinimum(int256,uint256)",
    "ReentrancyGuardReentrantCall()",
    "SafeERC20FailedOperation(address)",
    "SourceFailed(uint256,bytes)",
    "TipNeedsWeth(address)",
    "TipRefused(address,uint256)",
    "TipShareTooLarge(uint256)",
    "TokenRefused(uint256,address)",
    "UnauthorizedCallback(address)",
    "UnauthorizedInitiator(address)",
    "UnauthorizedPause(address)",
    "UnexpectedEther(address)",
    "UnknownHopKind(uint256,uint256)",
    "UnknownSource(uint256)",
    "WrongBlock(uint256,uint256)",
    "WrongDemand(address,int256,uint256)",
    "WrongParent(bytes32,bytes32)",
    "ZeroAddress()",
)
"""Every error of the executor's interface. An index in one is that of the hop, from zero."""

_BUILT_IN_SIGNATURES: Final = ("Error(string)", "Panic(uint256)")
_SELECTOR_BYTES: Final = 4

REVERT_BYTES_READ: Final = 4096
"""Revert data is chosen by contracts that we do not know; no more of it is looked at."""

REVERT_TEXT_CHARS: Final = 256
"""The longest text that `decode_revert` returns."""

_REVERT_NESTING: Final = 5
"""Two managers, a lender, a hop, and what its pool said."""

_ABBREVIATED_BYTES: Final = 36


def decode_revert(data: bytes) -> str:
    """Say in one printable line why a call reverted, whatever bytes it left behind."""
    return _describe_revert(data[:REVERT_BYTES_READ], nesting=_REVERT_NESTING)[:REVERT_TEXT_CHARS]


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
