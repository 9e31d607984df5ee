"""Discovery against a node in memory: ranges, refusals by reason, pinning; and tokens' claims."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.tick_math import MAX_TICK
from graphs.units import Address, PoolId
from searcher.adapters.concentrated_states import (
    LIQUIDITY,
    SLOT0,
    TICK_BITMAP,
    TICKS,
    bitmap_ticks,
    bitmap_words,
)
from searcher.adapters.created_pools import (
    PAIR_CREATED,
    POOL_CREATED,
    CreatedPool,
    Factory,
    decode_created,
)
from searcher.adapters.decoding import decode_header
from searcher.adapters.discovery import Discovered, Survey, discover
from searcher.adapters.pair_states import GET_RESERVES
from searcher.adapters.pool_identities import LOOK_ALIKE, look_up
from searcher.adapters.rpc import open_rpc
from searcher.adapters.tokens import DECIMALS, SYMBOL, decode_token
from searcher.errors import DivergenceError, RpcError, WireError
from tests.searcher.adapters.fake_node import MULTICALL3, FakeNode

V2 = Factory(kind="uniswap_v2", venue="two", address=Address("0x" + "f2" * 20), fee_pips=2_500)
V3 = Factory(kind="uniswap_v3", venue="three", address=Address("0x" + "f3" * 20), fee_pips=0)
LOW, HIGH, ODD = (Address("0x" + digits * 20) for digits in ("01", "02", "03"))
PAIR, RANGED = PoolId("0x" + "a2" * 20), PoolId("0x" + "a3" * 20)
ONE = 2**96
HEAD_NUMBER = 100


def word(value: int) -> bytes:
    return encode(["int256"], [value])


def pair_created(pool: str, token0: str, token1: str, *, block: int = 1) -> dict[str, object]:
    topics = [PAIR_CREATED, *("0x" + "00" * 12 + token[2:] for token in (token0, token1))]
    data = encode(["address", "uint256"], [pool, 1])
    return {
        "address": V2.address,
        "topics": topics,
        "data": "0x" + data.hex(),
        "blockNumber": hex(block),
    }


def pool_created(pool: str, *, spacing: int = 60) -> dict[str, object]:
    topics = [POOL_CREATED, *("0x" + "00" * 12 + token[2:] for token in (LOW, HIGH))]
    data = encode(["int24", "address"], [spacing, pool])
    return {
        "address": V3.address,
        "topics": [*topics, "0x" + word(3_000).hex()],
        "data": "0x" + data.hex(),
        "blockNumber": "0x2",
    }


def node_with_tokens() -> FakeNode:
    node = FakeNode()
    node.grow("head")
    for token in (LOW, HIGH):
        node.views[token, DECIMALS] = word(18)
        node.views[token, SYMBOL] = encode(["string"], ["TOK"])
    return node


def another_token(node: FakeNode, number: int) -> Address:
    """A token with decimals, above LOW."""
    token = Address(f"0x{'07' * 10}{number:020x}")
    node.views[token, DECIMALS] = word(18)
    return token


def fund_range(node: FakeNode, pool: str, liquidity: int) -> None:
    """A position from -60 to 60 around a price of one."""
    node.views |= {(pool, TICK_BITMAP + word(index)): word(0) for index in bitmap_words(60)}
    node.views[pool, TICK_BITMAP + word(0)] = word(1 << 1)
    node.views[pool, TICK_BITMAP + word(-1)] = word(-(1 << 255))
    node.views[pool, SLOT0] = word(ONE) + word(0) + bytes(5 * 32)
    node.views[pool, LIQUIDITY] = word(liquidity)
    for tick, sign in ((-60, 1), (60, -1)):
        node.views[pool, TICKS + word(tick)] = word(liquidity) + word(sign * liquidity) + bytes(192)


def vouch(node: FakeNode) -> None:
    """Let the factories know the pools that they announced."""
    for log in node.creations:
        created = decode_created(log, {V2.address: V2, V3.address: V3})
        assert isinstance(created, CreatedPool)
        (question,) = look_up(created)
        answer = bytes(12) + bytes.fromhex(created.id[2:])
        node.views.setdefault((question.to, question.data), answer)


async def discovered(node: FakeNode, *, chunk_blocks: int = 10_000) -> Discovered:
    vouch(node)
    async with node.serving(), open_rpc(node.http_url) as rpc:
        head = await rpc.call("eth_getBlockByNumber", "latest")
        survey = Survey(
            factories=[V2, V3],
            multicall3=Address(MULTICALL3),
            start_block=1,
            chunk_blocks=chunk_blocks,
        )
        return await discover(rpc, survey, block=decode_header(head))


async def test_funded_pair_becomes_a_pool_with_its_venues_fee() -> None:
    node = node_with_tokens()
    node.creations = [pair_created(PAIR, LOW, HIGH)]
    node.views[PAIR, GET_RESERVES] = word(7) + word(8) + word(1_700_000_000)

    found = await discovered(node)

    assert found.pools[PAIR] == ConstantProductPool(
        id=PAIR, venue="two", token0=LOW, token1=HIGH, reserve0=7, reserve1=8, fee_pips=2_500
    )
    assert [token.symbol for token in found.tokens.values()] == ["TOK", "TOK"]


async def test_empty_pair_is_kept_since_it_may_be_funded_later() -> None:
    node = node_with_tokens()
    node.creations = [pair_created(PAIR, LOW, HIGH)]
    node.views[PAIR, GET_RESERVES] = bytes(96)

    assert PAIR in (await discovered(node)).pools


async def test_concentrated_pool_is_read_with_all_its_ticks() -> None:
    node = node_with_tokens()
    node.creations = [pool_created(RANGED)]
    fund_range(node, RANGED, liquidity=10**18)

    pool = (await discovered(node)).pools[RANGED]

    assert isinstance(pool, ConcentratedPool)
    assert (pool.ticks, pool.liquidity_nets) == ((-60, 60), (10**18, -(10**18)))
    assert (pool.sqrt_price_x96, pool.fee_pips, pool.liquidity) == (ONE, 3_000, 10**18)


async def test_pools_come_in_order_of_creation_across_kinds() -> None:
    node = node_with_tokens()
    second = PoolId("0x" + "a1" * 20)
    node.creations = [pair_created(PAIR, LOW, HIGH), pool_created(RANGED)]
    node.creations.append(pair_created(second, LOW, another_token(node, 3), block=3))
    node.views |= {(pair, GET_RESERVES): bytes(96) for pair in (PAIR, second)}
    fund_range(node, RANGED, liquidity=1)

    assert list((await discovered(node)).pools) == [PAIR, RANGED, second]


async def test_pool_without_a_price_is_refused_by_reason() -> None:
    node = node_with_tokens()
    node.creations = [pool_created(RANGED)]
    node.views[RANGED, SLOT0] = bytes(7 * 32)
    node.views[RANGED, LIQUIDITY] = bytes(32)

    found = await discovered(node)

    assert found.pools == {}
    assert found.refused_by_reason() == {"slot0: the price is not initialised": 1}


async def test_pool_whose_ticks_do_not_explain_its_liquidity_is_refused() -> None:
    node = node_with_tokens()
    node.creations = [pool_created(RANGED)]
    fund_range(node, RANGED, liquidity=5)
    node.views[RANGED, LIQUIDITY] = word(6)

    assert (await discovered(node)).refused[0].reason == "ticks imply a liquidity of 5, not 6"


@pytest.mark.parametrize(
    ("reserves", "reason"),
    [
        (None, "getReserves: reverted"),
        (b"", "getReserves: too short"),
        (word(2**112) + word(1), "getReserves: exceeds uint112"),
    ],
    ids=["reverted", "empty", "overflow"],
)
async def test_pair_with_unusable_reserves_is_refused(reserves: bytes | None, reason: str) -> None:
    node = node_with_tokens()
    node.creations = [pair_created(PAIR, LOW, HIGH)]
    if reserves is not None:
        node.views[PAIR, GET_RESERVES] = reserves

    assert [refusal.reason for refusal in (await discovered(node)).refused] == [reason]


async def test_pool_of_a_token_without_decimals_is_refused() -> None:
    node = node_with_tokens()
    node.creations = [pair_created(PAIR, LOW, ODD)]
    node.views[PAIR, GET_RESERVES] = bytes(96)

    found = await discovered(node)

    assert found.refused_by_reason() == {"a token has no decimals": 1}
    assert list(found.tokens) == [LOW]


async def test_refused_range_is_halved_until_the_node_accepts_and_nothing_is_missed() -> None:
    node = node_with_tokens()
    node.max_log_span = 7
    pairs = [PoolId(f"0x{number:040x}") for number in range(1, HEAD_NUMBER + 1)]
    node.creations = [
        pair_created(pair, LOW, another_token(node, number), block=number)
        for number, pair in enumerate(pairs, start=1)
    ]
    node.views |= {(pair, GET_RESERVES): bytes(96) for pair in pairs}

    assert list((await discovered(node, chunk_blocks=50)).pools) == pairs


async def test_node_that_refuses_a_single_block_ends_discovery() -> None:
    node = node_with_tokens()
    node.max_log_span = 0

    with pytest.raises(RpcError, match="query exceeds range"):
        await discovered(node)


async def test_block_replaced_meanwhile_is_a_divergence() -> None:
    node = node_with_tokens()
    twin = node.grow("twin")
    node.latest = next(iter(node.blocks))

    with pytest.raises(DivergenceError, match=f"block {twin.number} was replaced"):
        await discovered(node)


def test_announcement_of_a_stranger_is_ignored() -> None:
    assert decode_created(pair_created(PAIR, LOW, HIGH), {V3.address: V3}) is None


async def test_pool_that_its_factory_does_not_know_is_refused() -> None:
    node = node_with_tokens()
    node.creations = [pair_created(PAIR, LOW, HIGH)]
    (question,) = look_up(
        CreatedPool(
            kind="uniswap_v2",
            venue="two",
            id=PAIR,
            factory=V2.address,
            keeper=Address(PAIR),
            tokens=(LOW, HIGH),
        )
    )
    node.views[question.to, question.data] = word(5)

    assert (await discovered(node)).refused_by_reason() == {LOOK_ALIKE: 1}


@pytest.mark.parametrize(
    "damage",
    [{"data": "0x"}, {"topics": [PAIR_CREATED]}, {"topics": None}, {"data": "0x" + "ff" * 64}],
    ids=repr,
)
def test_impossible_announcement_is_a_wire_error(damage: dict[str, object]) -> None:
    with pytest.raises(WireError):
        decode_created(pair_created(PAIR, LOW, HIGH) | damage, {V2.address: V2})


@pytest.mark.parametrize("spacing", [0, -60])
def test_announced_tick_spacing_must_be_positive(spacing: int) -> None:
    with pytest.raises(WireError, match="not positive"):
        decode_created(pool_created(RANGED, spacing=spacing), {V3.address: V3})


@given(st.integers(1, 16_383), st.data())
def test_bitmap_words_name_every_usable_tick_once(spacing: int, data: st.DataObject) -> None:
    tick = data.draw(st.integers(-(MAX_TICK // spacing), MAX_TICK // spacing)) * spacing
    index, bit = divmod(tick // spacing, 256)

    assert index in bitmap_words(spacing)
    assert list(bitmap_ticks(index, 1 << bit, tick_spacing=spacing)) == [tick]


@pytest.mark.parametrize(
    ("answer", "symbol"),
    [
        (None, ""),
        (b"", ""),
        (b"MKR".ljust(32, b"\0"), "MKR"),
        (encode(["string"], ["USDC"]), "USDC"),
        (encode(["string"], ["A\n\x1b[31mB"]), "A[31mB"),
        (encode(["string"], ["x" * 1_000]), "x" * 32),
        (encode(["string"], ["USDC"])[:-32], ""),
    ],
    ids=["reverted", "empty", "bytes32", "string", "control", "long", "truncated"],
)
def test_symbol_is_read_in_every_spelling_and_made_printable(
    answer: bytes | None, symbol: str
) -> None:
    token = decode_token(LOW, symbol=answer, decimals=word(6))

    assert token is not None
    assert (token.symbol, token.decimals) == (symbol, 6)


@pytest.mark.parametrize("decimals", [None, b"", word(256)], ids=["reverted", "empty", "overflow"])
def test_token_without_usable_decimals_is_no_token(decimals: bytes | None) -> None:
    assert decode_token(LOW, symbol=None, decimals=decimals) is None
