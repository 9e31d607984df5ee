"""Quotes against the real contracts on a local chain: equal to the wei, or both refuse."""

from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
import pytest_asyncio
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from graphs.errors import AmountOutOfRangeError, GraphError, InsufficientLiquidityError
from graphs.fixed_point import UINT112_MAX
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO, get_sqrt_ratio_at_tick
from graphs.units import Address, PoolId
from sims.devnet.deployer import encode_call
from sims.devnet.uniswap import FOREVER
from tests.integration.real_exchanges import POOLS, Exchanges, Overrides, read_slot0, real_exchanges

pytestmark = [pytest.mark.anvil, pytest.mark.asyncio(loop_scope="module")]

QUOTES_PER_DIRECTION = 60
SWAPS_PER_POOL = 40
PAIR_CASES = 320

V3_QUOTE_IN = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
V3_QUOTE_OUT = "quoteExactOutputSingle((address,address,uint256,uint24,uint160))"
V3_SWAP = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
V2_SWAP = "swap(uint256,uint256,address,bytes)"
QUOTE = ["uint256", "uint160", "uint32", "uint256"]

# Storage of UniswapV2ERC20 and UniswapV2Pair: balanceOf is the second variable, the packed
# reserves are the ninth.
BALANCES_SLOT = 1
RESERVES_SLOT = 8

by_fee = pytest.mark.parametrize(
    "index", range(len(POOLS)), ids=[f"{pool.fee_pips}-pips" for pool in POOLS]
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed() -> AsyncIterator[Exchanges]:
    async with real_exchanges() as standing:
        yield standing


@pytest_asyncio.fixture(loop_scope="module")
async def exchanges(deployed: Exchanges) -> AsyncIterator[Exchanges]:
    """The exchanges as they were deployed, whatever the test before did to them."""
    snapshot = await deployed.chain.rpc.call("evm_snapshot")
    yield deployed
    await deployed.chain.rpc.call("evm_revert", snapshot)


def log_uniform(seed: int, *, most_bits: int) -> Iterator[int]:
    """Amounts of which every size is equally likely, from one unit."""
    generator = np.random.default_rng(seed)
    while True:
        bits = int(generator.integers(0, most_bits))
        yield 2**bits + (int(generator.integers(0, 2**62)) << bits >> 62)


async def current(exchanges: Exchanges, index: int) -> ConcentratedPool:
    """The pool with the price that the contract has by now."""
    pool = exchanges.v3_pools[index]
    price, tick, liquidity = await read_slot0(exchanges.chain, pool)
    return pool.with_price(price, tick=tick, liquidity=liquidity)


async def test_pools_rebuilt_from_mint_events_hold_the_contracts_ticks(
    exchanges: Exchanges,
) -> None:
    for pool in exchanges.v3_pools:
        questions = [(Address(pool.id), encode_call("ticks(int24)", tick)) for tick in pool.ticks]
        answers = await exchanges.chain.ask(questions)
        rows = [decode(["uint128", "int128"], answer) for answer in answers]

        pool.check_ticks()
        assert rows == list(zip(pool.liquidity_grosses, pool.liquidity_nets, strict=True))


@by_fee
@pytest.mark.parametrize("signature", [V3_QUOTE_IN, V3_QUOTE_OUT], ids=["exact-in", "exact-out"])
async def test_concentrated_quotes_equal_the_quoters(
    exchanges: Exchanges, index: int, signature: str
) -> None:
    pool = await current(exchanges, index)

    wrong = await _wrong_quotes(exchanges, pool, signature)

    assert wrong == []


@by_fee
async def test_concentrated_state_after_real_swaps_equals_the_contracts(
    exchanges: Exchanges, index: int
) -> None:
    pool = await current(exchanges, index)
    amounts = log_uniform(index, most_bits=86)

    swapped = 0
    for count in range(SWAPS_PER_POOL):
        pair = (pool.token0, pool.token1) if count % 2 else (pool.token1, pool.token0)
        amount = next(amounts)
        if _end(pool, pair, amount) is None:
            continue
        await _swap_on_chain(exchanges, pool, pair=pair, amount=amount)
        pool = pool.after_swap(*pair, amount)
        swapped += 1
        state = (pool.sqrt_price_x96, pool.tick, pool.liquidity)
        assert await read_slot0(exchanges.chain, pool) == state

    assert swapped > SWAPS_PER_POOL // 3


@by_fee
@pytest.mark.parametrize("falls", [True, False], ids=["fallen", "risen"])
async def test_quotes_from_a_price_that_stopped_exactly_on_a_tick(
    exchanges: Exchanges, index: int, *, falls: bool
) -> None:
    before = await current(exchanges, index)
    below, above = [[t for t in before.ticks if (t > before.tick) == up] for up in (False, True)]
    stop = below[-2] if falls else above[1]
    pair = (before.token0, before.token1) if falls else (before.token1, before.token0)
    limit = get_sqrt_ratio_at_tick(stop)

    await _swap_on_chain(exchanges, before, pair=pair, amount=2**120, limit=limit)
    pool = await current(exchanges, index)

    assert (pool.sqrt_price_x96, pool.tick) == (limit, stop - 1 if falls else stop)
    pool.check_ticks()
    assert await _wrong_quotes(exchanges, pool, V3_QUOTE_IN) == []
    assert await _wrong_quotes(exchanges, pool, V3_QUOTE_OUT) == []


async def _wrong_quotes(
    exchanges: Exchanges, pool: ConcentratedPool, signature: str
) -> list[tuple[object, ...]]:
    """Cases in which the quoter and the pool disagree, refusals included."""
    amounts = log_uniform(pool.fee_pips, most_bits=100)
    cases = [
        (pair, 1 + count if count < 3 else next(amounts))
        for pair in ((pool.token0, pool.token1), (pool.token1, pool.token0))
        for count in range(QUOTES_PER_DIRECTION)
    ]
    questions = [
        (exchanges.quoter, encode_call(signature, (*pair, amount, pool.fee_pips, 0)))
        for pair, amount in cases
    ]
    answers = await exchanges.chain.ask(questions)
    check = _expected_in if signature == V3_QUOTE_IN else _expected_out
    return [
        (pair, amount, answer.hex())
        for (pair, amount), answer in zip(cases, answers, strict=True)
        if not check(pool, pair, amount=amount, answer=answer)
    ]


def _expected_in(
    pool: ConcentratedPool, pair: tuple[Address, Address], *, amount: int, answer: bytes
) -> bool:
    """The quoter answers a partial fill with what it got at the last price; we refuse it."""
    end = _end(pool, pair, amount)
    if not answer:
        return end is None
    quote, price, *_ = decode(QUOTE, answer)
    if end is None:
        return price in {MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1}
    return (quote, price) == (pool.amount_out(*pair, amount), end.sqrt_price_x96)


def _expected_out(
    pool: ConcentratedPool, pair: tuple[Address, Address], *, amount: int, answer: bytes
) -> bool:
    try:
        quote = pool.amount_in(*pair, amount)
    except InsufficientLiquidityError:
        return not answer
    return bool(answer) and decode(QUOTE, answer)[0] == quote


def _end(
    pool: ConcentratedPool, pair: tuple[Address, Address], amount: int
) -> ConcentratedPool | None:
    try:
        return pool.after_swap(*pair, amount)
    except InsufficientLiquidityError:
        return None


async def _swap_on_chain(
    exchanges: Exchanges,
    pool: ConcentratedPool,
    *,
    pair: tuple[Address, Address],
    amount: int,
    limit: int = 0,
) -> None:
    chain = exchanges.chain
    terms = (*pair, pool.fee_pips, chain.address, FOREVER, amount, 0, limit)
    await chain.call(exchanges.v3_router, V3_SWAP, terms)


def random_pairs(seed: int, *, fee_pips: int, id_: Address) -> Iterator[ConstantProductPool]:
    """Pools over the whole range of reserves."""
    sizes = log_uniform(seed, most_bits=112)
    while True:
        yield ConstantProductPool(
            id=PoolId(id_),
            venue="",
            token0=Address("0x0"),
            token1=Address("0x1"),
            reserve0=min(next(sizes), UINT112_MAX),
            reserve1=min(next(sizes), UINT112_MAX),
            fee_pips=fee_pips,
        )


def pair_cases(
    seed: int, *, fee_pips: int, id_: Address
) -> list[tuple[ConstantProductPool, bool, int]]:
    """Pools with a direction and an input of any size up to one that no reserve holds."""
    pools = random_pairs(seed, fee_pips=fee_pips, id_=id_)
    sizes = log_uniform(seed + 1, most_bits=112)
    return [
        (next(pools), bool(count % 2), min(next(sizes), UINT112_MAX)) for count in range(PAIR_CASES)
    ]


def quote_or_none(pool: ConstantProductPool, *, zero_for_one: bool, amount: int) -> int | None:
    pair = pool.tokens if zero_for_one else pool.tokens[::-1]
    try:
        return pool.amount_out(pair[0], pair[1], amount)
    except AmountOutOfRangeError:
        return None


@pytest.mark.parametrize(
    ("brand", "fee_pips"), [("v2_pair", 3000), ("pancake_pair", 2000)], ids=["uniswap", "pancake"]
)
async def test_the_pair_grants_the_quote_and_not_one_unit_more(
    exchanges: Exchanges, brand: str, fee_pips: int
) -> None:
    pair: Address = getattr(exchanges, brand)
    cases = pair_cases(7, fee_pips=fee_pips, id_=pair)
    quotes = [quote_or_none(pool, zero_for_one=down, amount=dx) for pool, down, dx in cases]

    granted = await _pair_grants(exchanges, cases, [quote or 1 for quote in quotes])
    more = await _pair_grants(exchanges, cases, [(quote or 0) + 1 for quote in quotes])

    assert granted == [quote is not None for quote in quotes]
    assert not any(more)
    assert sum(granted) > PAIR_CASES // 4


@pytest.mark.parametrize(
    ("brand", "fee_pips"), [("v2_pair", 3000), ("pancake_pair", 2000)], ids=["uniswap", "pancake"]
)
async def test_the_pair_takes_the_input_quoted_for_an_output(
    exchanges: Exchanges, brand: str, fee_pips: int
) -> None:
    pair: Address = getattr(exchanges, brand)
    cases, outputs = [], []
    for pool, down, output in pair_cases(11, fee_pips=fee_pips, id_=pair):
        sold, bought = pool.tokens if down else pool.tokens[::-1]
        try:
            cases.append((pool, down, pool.amount_in(sold, bought, output)))
        except GraphError:
            continue
        outputs.append(output)

    granted = await _pair_grants(exchanges, cases, outputs)
    cheaper = [(pool, down, paid - 2) for pool, down, paid in cases if paid > 2]
    smaller = [out for out, (_, _, paid) in zip(outputs, cases, strict=True) if paid > 2]

    assert all(granted)
    assert not any(await _pair_grants(exchanges, cheaper, smaller))
    assert len(granted) > PAIR_CASES // 4


async def test_the_routers_own_formulas_agree_over_all_reserves(exchanges: Exchanges) -> None:
    types = "(uint256,uint256,uint256)"
    cases = pair_cases(13, fee_pips=3000, id_=exchanges.v2_pair)
    for name in ("getAmountOut", "getAmountIn"):
        questions = [
            (exchanges.v2_router, encode_call(name + types, dx, *_reserves(pool, down)))
            for pool, down, dx in cases
        ]
        answers = await exchanges.chain.ask(questions)
        for (pool, down, amount), answer in zip(cases, answers, strict=True):
            sold, bought = pool.tokens if down else pool.tokens[::-1]
            quote = pool.amount_out if name == "getAmountOut" else pool.amount_in
            try:
                expected = quote(sold, bought, amount)
            except GraphError:
                continue
            assert decode(["uint256"], answer)[0] == expected


@pytest.mark.parametrize(
    ("brand", "fee_pips"), [("v2_pair", 3000), ("pancake_pair", 2000)], ids=["uniswap", "pancake"]
)
async def test_reserves_after_real_swaps_equal_the_contracts(
    exchanges: Exchanges, brand: str, fee_pips: int
) -> None:
    chain, pair = exchanges.chain, getattr(exchanges, brand)
    token0, token1 = exchanges.tokens
    pool = ConstantProductPool(
        id=PoolId(pair),
        venue=brand,
        token0=token0,
        token1=token1,
        reserve0=10**24,
        reserve1=4 * 10**15,
        fee_pips=fee_pips,
    )
    for count, amount in zip(range(12), log_uniform(17, most_bits=50), strict=False):
        sold, bought = (token1, token0) if count % 2 else (token0, token1)
        scaled = amount if sold == token1 else amount * 10**9
        quote = pool.amount_out(sold, bought, scaled)
        outputs = (quote, 0) if bought == token0 else (0, quote)

        await chain.call(sold, "transfer(address,uint256)", pair, scaled)
        await chain.call(pair, V2_SWAP, *outputs, chain.address, b"")
        pool = pool.after_swap(sold, bought, scaled)

        reserves = await chain.read(pair, "getReserves()")
        assert list(decode(["uint112"] * 2, reserves)) == [pool.reserve0, pool.reserve1]


def _reserves(pool: ConstantProductPool, down: bool) -> tuple[int, int]:  # noqa: FBT001 -- private
    ordered = (pool.reserve0, pool.reserve1)
    return ordered if down else (ordered[1], ordered[0])


async def _pair_grants(
    exchanges: Exchanges, cases: list[tuple[ConstantProductPool, bool, int]], outputs: list[int]
) -> list[bool]:
    """Whether the real pair, given these reserves and inputs, executes a swap to these outputs."""
    questions: list[tuple[Address, bytes, Overrides]] = []
    for (pool, down, paid), output in zip(cases, outputs, strict=True):
        amounts = (0, output) if down else (output, 0)
        call = encode_call(V2_SWAP, *amounts, exchanges.chain.address, b"")
        balances = (pool.reserve0 + paid * down, pool.reserve1 + paid * (not down))
        state: Overrides = {pool.id: {"stateDiff": {_word(RESERVES_SLOT): _packed(pool)}}}
        for token, balance in zip(exchanges.tokens, balances, strict=True):
            slot = keccak(encode(["address", "uint256"], [pool.id, BALANCES_SLOT]))
            state[token] = {"stateDiff": {"0x" + slot.hex(): _word(balance)}}
        questions.append((Address(pool.id), call, state))
    return await exchanges.chain.succeeds(questions)


def _packed(pool: ConstantProductPool) -> str:
    return _word(pool.reserve0 | pool.reserve1 << 112)


def _word(value: int) -> str:
    return f"0x{value:064x}"
