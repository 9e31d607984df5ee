"""The hash of Ethereum, from the fastest implementation at hand.

Every pending transaction is hashed at least once; the detour through eth-utils costs five times
the hash itself.
"""

import sha3


def keccak(data: bytes) -> bytes:
    """Return keccak256."""
    digest: bytes = sha3.keccak_256(data).digest()
    return digest
