"""What ERC-20 contracts say of themselves, read with the distrust that strangers deserve.

A symbol is decoration: absent, malformed or written as bytes32 it still yields a Token. Decimals
are not: a token without them cannot be shown or valued, so it is refused.
"""

from collections.abc import Sequence
from typing import Final

from graphs.tokens import Token
from graphs.units import Address
from searcher.adapters.abi import (
    WORD_BYTES,
    decode_bytes,
    decode_unsigned,
    selector,
)
from searcher.adapters.multicall import Call, Multicall
from searcher.errors import WireError

SYMBOL: Final = selector("symbol()")
DECIMALS: Final = selector("decimals()")
DECIMALS_BITS: Final = 8
MAX_SYMBOL_CHARACTERS: Final = 32
"""As many as the old bytes32 form could hold; longer ones are cut."""


async def read_tokens(
    multicall: Multicall, addresses: Sequence[Address], block_hash: str
) -> dict[Address, Token]:
    """The tokens that have decimals, in the order of the addresses.

    Raises:
        RpcError, WireError: the node refused, or there is no Multicall3.
    """
    calls = [Call(to=address, data=data) for address in addresses for data in (SYMBOL, DECIMALS)]
    answers = await multicall.aggregate(calls, block_hash)
    tokens = (
        decode_token(address, symbol=symbol, decimals=decimals)
        for address, symbol, decimals in zip(addresses, answers[::2], answers[1::2], strict=True)
    )
    return {token.address: token for token in tokens if token is not None}


def decode_token(address: Address, *, symbol: bytes | None, decimals: bytes | None) -> Token | None:
    """The token from its answers (None for one that reverted); None without usable decimals."""
    if decimals is None:
        return None
    try:
        places = decode_unsigned(decimals, 0, bits=DECIMALS_BITS, field="decimals")
    except WireError:
        return None
    return Token(address=address, symbol=_symbol(symbol), decimals=places)


def _symbol(answer: bytes | None) -> str:
    if answer is None:
        return ""
    try:
        raw = answer if len(answer) == WORD_BYTES else decode_bytes(answer, 0, field="symbol")
    except WireError:
        return ""
    text = raw.split(b"\0", 1)[0].decode(errors="replace")
    printable = "".join(character for character in text if character.isprintable())
    return printable[:MAX_SYMBOL_CHARACTERS]
