"""The accounts of a local chain, from the mnemonic that anvil and Hardhat use by default.

Warning: these keys are in every developer's documentation. Whatever they hold on a public chain
is taken within seconds. They exist so that a demonstration needs no secret.
"""

from typing import Final

from eth_account import Account
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_account.signers.local import LocalAccount

from graphs.units import Address

PUBLIC_MNEMONIC: Final = "test test test test test test test test test test test junk"
"""Anvil's default."""

DEPLOYER: Final = 0
"""Deploys, and provides all liquidity."""

TRADERS: Final = (1, 2, 3, 4, 5)
"""Make the noise; each sends at most one transaction per block."""

IDENTITY: Final = 8
"""Signs the searcher's requests to the relay."""

SEARCHER: Final = 9
"""Owns the executor and signs its transactions."""


def public_account(index: int) -> LocalAccount:
    """One of anvil's accounts, with the key that everybody knows."""
    seed = seed_from_mnemonic(PUBLIC_MNEMONIC, passphrase="")
    account: LocalAccount = Account.from_key(key_from_seed(seed, f"m/44'/60'/0'/0/{index}"))
    return account


def public_address(index: int) -> Address:
    """The address of one of anvil's accounts."""
    return Address(public_account(index).address.lower())


def public_key(index: int) -> bytes:
    """The private key of one of anvil's accounts: public, and only ever for local chains."""
    return bytes(public_account(index).key)
