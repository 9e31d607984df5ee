"""The executor's gas beside that of a bare caller and of a contract that goes through routers.

Overhead is what a transaction costs beyond 21,000 and beyond what pools and lender cost themselves.
The latter is measured with `BareCaller`, which plays the same calls with every amount known
beforehand, pays nobody out and checks nothing. Everything is a real transaction on a local chain
with the real protocols; each is undone before the next.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.gas_market import (
    BASE_GAS,
    Market,
    calldata_gas,
    open_market,
    script,
    swap_call,
    transfer_call,
)
from benchmarks.report import Row, report
from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.rpc import open_rpc
from searcher.calldata import encode_execute
from searcher.flash_lenders import LenderKind
from searcher.plan_bytes import encode_plan
from searcher.plans import (
    AaveV3Source,
    BalancerV2Source,
    NoSource,
    Plan,
    PlanHop,
    Source,
    UniswapV2Hop,
    UniswapV3Hop,
)
from sims.devnet.cache import devnet
from sims.devnet.deployer import encode_call
from sims.devnet.deployment import DeployedPool

AMOUNT = 5 * WEI_PER_ETHER
TIP_SHARE_BPS = 9_000
AAVE_PREMIUM = AMOUNT * 5 // 10_000
FLASH_BALANCER = "flashLoan(address,address[],uint256[],bytes)"
FLASH_AAVE = "flashLoanSimple(address,address,uint256,bytes,uint16)"
SWAP_CONCENTRATED = "swap(address,bool,int256,uint160,bytes)"
EXECUTE_BY_ROUTERS = "execute(uint256,uint256,uint256,(address,address,uint24)[])"
LOWEST_LIMIT_X96 = 4_295_128_740
HIGHEST_LIMIT_X96 = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One trade of a cycle."""

    pool: DeployedPool
    token_in: Address
    token_out: Address

    @property
    def is_concentrated(self) -> bool:
        """Whether a callback pays the input."""
        return self.pool.venue == "uniswap-v3"

    @property
    def plan_hop(self) -> PlanHop:
        """As the executor is told."""
        if self.is_concentrated:
            return UniswapV3Hop(
                token_in=self.token_in,
                token_out=self.token_out,
                fee_pips=self.pool.fee_pips,
                factory=0,
            )
        return UniswapV2Hop(
            pool=self.pool.address,
            fee_pips=self.pool.fee_pips,
            zero_for_one=self.token_in < self.token_out,
        )


def cycle(market: Market, *trades: tuple[str, str]) -> list[Step]:
    """Venues with the tokens they buy, from WETH and back to it."""
    steps, sold = [], "WETH"
    for venue, bought in trades:
        pool = market.pool(venue, sold, bought)
        step = Step(pool=pool, token_in=market.token(sold), token_out=market.token(bought))
        steps.append(step)
        sold = bought
    return steps


async def executor_gas(
    market: Market, steps: Sequence[Step], source: Source, *, tip_share_bps: int
) -> int:
    """Of the whole transaction."""
    plan = Plan(
        target_block=await market.next_block(),
        min_profit=1,
        tip_share_bps=tip_share_bps,
        source=source,
        asset=market.deployment.weth,
        amount_in=AMOUNT,
        hops=tuple(step.plan_hop for step in steps),
    )
    deployment = market.deployment
    return await market.gas_of(
        deployment.trading_account, deployment.executor, encode_execute(plan)
    )


async def bare_gas(
    market: Market, caller: Address, steps: Sequence[Step], *, lender: LenderKind
) -> int:
    """What pools and lender cost: without the transaction's own base and data."""
    weth = market.deployment.weth
    address = next(entry.address for entry in market.deployment.lenders if entry.kind is lender)
    owed = AMOUNT + (AAVE_PREMIUM if lender is LenderKind.AAVE_V3 else 0)
    repay = transfer_call(address, owed)
    if lender is LenderKind.AAVE_V3:
        repay = encode_call("approve(address,uint256)", address, owed)
    inner = [*await bare_trades(market, caller, steps, owed=owed), (weth, repay)]
    loan = encode_call(FLASH_BALANCER, caller, [weth], [AMOUNT], script(*inner))
    if lender is LenderKind.AAVE_V3:
        loan = encode_call(FLASH_AAVE, caller, weth, AMOUNT, script(*inner), 0)
    data = script((address, loan))
    gas = await market.gas_of(market.deployment.trading_account, caller, data)
    return gas - BASE_GAS - calldata_gas(data)


async def bare_trades(
    market: Market, caller: Address, steps: Sequence[Step], *, owed: int
) -> list[tuple[Address, bytes]]:
    """The calls of the trades. The last pool gives no more than what is owed.

    A pair before a concentrated pool trades in that pool's callback, straight into it.
    """
    calls, amount = [], AMOUNT
    if not steps[0].is_concentrated:
        calls.append((steps[0].token_in, transfer_call(steps[0].pool.address, AMOUNT)))
    payment = None
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        to = caller if following is None else following.pool.address
        output = await bare_output(market, step, amount)
        granted = owed if following is None else output
        if step.is_concentrated:
            pays = payment or (step.token_in, transfer_call(step.pool.address, amount))
            calls.append((step.pool.address, concentrated_call(step, amount, script(pays), to=to)))
        else:
            call = swap_call(step.pool, token_in=step.token_in, amount_out=granted, to=to)
            payment = (step.pool.address, call)
            if following is None or not following.is_concentrated:
                calls.append(payment)
        amount = output
    return calls


async def bare_output(market: Market, step: Step, amount: int) -> int:
    """What the pool pays."""
    if step.is_concentrated:
        return await market.concentrated_output(step.pool, token_in=step.token_in, amount_in=amount)
    return await market.pair_output(step.pool, token_in=step.token_in, amount_in=amount)


def concentrated_call(step: Step, amount: int, payment: bytes, *, to: Address) -> bytes:
    """Calldata of a concentrated pool's swap."""
    zero_for_one = step.token_in < step.token_out
    limit = LOWEST_LIMIT_X96 if zero_for_one else HIGHEST_LIMIT_X96
    return encode_call(SWAP_CONCENTRATED, to, zero_for_one, amount, limit, payment)


async def router_gas(
    market: Market, contract: Address, steps: Sequence[Step], *, tip_share_bps: int
) -> int:
    """Of the whole transaction, through the official routers."""
    routers = {factory.venue: factory.router for factory in market.deployment.factories}
    hops = [
        (
            routers[step.pool.venue],
            step.token_out,
            step.pool.fee_pips if step.is_concentrated else 0,
        )
        for step in steps
    ]
    data = encode_call(EXECUTE_BY_ROUTERS, AMOUNT, 1, tip_share_bps, hops)
    return await market.gas_of(market.deployment.trading_account, contract, data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheads:
    """Beyond 21,000, pools and lender."""

    two_pairs: int
    three_pairs: int
    mixed: int
    two_pairs_aave: int
    tip: int

    @property
    def pair_hop(self) -> int:
        """Of one more pair."""
        return self.three_pairs - self.two_pairs

    @property
    def concentrated_hop(self) -> int:
        """Of a concentrated pool between two pairs."""
        return self.mixed - self.two_pairs


async def overheads(market: Market) -> Overheads:
    """Measure ours against the bare caller."""
    caller = await market.deploy("BareCaller")
    for symbol in ("WETH", "USDC"):
        await market.give(market.token(symbol), caller)

    async def overhead(steps: Sequence[Step], source: Source, lender: LenderKind) -> int:
        ours = await executor_gas(market, steps, source, tip_share_bps=0)
        return ours - BASE_GAS - await bare_gas(market, caller, steps, lender=lender)

    two = two_pairs(market)
    balancer = (BalancerV2Source(), LenderKind.BALANCER_V2)
    tipped = await executor_gas(market, two, BalancerV2Source(), tip_share_bps=TIP_SHARE_BPS)
    untipped = await executor_gas(market, two, BalancerV2Source(), tip_share_bps=0)
    return Overheads(
        two_pairs=await overhead(two, *balancer),
        three_pairs=await overhead(three_pairs(market), *balancer),
        mixed=await overhead(mixed(market), *balancer),
        two_pairs_aave=await overhead(two, AaveV3Source(), LenderKind.AAVE_V3),
        tip=tipped - untipped,
    )


def two_pairs(market: Market) -> list[Step]:
    """In Uniswap V2 and PancakeSwap."""
    return cycle(market, ("uniswap-v2", "USDC"), ("pancakeswap-v1", "WETH"))


def three_pairs(market: Market) -> list[Step]:
    """All in Uniswap V2."""
    return cycle(market, ("uniswap-v2", "USDC"), ("uniswap-v2", "DAI"), ("uniswap-v2", "WETH"))


def mixed(market: Market) -> list[Step]:
    """V2, V3, V2."""
    return cycle(market, ("uniswap-v2", "USDC"), ("uniswap-v3", "DAI"), ("uniswap-v2", "WETH"))


def bytes_per_pair_hop(market: Market) -> int:
    """What one more hop adds to the plan."""
    two, three = (
        Plan(
            target_block=1,
            min_profit=1,
            tip_share_bps=0,
            source=BalancerV2Source(),
            asset=market.deployment.weth,
            amount_in=AMOUNT,
            hops=tuple(step.plan_hop for step in steps),
        )
        for steps in (two_pairs(market), three_pairs(market))
    )
    return len(encode_plan(three)) - len(encode_plan(two))


async def measure() -> list[Row]:
    """Every row, on one chain."""
    async with devnet() as chain, open_rpc(chain.anvil.http_url) as rpc:
        market = await open_market(rpc, chain.deployment)
        found = await overheads(market)
        rows = [
            gas_row("overhead of a Uniswap V2 hop", found.pair_hop, 3_000),
            gas_row("overhead of a Uniswap V3 hop", found.concentrated_hop, 4_500),
            gas_row(
                "fixed overhead, Balancer V2, payout included",
                found.two_pairs - 2 * found.pair_hop,
                25_000,
            ),
            gas_row(
                "fixed overhead, Aave V3, payout included",
                found.two_pairs_aave - 2 * found.pair_hop,
                35_000,
            ),
            gas_row("a tip on top: unwrapping, the transfer itself", found.tip, None),
            Row(
                measure="calldata of a Uniswap V2 hop",
                value=bytes_per_pair_hop(market),
                unit="bytes",
                target=40,
            ),
        ]
        return rows + await compared(market)


async def compared(market: Market) -> list[Row]:
    """Side by side with the routers, the same tip paid by both."""
    deployment, steps = market.deployment, mixed(market)
    vault = next(
        entry.address for entry in deployment.lenders if entry.kind is LenderKind.BALANCER_V2
    )
    wiring = (deployment.trading_account, vault, deployment.weth, deployment.beneficiary)
    contract = await market.deploy("RouterExecutor", *wiring)
    routers = await router_gas(market, contract, steps, tip_share_bps=TIP_SHARE_BPS)
    rows = [gas_row("V2, V3, V2 and a tip: by routers, Balancer V2", routers, None)]
    for name, source in (
        ("Balancer V2", BalancerV2Source()),
        ("Aave V3", AaveV3Source()),
        ("no loan", NoSource()),
    ):
        ours = await executor_gas(market, steps, source, tip_share_bps=TIP_SHARE_BPS)
        rows.append(gas_row(f"V2, V3, V2 and a tip: ours, {name}", ours, None))
        if not isinstance(source, AaveV3Source):
            measure = f"ours, {name} / by routers, Balancer V2"
            rows.append(Row(measure=measure, value=ours / routers, unit="x", target=0.75))
    return rows


def gas_row(measure: str, gas: int, target: int | None) -> Row:
    """A row in gas."""
    return Row(measure=measure, value=gas, unit="gas", target=target)


if __name__ == "__main__":
    report("gas", asyncio.run(measure()))
