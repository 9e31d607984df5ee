"""What a flash lender is to the adapters: a source, its desk for one asset, and how to ask it.

Separate from the protocols so that each of them is a value of one shape, and from `lenders`, which
asks them all together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import BPS, PIPS, Address
from searcher.adapters.abi import (
    WORD_BITS,
    decode_address,
    decode_unsigned,
    encode_address,
    selector,
)
from searcher.adapters.multicall import Call
from searcher.flash_lenders import LenderKind, LenderRefusal
from searcher.plans import Source

BALANCE_OF: Final = selector("balanceOf(address)")
NOBODY: Final = Address("0x" + "0" * 40)
PIPS_PER_BPS: Final = PIPS // BPS


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderSource:
    """A protocol that the executor can borrow from."""

    kind: LenderKind
    """Which protocol."""

    address: Address
    """The contract that lends: a pool, a vault, a manager."""

    fee_pips: int = 0
    """Of a Uniswap V2 pair, which does not say; others do."""

    factories: tuple[Address, ...] = ()
    """Of a Uniswap V3 pool: those that the executor knows, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingDesk:
    """One asset of one lender, with the addresses that its state is read from."""

    source: LenderSource
    """The lender."""

    asset: Address
    """What is lent."""

    plan_source: Source
    """How a plan names it."""

    annex: Address = NOBODY
    """Aave's token of the reserve, which holds the money; Balancer's fee collector; else nobody."""

    is_first: bool = False
    """Whether the asset is the first token of the pool that lends."""

    fee_pips: int = 0
    """What is known of the fee for good."""

    refusal: LenderRefusal | None = None
    """Why it never lends; None when the block decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a desk lends after a block."""

    available: int
    """The most."""

    fee_pips: int
    """As stated."""

    refusal: LenderRefusal | None = None
    """Why it does not lend, whatever is available."""


Answers = Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How one kind of lender is asked, once at start and then at each block."""

    setup_calls: Callable[[LenderSource, Address], tuple[Call, ...]]
    """About an asset, at start. No answer to the first one means that there is no such lender."""

    desk: Callable[[LenderSource, Address, Sequence[bytes | None]], LendingDesk | LenderRefusal]
    """From those answers; the reason when it does not lend the asset."""

    calls: Callable[[LendingDesk], tuple[Call, ...]]
    """About a desk, at each block."""

    terms: Callable[[LendingDesk, Answers], Terms]
    """From those answers, all of which are there."""


def balance_call(token: Address, holder: Address) -> Call:
    """What the holder has of the token."""
    return Call(to=token, data=BALANCE_OF + encode_address(holder))


def decode_word(answer: bytes, field: str) -> int:
    """The first word of an answer.

    Raises:
        WireError: there is none.
    """
    return decode_unsigned(answer, 0, bits=WORD_BITS, field=field)


def decode_first_address(answer: bytes | None, field: str) -> Address:
    """The first word of an answer as an address.

    Raises:
        WireError: there is none.
    """
    return decode_address(answer or b"", 0, field=field)
