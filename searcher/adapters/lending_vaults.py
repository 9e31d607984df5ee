"""Protocols that keep the money of many in one place: Aave, Balancer, Uniswap V4, dYdX.

What each of them checks before it lends was read in its source and is tested on its contracts: a
frozen Aave reserve and a paused Balancer V3 vault still lend, a paused Balancer V2 vault does not.
"""

from collections.abc import Sequence
from typing import Final

from graphs.units import PIPS, WEI_PER_ETHER, Address
from searcher.adapters.abi import (
    decode_address,
    decode_bool,
    decode_unsigned,
    encode_address,
    encode_word,
    selector,
)
from searcher.adapters.lending_desk import (
    NOBODY,
    PIPS_PER_BPS,
    Answers,
    LenderSource,
    LendingDesk,
    Protocol,
    Terms,
    balance_call,
    decode_first_address,
    decode_word,
)
from searcher.adapters.multicall import Call
from searcher.flash_lenders import LenderRefusal
from searcher.plans import (
    AaveV3Source,
    BalancerV2Source,
    BalancerV3Source,
    SoloMarginSource,
    UniswapV4Source,
)

GET_RESERVE_DATA: Final = selector("getReserveData(address)")
GET_CONFIGURATION: Final = selector("getConfiguration(address)")
FLASHLOAN_PREMIUM_TOTAL: Final = selector("FLASHLOAN_PREMIUM_TOTAL()")
GET_PROTOCOL_FEES_COLLECTOR: Final = selector("getProtocolFeesCollector()")
GET_FLASH_LOAN_FEE_PERCENTAGE: Final = selector("getFlashLoanFeePercentage()")
GET_PAUSED_STATE: Final = selector("getPausedState()")
GET_RESERVES_OF: Final = selector("getReservesOf(address)")
PROTOCOL_FEES_ACCRUED: Final = selector("protocolFeesAccrued(address)")
GET_MARKET_TOKEN_ADDRESS: Final = selector("getMarketTokenAddress(uint256)")

A_TOKEN_WORD: Final = 8
"""Position of `aTokenAddress` in Aave's DataTypes.ReserveData."""

ACTIVE_BIT: Final = 56
PAUSED_BIT: Final = 60
FLASHLOAN_ENABLED_BIT: Final = 63
"""Of the bitmap in Aave's ReserveConfiguration. A frozen reserve (57) still lends by flash loan."""

PREMIUM_BITS: Final = 128

WEI_PER_PIP: Final = WEI_PER_ETHER // PIPS
"""Balancer states fees with 18 decimals."""

UNPRICEABLE_PIPS: Final = 1
"""Stands for a fee between two pips: as little as that a whole number of basis points."""

SOLO_MARKETS: Final = 8
"""Twice as many as dYdX has ever listed."""


def _aave_setup(source: LenderSource, asset: Address) -> tuple[Call, ...]:
    return (Call(to=source.address, data=GET_RESERVE_DATA + encode_address(asset)),)


def _aave_desk(
    source: LenderSource, asset: Address, answers: Sequence[bytes | None]
) -> LendingDesk | LenderRefusal:
    token = decode_address(answers[0] or b"", A_TOKEN_WORD, field="getReserveData")
    if token == NOBODY:
        return LenderRefusal.UNLISTED
    return LendingDesk(source=source, asset=asset, plan_source=AaveV3Source(), annex=token)


def _aave_calls(desk: LendingDesk) -> tuple[Call, ...]:
    pool = desk.source.address
    return (
        Call(to=pool, data=FLASHLOAN_PREMIUM_TOTAL),
        Call(to=pool, data=GET_CONFIGURATION + encode_address(desk.asset)),
        balance_call(desk.asset, desk.annex),
    )


def _aave_terms(_desk: LendingDesk, answers: Answers) -> Terms:
    """As ValidationLogic.validateFlashloanSimple decides."""
    premium, configuration, balance = answers
    fee_bps = decode_unsigned(premium, 0, bits=PREMIUM_BITS, field="FLASHLOAN_PREMIUM_TOTAL")
    bitmap = decode_word(configuration, "getConfiguration")
    refusal = None
    if bitmap >> PAUSED_BIT & 1:
        refusal = LenderRefusal.PAUSED
    elif not (bitmap >> ACTIVE_BIT & 1 and bitmap >> FLASHLOAN_ENABLED_BIT & 1):
        refusal = LenderRefusal.DISABLED
    return Terms(
        available=decode_word(balance, "balanceOf"),
        fee_pips=fee_bps * PIPS_PER_BPS,
        refusal=refusal,
    )


AAVE_V3: Final = Protocol(
    setup_calls=_aave_setup, desk=_aave_desk, calls=_aave_calls, terms=_aave_terms
)


def _balancer_v2_setup(source: LenderSource, _asset: Address) -> tuple[Call, ...]:
    return (Call(to=source.address, data=GET_PROTOCOL_FEES_COLLECTOR),)


def _balancer_v2_desk(
    source: LenderSource, asset: Address, answers: Sequence[bytes | None]
) -> LendingDesk:
    collector = decode_first_address(answers[0], "getProtocolFeesCollector")
    return LendingDesk(source=source, asset=asset, plan_source=BalancerV2Source(), annex=collector)


def _balancer_v2_calls(desk: LendingDesk) -> tuple[Call, ...]:
    vault = desk.source.address
    return (
        Call(to=desk.annex, data=GET_FLASH_LOAN_FEE_PERCENTAGE),
        Call(to=vault, data=GET_PAUSED_STATE),
        balance_call(desk.asset, vault),
    )


def _balancer_v2_terms(_desk: LendingDesk, answers: Answers) -> Terms:
    fee, state, balance = answers
    fee_pips, rest = divmod(decode_word(fee, "getFlashLoanFeePercentage"), WEI_PER_PIP)
    is_paused = decode_bool(state, 0, field="getPausedState")
    return Terms(
        available=decode_word(balance, "balanceOf"),
        fee_pips=UNPRICEABLE_PIPS if rest else fee_pips,
        refusal=LenderRefusal.PAUSED if is_paused else None,
    )


BALANCER_V2: Final = Protocol(
    setup_calls=_balancer_v2_setup,
    desk=_balancer_v2_desk,
    calls=_balancer_v2_calls,
    terms=_balancer_v2_terms,
)


def _free_terms(_desk: LendingDesk, answers: Answers) -> Terms:
    """No fee, and nothing that could be switched off."""
    return Terms(available=decode_word(answers[0], "balance"), fee_pips=0)


def _balancer_v3_setup(source: LenderSource, asset: Address) -> tuple[Call, ...]:
    return (Call(to=source.address, data=GET_RESERVES_OF + encode_address(asset)),)


def _balancer_v3_desk(
    source: LenderSource, asset: Address, _answers: Sequence[bytes | None]
) -> LendingDesk:
    return LendingDesk(source=source, asset=asset, plan_source=BalancerV3Source())


def _balancer_v3_calls(desk: LendingDesk) -> tuple[Call, ...]:
    """The reserves of its books, which `sendTo` reduces; its balance may be greater."""
    return _balancer_v3_setup(desk.source, desk.asset)


BALANCER_V3: Final = Protocol(
    setup_calls=_balancer_v3_setup,
    desk=_balancer_v3_desk,
    calls=_balancer_v3_calls,
    terms=_free_terms,
)


def _uniswap_v4_setup(source: LenderSource, asset: Address) -> tuple[Call, ...]:
    return (Call(to=source.address, data=PROTOCOL_FEES_ACCRUED + encode_address(asset)),)


def _uniswap_v4_desk(
    source: LenderSource, asset: Address, _answers: Sequence[bytes | None]
) -> LendingDesk:
    return LendingDesk(source=source, asset=asset, plan_source=UniswapV4Source())


def _held_by_source(desk: LendingDesk) -> tuple[Call, ...]:
    return (balance_call(desk.asset, desk.source.address),)


UNISWAP_V4: Final = Protocol(
    setup_calls=_uniswap_v4_setup, desk=_uniswap_v4_desk, calls=_held_by_source, terms=_free_terms
)


def _solo_setup(source: LenderSource, _asset: Address) -> tuple[Call, ...]:
    return tuple(
        Call(to=source.address, data=GET_MARKET_TOKEN_ADDRESS + encode_word(market))
        for market in range(SOLO_MARKETS)
    )


def _solo_desk(
    source: LenderSource, asset: Address, answers: Sequence[bytes | None]
) -> LendingDesk | LenderRefusal:
    """A closing market lends as well: nothing stays borrowed."""
    listed = [
        decode_first_address(answer, "getMarketTokenAddress") if answer else NOBODY
        for answer in answers
    ]
    if asset not in listed:
        return LenderRefusal.UNLISTED
    market = SoloMarginSource(market=listed.index(asset))
    return LendingDesk(source=source, asset=asset, plan_source=market)


DYDX_SOLO: Final = Protocol(
    setup_calls=_solo_setup, desk=_solo_desk, calls=_held_by_source, terms=_free_terms
)
