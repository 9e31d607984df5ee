"""What the executor is told, as records and as the packed bytes that it reads in place.

The layout is that of `contracts/src/libraries/Plan.sol`, big-endian and without padding; both sides
are checked against `contracts/test/vectors/plans.json`. A plan is a header, what its source needs
to be told, and its hops:

    header  target block 8, minimum profit 16, tip share 2, source and flags 1, asset 20,
            input 16, and if flag 0x80 is set the hash of the target block's parent, 32
    source  0 Aave V3, 1 Balancer V2, 2 Balancer V3, 5 Uniswap V4, 7 none: nothing more
            3 Uniswap V2: pair 20, fee in pips 3, whether the asset is its first token 1
            4 Uniswap V3: the pool's other token 20, fee 3, factory 1
            6 SoloMargin: market 1
    hop     0 Uniswap V2: pool 20, fee in pips 3
            1 Uniswap V3: token in 20, token out 20, fee 3, factory 1
            2 Uniswap V4: token in 20, token out 20, fee 3, tick spacing 3, hooks 20
            3 Balancer V2: token in 20, token out 20, pool id 32
            4 Balancer V3: token in 20, token out 20, pool 20
            5, 6 Curve by int128, by uint256: token in 20, token out 20, pool 20, i 1, j 1
            7 Solidly: token in 20, pool 20

A hop begins with one byte of its number; flag 0x80 in it says, of Uniswap V2 and Solidly, that the
pool's first token is sold. Flags 0x40 and 0x20 of the source byte unlock Uniswap V4's manager and
Balancer V3's vault around the plan; they follow from source and hops, so that no record has them.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from graphs.units import Address

MIN_HOPS: Final = 2
MAX_HOPS: Final = 8
"""More fit into the format; no search looks for longer cycles."""


class SourceKind(IntEnum):
    """Where the first input comes from; the values are those of the wire."""

    AAVE_V3 = 0
    BALANCER_V2 = 1
    BALANCER_V3 = 2
    UNISWAP_V2 = 3
    UNISWAP_V3 = 4
    UNISWAP_V4 = 5
    SOLO_MARGIN = 6
    NONE = 7


class HopKind(IntEnum):
    """How the executor trades with a pool; the values are those of the wire."""

    UNISWAP_V2 = 0
    UNISWAP_V3 = 1
    UNISWAP_V4 = 2
    BALANCER_V2 = 3
    BALANCER_V3 = 4
    CURVE_INT128 = 5
    CURVE_UINT256 = 6
    SOLIDLY = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class AaveV3Source:
    """`flashLoanSimple` of the Aave pool that the executor was built with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerV2Source:
    """`flashLoan` of the Balancer V2 vault. The vault cannot also trade in that plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerV3Source:
    """Credit of the unlocked Balancer V3 vault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV2Source:
    """A flash swap given back in the asset itself. The pair cannot also trade in that plan."""

    pair: Address
    """Which lends."""

    fee_pips: int
    """Charged on what is given back."""

    is_asset_first: bool
    """Whether the asset is the pair's first token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV3Source:
    """`flash` of a concentrated pool. The pool cannot also trade in that plan."""

    other_token: Address
    """The pool's, besides the asset."""

    fee_pips: int
    """The pool's tier, which is also the fee of the loan."""

    factory: int
    """By its number in the executor's wiring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV4Source:
    """Credit of Uniswap V4's unlocked manager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoloMarginSource:
    """`operate` of dYdX's SoloMargin: withdraw, call, deposit two raw units more."""

    market: int
    """The asset's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSource:
    """No loan: the first hop's pool, of Uniswap V2, V3 or V4, pays before it is paid."""


Source = (
    AaveV3Source
    | BalancerV2Source
    | BalancerV3Source
    | UniswapV2Source
    | UniswapV3Source
    | UniswapV4Source
    | SoloMarginSource
    | NoSource
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV2Hop:
    """A pair of Uniswap V2 or a fork of it."""

    pool: Address
    """The pair."""

    fee_pips: int
    """Charged on the input."""

    zero_for_one: bool
    """Whether the pair's first token is sold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV3Hop:
    """A pool of a factory of Uniswap V3 or a fork; its address follows from what is here."""

    token_in: Address
    """What is sold."""

    token_out: Address
    """What is bought."""

    fee_pips: int
    """Its tier."""

    factory: int
    """By its number in the executor's wiring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniswapV4Hop:
    """A pool of Uniswap V4's manager; its id follows from what is here."""

    token_in: Address
    """What is sold."""

    token_out: Address
    """What is bought."""

    fee_pips: int
    """Of the pool's key."""

    tick_spacing: int
    """Of the pool's key."""

    hooks: Address
    """Of the pool's key; zero where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerV2Hop:
    """A pool of the Balancer V2 vault."""

    token_in: Address
    """What is sold."""

    token_out: Address
    """What is bought."""

    pool_id: str
    """32 bytes, lower-case hex with 0x."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerV3Hop:
    """A pool of the Balancer V3 vault."""

    token_in: Address
    """What is sold."""

    token_out: Address
    """What is bought."""

    pool: Address
    """The pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveHop:
    """A pool of Curve."""

    token_in: Address
    """What is sold."""

    token_out: Address
    """What is bought."""

    pool: Address
    """The pool."""

    index_in: int
    """Of the coin that is sold."""

    index_out: int
    """Of the coin that is bought."""

    is_unsigned: bool
    """Whether `exchange` takes the indices as uint256, as pools of volatile coins do, or int128."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolidlyHop:
    """A pool of Solidly or a fork, stable or volatile; it quotes itself."""

    token_in: Address
    """What is sold."""

    pool: Address
    """The pool."""

    zero_for_one: bool
    """Whether the pool's first token is sold."""


PlanHop = (
    UniswapV2Hop
    | UniswapV3Hop
    | UniswapV4Hop
    | BalancerV2Hop
    | BalancerV3Hop
    | CurveHop
    | SolidlyHop
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that the executor is told."""

    target_block: int
    """The only block that it may run in."""

    parent_hash: str | None = None
    """The only block that it may follow, lower-case hex with 0x; None for any."""

    min_profit: int
    """Gross profit below which it reverts, in raw units of the asset."""

    tip_share_bps: int
    """Of the gross profit, for the coinbase; more than 0 only if the asset is wrapped ether."""

    source: Source
    """Where the input comes from."""

    asset: Address
    """What is borrowed; the first hop sells it and the last one buys it."""

    amount_in: int
    """How much, in raw units."""

    hops: tuple[PlanHop, ...]
    """Two to eight."""
