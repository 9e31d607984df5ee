"""Traders who move the prices of a local chain, without reason but repeatably.

What they do follows from a seed and never from the chain's state, so the same seed gives the same
signed bytes whatever the searcher makes of them. They push back in the long run: whoever sold
much of a token into the market tends to buy it back.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_canonical_address

from graphs.units import BPS, Address
from searcher.adapters.rpc import Rpc
from sims.devnet.accounts import TRADERS, public_account
from sims.devnet.deployer import encode_call
from sims.devnet.deployment import DeployedPool, Deployment, Factory

GWEI: Final = 10**9
MAX_FEE_WEI: Final = 1_000 * GWEI
"""Per gas; traders always pay the base fee."""

DYNAMIC_FEE: Final = 2
"""The transaction type of EIP-1559."""

GAS_LIMIT: Final = 1_000_000
"""Of a swap; one that crosses many ticks costs a few hundred thousand."""

FOREVER: Final = 2**64
"""Unix seconds, later than any block."""

PERCENT: Final = 100
SWAP_V2: Final = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
SWAP_V3: Final = (
    "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How much traders trade. Sizes are fractions of the depth of the pool they trade in."""

    min_swaps: int = 1
    """Per block."""

    max_swaps: int = 3
    """Per block; no more than there are traders."""

    leading_bps: int = 250
    """Smallest size of a block's first swap; it opens the gap."""

    following_bps: int = 10
    """Smallest size of the others."""

    largest_bps: int = 1_500
    """No swap is larger."""

    tail_float: float = 1.3
    """Exponent of the Pareto distribution of sizes; smaller is heavier."""

    reversion_percent: int = 75
    """How often a swap is in the direction that undoes what traders did before."""

    max_tip_gwei: int = 3
    """Per gas, from one upwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """What a trader decided."""

    pool: DeployedPool
    """Where."""

    token_in: Address
    """What is sold."""

    token_out: Address
    """What is bought, at any price."""

    amount_in: int
    """Raw units."""


class Traders:
    """A seeded stream of swaps from several accounts, of which each sends one per block."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        seed: int,
        noise: Noise,
        nonces: Mapping[LocalAccount, int],
    ) -> None:
        self._deployment = deployment
        self._noise = noise
        self._nonces = dict(nonces)
        self._random = random.Random(seed)  # noqa: S311 - repeatable noise, not a secret
        self._factories = {factory.venue: factory for factory in deployment.factories}
        self._sold_wei: Counter[Address] = Counter()

    async def trade(self, rpc: Rpc) -> tuple[str, ...]:
        """Send the coming block's swaps to the public pool, and return their hashes.

        Raises:
            RpcError: the chain is gone, or refuses them.
        """
        return tuple(
            [str(await rpc.call("eth_sendRawTransaction", "0x" + raw.hex())) for raw in self.sign()]
        )

    def sign(self) -> tuple[bytes, ...]:
        """The coming block's swaps as signed transactions. Each call goes on to the next block."""
        count = self._random.randint(self._noise.min_swaps, self._noise.max_swaps)
        traders = self._random.sample(tuple(self._nonces), count)
        return tuple(
            self._signed(trader, self.decide(is_leading=index == 0))
            for index, trader in enumerate(traders)
        )

    def decide(self, *, is_leading: bool) -> Swap:
        """The next swap, unsigned; a block's first one is the leading one."""
        pool = self._random.choice(self._deployment.pools)
        index = self._choose_side(pool)
        smallest = self._noise.leading_bps if is_leading else self._noise.following_bps
        drawn = int(smallest * self._random.paretovariate(self._noise.tail_float))
        size_bps = min(drawn, self._noise.largest_bps)
        token_in, token_out = pool.tokens[index], pool.tokens[1 - index]
        self._sold_wei[token_in] += pool.depth_wei * size_bps // BPS
        self._sold_wei[token_out] -= pool.depth_wei * size_bps // BPS
        return Swap(
            pool=pool,
            token_in=token_in,
            token_out=token_out,
            amount_in=pool.amounts[index] * size_bps // BPS,
        )

    def _choose_side(self, pool: DeployedPool) -> int:
        """The index of the token to sell: mostly the one that was sold less."""
        token0, token1 = pool.tokens
        reverting = int(self._sold_wei[token0] > self._sold_wei[token1])
        if self._random.randrange(PERCENT) < self._noise.reversion_percent:
            return reverting
        return 1 - reverting

    def _signed(self, trader: LocalAccount, swap: Swap) -> bytes:
        factory = self._factories[swap.pool.venue]
        nonce = self._nonces[trader]
        self._nonces[trader] = nonce + 1
        signed = trader.sign_transaction(
            {
                "type": DYNAMIC_FEE,
                "chainId": self._deployment.chain_id,
                "nonce": nonce,
                "to": to_canonical_address(factory.router),
                "data": _calldata(swap, factory, trader=Address(trader.address)),
                "value": 0,
                "gas": GAS_LIMIT,
                "maxFeePerGas": MAX_FEE_WEI,
                "maxPriorityFeePerGas": self._random.randint(1, self._noise.max_tip_gwei) * GWEI,
            }
        )
        return bytes(signed.raw_transaction)


async def open_traders(rpc: Rpc, deployment: Deployment, *, seed: int, noise: Noise) -> Traders:
    """Traders whose nonces go on from the chain's.

    Raises:
        RpcError: the chain does not answer.
    """
    accounts = [public_account(index) for index in TRADERS]
    counts = await rpc.batch(
        [("eth_getTransactionCount", (account.address, "pending")) for account in accounts]
    )
    nonces = {account: int(str(count), 16) for account, count in zip(accounts, counts, strict=True)}
    return Traders(deployment, seed=seed, noise=noise, nonces=nonces)


def _calldata(swap: Swap, factory: Factory, *, trader: Address) -> bytes:
    path = (swap.token_in, swap.token_out)
    if factory.kind == "uniswap_v2":
        return encode_call(SWAP_V2, swap.amount_in, 0, path, trader, FOREVER)
    order = (*path, swap.pool.fee_pips, trader, FOREVER, swap.amount_in, 0, 0)
    return encode_call(SWAP_V3, order)
