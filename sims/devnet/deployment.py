"""What stands on a deployed local chain.

Separate from the modules that deploy, because traders, demonstrations and tests need the
addresses and nothing of how they came about. It is kept on disk beside the chain's state.
"""

from dataclasses import dataclass
from typing import Literal

from graphs.tokens import Token
from graphs.units import Address
from searcher.flash_lenders import LenderKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory:
    """An exchange whose pools are found from its factory's events."""

    kind: Literal["uniswap_v2", "uniswap_v3"]
    """The curve and the ABI."""

    venue: str
    """Its name."""

    address: Address
    """The factory."""

    router: Address
    """Takes swaps: UniswapV2Router02 or SwapRouter."""

    fee_pips: int | None
    """Of all its pools; None where each pool has its own."""

    init_code_hash: str
    """Of its pools' creation code, hex with 0x: the input of their CREATE2 addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashLender:
    """A contract that the executor can borrow from."""

    kind: LenderKind
    """Its protocol."""

    address: Address
    """The contract that lends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedPool:
    """A pool as it was filled."""

    venue: str
    """The factory's."""

    address: Address
    """The pool."""

    tokens: tuple[Address, Address]
    """In the contract's order."""

    fee_pips: int
    """Of an input."""

    amounts: tuple[int, int]
    """What its depth is in either token."""

    depth_wei: int
    """As planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Every address that somebody needs, as of the last block of the deployment."""

    chain_id: int
    """As `eth_chainId` answers."""

    weth: Address
    """WETH9."""

    tokens: tuple[Token, ...]
    """All, WETH first."""

    factories: tuple[Factory, ...]
    """The exchanges."""

    pools: tuple[DeployedPool, ...]
    """The exchanges' pools, in order of creation."""

    lenders: tuple[FlashLender, ...]
    """Where to borrow."""

    quoter: Address
    """QuoterV2: what Uniswap V3 itself thinks of a swap."""

    weighted_pool_id: str
    """Of the Balancer pool whose WETH the vault lends, hex with 0x."""

    multicall3: Address
    """At its canonical address."""

    executor: Address
    """Owned by the trading account."""

    trading_account: Address
    """The searcher's."""

    beneficiary: Address
    """Where the executor sends profits."""

    start_block: int
    """Before the first factory."""

    head_block: int
    """The last of the deployment."""

    head_timestamp_s: int
    """Of that block."""
