"""What is known of a token besides its address. Pools and cycles name tokens by address only."""

from dataclasses import dataclass

from graphs.units import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An ERC-20 token as people name it. Symbols are claims by strangers: show, never match."""

    address: Address
    """Where the contract lives."""

    symbol: str
    """What the contract calls itself; empty when it does not say."""

    decimals: int
    """Raw units in one whole token, as a power of ten."""
