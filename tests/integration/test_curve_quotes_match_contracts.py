"""Quotes of Curve and Solidly pools against contracts: equal to the wei, or both refuse.

The doubles are written from the published curves; one real pool, sBTC, is run from its recorded
bytecode where the recordings are at hand.
"""

import json
import lzma
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest
import pytest_asyncio
from eth_abi.abi import decode
from eth_utils.crypto import keccak
from hypothesis import settings

from graphs.errors import GraphError
from graphs.fixed_point import UINT112_MAX
from graphs.pools.curve import CurvePool
from graphs.pools.solidly import SolidlyPool
from graphs.units import Address, PoolId
from searcher.adapters.rpc import open_rpc
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.anvil import AnvilOptions, running_anvil
from sims.devnet.deployer import Deployer, encode_call
from sims.devnet.plan import GENESIS_TIMESTAMP_S
from tests.graphs.pools.recorded import recorded_file
from tests.integration.contract_doubles import compile_double
from tests.integration.real_exchanges import Chain, Overrides

pytestmark = [pytest.mark.anvil, pytest.mark.asyncio(loop_scope="module")]

CASES = max(320, settings().max_examples)
AT_ONCE = 500
TOKENS = tuple(Address("0x" + f"{index:040x}") for index in range(1, 9))
CURVE_STATE = "(uint256[],uint256[],uint256,uint256,bool,uint256,uint256)"
CURVE_EXCHANGE = f"exchange({CURVE_STATE},uint256,uint256,uint256)"
SOLIDLY_QUOTE = "quote((uint256,uint256,uint256,uint256,uint256,bool),uint256,bool)"

SBTC = Address("0x7fc77b5c7614e1533320ea6ddc2eb61fa00a9714")
SBTC_BLOCK = "mainnet_blocks/12047794.json.xz"
SBTC_COINS = int.from_bytes(keccak((0).to_bytes(32)))
SBTC_BALANCES = int.from_bytes(keccak((1).to_bytes(32)))
ELSEWHERE = (0xC0170, 0xC0171, 0xC0172)
"""Where coins are put whose addresses the block did not read: away from the precompiles."""

SBTC_DECIMALS = (8, 8, 18)
COIN = "0x60003560e01c63bd6d894d14601957600160005260206000f35b670de0b6b3a764000060005260206000f3"
"""Code of a coin whose `exchangeRateCurrent` is one and which answers yes to all else."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain() -> AsyncIterator[Chain]:
    options = AnvilOptions(timestamp_s=GENESIS_TIMESTAMP_S)
    async with running_anvil(options) as anvil, open_rpc(anvil.http_url) as rpc:
        account = public_address(DEPLOYER)
        deployer = Deployer(rpc, address=account, timestamp_s=GENESIS_TIMESTAMP_S)
        yield Chain(deployer, anvil.http_url)


class Draw:
    """Random pools of every size, and trades of every size."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def whole(self, lowest: int, highest: int) -> int:
        """Every size equally likely."""
        bits = float(self._generator.uniform(lowest.bit_length() - 1, highest.bit_length()))
        return min(max(int(2**bits), lowest), highest)

    def chance(self, share: float) -> bool:
        return bool(self._generator.random() < share)

    def pair(self, count: int) -> tuple[int, int]:
        first, second = self._generator.permutation(count)[:2]
        return int(first), int(second)

    def curve(self) -> CurvePool:
        count, precision = self.whole(2, 8), 100 if self.chance(0.5) else 1
        rates = tuple(self.whole(10**18, 10**30) for _ in range(count))
        worth = self.whole(10**12, 10**27) * 10**18
        spread = 2**60 if self.chance(0.2) else 2**8
        return CurvePool(
            id=PoolId("0x" + "a" * 40),
            venue="curve",
            tokens=TOKENS[:count],
            balances=tuple(worth * self.whole(1, spread) // rate for rate in rates),
            rates=rates,
            amplification=self.whole(1, 10**4) * precision,
            a_precision=precision,
            reverts_unsettled=self.chance(0.5),
            fee=self.whole(1, 5 * 10**9) - 1,
            admin_fee=self.whole(1, 10**10),
        )

    def solidly(self, *, is_stable: bool) -> SolidlyPool:
        decimals = [self.whole(1, 24) for _ in range(2)]
        hundredths = self.whole(1, 10**11)
        spread = 2**40 if self.chance(0.2) else 2**6
        held = (hundredths * self.whole(1, spread) * 10**places // 100 for places in decimals)
        reserves = [max(reserve, 1) for reserve in held]
        return SolidlyPool(
            id=PoolId("0x" + "b" * 40),
            venue="aerodrome",
            token0=TOKENS[0],
            token1=TOKENS[1],
            reserve0=min(reserves[0], UINT112_MAX),
            reserve1=min(reserves[1], UINT112_MAX),
            decimals0=decimals[0],
            decimals1=decimals[1],
            fee_bps=self.whole(1, 300),
            is_stable=is_stable,
        )


async def ask(chain: Chain, questions: list[tuple[Address, bytes, Overrides]]) -> list[bytes]:
    """Results of calls on pretended states; empty where the contract reverts."""
    results: list[bytes] = []
    for start in range(0, len(questions), AT_ONCE):
        answers = await chain._batch(questions[start : start + AT_ONCE])
        results += [bytes.fromhex(answer.get("result", "0x")[2:]) for answer in answers]
    return results


def curve_outcome(pool: CurvePool, pair: tuple[int, int], dx: int) -> tuple[int, int] | None:
    """What the trade pays, and what it costs the balance besides."""
    sold, bought = (pool.tokens[index] for index in pair)
    try:
        paid = pool.amount_out(sold, bought, dx)
        after = pool.after_swap(sold, bought, dx)
    except GraphError:
        return None
    assert after.balances[pair[0]] == pool.balances[pair[0]] + dx
    return paid, pool.balances[pair[1]] - after.balances[pair[1]] - paid


async def test_curve_quotes_and_fees_equal_the_doubles(chain: Chain) -> None:
    double = await chain.deploy(compile_double("CurveStableSwap"))
    draw, questions, expected = Draw(seed=1), [], []
    for _ in range(CASES):
        pool = draw.curve()
        pair = draw.pair(len(pool.tokens))
        most = max(*(pool.balances[index] for index in pair), 2)
        dx = draw.whole(max(most >> 30, 1), most << (60 if draw.chance(0.1) else 1))
        state = (pool.balances, pool.rates, pool.amplification, pool.a_precision)
        terms = ((*state, pool.reverts_unsettled, pool.fee, pool.admin_fee), *pair, dx)
        questions.append((double, encode_call(CURVE_EXCHANGE, *terms), Overrides()))
        expected.append(curve_outcome(pool, pair, dx))

    answers = await ask(chain, questions)

    assert [decode(["uint256"] * 2, a) if a else None for a in answers] == expected
    assert sum(outcome is not None for outcome in expected) > CASES // 2


@pytest.mark.parametrize("is_stable", [True, False], ids=["stable", "volatile"])
async def test_solidly_quotes_equal_the_doubles(chain: Chain, *, is_stable: bool) -> None:
    double = await chain.deploy(compile_double("SolidlyPair"))
    draw, questions, expected = Draw(seed=2), [], []
    for _ in range(CASES):
        pool = draw.solidly(is_stable=is_stable)
        down = draw.chance(0.5)
        most = max(pool.reserve0 if down else pool.reserve1, 2)
        dx = draw.whole(max(most >> 30, 1), most << (60 if draw.chance(0.1) else 1))
        units = (10**pool.decimals0, 10**pool.decimals1)
        state = (pool.reserve0, pool.reserve1, *units, pool.fee_bps, is_stable)
        questions.append((double, encode_call(SOLIDLY_QUOTE, state, dx, down), Overrides()))
        expected.append(solidly_quote(pool, down=down, dx=dx))

    answers = await ask(chain, questions)

    assert [granted(answer) for answer in answers] == expected
    assert sum(outcome is not None for outcome in expected) > CASES // 2


def solidly_quote(pool: SolidlyPool, *, down: bool, dx: int) -> int | None:
    pair = pool.tokens if down else pool.tokens[::-1]
    try:
        return pool.amount_out(pair[0], pair[1], dx)
    except GraphError:
        return None


def granted(answer: bytes) -> int | None:
    """The double's quote where the pair would let it pass."""
    if not answer:
        return None
    quote, passes = decode(["uint256", "bool"], answer)
    return int(quote) if passes else None


class RecordedPool:
    """sBTC as a block of March 2021 found it, but for its coins: they do as they are told."""

    def __init__(self) -> None:
        block = json.loads(lzma.decompress(recorded_file(SBTC_BLOCK).read_bytes()))
        codes = recorded_file("mainnet_blocks/bytecodes.json.xz").read_bytes()
        account = block["pre_state"][SBTC]
        self.code = str(json.loads(lzma.decompress(codes))[account["code_hash"]])
        self.storage = {_word(int(k, 16)): _word(int(v, 16)) for k, v in account["storage"].items()}
        # The coins are left where they are, or put anywhere if the block did not touch them.
        slots = [_word(SBTC_COINS + index) for index in range(len(SBTC_DECIMALS))]
        self.storage = dict(zip(slots, map(_word, ELSEWHERE), strict=True)) | self.storage
        self.coins = [Address("0x" + self.storage[slot][-40:]) for slot in slots]

    def pretended(self, pool: CurvePool) -> Overrides:
        changed = {_word(SBTC_BALANCES + i): _word(b) for i, b in enumerate(pool.balances)}
        return {SBTC: {"stateDiff": changed}}


def _word(value: int) -> str:
    return f"0x{value:064x}"


@pytest_asyncio.fixture(loop_scope="module")
async def recorded_pool(chain: Chain) -> RecordedPool:
    pool = RecordedPool()
    await chain.rpc.call("anvil_setCode", SBTC, pool.code)
    for slot, word in pool.storage.items():
        await chain.rpc.call("anvil_setStorageAt", SBTC, slot, word)
    for coin in pool.coins:
        await chain.rpc.call("anvil_setCode", coin, COIN)
    return pool


async def test_the_recorded_bytecode_of_sbtc_pays_the_quote_and_not_one_unit_more(
    chain: Chain, recorded_pool: RecordedPool
) -> None:
    pool = await _sbtc(chain)
    draw, questions, expected = Draw(seed=3), [], []
    for _ in range(CASES):
        balances = tuple(draw.whole(1, 10**4) * 10**places for places in SBTC_DECIMALS)
        state, pair = replace(pool, balances=balances), draw.pair(3)
        dx = draw.whole(1, 4 * balances[pair[0]])
        outcome = curve_outcome(state, pair, dx)
        for more in (0, 1):
            terms = (*pair, dx, (outcome[0] if outcome else 0) + more)
            call = encode_call("exchange(int128,int128,uint256,uint256)", *terms)
            questions.append((SBTC, call, recorded_pool.pretended(state)))
        expected += [outcome is not None, False]

    chunks = [questions[start : start + AT_ONCE] for start in range(0, len(questions), AT_ONCE)]
    answers = [answer for chunk in chunks for answer in await chain.succeeds(chunk)]

    assert answers == expected
    assert sum(expected) > CASES // 2


async def _sbtc(chain: Chain) -> CurvePool:
    """The pool as its own views describe it."""
    names = ("A()", "fee()", "admin_fee()")
    questions = [(SBTC, encode_call(name), Overrides()) for name in names]
    a, fee, admin_fee = (decode(["uint256"], word)[0] for word in await ask(chain, questions))
    return CurvePool(
        id=PoolId(SBTC),
        venue="curve",
        tokens=TOKENS[:3],
        balances=(0, 0, 0),
        rates=tuple(10 ** (36 - places) for places in SBTC_DECIMALS),
        amplification=a,
        a_precision=1,
        reverts_unsettled=False,
        fee=fee,
        admin_fee=admin_fee,
    )
