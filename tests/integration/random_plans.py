"""Random plans over mixed pools and all flash sources, and what the chain makes of them.

The executor holds wrapped ether of its own, so that a losing plan repays its loan and says in its
revert how much it lost: no plan has to be profitable to be compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import aiohttp

from graphs.cycles import Cycle, Hop
from graphs.errors import GraphError
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.quotes import quote_cycle
from graphs.units import Address, PoolId
from searcher.bundles import plan
from searcher.calldata import decode_result, encode_execute
from searcher.flash_lenders import Lender
from searcher.flash_sources import FEE_RULES, obstacle
from searcher.model import Bid, Opportunity
from searcher.reverts import decode_revert

MIN_HOPS: Final = 2
MAX_HOPS: Final = 4
MAX_TRIES: Final = 1_000
LEAST_BITS: Final = 40
MOST_BITS: Final = 67
"""Of an input: from about a millionth of an ether to a hundred and fifty."""

GAS: Final = 5_000_000
AT_ONCE: Final = 50
LOSS: Final = "ProfitBelowMinimum("


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One plan."""

    bid: Bid
    pools: tuple[Pool, ...]
    predicted: int | None
    """Gross profit by graphs, negative for a loss; None where a quote refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What the chain said."""

    profit: int | None
    """Gross profit, negative for a loss; None where something else failed."""

    words: str
    """The revert's, if it is one."""

    gas: int
    """What it took."""


class Draw:
    """Random closed walks, lenders and amounts from a seed."""

    def __init__(self, market: Market, lenders: Sequence[Lender], *, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - tests repeat
        self._market = market
        self._lenders = lenders
        self._base = lenders[0].asset
        self._pools: dict[Address, list[Pool]] = {}
        for pool in market.pools.values():
            for token in pool.tokens:
                self._pools.setdefault(token, []).append(pool)

    def case(self) -> Case:
        """A plan whose lender can serve it."""
        for _ in range(MAX_TRIES):
            cycle = self._cycle()
            lender = self._random.choice(self._lenders)
            if cycle is not None and obstacle(lender, cycle, self._market) is None:
                return self._with_amount(cycle, lender)
        raise AssertionError("no plan in sight")

    def _cycle(self) -> Cycle | None:
        hops: list[Hop] = []
        token, seen = self._base, {self._base}
        for _ in range(MAX_HOPS):
            used = {hop.pool_id for hop in hops}
            pool = self._random.choice([one for one in self._pools[token] if one.id not in used])
            onward = [other for other in pool.tokens if other not in seen - {self._base}]
            choices = [other for other in onward if other != token]
            if not choices:
                return None
            bought = self._random.choice(choices)
            hops.append(Hop(pool_id=pool.id, token_in=token, token_out=bought))
            if bought == self._base:
                return Cycle(hops=tuple(hops)) if len(hops) >= MIN_HOPS else None
            token = bought
            seen.add(bought)
        return None

    def _with_amount(self, cycle: Cycle, lender: Lender) -> Case:
        size = int(2 ** self._random.uniform(LEAST_BITS, MOST_BITS))
        amount = min(size, lender.available)
        amounts = self._quoted(cycle, amount)
        fee = FEE_RULES[lender.kind](amount, lender.fee_bps)
        predicted = None if amounts is None else amounts[-1] - amount - fee
        pools = tuple(self._market.pools[hop.pool_id] for hop in cycle.hops)
        return Case(
            bid=self._bid(cycle, lender, amounts or (amount, 0)), pools=pools, predicted=predicted
        )

    def _quoted(self, cycle: Cycle, amount: int) -> tuple[int, ...] | None:
        try:
            amounts = quote_cycle(self._market, cycle, amount)
        except GraphError:
            return None
        return amounts if all(amounts) else None

    def _bid(self, cycle: Cycle, lender: Lender, amounts: tuple[int, ...]) -> Bid:
        opportunity = Opportunity(
            block_number=self._market.block_number,
            block_hash=self._market.block_hash,
            cycle=cycle,
            amounts=amounts,
            lender=lender,
            flash_fee_wei=0,
            gross_profit_wei=0,
            gas_limit_gas=GAS,
        )
        return Bid(
            opportunity=opportunity,
            target_block=self._market.block_number + 1,
            tip_share_bps=self._random.choice((0, 8_000, 10_000)),
            tip_wei=0,
            min_profit_wei=0,
            gas_limit_gas=GAS,
            max_fee_per_gas_wei=0,
            net_profit_wei=0,
            expected_profit_wei=0,
        )


async def run_plans(
    url: str, cases: Iterable[Case], market: Market, *, executor: Address, owner: Address
) -> list[Ran]:
    """Simulate each plan alone on the next block."""
    calls = [
        {
            "from": owner,
            "to": executor,
            "data": "0x" + encode_execute(plan(case.bid, market)).hex(),
            "gas": hex(GAS),
        }
        for case in cases
    ]
    target = {"number": hex(market.block_number + 1)}
    ran: list[Ran] = []
    async with aiohttp.ClientSession() as session:
        for start in range(0, len(calls), AT_ONCE):
            body = [
                {
                    "jsonrpc": "2.0",
                    "id": index,
                    "method": "eth_simulateV1",
                    "params": [
                        {"blockStateCalls": [{"blockOverrides": target, "calls": [call]}]},
                        "latest",
                    ],
                }
                for index, call in enumerate(calls[start : start + AT_ONCE])
            ]
            async with session.post(url, json=body) as response:
                answers = {answer["id"]: answer for answer in await response.json()}
            ran += [_read(answers[index]["result"][0]["calls"][0]) for index in range(len(body))]
    return ran


def _read(answer: Mapping[str, Any]) -> Ran:
    gas = int(answer["gasUsed"], 16)
    if answer["status"] == "0x1":
        result = decode_result(bytes.fromhex(answer["returnData"][2:]))
        return Ran(profit=result.gross_profit_wei, words="", gas=gas)
    words = decode_revert(bytes.fromhex(answer["returnData"][2:]))
    if words.startswith(LOSS):
        loss = int(words.removeprefix(LOSS).split(",")[0])
        return Ran(profit=loss, words=words, gas=gas)
    return Ran(profit=None, words=words, gas=gas)


def by_id(pools: Iterable[Pool]) -> dict[PoolId, Pool]:
    """Pools as a market keeps them."""
    return {pool.id: pool for pool in pools}
