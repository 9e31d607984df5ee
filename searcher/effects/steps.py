"""What routers are told to do, in one vocabulary: swap, move, wrap, and plans within plans.

Tuples, because a plan is built for every pending transaction and dropped for most. Whose money is
meant is told by holders: the addresses of accounts and pairs, and three names that are none.
"""

from typing import Final, NamedTuple, TypeAlias

from graphs.pools.pool_key import NATIVE_CURRENCY, PoolKey
from graphs.units import Address, PoolId

SENDER: Final = Address("sender")
"""The account that signed: what it holds is not known, and taken to suffice."""

ROUTER: Final = Address("router")
"""The router itself."""

MANAGER: Final = Address("manager")
"""The router's account with Uniswap V4's PoolManager, which may be in debt within the call."""

ETHER: Final = NATIVE_CURRENCY
"""Stands for ether as a token."""

ALL: Final = -1
"""As an amount: whatever the payer holds of the token."""

DEBT: Final = -2
"""As an amount: whatever the recipient owes of the token."""

PAID: Final = -3
"""As an amount: whatever the first pair was sent before."""

UNLIMITED: Final = 2**256 - 1
"""As the most of something."""

EXACT_IN: Final = True
EXACT_OUT: Final = False
"""Which side of a swap its amount is."""


class PairHop(NamedTuple):
    """A pair of the Uniswap V2 kind, found by its tokens."""

    venue: str
    """Of the pair's factory."""

    token_in: Address
    """Sold."""

    token_out: Address
    """Bought."""

    quote_pips: int
    """The fee that the router reckons with, which need not be the pair's own."""


class RangeHop(NamedTuple):
    """A pool of the Uniswap V3 kind, found by tokens and fee."""

    venue: str
    """Of the pool's factory."""

    token_in: Address
    """Sold."""

    token_out: Address
    """Bought."""

    fee_pips: int
    """Of the pool."""


class KeyedHop(NamedTuple):
    """A pool of Uniswap V4, found by its key."""

    key: PoolKey
    """Hashes to the pool's id."""

    is_zero_for_one: bool
    """Whether the lower currency is sold."""


class PlacedHop(NamedTuple):
    """A pool that is named by its address."""

    pool_id: PoolId
    """The pool."""

    is_zero_for_one: bool
    """Whether its first token is sold."""

    quote_pips: int | None
    """The fee that the router reckons with; None where the pool itself says what comes out."""


Hop: TypeAlias = PairHop | RangeHop | KeyedHop | PlacedHop


class Swap(NamedTuple):
    """One amount through one or more pools."""

    hops: tuple[Hop, ...]
    """In trading order."""

    amount: int
    """Sold at the first pool, or bought at the last; ALL or PAID where an input is meant."""

    limit: int
    """The least to be bought, or the most to be sold."""

    is_exact_in: bool
    """Whether the amount is the input."""

    payer: Address
    """Holder of the input."""

    recipient: Address
    """Holder of the output."""

    price_limit_x96: int = 0
    """Where a single V3 swap stops, though it be filled in part; 0 without one."""

    is_sold_on: bool = False
    """Whether an exact output only decides the input, and all that comes of it is bought: so do the
    routers after Router02 at pairs, where rounding makes it a little more."""


class Move(NamedTuple):
    """An amount from one holder to another."""

    token: Address
    """Moved."""

    payer: Address
    """From here."""

    recipient: Address
    """To here."""

    amount: int
    """Or ALL, or DEBT."""

    least: int = 0
    """Less than this reverts."""

    most: int = UNLIMITED
    """More than this reverts."""


class Share(NamedTuple):
    """A part of what the router holds, to somebody."""

    token: Address
    """Moved."""

    recipient: Address
    """To here."""

    share_bps: int
    """Of the router's balance, rounded down."""


class Convert(NamedTuple):
    """The router wraps or unwraps ether."""

    token_in: Address
    """ETHER or WETH."""

    token_out: Address
    """The other."""

    recipient: Address
    """Who gets it."""

    amount: int
    """Or ALL."""

    least: int = 0
    """Less than this reverts."""


class SubPlan(NamedTuple):
    """Steps that the router executes in a call to itself."""

    steps: tuple["Step", ...]
    """In order."""

    is_optional: bool
    """Whether the rest goes on where they revert."""


Step: TypeAlias = Swap | Move | Share | Convert | SubPlan


class RouterCall(NamedTuple):
    """Everything that a call of a router orders."""

    steps: tuple[Step, ...]
    """In order."""

    deadline_s: int = UNLIMITED
    """The last timestamp of a block that may contain it."""

    parent_hash: str | None = None
    """Of the only block that it may follow; None for any."""
