"""What a token runs: the hash of its code, and whom the known kinds of proxies delegate to."""

from collections.abc import Sequence
from typing import Final

from eth_utils.crypto import keccak

from graphs.units import Address
from searcher.adapters.abi import ADDRESS_BYTES, WORD_BITS, encode_word, selector
from searcher.adapters.decoding import hex_bytes
from searcher.adapters.rpc import Rpc
from searcher.errors import RpcError
from searcher.token_admission import Identity

Question = tuple[str, Sequence[object]]


def _eip1967(name: str) -> str:
    slot = int.from_bytes(keccak(text=name)) - 1
    return "0x" + encode_word(slot % (1 << WORD_BITS)).hex()


BEACON_SLOT: Final = _eip1967("eip1967.proxy.beacon")

IMPLEMENTATION_SLOTS: Final = (
    _eip1967("eip1967.proxy.implementation"),
    BEACON_SLOT,
    "0x" + keccak(text="org.zeppelinos.proxy.implementation").hex(),
    "0x" + keccak(text="PROXIABLE").hex(),
)
"""EIP-1967's two, that of OpenZeppelin's older proxies, which USDC is, and EIP-1822's."""

IMPLEMENTATION: Final = selector("implementation()")
"""What a beacon is asked."""

NOBODY: Final = Address("0x" + "00" * ADDRESS_BYTES)


async def read_identity(rpc: Rpc, token: Address, block_hash: str) -> Identity | None:
    """What the token runs at the block; None without code.

    Raises:
        RpcError, WireError: the node refused, or answered nonsense.
    """
    at = {"blockHash": block_hash}
    code, *words = await rpc.batch(
        [
            ("eth_getCode", (token, at)),
            *(("eth_getStorageAt", (token, slot, at)) for slot in IMPLEMENTATION_SLOTS),
        ]
    )
    own = hex_bytes(code, "eth_getCode")
    if not own:
        return None
    keepers = dict(zip(IMPLEMENTATION_SLOTS, map(_address, words), strict=True))
    beacon = keepers[BEACON_SLOT]
    found = [keeper for keeper in keepers.values() if keeper != NOBODY]
    if beacon != NOBODY:
        found.append(await _behind(rpc, beacon, at))
    codes = await rpc.batch([("eth_getCode", (address, at)) for address in found])
    hashes = (_hash(hex_bytes(code, "eth_getCode")) for code in codes)
    return Identity(code_hash=_hash(own), implementations=tuple(zip(found, hashes, strict=True)))


async def _behind(rpc: Rpc, beacon: Address, at: object) -> Address:
    """Whom the beacon names; nobody where it answers nothing."""
    call = {"to": beacon, "data": "0x" + IMPLEMENTATION.hex()}
    try:
        return _address(await rpc.call("eth_call", call, at))
    except RpcError as error:
        if error.code is None:
            raise
        return NOBODY


def _address(word: object) -> Address:
    """The last twenty bytes: contracts keep more in the rest of a slot."""
    content = hex_bytes(word, "eth_getStorageAt").rjust(ADDRESS_BYTES, b"\0")
    return Address("0x" + content[-ADDRESS_BYTES:].hex())


def _hash(code: bytes) -> str:
    return "0x" + keccak(code).hex()
