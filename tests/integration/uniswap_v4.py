"""The real PoolManager on a local chain, told any pool state, and asked what it would swap.

A state is written into the manager's storage for the length of one simulated call, so that every
question has a pool of its own: no position need be minted, and no price reached by trading.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from graphs.pools.pool_key import NO_HOOKS, PoolKey
from graphs.pools.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import Address
from searcher.adapters.rpc import open_rpc
from sims.devnet.accounts import DEPLOYER, public_address
from sims.devnet.anvil import AnvilOptions, running_anvil
from sims.devnet.artifacts import load_code
from sims.devnet.deployer import Deployer, encode_call
from sims.devnet.plan import GENESIS_TIMESTAMP_S

ERC20: Final = "@uniswap/v2-core/build/ERC20.json"
V4_CORE: Final = "@uniswap/v4-core/out/{0}.sol/{0}.json"
SUPPLY: Final = 2**255
GAS: Final = 10**9
"""More than a block holds: a swap through all prices reads thousands of bitmap words."""

KEY: Final = "(address,address,uint24,int24,address)"
INITIALIZE: Final = f"initialize({KEY},uint160)"
SWAP: Final = f"swap({KEY},(bool,int256,uint160),(bool,bool),bytes)"
MODIFY_LIQUIDITY: Final = f"modifyLiquidity({KEY},(int24,int24,int256,bytes32),bytes)"
SET_PROTOCOL_FEE: Final = f"setProtocolFee({KEY},uint24)"
SWAP_EVENT: Final = ["int128", "int128", "uint160", "uint128", "int24", "uint24"]

# Where StateLibrary reads: the mapping of pools, and the members of a pool's state.
POOLS_SLOT: Final = 6
LIQUIDITY_OFFSET: Final = 3
TICKS_OFFSET: Final = 4
BITMAP_OFFSET: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RealSwap:
    """What the manager says that it swapped."""

    paid: int
    """Of the token sold."""

    got: int
    """Of the token bought."""

    sqrt_price_x96: int
    """The price reached."""

    liquidity: int
    """What is active there."""

    tick: int
    """The tick reached."""

    fee_pips: int
    """The swap fee, the protocol's share included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """The contracts, and an account that owns them and all tokens."""

    deployer: Deployer
    address: Address
    swapper: Address
    provider: Address
    tokens: tuple[Address, Address]

    def at_home(self, pool: UniswapV4Pool) -> UniswapV4Pool:
        """The same state between the tokens of this chain, under its id here."""
        token0, token1 = self.tokens
        renamed = replace(pool, token0=token0, token1=token1)
        return replace(renamed, id=key_of(renamed).id)

    async def swap(
        self, pool: UniswapV4Pool, *, sold: Address, amount_specified: int
    ) -> RealSwap | None:
        """Simulate a swap on this state; negative amounts are inputs. None where it reverts."""
        arguments = swap_arguments(pool, sold=sold, amount_specified=amount_specified)
        answer = await self._simulate(pool, to=self.swapper, data=encode_call(SWAP, *arguments))
        if answer["status"] != "0x1":
            return None
        log = next(entry for entry in answer["logs"] if entry["address"] == self.address)
        event = decode(SWAP_EVENT, bytes.fromhex(log["data"][2:]))
        amounts = event[:2] if sold == pool.token0 else (event[1], event[0])
        return RealSwap(
            paid=-amounts[0],
            got=amounts[1],
            sqrt_price_x96=event[2],
            liquidity=event[3],
            tick=event[4],
            fee_pips=event[5],
        )

    async def grants_position(self, pool: UniswapV4Pool, *, liquidity: int) -> bool:
        """Whether the manager adds this much between the tick at zero and the next."""
        terms = (0, pool.tick_spacing, liquidity, b"")
        data = encode_call(MODIFY_LIQUIDITY, as_tuple(key_of(pool)), terms, b"")
        return bool((await self._simulate(pool, to=self.provider, data=data))["status"] == "0x1")

    async def _simulate(self, pool: UniswapV4Pool, *, to: Address, data: bytes) -> dict[str, Any]:
        call = {"from": self.deployer.address, "to": to, "data": "0x" + data.hex()}
        block = {
            "stateOverrides": {self.address: {"stateDiff": storage_of(pool)}},
            "blockOverrides": {"gasLimit": hex(2 * GAS)},
            "calls": [call | {"gas": hex(GAS)}],
        }
        blocks: Any = await self.deployer.rpc.call(
            "eth_simulateV1", {"blockStateCalls": [block]}, "latest"
        )
        answer: dict[str, Any] = blocks[0]["calls"][0]
        return answer


@asynccontextmanager
async def real_manager() -> AsyncIterator[Manager]:
    """Deploy the manager and its test routers on a chain of their own."""
    options = AnvilOptions(timestamp_s=GENESIS_TIMESTAMP_S)
    async with running_anvil(options) as anvil, open_rpc(anvil.http_url) as rpc:
        account = public_address(DEPLOYER)
        yield await _deploy(Deployer(rpc, address=account, timestamp_s=GENESIS_TIMESTAMP_S))


async def _deploy(deployer: Deployer) -> Manager:
    manager = await deployer.deploy(load_code(V4_CORE.format("PoolManager")), deployer.address)
    swapper = await deployer.deploy(load_code(V4_CORE.format("PoolSwapTest")), manager)
    provider = await deployer.deploy(load_code(V4_CORE.format("PoolModifyLiquidityTest")), manager)
    low, high = sorted([await deployer.deploy(load_code(ERC20), SUPPLY) for _ in range(2)])
    for token in (low, high):
        await deployer.call(token, "transfer(address,uint256)", manager, SUPPLY // 2)
        for spender in (swapper, provider):
            await deployer.call(token, "approve(address,uint256)", spender, 2**256 - 1)
    await deployer.call(manager, "setProtocolFeeController(address)", deployer.address)
    return Manager(
        deployer=deployer,
        address=manager,
        swapper=swapper,
        provider=provider,
        tokens=(low, high),
    )


def key_of(pool: UniswapV4Pool) -> PoolKey:
    """What names the pool."""
    return PoolKey(
        currency0=pool.token0,
        currency1=pool.token1,
        fee_pips=pool.fee_pips,
        tick_spacing=pool.tick_spacing,
        hooks=NO_HOOKS,
    )


def as_tuple(key: PoolKey) -> tuple[object, ...]:
    """As the contracts take it."""
    return (key.currency0, key.currency1, key.fee_pips, key.tick_spacing, key.hooks)


def storage_of(pool: UniswapV4Pool) -> dict[str, str]:
    """The words in which the manager keeps the pool."""
    state = int.from_bytes(keccak(bytes.fromhex(pool.id[2:]) + encode(["uint256"], [POOLS_SLOT])))
    tick = pool.tick & 0xFFFFFF
    slot0 = pool.sqrt_price_x96 | tick << 160 | pool.protocol_fee << 184 | pool.fee_pips << 208
    words = {state: slot0, state + LIQUIDITY_OFFSET: pool.liquidity}
    bitmap: dict[int, int] = {}
    rows = zip(pool.ticks, pool.liquidity_nets, pool.liquidity_grosses, strict=True)
    for tick, net, gross in rows:
        words[_slot(tick, state + TICKS_OFFSET)] = gross | (net % 2**128) << 128
        word, bit = divmod(tick // pool.tick_spacing, 256)
        bitmap[word] = bitmap.get(word, 0) | 1 << bit
    words |= {_slot(word, state + BITMAP_OFFSET): bits for word, bits in bitmap.items()}
    return {f"0x{slot:064x}": f"0x{word:064x}" for slot, word in words.items()}


def _slot(index: int, mapping: int) -> int:
    return int.from_bytes(keccak(encode(["int256", "uint256"], [index, mapping])))


def swap_arguments(
    pool: UniswapV4Pool, *, sold: Address, amount_specified: int
) -> tuple[object, ...]:
    zero_for_one = sold == pool.token0
    limit = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
    terms = (zero_for_one, amount_specified, limit)
    return (as_tuple(key_of(pool)), terms, (False, False), b"")
