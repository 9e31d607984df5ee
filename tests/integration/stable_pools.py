"""Real Balancer V2 stable and composable pools, with any state pretended for each question.

The Vault keeps all balances in its own storage and a pool its amplification and fee, so a question
may bring others; tokens, decimals and rates are what was deployed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.stable import StablePool
from graphs.units import Address, PoolId
from sims.devnet.artifacts import load_code
from sims.devnet.balancer import TASKS
from sims.devnet.deployer import encode_call
from tests.integration.balancer import (
    FEE_PROVIDER,
    MAX_FEES,
    QUERY,
    QUESTIONS_AT_ONCE,
    BalancerVault,
    SwapKind,
)
from tests.integration.real_exchanges import Overrides

STABLE_FACTORY: Final = f"{TASKS}/deprecated/20210624-stable-pool/artifact/StablePoolFactory.json"
COMPOSABLE_FACTORY: Final = (
    f"{TASKS}/20230206-composable-stable-pool-v3/artifact/ComposableStablePoolFactory.json"
)
CREATE_STABLE: Final = "create(string,string,address[],uint256,uint256,address)"
CREATE_COMPOSABLE: Final = (
    "create(string,string,address[],uint256,address[],uint256[],bool[],uint256,address)"
)
DEPLOYED_AMPLIFICATION: Final = 777
DEPLOYED_FEE: Final = 123_456_789_000_000
RATE_SECONDS: Final = 3600
"""How long a pool trusts a rate."""

TWO_TOKEN_BALANCES_SLOT: Final = 9
TWO_TOKEN_BALANCES_OFFSET: Final = 2
GENERAL_BALANCES_SLOT: Final = 1
"""Storage of the Vault: pools of two tokens without a rate, and all others."""

BALANCE_BITS: Final = 112
FEE_SLOT: Final = 8
AMPLIFICATION_SLOT: Final = 9
"""Storage of a pool."""

FEE_OFFSETS: Final = {True: 0, False: 192}
"""Of the fee in its word, by whether the pool rounds the invariant up."""

AMPLIFICATION_BITS: Final = 64
"""Of the amplification's start and of its end, the lowest in their word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedPool:
    """A pool on the chain."""

    state: StablePool
    address: Address
    assets: tuple[Address, ...]
    """As the Vault lists them, the pool's own share among them."""

    amplification_word: int
    """The pool's storage of it: start, end and the times of both."""


class Trade(NamedTuple):
    """A question to the Vault."""

    deployed: DeployedPool
    state: StablePool
    """What to pretend."""

    pair: tuple[Address, Address]
    amount: int
    """Of the side that is fixed."""


async def deploy_factories(vault: BalancerVault) -> tuple[Address, Address]:
    """The factories of stable and of composable pools."""
    chain = vault.chain
    stable = await chain.deploy(load_code(STABLE_FACTORY), vault.address)
    provider = await chain.deploy(load_code(FEE_PROVIDER), vault.address, *MAX_FEES)
    code = load_code(COMPOSABLE_FACTORY)
    return stable, await chain.deploy(code, vault.address, provider, "3", "3")


async def deploy_stable(
    vault: BalancerVault, factory: Address, tokens: tuple[Address, ...]
) -> DeployedPool:
    """Create a stable pool without rates."""
    terms = (tokens, DEPLOYED_AMPLIFICATION, DEPLOYED_FEE, vault.chain.address)
    pool = await _created(vault, factory, CREATE_STABLE, "Pool", "BPT", *terms)
    return await _read(vault, pool, rates={}, rounds_invariant_up=True)


async def deploy_composable(
    vault: BalancerVault, factory: Address, rates: Mapping[Address, int]
) -> DeployedPool:
    """Create a composable pool of these tokens, each with a rate of its own."""
    providers = [await _rate_provider(vault, rate) for rate in rates.values()]
    count = len(rates)
    caches = (providers, [RATE_SECONDS] * count, [False] * count)
    terms = (list(rates), DEPLOYED_AMPLIFICATION, *caches, DEPLOYED_FEE, vault.chain.address)
    pool = await _created(vault, factory, CREATE_COMPOSABLE, "Pool", "BPT", *terms)
    return await _read(vault, pool, rates=rates, rounds_invariant_up=False)


async def query_swaps(
    vault: BalancerVault, trades: Sequence[Trade], kind: SwapKind
) -> list[int | None]:
    """What the Vault would ask for or give in each trade; None where it or the pool reverts."""
    questions = [
        (vault.address, _query(vault, trade, kind), _pretended(vault, trade)) for trade in trades
    ]
    quotes: list[int | None] = []
    for start in range(0, len(questions), QUESTIONS_AT_ONCE):
        answers = await vault.chain._batch(questions[start : start + QUESTIONS_AT_ONCE])
        quotes += [_calculated(answer, kind) for answer in answers]
    return quotes


async def _created(
    vault: BalancerVault, factory: Address, signature: str, *arguments: object
) -> Address:
    address = await vault.chain.read_address(factory, signature, *arguments)
    await vault.chain.call(factory, signature, *arguments)
    return address


async def _rate_provider(vault: BalancerVault, rate: int) -> Address:
    """A contract that answers every question with one word."""
    address = Address("0x" + keccak(text=f"rate {rate}").hex()[:40])
    code = f"0x7f{rate:064x}60005260206000f3"
    await vault.chain.rpc.call("anvil_setCode", address, code)
    return address


async def _read(
    vault: BalancerVault, pool: Address, *, rates: Mapping[Address, int], rounds_invariant_up: bool
) -> DeployedPool:
    """Read back what was deployed."""
    chain = vault.chain
    pool_id = await chain.read(pool, "getPoolId()")
    answer = await chain.read(vault.address, "getPoolTokens(bytes32)", pool_id)
    assets = tuple(map(Address, decode(["address[]", "uint256[]", "uint256"], answer)[0]))
    tokens = tuple(asset for asset in assets if asset != pool)
    word = await chain.rpc.call("eth_getStorageAt", pool, hex(AMPLIFICATION_SLOT), "latest")
    state = StablePool(
        id=PoolId("0x" + pool_id.hex()),
        venue="balancer-v2",
        tokens=tokens,
        balances=(0,) * len(tokens),
        scaling_factors=tuple(
            10 ** (18 - vault.decimals[token]) * rates.get(token, ONE) for token in tokens
        ),
        amplification=DEPLOYED_AMPLIFICATION * 1000,
        swap_fee=DEPLOYED_FEE,
        rounds_invariant_up=rounds_invariant_up,
    )
    return DeployedPool(
        state=state, address=pool, assets=assets, amplification_word=int(str(word), 16)
    )


def _query(vault: BalancerVault, trade: Trade, kind: SwapKind) -> bytes:
    account = vault.chain.address
    swaps = [(bytes.fromhex(trade.state.id[2:]), 0, 1, trade.amount, b"")]
    return encode_call(QUERY, kind, swaps, trade.pair, (account, False, account, False))


def _calculated(answer: Mapping[str, str], kind: SwapKind) -> int | None:
    """The side that the caller did not fix: what the Vault receives counts positive."""
    if "result" not in answer:
        return None
    received, sent = decode(["int256[]"], bytes.fromhex(answer["result"][2:]))[0]
    return -int(sent) if kind is SwapKind.GIVEN_IN else int(received)


def _pretended(vault: BalancerVault, trade: Trade) -> Overrides:
    balances = dict(zip(trade.state.tokens, trade.state.balances, strict=True))
    held = [balances.get(asset, 0) for asset in trade.deployed.assets]
    is_two_token = len(held) == 2
    words = _two_token_words(trade, held) if is_two_token else _general_words(trade, held)
    return {
        vault.address: {"stateDiff": words},
        trade.deployed.address: {"stateDiff": _pool_words(trade)},
    }


def _general_words(trade: Trade, held: Sequence[int]) -> dict[str, str]:
    record = int.from_bytes(_slot(trade.state.id, GENERAL_BALANCES_SLOT))
    entries = [
        int.from_bytes(keccak(encode(["uint256", "uint256"], [index, record + 1])))
        for index in range(len(held))
    ]
    return {_word(entry + 1): _word(balance) for entry, balance in zip(entries, held, strict=True)}


def _two_token_words(trade: Trade, held: Sequence[int]) -> dict[str, str]:
    record = int.from_bytes(_slot(trade.state.id, TWO_TOKEN_BALANCES_SLOT))
    pair = keccak(b"".join(bytes.fromhex(asset[2:]) for asset in trade.deployed.assets))
    slot = keccak(encode(["bytes32", "uint256"], [pair, record + TWO_TOKEN_BALANCES_OFFSET]))
    return {"0x" + slot.hex(): _word(held[0] | held[1] << BALANCE_BITS)}


def _pool_words(trade: Trade) -> dict[str, str]:
    """The pool's own storage as if it had this amplification and fee."""
    state = trade.state
    change = state.amplification - trade.deployed.state.amplification
    amplification = trade.deployed.amplification_word + change * (1 | 1 << AMPLIFICATION_BITS)
    fee = state.swap_fee << FEE_OFFSETS[state.rounds_invariant_up]
    return {_word(AMPLIFICATION_SLOT): _word(amplification), _word(FEE_SLOT): _word(fee)}


def _slot(pool_id: PoolId, variable: int) -> bytes:
    return keccak(encode(["bytes32", "uint256"], [bytes.fromhex(pool_id[2:]), variable]))


def _word(value: int) -> str:
    return f"0x{value:064x}"
