"""Exact amounts along a cycle, hop by hop, as the contracts would move them.

Separate from sizing because the ledger, the replay and the simulator's cross-check quote a cycle
at an input that is already decided.
"""

from graphs.cycles import Cycle
from graphs.market import Market


def quote_cycle(market: Market, cycle: Cycle, amount_in: int) -> tuple[int, ...]:
    """Quote the input and then the output of each hop, each rounded down as its contract rounds.

    Raises:
        AmountOutOfRangeError: a contract's integer types cannot hold a trade.
        InsufficientLiquidityError: a pool cannot take or give that much.
        UnknownTokenError: a pool does not trade the pair of its hop.
    """
    amounts = [amount_in]
    for hop in cycle.hops:
        pool = market.pools[hop.pool_id]
        amounts.append(pool.amount_out(hop.token_in, hop.token_out, amounts[-1]))
    return tuple(amounts)


def least_input(market: Market, cycle: Cycle, *, hops: int, amount_out: int) -> int:
    """Quote backwards the least input whose first `hops` trades end in at least this amount.

    Raises:
        AmountOutOfRangeError, InsufficientLiquidityError, UnknownTokenError: as `quote_cycle`.
    """
    amount = amount_out
    for hop in reversed(cycle.hops[:hops]):
        pool = market.pools[hop.pool_id]
        amount = pool.amount_in(hop.token_in, hop.token_out, amount)
    return amount
