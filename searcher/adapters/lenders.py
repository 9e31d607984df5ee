"""What the flash lenders can lend and what they charge, as view calls and their decoding.

Addresses that a protocol keeps elsewhere (Aave's token per reserve, Balancer's fee collector) are
resolved once at start; each block then reads amounts, fees and switches together with its other
state. A lender that cannot lend is a Lender with nothing available, not an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import BPS, WEI_PER_ETHER, Address
from searcher.adapters.abi import (
    ADDRESS_BITS,
    WORD_BITS,
    decode_address,
    decode_bool,
    decode_unsigned,
    encode_address,
    selector,
)
from searcher.adapters.multicall import Call, Multicall
from searcher.errors import WireError
from searcher.model import Lender, LenderKind

BALANCE_OF: Final = selector("balanceOf(address)")
GET_RESERVE_DATA: Final = selector("getReserveData(address)")
GET_CONFIGURATION: Final = selector("getConfiguration(address)")
FLASHLOAN_PREMIUM_TOTAL: Final = selector("FLASHLOAN_PREMIUM_TOTAL()")
GET_PROTOCOL_FEES_COLLECTOR: Final = selector("getProtocolFeesCollector()")
GET_FLASH_LOAN_FEE_PERCENTAGE: Final = selector("getFlashLoanFeePercentage()")
GET_PAUSED_STATE: Final = selector("getPausedState()")

A_TOKEN_WORD: Final = 8
"""Position of `aTokenAddress` in Aave's DataTypes.ReserveData."""

ACTIVE_BIT: Final = 56
PAUSED_BIT: Final = 60
FLASHLOAN_ENABLED_BIT: Final = 63
"""Of the bitmap in Aave's ReserveConfiguration. A frozen reserve (57) still lends by flash loan."""

PREMIUM_BITS: Final = 128

CALLS_PER_DESK: Final = 3

_UNLISTED: Final = Address("0x" + "0" * (ADDRESS_BITS // 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderSource:
    """A protocol that the executor can borrow from."""

    kind: LenderKind
    """Which protocol."""

    address: Address
    """The Aave pool, the Balancer vault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingDesk:
    """One asset of one lender, with the addresses that its state is read from."""

    source: LenderSource
    """The lender."""

    asset: Address
    """What is lent."""

    annex: Address
    """Aave's token of the reserve, which holds the money; Balancer's fee collector."""


async def resolve_desks(
    multicall: Multicall,
    *,
    sources: Sequence[LenderSource],
    assets: Sequence[Address],
    block_hash: str,
) -> tuple[LendingDesk, ...]:
    """Every asset of every lender that lends it at all, in that order.

    Raises:
        RpcError, WireError: the node refused, or the address is not such a lender.
    """
    pairs = [(source, asset) for source in sources for asset in assets]
    answers = await multicall.aggregate(
        [_annex_call(source, asset) for source, asset in pairs], block_hash
    )
    desks = [
        LendingDesk(source=source, asset=asset, annex=_annex(source, answer))
        for (source, asset), answer in zip(pairs, answers, strict=True)
    ]
    return tuple(desk for desk in desks if desk.annex != _UNLISTED)


def desk_calls(desks: Sequence[LendingDesk]) -> list[Call]:
    """What to ask at each block."""
    return [call for desk in desks for call in _calls(desk)]


def decode_lenders(
    desks: Sequence[LendingDesk], answers: Sequence[bytes | None]
) -> tuple[Lender, ...]:
    """The lenders from the answers to `desk_calls`; nothing is available where a call reverted.

    A Balancer fee that is no whole number of basis points cannot be priced exactly, so that lender
    has nothing available either.

    Raises:
        WireError: an answer is not what the protocol's interface promises.
    """
    if len(answers) != len(desks) * CALLS_PER_DESK:
        raise WireError("lenders", "answers do not match the calls")
    return tuple(
        _lender(desk, answers[index * CALLS_PER_DESK : (index + 1) * CALLS_PER_DESK])
        for index, desk in enumerate(desks)
    )


def _annex_call(source: LenderSource, asset: Address) -> Call:
    match source.kind:
        case LenderKind.AAVE_V3:
            return Call(to=source.address, data=GET_RESERVE_DATA + encode_address(asset))
        case LenderKind.BALANCER_V2:
            return Call(to=source.address, data=GET_PROTOCOL_FEES_COLLECTOR)


def _annex(source: LenderSource, answer: bytes | None) -> Address:
    field = f"lender {source.address}"
    if not answer:
        raise WireError(field, f"no {source.kind} at this address")
    index = A_TOKEN_WORD if source.kind is LenderKind.AAVE_V3 else 0
    return decode_address(answer, index, field=field)


def _calls(desk: LendingDesk) -> tuple[Call, Call, Call]:
    lender = desk.source.address
    match desk.source.kind:
        case LenderKind.AAVE_V3:
            return (
                Call(to=lender, data=FLASHLOAN_PREMIUM_TOTAL),
                Call(to=lender, data=GET_CONFIGURATION + encode_address(desk.asset)),
                Call(to=desk.asset, data=BALANCE_OF + encode_address(desk.annex)),
            )
        case LenderKind.BALANCER_V2:
            return (
                Call(to=desk.annex, data=GET_FLASH_LOAN_FEE_PERCENTAGE),
                Call(to=lender, data=GET_PAUSED_STATE),
                Call(to=desk.asset, data=BALANCE_OF + encode_address(lender)),
            )


def _lender(desk: LendingDesk, answers: Sequence[bytes | None]) -> Lender:
    terms = _terms(desk, answers)
    fee_bps, available = (0, 0) if terms is None else terms
    return Lender(
        kind=desk.source.kind,
        address=desk.source.address,
        asset=desk.asset,
        available=available,
        fee_bps=fee_bps,
    )


def _terms(desk: LendingDesk, answers: Sequence[bytes | None]) -> tuple[int, int] | None:
    fee, switches, balance = answers
    if fee is None or switches is None or balance is None:
        return None
    available = decode_unsigned(balance, 0, bits=WORD_BITS, field="balanceOf")
    if desk.source.kind is LenderKind.AAVE_V3:
        bitmap = decode_unsigned(switches, 0, bits=WORD_BITS, field="getConfiguration")
        fee_bps = decode_unsigned(fee, 0, bits=PREMIUM_BITS, field="FLASHLOAN_PREMIUM_TOTAL")
        return fee_bps, available if _lends(bitmap) else 0
    fraction = decode_unsigned(fee, 0, bits=WORD_BITS, field="getFlashLoanFeePercentage")
    fee_bps, remainder = divmod(fraction * BPS, WEI_PER_ETHER)
    is_paused = decode_bool(switches, 0, field="getPausedState")
    return fee_bps, 0 if remainder or is_paused else available


def _lends(bitmap: int) -> bool:
    """Whether Aave's validateFlashloanSimple lets the reserve lend."""
    active, paused, enabled = (
        bitmap >> bit & 1 for bit in (ACTIVE_BIT, PAUSED_BIT, FLASHLOAN_ENABLED_BIT)
    )
    return bool(active and enabled and not paused)
