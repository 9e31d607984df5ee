"""Real Balancer V2 pools on a local chain, with balances of any size pretended for each question.

The Vault keeps all balances in its own storage, so a question to it may bring other balances;
weights, scaling and fee are the pools' own and are what was deployed.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from graphs.pools.weighted import WeightedPool
from graphs.units import Address, PoolId
from searcher.adapters.rpc import open_rpc
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.anvil import ROOT, AnvilOptions, running_anvil
from sims.devnet.artifacts import compiled_code, load_code
from sims.devnet.balancer import JOIN_INIT, TASKS, deploy_vault
from sims.devnet.compiler import compile_contracts
from sims.devnet.deployer import Deployer, encode_call
from sims.devnet.plan import GENESIS_TIMESTAMP_S
from tests.integration.real_exchanges import WETH9, Chain, Overrides

V1: Final = f"{TASKS}/deprecated/20210418-weighted-pool/artifact"
V2: Final = f"{TASKS}/20220908-weighted-pool-v2/artifact"
V3: Final = f"{TASKS}/20230206-weighted-pool-v3/artifact"
FACTORIES: Final = {
    "v1": f"{V1}/WeightedPoolFactory.json",
    "v1-oracle": f"{V1}/WeightedPool2TokensFactory.json",
    "v2": f"{V2}/WeightedPoolFactory.json",
    "v3": f"{V3}/WeightedPoolFactory.json",
}
FEE_PROVIDER: Final = (
    f"{TASKS}/20220725-protocol-fee-percentages-provider/artifact/"
    "ProtocolFeePercentagesProvider.json"
)
MAX_FEES: Final = (10**18, 10**18)
"""Of yield and of assets under management: any."""

NO_RATE_PROVIDER: Final = Address("0x" + "0" * 40)
MAX_UINT256: Final = 2**256 - 1
CREATE_V1: Final = "create(string,string,address[],uint256[],uint256,address)"
CREATE_ORACLE: Final = "create(string,string,address[],uint256[],uint256,bool,address)"
CREATE_V2: Final = "create(string,string,address[],uint256[],address[],uint256,address)"
JOIN: Final = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
QUERY: Final = (
    "queryBatchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[],"
    "(address,bool,address,bool))"
)
SWAP: Final = (
    "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),"
    "uint256,uint256)"
)
MINIMAL_BALANCES_SLOT: Final = 7
TWO_TOKEN_BALANCES_SLOT: Final = 9
"""Storage of the Vault: pools of three and more tokens, and pools of two."""

TWO_TOKEN_BALANCES_OFFSET: Final = 2
"""Of the mapping inside of the record of a pool of two."""

BALANCE_BITS: Final = 112
"""Of a balance in a packed word; the lowest are what is at hand, or the first token's."""

QUESTIONS_AT_ONCE: Final = 200
"""In one round trip; with the pretended balances, more would be a megabyte."""

PERCENT: Final = 10**16
"""With 18 decimals."""


class SwapKind(IntEnum):
    """Which side of a trade the caller fixes. IVault.SwapKind."""

    GIVEN_IN = 0
    GIVEN_OUT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedPlan:
    """A pool to create."""

    version: str
    """A key of the factories."""

    tokens: tuple[Address, ...]
    """Some of the chain's, ascending."""

    weights: tuple[int, ...]
    """With 18 decimals."""

    swap_fee: int
    """With 18 decimals."""


class Trade(NamedTuple):
    """A question to the Vault."""

    pool: WeightedPool
    """With the balances to pretend."""

    token_in: Address
    token_out: Address
    amount: int
    """Of the side that is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerVault:
    """The Vault and the tokens that its pools may trade."""

    chain: Chain
    address: Address
    factories: Mapping[str, Address]
    decimals: Mapping[Address, int]
    """Of each token, which the Vault may take from the deployer; in ascending order."""


@asynccontextmanager
async def balancer_vault(decimals: Sequence[int]) -> AsyncIterator[BalancerVault]:
    """Deploy the Vault, every weighted factory and tokens on a chain of their own."""
    options = AnvilOptions(timestamp_s=GENESIS_TIMESTAMP_S)
    async with running_anvil(options) as anvil, open_rpc(anvil.http_url) as rpc:
        account = public_address(DEPLOYER)
        deployer = Deployer(rpc, address=account, timestamp_s=GENESIS_TIMESTAMP_S)
        chain = Chain(deployer, anvil.http_url)
        vault = await deploy_vault(chain, await chain.deploy(load_code(WETH9)))
        provider = await chain.deploy(load_code(FEE_PROVIDER), vault, *MAX_FEES)
        factories = {}
        for version, path in FACTORIES.items():
            code = load_code(path)
            arguments = (vault, provider, version, version)[: len(code.constructor_types)]
            factories[version] = await chain.deploy(code, *arguments)
        yield BalancerVault(
            chain=chain,
            address=vault,
            factories=factories,
            decimals=await _deploy_tokens(chain, vault, decimals),
        )


async def _deploy_tokens(
    chain: Chain, vault: Address, decimals: Sequence[int]
) -> dict[Address, int]:
    code = compiled_code(compile_contracts(ROOT)["DevnetToken"])
    tokens = {}
    for places in decimals:
        token = await chain.deploy(code, "Token", "TKN", places)
        await chain.call(token, "mint(address,uint256)", chain.address, MAX_UINT256 // 2)
        await chain.call(token, "approve(address,uint256)", vault, MAX_UINT256)
        tokens[token] = places
    return dict(sorted(tokens.items()))


async def deploy_weighted(vault: BalancerVault, plan: WeightedPlan) -> WeightedPool:
    """Create a pool and fill it with a million whole units of each token."""
    chain, factory = vault.chain, vault.factories[plan.version]
    decimals = [vault.decimals[token] for token in plan.tokens]
    providers = [NO_RATE_PROVIDER for _ in plan.tokens]
    signature, *rest = {
        "v1": (CREATE_V1, plan.swap_fee),
        "v1-oracle": (CREATE_ORACLE, plan.swap_fee, False),
    }.get(plan.version, (CREATE_V2, providers, plan.swap_fee))
    arguments = ("Pool", "BPT", plan.tokens, plan.weights, *rest, chain.address)
    address = await chain.read_address(factory, str(signature), *arguments)
    await chain.call(factory, str(signature), *arguments)
    pool_id = await chain.read(address, "getPoolId()")
    balances = [10 ** (6 + places) for places in decimals]
    user_data = encode(["uint256", "uint256[]"], [JOIN_INIT, balances])
    request = (plan.tokens, balances, user_data, False)
    await chain.call(vault.address, JOIN, pool_id, chain.address, chain.address, request)
    return WeightedPool(
        id=PoolId("0x" + pool_id.hex()),
        venue="balancer-v2",
        tokens=plan.tokens,
        balances=tuple(balances),
        weights=plan.weights,
        decimals=tuple(decimals),
        swap_fee=plan.swap_fee,
        has_exact_powers=not plan.version.startswith("v1"),
    )


async def query_swaps(
    vault: BalancerVault, trades: Sequence[Trade], kind: SwapKind
) -> list[int | None]:
    """What the Vault would ask for or give in each trade; None where it or the pool reverts."""
    questions = [
        (vault.address, _query(vault, trade, kind), _pretended(vault, trade.pool))
        for trade in trades
    ]
    quotes: list[int | None] = []
    for start in range(0, len(questions), QUESTIONS_AT_ONCE):
        answers = await vault.chain._batch(questions[start : start + QUESTIONS_AT_ONCE])
        quotes += [_calculated(answer, kind) for answer in answers]
    return quotes


async def swap(vault: BalancerVault, trade: Trade) -> None:
    """Trade an exact input for good."""
    account = vault.chain.address
    pair = (trade.token_in, trade.token_out)
    terms = (bytes.fromhex(trade.pool.id[2:]), SwapKind.GIVEN_IN, *pair, trade.amount, b"")
    funds = (account, False, account, False)
    await vault.chain.call(vault.address, SWAP, terms, funds, 0, MAX_UINT256)


async def read_balances(vault: BalancerVault, pool: WeightedPool) -> tuple[int, ...]:
    """What the Vault holds for the pool."""
    answer = await vault.chain.read(
        vault.address, "getPoolTokens(bytes32)", bytes.fromhex(pool.id[2:])
    )
    _, balances, _ = decode(["address[]", "uint256[]", "uint256"], answer)
    return tuple(balances)


def _query(vault: BalancerVault, trade: Trade, kind: SwapKind) -> bytes:
    account = vault.chain.address
    assets = [trade.token_in, trade.token_out]
    swaps = [(bytes.fromhex(trade.pool.id[2:]), 0, 1, trade.amount, b"")]
    return encode_call(QUERY, kind, swaps, assets, (account, False, account, False))


def _calculated(answer: Mapping[str, str], kind: SwapKind) -> int | None:
    """The side that the caller did not fix: what the Vault receives counts positive."""
    if "result" not in answer:
        return None
    received, sent = decode(["int256[]"], bytes.fromhex(answer["result"][2:]))[0]
    return -int(sent) if kind is SwapKind.GIVEN_IN else int(received)


def _pretended(vault: BalancerVault, pool: WeightedPool) -> Overrides:
    """The Vault's storage as if it held these balances."""
    words = _minimal_words(pool) if len(pool.tokens) > 2 else _two_token_words(pool)
    return {vault.address: {"stateDiff": words}}


def _minimal_words(pool: WeightedPool) -> dict[str, str]:
    record = _slot(pool.id, MINIMAL_BALANCES_SLOT)
    return {
        "0x" + keccak(encode(["address", "bytes32"], [token, record])).hex(): _word(balance)
        for token, balance in zip(pool.tokens, pool.balances, strict=True)
    }


def _two_token_words(pool: WeightedPool) -> dict[str, str]:
    record = int.from_bytes(_slot(pool.id, TWO_TOKEN_BALANCES_SLOT)) + TWO_TOKEN_BALANCES_OFFSET
    pair = keccak(b"".join(bytes.fromhex(token[2:]) for token in pool.tokens))
    slot = keccak(encode(["bytes32", "uint256"], [pair, record]))
    first, second = pool.balances
    return {"0x" + slot.hex(): _word(first | second << BALANCE_BITS)}


def _slot(pool_id: PoolId, variable: int) -> bytes:
    return keccak(encode(["bytes32", "uint256"], [bytes.fromhex(pool_id[2:]), variable]))


def _word(value: int) -> str:
    return f"0x{value:064x}"
