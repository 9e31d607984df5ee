"""The real exchange contracts with awkward pools on a local chain, to compare quotes with.

The pools of the demonstration are well-behaved. These lie at extreme prices, exactly on ticks,
in overlapping and in disjoint positions, with every tick spacing of Uniswap V3.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import isqrt
from typing import Final

import aiohttp
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.tick_math import get_sqrt_ratio_at_tick, get_tick_at_sqrt_ratio
from graphs.units import Address, PoolId
from searcher.adapters.rpc import open_rpc
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.anvil import AnvilOptions, running_anvil
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Deployer, encode_call
from sims.devnet.plan import GENESIS_TIMESTAMP_S
from sims.devnet.uniswap import (
    FOREVER,
    MINT,
    deploy_pancakeswap,
    deploy_positions,
    deploy_quoter,
    deploy_uniswap_v2,
    deploy_uniswap_v3,
)

ERC20: Final = "@uniswap/v2-core/build/ERC20.json"
WETH9: Final = "canonical-weth/build/contracts/WETH9.json"
SUPPLY: Final = 2**255
MINT_TOPIC: Final = (
    "0x" + keccak(text="Mint(address,address,int24,int24,uint128,uint256,uint256)").hex()
)
Overrides = dict[str, dict[str, dict[str, str]]]
"""Storage to pretend, as `eth_call` takes it: address, "stateDiff", slot, word."""

SPACINGS: Final = {100: 1, 500: 10, 3000: 60, 10_000: 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """A concentrated pool to create: positions are ends in ticks from the centre."""

    fee_pips: int
    sqrt_price_x96: int
    positions: tuple[tuple[int, int], ...]
    amount: int
    """Of either token offered to every position."""


POOLS: Final = (
    # Overlapping, and one over all prices; the price is exactly on an initialised tick.
    Ranges(
        fee_pips=500,
        sqrt_price_x96=2**96,
        positions=((-1000, 1000), (-100, 200), (0, 500), (200, 800), (-887_270, 887_270)),
        amount=10**24,
    ),
    # Six decimals against eighteen, 2500 to one.
    Ranges(
        fee_pips=3000,
        sqrt_price_x96=isqrt((4 * 10**8) << 192),
        positions=((-600, 600), (-6000, 120), (-60, 24_000), (-60_000, 60_000)),
        amount=10**21,
    ),
    # No liquidity at the price, and some far away on both sides.
    Ranges(
        fee_pips=10_000,
        sqrt_price_x96=isqrt(2**192 // (3 * 10**9)),
        positions=((-40_000, -2000), (2000, 6000), (60_000, 60_200)),
        amount=10**18,
    ),
    # Single ticks, the price exactly on one.
    Ranges(
        fee_pips=100,
        sqrt_price_x96=get_sqrt_ratio_at_tick(777),
        positions=((-77, 23), (0, 1), (0, 123), (-677, 0), (-3777, 1223)),
        amount=10**15,
    ),
)


class Chain(Deployer):
    """A deployer that also asks many questions at once, some of which revert."""

    def __init__(self, deployer: Deployer, http_url: str) -> None:
        super().__init__(deployer.rpc, address=deployer.address, timestamp_s=deployer.timestamp_s)
        self._http_url = http_url

    async def ask(self, questions: Sequence[tuple[Address, bytes]]) -> list[bytes]:
        """Results of read-only calls in one round trip; empty where the contract reverts."""
        answers = await self._batch([(to, data, {}) for to, data in questions])
        return [bytes.fromhex(answer.get("result", "0x")[2:]) for answer in answers]

    async def succeeds(self, questions: Sequence[tuple[Address, bytes, Overrides]]) -> list[bool]:
        """Whether calls, each on a state of its own, return at all."""
        return ["result" in answer for answer in await self._batch(questions)]

    async def _batch(
        self, questions: Sequence[tuple[Address, bytes, Overrides]]
    ) -> list[dict[str, str]]:
        body = [
            {
                "jsonrpc": "2.0",
                "id": index,
                "method": "eth_call",
                "params": [
                    {"from": self.address, "to": to, "data": "0x" + data.hex()},
                    "latest",
                    overrides,
                ],
            }
            for index, (to, data, overrides) in enumerate(questions)
        ]
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._http_url, json=body) as response,
        ):
            answers = {answer["id"]: answer for answer in await response.json()}
        return [answers[index] for index in range(len(body))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanges:
    """What stands on the chain."""

    chain: Chain
    tokens: tuple[Address, Address]
    v2_router: Address
    v2_pair: Address
    pancake_pair: Address
    v3_router: Address
    quoter: Address
    v3_pools: tuple[ConcentratedPool, ...]
    """As their Mint events tell."""


@asynccontextmanager
async def real_exchanges() -> AsyncIterator[Exchanges]:
    """Deploy the exchanges on a chain of their own."""
    options = AnvilOptions(timestamp_s=GENESIS_TIMESTAMP_S)
    async with running_anvil(options) as anvil, open_rpc(anvil.http_url) as rpc:
        account = public_address(DEPLOYER)
        deployer = Deployer(rpc, address=account, timestamp_s=GENESIS_TIMESTAMP_S)
        yield await _deploy(Chain(deployer, anvil.http_url))


async def _deploy(chain: Chain) -> Exchanges:
    weth = await chain.deploy(load_code(WETH9))
    low, high = sorted([await chain.deploy(load_code(ERC20), SUPPLY) for _ in range(2)])
    v2 = await deploy_uniswap_v2(chain, weth)
    pancake = await deploy_pancakeswap(chain, weth)
    v3 = await deploy_uniswap_v3(chain, weth)
    positions = await deploy_positions(chain, v3, weth)
    await chain.call(v3.address, "enableFeeAmount(uint24,int24)", 100, 1)
    for token in (low, high):
        for spender in (v2.router, v3.router, positions):
            await chain.call(token, "approve(address,uint256)", spender, 2**256 - 1)
    return Exchanges(
        chain=chain,
        tokens=(low, high),
        v2_router=v2.router,
        v2_pair=await _create_pair(chain, v2.address, (low, high)),
        pancake_pair=await _create_pair(chain, pancake.address, (low, high)),
        v3_router=v3.router,
        quoter=await deploy_quoter(chain, v3, weth),
        v3_pools=tuple(
            [await _create_v3(chain, (v3.address, positions), (low, high), plan=p) for p in POOLS]
        ),
    )


async def _create_pair(chain: Chain, factory: Address, tokens: tuple[Address, Address]) -> Address:
    await chain.call(factory, "createPair(address,address)", *tokens)
    pair = await chain.read_address(factory, "getPair(address,address)", *tokens)
    for token, amount in zip(tokens, (10**24, 4 * 10**15), strict=True):
        await chain.call(token, "transfer(address,uint256)", pair, amount)
    await chain.call(pair, "mint(address)", chain.address)
    return pair


async def _create_v3(
    chain: Chain,
    factory_and_positions: tuple[Address, Address],
    tokens: tuple[Address, Address],
    *,
    plan: Ranges,
) -> ConcentratedPool:
    """Create and fund the pool, then rebuild it from its events alone."""
    factory, positions = factory_and_positions
    create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    await chain.call(positions, create, *tokens, plan.fee_pips, plan.sqrt_price_x96)
    spacing = SPACINGS[plan.fee_pips]
    centre = get_tick_at_sqrt_ratio(plan.sqrt_price_x96) // spacing * spacing
    for lower, upper in plan.positions:
        key = (*tokens, plan.fee_pips, centre + lower, centre + upper)
        terms = (plan.amount, plan.amount, 0, 0, chain.address, FOREVER)
        await chain.call(positions, MINT, (*key, *terms))
    get_pool = "getPool(address,address,uint24)"
    address = await chain.read_address(factory, get_pool, *tokens, plan.fee_pips)
    pool = ConcentratedPool(
        id=PoolId(address),
        venue="uniswap-v3",
        token0=tokens[0],
        token1=tokens[1],
        fee_pips=plan.fee_pips,
        tick_spacing=spacing,
        sqrt_price_x96=plan.sqrt_price_x96,
        tick=get_tick_at_sqrt_ratio(plan.sqrt_price_x96),
        liquidity=0,
        ticks=(),
        liquidity_nets=(),
        liquidity_grosses=(),
    )
    return await _with_minted(chain, pool)


async def _with_minted(chain: Chain, pool: ConcentratedPool) -> ConcentratedPool:
    query = {"address": pool.id, "topics": [MINT_TOPIC], "fromBlock": "0x0"}
    logs = await chain.rpc.call("eth_getLogs", query)
    assert isinstance(logs, list)
    for log in logs:
        lower, upper = (
            decode(["int24"], bytes.fromhex(topic[2:]))[0] for topic in log["topics"][2:]
        )
        data = bytes.fromhex(log["data"][2:])
        liquidity = decode(["address", "uint128", "uint256", "uint256"], data)[1]
        pool = pool.with_liquidity(lower, upper, liquidity_delta=liquidity)
    return pool


async def read_slot0(chain: Chain, pool: ConcentratedPool) -> tuple[int, int, int]:
    """The contract's price, tick and liquidity."""
    address = Address(pool.id)
    slot0, liquidity = await chain.ask(
        [(address, encode_call("slot0()")), (address, encode_call("liquidity()"))]
    )
    price, tick, *_ = decode(["uint160", "int24"], slot0)
    return price, tick, decode(["uint128"], liquidity)[0]
