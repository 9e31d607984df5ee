"""Steps executed on a Market: exact amounts, the router's own checks, and who holds what.

What the sender owns and has approved is not known here, nor what the router held before: the
first is taken to suffice, the second to be nothing. A bundle with his transaction in it is
simulated before it is sent, and that is where a wrong guess ends.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import BPS, Address, PoolId
from searcher.effects.calls import decode_call
from searcher.effects.outcome import Effect, Reason, UnforeseenError, Unknown
from searcher.effects.pool_trades import pool_of, tokens_of, trade
from searcher.effects.prospect import Prospect
from searcher.effects.steps import (
    ALL,
    DEBT,
    ETHER,
    MANAGER,
    PAID,
    ROUTER,
    SENDER,
    Convert,
    Move,
    RouterCall,
    Share,
    Step,
    SubPlan,
    Swap,
)
from searcher.errors import WireError
from searcher.pending import PendingTransaction

REVERTS = frozenset(
    {Reason.TOO_LITTLE, Reason.TOO_MUCH, Reason.INVALID_CALL, Reason.NOT_FILLED, Reason.UNFUNDED}
)
"""Reasons after which an optional sub-plan has changed nothing and the rest goes on."""


class _Run(NamedTuple):
    """A transaction under way."""

    prospect: Prospect
    pools: dict[PoolId, Pool]
    balances: Counter[tuple[Address, Address]]

    def pool(self, pool_id: PoolId) -> Pool:
        return self.pools.get(pool_id) or self.prospect.market.pools[pool_id]


def effect_of(pending: PendingTransaction, prospect: Prospect) -> Effect | Unknown:
    """Say which pools the transaction changes as the first of the next block, and how."""
    transaction = pending.transaction
    router = None if transaction.to is None else prospect.routers.get(transaction.to)
    if router is None:
        return Unknown(reason=Reason.NOT_A_ROUTER)
    if transaction.chain_id not in {None, prospect.chain_id}:
        return Unknown(reason=Reason.OTHER_CHAIN)
    if transaction.max_fee_per_gas_wei < prospect.base_fee_wei:
        return Unknown(reason=Reason.UNDERPRICED)
    try:
        call = decode_call(router, transaction.data, transaction.value_wei)
        return Effect(touched=execute(call, prospect, value_wei=transaction.value_wei))
    except WireError:
        return Unknown(reason=Reason.MALFORMED)
    except UnforeseenError as error:
        return Unknown(reason=error.reason)


def execute(call: RouterCall, prospect: Prospect, *, value_wei: int) -> tuple[Pool, ...]:
    """The pools that a call changes, in the order of their first change.

    Raises:
        UnforeseenError: it would revert, or what it does cannot be told.
    """
    if prospect.timestamp_s > call.deadline_s:
        raise UnforeseenError(Reason.EXPIRED)
    if call.parent_hash not in {None, prospect.market.block_hash}:
        raise UnforeseenError(Reason.EXPIRED)
    run = _Run(prospect, {}, Counter({(ROUTER, ETHER): value_wei}))
    _execute(run, call.steps)
    if any(owed for (holder, _), owed in run.balances.items() if holder == MANAGER):
        raise UnforeseenError(Reason.INVALID_CALL)
    before = prospect.market.pools
    touched = tuple(pool for pool in run.pools.values() if pool != before[pool.id])
    if not touched:
        raise UnforeseenError(Reason.NO_POOL)
    return touched


def _execute(run: _Run, steps: Sequence[Step]) -> None:
    for step in steps:
        match step:
            case Swap():
                _swap(run, step)
            case Move():
                _move(run, step)
            case Share():
                amount = run.balances[ROUTER, step.token] * step.share_bps // BPS
                _move(run, Move(step.token, ROUTER, step.recipient, amount))
            case Convert():
                _convert(run, step)
            case SubPlan():
                _sub_plan(run, step)


def _sub_plan(run: _Run, plan: SubPlan) -> None:
    inner = run._replace(pools=dict(run.pools), balances=run.balances.copy())
    try:
        _execute(inner, plan.steps)
    except UnforeseenError as error:
        if plan.is_optional and error.reason in REVERTS:
            return
        raise
    run.pools.update(inner.pools)
    # Counter.update adds, which is not meant.
    run.balances.clear()
    run.balances.update(inner.balances)


def _swap(run: _Run, swap: Swap) -> None:
    ids = [pool_of(hop, run.prospect) for hop in swap.hops]
    token_in, token_out = _ends(run, swap, ids)
    if swap.is_sold_on:
        dry = run._replace(pools=dict(run.pools))
        sold = _trade(dry, swap, ids, amount=swap.amount)
        if sold > swap.limit:
            raise UnforeseenError(Reason.TOO_MUCH)
        swap = swap._replace(amount=sold, limit=0, is_exact_in=True)
    payer = Address(ids[0]) if swap.amount == PAID else swap.payer
    is_all = swap.amount in {ALL, PAID}
    amount = run.balances[payer, token_in] if is_all else swap.amount
    other = _trade(run, swap, ids, amount=amount)
    if swap.is_exact_in and other < swap.limit:
        raise UnforeseenError(Reason.TOO_LITTLE)
    if not swap.is_exact_in and other > swap.limit:
        raise UnforeseenError(Reason.TOO_MUCH)
    sold, bought = (amount, other) if swap.is_exact_in else (other, amount)
    _pay(run, payer, token_in, amount=sold)
    run.balances[swap.recipient, token_out] += bought


def _ends(run: _Run, swap: Swap, ids: Sequence[PoolId]) -> tuple[Address, Address]:
    """What the whole swap sells and buys.

    Raises:
        UnforeseenError: its hops do not join, or are not to be reckoned with.
    """
    pools = [run.pool(pool_id) for pool_id in ids]
    if len(set(ids)) < len(ids) and any(isinstance(pool, ConstantProductPool) for pool in pools):
        raise UnforeseenError(Reason.REPEATED_POOL)
    pairs = [tokens_of(hop, pool) for hop, pool in zip(swap.hops, pools, strict=True)]
    if any(before[1] != after[0] for before, after in pairwise(pairs)):
        raise UnforeseenError(Reason.INVALID_CALL)
    if not run.prospect.taxed.isdisjoint(token for pair in pairs for token in pair):
        raise UnforeseenError(Reason.FEE_ON_TRANSFER)
    return pairs[0][0], pairs[-1][1]


def _trade(run: _Run, swap: Swap, ids: Sequence[PoolId], *, amount: int) -> int:
    """The amount at the other end. Exact outputs go from the last pool to the first."""
    hops = list(zip(swap.hops, ids, strict=True))
    for hop, pool_id in hops if swap.is_exact_in else reversed(hops):
        before = run.pool(pool_id)
        run.pools[pool_id], amount = trade(before, hop, amount, is_exact_in=swap.is_exact_in)
        _check_limit(run, swap, pool_id)
    return amount


def _check_limit(run: _Run, swap: Swap, pool_id: PoolId) -> None:
    """A swap that does not get past its price limit is as one without."""
    pool = run.pools[pool_id]
    if not swap.price_limit_x96 or not isinstance(pool, ConcentratedPool):
        return
    price = pool.sqrt_price_x96
    is_falling = tokens_of(swap.hops[0], pool)[0] == pool.token0
    if price < swap.price_limit_x96 if is_falling else price > swap.price_limit_x96:
        raise UnforeseenError(Reason.PRICE_LIMIT)


def _move(run: _Run, move: Move) -> None:
    amount = move.amount
    if amount == ALL:
        amount = run.balances[move.payer, move.token]
    elif amount == DEBT:
        amount = -run.balances[move.recipient, move.token]
    if amount < move.least:
        raise UnforeseenError(Reason.TOO_LITTLE)
    if amount > move.most:
        raise UnforeseenError(Reason.TOO_MUCH)
    if not run.prospect.taxed.isdisjoint({move.token}):
        raise UnforeseenError(Reason.FEE_ON_TRANSFER)
    _pay(run, move.payer, move.token, amount=amount)
    run.balances[move.recipient, move.token] += amount


def _convert(run: _Run, convert: Convert) -> None:
    held = run.balances[ROUTER, convert.token_in]
    amount = held if convert.amount == ALL else convert.amount
    if amount < convert.least:
        raise UnforeseenError(Reason.TOO_LITTLE)
    _pay(run, ROUTER, convert.token_in, amount=amount)
    run.balances[convert.recipient, convert.token_out] += amount


def _pay(run: _Run, payer: Address, token: Address, *, amount: int) -> None:
    if payer == SENDER:
        return
    run.balances[payer, token] -= amount
    if run.balances[payer, token] < 0 and payer != MANAGER:
        raise UnforeseenError(Reason.UNFUNDED)
