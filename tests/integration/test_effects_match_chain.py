"""Decoded, simulated and traced effects are what the real routers do to the real pools, to the wei.

Every call is foreseen three ways on the head and then mined; the pools that the chain has
afterwards are read anew from the contracts.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random

import msgspec
import pytest

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.units import Address
from searcher.adapters.created_pools import Factory
from searcher.adapters.decoding import HEADER_ONLY, Header, decode_header, member
from searcher.adapters.discovery import Survey, discover
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.adapters.traces import Method, NodeForesight, simulate, trace
from searcher.effects.execution import effect_of
from searcher.effects.outcome import Effect, Reason, Unknown
from searcher.effects.pool_index import PoolIndex
from searcher.effects.prospect import Prospect
from searcher.effects.router import Router, RouterKind
from searcher.pending import PendingTransaction
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.artifacts import load_code
from sims.devnet.cache import devnet
from sims.devnet.deployer import SLOT_SECONDS, Deployer
from sims.devnet.deployment import Deployment
from tests.integration.router_calls import (
    Call,
    Caller,
    new_pairs_call,
    universal_call,
    v2_call,
    v3_call,
)
from tests.searcher.pending_records import pending

pytestmark = pytest.mark.anvil

CALLS = 90
NOTHING = Address("0x" + "00" * 20)
SWAP_ROUTER_02 = (
    "@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json"
)
UNIVERSAL_ROUTER = (
    "@uniswap/universal-router/artifacts/contracts/UniversalRouter.sol/UniversalRouter.json"
)
FORESEEABLE = {Reason.PRICE_LIMIT, Reason.UNFUNDED, Reason.REPEATED_POOL}
"""What decoding leaves to the node, though it may succeed."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A devnet with more routers on it."""

    rpc: Rpc
    deployer: Deployer
    survey: Survey
    routers: tuple[Router, ...]
    weth: Address
    chain_id: int

    async def prospect(self) -> Prospect:
        """The chain's head as the bot would have it."""
        head = decode_header(await self.rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
        market = await self.market(head)
        return Prospect(
            market=market,
            index=PoolIndex.from_pools(market.pools.values()),
            routers={router.address: router for router in self.routers},
            taxed=frozenset(),
            chain_id=self.chain_id,
            timestamp_s=self.deployer.timestamp_s + SLOT_SECONDS,
            base_fee_wei=0,
        )

    async def known(self) -> KnownPools:
        """Which pools are followed."""
        head = decode_header(await self.rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))
        return (await discover(self.rpc, self.survey, block=head)).known

    async def market(self, head: Header) -> Market:
        """Every pool, asked of its contract."""
        found = await discover(self.rpc, self.survey, block=head)
        return Market(
            block_number=head.number, block_hash=head.hash, tokens=found.tokens, pools=found.pools
        )

    async def mine(self, call: Call) -> bool:
        """Send the call and mine it; whether it succeeded."""
        sent = {
            "from": self.deployer.address,
            "to": call.router.address,
            "data": "0x" + call.data.hex(),
            "value": hex(call.value_wei),
            "gas": hex(2_000_000),
            "maxFeePerGas": hex(10**11),
            "maxPriorityFeePerGas": "0x0",
        }
        tx_hash = await self.rpc.call("eth_sendTransaction", sent)
        await self.deployer.mine()
        receipt = await self.rpc.call("eth_getTransactionReceipt", tx_hash)
        return member(receipt, "status") == "0x1"


@asynccontextmanager
async def chain() -> AsyncIterator[Chain]:
    """Deploy the routers that the devnet lacks, and let them spend the deployer's tokens."""
    async with devnet() as net, open_rpc(net.anvil.http_url) as rpc:
        deployment = net.deployment
        deployer = Deployer(
            rpc, address=public_address(DEPLOYER), timestamp_s=deployment.head_timestamp_s
        )
        routers = await deploy_routers(deployer, deployment)
        for router in routers:
            for token in deployment.tokens:
                await deployer.call(
                    token.address, "approve(address,uint256)", router.address, 2**256 - 1
                )
        yield Chain(
            rpc=rpc,
            deployer=deployer,
            survey=survey_of(deployment),
            routers=routers,
            weth=deployment.weth,
            chain_id=deployment.chain_id,
        )


async def deploy_routers(deployer: Deployer, deployment: Deployment) -> tuple[Router, ...]:
    """Two of V2, whose second reckons with a higher fee than its pairs take, and one of each."""
    v2, pancake, v3 = deployment.factories
    new = await deployer.deploy(
        load_code(SWAP_ROUTER_02), v2.address, v3.address, NOTHING, deployment.weth
    )
    hashes = [bytes.fromhex(factory.init_code_hash[2:]) for factory in (v2, v3)]
    parameters = (NOTHING, deployment.weth, v2.address, v3.address, *hashes, *[NOTHING] * 4)
    universal = await deployer.deploy(load_code(UNIVERSAL_ROUTER), parameters)
    template = Router(
        kind=RouterKind.UNISWAP_V2,
        address=v2.router,
        weth=deployment.weth,
        v2_venue=v2.venue,
        v3_venue=v3.venue,
        sushi_venue=pancake.venue,
        quote_pips=3_000,
    )
    return (
        template,
        replace(template, address=pancake.router, v2_venue=pancake.venue),
        replace(template, kind=RouterKind.UNISWAP_V3, address=v3.router),
        replace(template, kind=RouterKind.SWAP_ROUTER_02, address=new),
        replace(template, kind=RouterKind.UNIVERSAL_ROUTER, address=universal),
    )


def survey_of(deployment: Deployment) -> Survey:
    factories = [
        Factory(
            kind=factory.kind,
            venue=factory.venue,
            address=factory.address,
            fee_pips=factory.fee_pips or 0,
        )
        for factory in deployment.factories
    ]
    return Survey(factories=factories, multicall3=deployment.multicall3, start_block=0)


def drawn(caller: Caller, routers: tuple[Router, ...]) -> Call:
    v2, pancake, v3, new, universal = routers
    kind = caller.random.randrange(6)
    if kind == 0:
        return v2_call(caller, v2)
    if kind == 1:
        return v2_call(caller, pancake)
    if kind == 2:
        return v3_call(caller, v3)
    if kind == 3:
        return v3_call(caller, new)
    if kind == 4:
        return new_pairs_call(caller, new)
    return universal_call(caller, universal)


def pending_of(call: Call, sender: Address, chain_id: int) -> PendingTransaction:
    one = pending(to=call.router.address, data=call.data, value_wei=call.value_wei)
    transaction = msgspec.structs.replace(
        one.transaction, sender=sender, chain_id=chain_id, gas_limit_gas=2_000_000
    )
    return replace(one, transaction=transaction)


async def test_effects_are_what_the_chain_does() -> None:
    random = Random(20_260_101)  # noqa: S311 - repeatable calls, not a secret
    outcomes = Counter[tuple[str, str]]()
    async with chain() as local:
        for _ in range(CALLS):
            prospect = await local.prospect()
            caller = Caller(
                random=random,
                market=prospect.market,
                sender=local.deployer.address,
                weth=local.weth,
            )
            call = drawn(caller, local.routers)
            target = pending_of(call, local.deployer.address, local.chain_id)
            decoded = effect_of(target, prospect)
            simulated = await simulate(local.rpc, target, prospect, known=await local.known())
            traced = await trace(local.rpc, target, prospect)
            succeeded = await local.mine(call)
            after = (await local.prospect()).market
            outcomes[call.name, "ok" if isinstance(decoded, Effect) else decoded.reason] += 1

            # The tracer's difference does not tell a revert from a call that changes no pool.
            is_reverted = simulated == Unknown(reason=Reason.REVERTED)
            assert traced == (Unknown(reason=Reason.NO_POOL) if is_reverted else simulated), call
            if not succeeded:
                assert is_reverted, call
                assert isinstance(decoded, Unknown), (call, decoded)
                continue
            assert isinstance(simulated, Effect), (call, simulated)
            assert prospect.market.with_pools(simulated.touched).pools == after.pools, call
            if isinstance(decoded, Unknown):
                assert decoded.reason in FORESEEABLE, (call, decoded)
            else:
                assert sorted_pools(decoded) == sorted_pools(simulated), call
    succeeded_names = {name for name, outcome in outcomes if outcome == "ok"}
    assert len(succeeded_names) > 10
    assert outcomes.total() == CALLS


def sorted_pools(effect: Effect) -> list[Pool]:
    return sorted(effect.touched, key=lambda pool: pool.id)


async def test_method_that_the_node_lacks_is_passed_over_with_its_reason() -> None:
    async with chain() as local:
        prospect = await local.prospect()
        random = Random(1)  # noqa: S311 - a repeatable call, not a secret
        caller = Caller(
            random=random,
            market=prospect.market,
            sender=local.deployer.address,
            weth=local.weth,
        )
        target = pending_of(
            universal_call(caller, local.routers[-1]), local.deployer.address, local.chain_id
        )
        elsewhere = replace(prospect, market=replace(prospect.market, block_hash="0x" + "11" * 32))

        first = await NodeForesight(local.rpc, await local.known()).foresee(target, prospect)
        last = await NodeForesight(local.rpc, await local.known()).foresee(target, elsewhere)

    assert (first.method, first.passed_over) == (Method.SIMULATE, ())
    assert last.method is Method.DECODE
    assert [method for method, _ in last.passed_over] == [Method.SIMULATE, Method.TRACE]
    assert all("another head" in reason for _, reason in last.passed_over)
    assert last.effect == effect_of(target, elsewhere)
