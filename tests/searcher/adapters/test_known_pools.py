"""Pools that events do not tell: read at the block, lost by name, and found again."""

from graphs.market import Market
from graphs.pools.curve import CurvePool
from graphs.units import Address, PoolId
from searcher.adapters.abi import selector
from searcher.adapters.created_pools import Factory
from searcher.adapters.curve_states import A_PRECISE, ADMIN_FEE, BALANCES, FEE, FUTURE_A
from searcher.adapters.decoding import decode_header
from searcher.adapters.discovery import Discovered, Survey, discover
from searcher.adapters.multicall import Multicall
from searcher.adapters.pool_events import CURVE_UNSAID
from searcher.adapters.pool_identities import COINS
from searcher.adapters.rpc import open_rpc
from searcher.pool_application import apply_updates
from searcher.pool_updates import PoolLost, PoolRead, PoolUpdate
from tests.searcher.adapters.fake_node import MULTICALL3, FakeNode
from tests.searcher.adapters.test_discovery import HIGH, LOW, node_with_tokens, word

REGISTRY = Address("0x" + "fc" * 20)
POOL = PoolId("0x" + "c0" * 20)
COUNT, ITEM = selector("pool_count()"), selector("pool_list(uint256)")
SURVEY = Survey(
    factories=[Factory(kind="curve", venue="curve", address=REGISTRY)],
    multicall3=Address(MULTICALL3),
    start_block=1,
)


def node_with_a_curve_pool(*, future: int = 20_000) -> FakeNode:
    node = node_with_tokens()
    contract = bytes.fromhex(POOL[2:]).rjust(32, b"\0")
    node.views |= {(REGISTRY, COUNT): word(1), (REGISTRY, ITEM + word(0)): contract}
    for index, token in enumerate((LOW, HIGH)):
        coin = bytes.fromhex(token[2:]).rjust(32, b"\0")
        node.views[POOL, COINS + word(index)] = coin
        node.views[POOL, BALANCES + word(index)] = word(10**24 + index)
    terms = {A_PRECISE: 20_000, FUTURE_A: future, FEE: 4_000_000, ADMIN_FEE: 5 * 10**9}
    node.views |= {(POOL, view): word(value) for view, value in terms.items()}
    return node


async def found_at_head(node: FakeNode) -> Discovered:
    async with node.serving(), open_rpc(node.http_url) as rpc:
        head = decode_header(await rpc.call("eth_getBlockByNumber", "latest"))
        return await discover(rpc, SURVEY, block=head)


async def updates_of(node: FakeNode, found: Discovered, *topics: str) -> tuple[PoolUpdate, ...]:
    """What the head's logs, one for each topic of the pool, make of it."""
    logs = [
        {
            "address": POOL,
            "topics": [topic],
            "data": "0x",
            "logIndex": hex(index),
            "blockHash": node.latest,
        }
        for index, topic in enumerate(topics)
    ]
    async with node.serving(), open_rpc(node.http_url) as rpc:
        multicall = Multicall(rpc=rpc, address=Address(MULTICALL3))
        return await found.known.updates(logs, multicall, node.latest)


async def test_listed_curve_pool_is_read_with_its_terms() -> None:
    (pool,) = (await found_at_head(node_with_a_curve_pool())).pools.values()

    assert isinstance(pool, CurvePool)
    assert (pool.tokens, pool.balances) == ((LOW, HIGH), (10**24, 10**24 + 1))
    assert (pool.amplification, pool.a_precision, pool.fee) == (20_000, 100, 4_000_000)


async def test_pool_of_another_curve_is_refused_by_name() -> None:
    node = node_with_a_curve_pool()
    node.views[POOL, selector("gamma()")] = word(1)

    found = await found_at_head(node)

    assert found.refused_by_reason() == {"it has the curve of tricrypto": 1}


async def test_exchange_has_the_pool_read_after_the_block() -> None:
    node = node_with_a_curve_pool()
    found = await found_at_head(node)
    node.views[POOL, BALANCES + word(0)] = word(5 * 10**23)

    (update,) = await updates_of(node, found, CURVE_UNSAID[0], CURVE_UNSAID[0])

    assert isinstance(update, PoolRead)
    assert isinstance(update.pool, CurvePool)
    assert update.pool.balances == (5 * 10**23, 10**24 + 1)


async def test_quiet_pool_is_not_read_again_unless_it_ramps() -> None:
    quiet, ramping = node_with_a_curve_pool(), node_with_a_curve_pool(future=30_000)

    assert await updates_of(quiet, await found_at_head(quiet)) == ()
    (update,) = await updates_of(ramping, await found_at_head(ramping))
    assert isinstance(update, PoolRead)


async def test_pool_that_cannot_be_read_leaves_the_market_and_comes_back() -> None:
    node = node_with_a_curve_pool()
    found = await found_at_head(node)
    market = Market(block_number=0, block_hash="", tokens=found.tokens, pools=found.pools)
    fee = node.views.pop((POOL, FEE))

    lost = await updates_of(node, found, CURVE_UNSAID[0])
    without = apply_updates(market, lost)
    node.views[POOL, FEE] = fee
    back = apply_updates(without.market, await updates_of(node, found))

    assert lost == (PoolLost(pool_id=POOL, reason="fee: reverted"),)
    assert (len(without.market.pools), without.touched) == (0, frozenset({POOL}))
    assert dict(back.market.pools) == dict(market.pools)
