"""Pools that lend what they hold: pairs as of Uniswap V2, pools as of Uniswap V3.

While a pool lends, it is locked: a cycle that trades with it cannot borrow from it.
"""

from collections.abc import Sequence
from typing import Final

from graphs.units import Address
from searcher.adapters.abi import decode_unsigned, selector
from searcher.adapters.decoding import LIQUIDITY_BITS, RESERVE_BITS
from searcher.adapters.lending_desk import (
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
from searcher.plans import UniswapV2Source, UniswapV3Source

TOKEN0: Final = selector("token0()")
TOKEN1: Final = selector("token1()")
FACTORY: Final = selector("factory()")
FEE: Final = selector("fee()")
GET_RESERVES: Final = selector("getReserves()")
LIQUIDITY: Final = selector("liquidity()")

FEE_BITS: Final = 24


def _pair_setup(source: LenderSource, _asset: Address) -> tuple[Call, ...]:
    return Call(to=source.address, data=TOKEN0), Call(to=source.address, data=TOKEN1)


def _tokens(answers: Sequence[bytes | None]) -> tuple[Address, Address]:
    return decode_first_address(answers[0], "token0"), decode_first_address(answers[1], "token1")


def _pair_desk(
    source: LenderSource, asset: Address, answers: Sequence[bytes | None]
) -> LendingDesk | LenderRefusal:
    tokens = _tokens(answers)
    if asset not in tokens:
        return LenderRefusal.UNLISTED
    is_first = asset == tokens[0]
    return LendingDesk(
        source=source,
        asset=asset,
        plan_source=UniswapV2Source(
            pair=source.address, fee_pips=source.fee_pips, is_asset_first=is_first
        ),
        is_first=is_first,
        fee_pips=source.fee_pips,
    )


def _pair_calls(desk: LendingDesk) -> tuple[Call, ...]:
    return (Call(to=desk.source.address, data=GET_RESERVES),)


def _pair_terms(desk: LendingDesk, answers: Answers) -> Terms:
    """A pair keeps at least one unit: `amountOut < reserve`."""
    word = 0 if desk.is_first else 1
    reserve = decode_unsigned(answers[0], word, bits=RESERVE_BITS, field="getReserves")
    return Terms(available=max(reserve - 1, 0), fee_pips=desk.fee_pips)


UNISWAP_V2: Final = Protocol(
    setup_calls=_pair_setup, desk=_pair_desk, calls=_pair_calls, terms=_pair_terms
)


def _pool_setup(source: LenderSource, asset: Address) -> tuple[Call, ...]:
    pool = source.address
    return *_pair_setup(source, asset), Call(to=pool, data=FEE), Call(to=pool, data=FACTORY)


def _pool_desk(
    source: LenderSource, asset: Address, answers: Sequence[bytes | None]
) -> LendingDesk | LenderRefusal:
    """The executor finds the pool by its factory, tokens and fee."""
    tokens, factory = _tokens(answers), decode_first_address(answers[3], "factory")
    fee_pips = decode_unsigned(answers[2] or b"", 0, bits=FEE_BITS, field="fee")
    if asset not in tokens:
        return LenderRefusal.UNLISTED
    if factory not in source.factories:
        return LenderRefusal.UNKNOWN_FACTORY
    return LendingDesk(
        source=source,
        asset=asset,
        plan_source=UniswapV3Source(
            other_token=tokens[1] if asset == tokens[0] else tokens[0],
            fee_pips=fee_pips,
            factory=source.factories.index(factory),
        ),
        fee_pips=fee_pips,
    )


def _pool_calls(desk: LendingDesk) -> tuple[Call, ...]:
    pool = desk.source.address
    return Call(to=pool, data=LIQUIDITY), balance_call(desk.asset, pool)


def _pool_terms(desk: LendingDesk, answers: Answers) -> Terms:
    """`flash` shares its fee among the liquidity in range, and reverts where there is none."""
    liquidity, balance = answers
    is_empty = not decode_unsigned(liquidity, 0, bits=LIQUIDITY_BITS, field="liquidity")
    return Terms(
        available=decode_word(balance, "balanceOf"),
        fee_pips=desk.fee_pips,
        refusal=LenderRefusal.DRAINED if is_empty else None,
    )


UNISWAP_V3: Final = Protocol(
    setup_calls=_pool_setup, desk=_pool_desk, calls=_pool_calls, terms=_pool_terms
)
