"""Deployment by the deterministic deployer, which stands at one address on practically every chain.

The address of what it deploys follows from the code and its constructor's arguments alone: whoever
sends it, whenever, and whatever the account's nonce (EIP-1014).
"""

from typing import Final

from eth_utils.crypto import keccak

from graphs.units import Address

DETERMINISTIC_DEPLOYER: Final = Address("0x4e59b44847b379578588920ca78fbf26c0b4956c")
"""https://github.com/Arachnid/deterministic-deployment-proxy"""

DEPLOYER_CODE: Final = (
    "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f5"
    "8015156039578182fd5b8082525050506014600cf3"
)
"""Its runtime code: the first word is the salt, the rest the code to run; answers the address."""

SALT: Final = bytes(32)
"""One executor for each wiring needs no other."""

_ADDRESS_BYTES: Final = 20


def create2_address(init_code: bytes) -> Address:
    """Where the deterministic deployer puts a contract."""
    deployer = bytes.fromhex(DETERMINISTIC_DEPLOYER[2:])
    digest = keccak(b"\xff" + deployer + SALT + keccak(init_code))
    return Address("0x" + digest[-_ADDRESS_BYTES:].hex())


def create2_calldata(init_code: bytes) -> bytes:
    """What to send to the deterministic deployer."""
    return SALT + init_code
