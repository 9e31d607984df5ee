"""The state of Curve's plain StableSwap pools.

A pool that answers what only other kinds answer is refused: those that lend their coins, follow
rates or another pool, raise their fee with the balance, or have the curve of tricrypto.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from graphs.pools.curve import CurvePool
from graphs.tokens import Token
from graphs.units import Address, PoolId
from searcher.adapters.abi import WORD_BITS, WORD_BYTES, decode_unsigned, encode_word, selector
from searcher.adapters.created_pools import CreatedPool, Refusal
from searcher.adapters.multicall import Call
from searcher.adapters.reading_stage import Answers, Stage, StateBlock, UnfitPoolError, given

A_PRECISE: Final = selector("A_precise()")
A: Final = selector("A()")
FUTURE_A: Final = selector("future_A()")
FEE: Final = selector("fee()")
ADMIN_FEE: Final = selector("admin_fee()")
BALANCES: Final = selector("balances(uint256)")

FOREIGN: Final = {
    "gamma()": "it has the curve of tricrypto",
    "base_pool()": "it follows a base pool",
    "offpeg_fee_multiplier()": "its fee follows its balances",
    "stored_rates()": "its coins have rates",
    "underlying_coins(uint256)": "it lends its coins",
    "underlying_coins(int128)": "it lends its coins",
}
"""Views that plain pools do not have, and what a pool with one is."""

RATE_DECIMALS: Final = 36
"""Of a rate and its token together: rates scale to 18 decimals, times 10^18."""

PRECISE: Final = 100
"""The scale of A_precise. SwapTemplateBase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCurvePool:
    """A pool, and whether its state changes without events."""

    pool: CurvePool
    """Its state."""

    is_restless: bool
    """Whether its amplification is changing: read at every block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    """A pool with what is known of its coins."""

    created: CreatedPool
    rates: tuple[int, ...]

    @property
    def id(self) -> PoolId:
        return self.created.id


def _calls(plain: _Plain) -> list[Call]:
    contract, count = plain.created.contract, len(plain.rates)
    foreign = (
        selector(view) + (b"" if view.endswith("()") else encode_word(0)) for view in FOREIGN
    )
    terms = (A_PRECISE, A, FUTURE_A, FEE, ADMIN_FEE)
    balances = (BALANCES + encode_word(index) for index in range(count))
    return [Call(to=contract, data=data) for data in (*foreign, *terms, *balances)]


def _made(plain: _Plain, answers: Answers) -> ReadCurvePool:
    """From the second generation on, pools tell two decimals and revert where they circle."""
    for reason, answer in zip(FOREIGN.values(), answers, strict=False):
        if answer is not None and len(answer) >= WORD_BYTES:
            raise UnfitPoolError(reason)
    precise, rough, future, fee, admin_fee, *balances = answers[len(FOREIGN) :]
    is_precise = precise is not None
    amplification = _number(precise if is_precise else rough, "A")
    pool = CurvePool(
        id=plain.id,
        venue=plain.created.venue,
        tokens=plain.created.tokens,
        balances=tuple(_number(answer, "balances") for answer in balances),
        rates=plain.rates,
        amplification=amplification,
        a_precision=PRECISE if is_precise else 1,
        reverts_unsettled=is_precise,
        fee=_number(fee, "fee"),
        admin_fee=_number(admin_fee, "admin_fee"),
    )
    return ReadCurvePool(pool=pool, is_restless=_number(future, "future_A") != amplification)


def _number(answer: bytes | None, field: str) -> int:
    return decode_unsigned(given(answer, field), 0, bits=WORD_BITS, field=field)


_PLAIN: Final = Stage(pool_id=attrgetter("id"), calls=_calls, make=_made)


async def read_curve(
    block: StateBlock, created: Sequence[CreatedPool], tokens: Mapping[Address, Token]
) -> tuple[list[ReadCurvePool], list[Refusal]]:
    """Balances, amplification and fees.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    plain, refused = [], []
    for pool in created:
        decimals = [tokens[token].decimals for token in pool.tokens]
        if max(decimals) > RATE_DECIMALS:
            refused.append(Refusal(pool_id=pool.id, reason=f"decimals of {decimals}"))
        else:
            rates = tuple(10 ** (RATE_DECIMALS - places) for places in decimals)
            plain.append(_Plain(created=pool, rates=rates))
    pools, unread = await _PLAIN.run(block, plain)
    return pools, [*refused, *unread]
