"""The one module that holds private keys. A key enters by reference and leaves as signatures.

Importable from the composition roots alone. No object here shows a key in its repr, and no error
quotes one.
"""

from collections.abc import Mapping

import coincurve
from coincurve.utils import GROUP_ORDER_INT
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.main import lazy_key_api
from eth_utils.address import to_checksum_address
from typing_extensions import override

from graphs.units import Address
from searcher.errors import KeyMissingError
from searcher.flashbots import sign_body
from searcher.ports import Signer, UnsignedTransaction

KEY_BYTES = 32


class TradingKey(Signer):
    """Signs type-2 transactions of one account on one chain."""

    def __init__(self, secret: bytes, *, chain_id: int) -> None:
        self._account: LocalAccount = Account.from_key(secret)
        self._chain_id = chain_id

    @property
    @override
    def address(self) -> Address:
        """The account that pays gas and owns the executor."""
        return Address(self._account.address.lower())

    @override
    def sign(self, transaction: UnsignedTransaction) -> bytes:
        """The raw signed transaction (EIP-1559, RFC 6979)."""
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": transaction.nonce,
                "to": to_checksum_address(transaction.to),
                "value": 0,
                "data": transaction.data,
                "gas": transaction.gas_limit_gas,
                "maxFeePerGas": transaction.max_fee_per_gas_wei,
                "maxPriorityFeePerGas": transaction.max_priority_fee_per_gas_wei,
            }
        )
        return bytes(signed.raw_transaction)


class IdentityKey:
    """Signs requests to relays; holds no funds."""

    def __init__(self, secret: bytes) -> None:
        self._key = coincurve.PrivateKey(secret)

    def header(self, body: bytes) -> str:
        """The `X-Flashbots-Signature` of exactly these bytes."""
        return sign_body(body, self._key)


def load_secret(reference: str, variables: Mapping[str, str]) -> bytes:
    """The 32 bytes that an `env:NAME` reference points at.

    Raises:
        KeyMissingError: the variable is not set, or does not hold 64 hex digits of a key.
    """
    name = reference.removeprefix("env:")
    text = variables.get(name, "").removeprefix("0x")
    if not text:
        raise KeyMissingError(reference, f"export {name} with a 0x private key")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES or not 0 < int.from_bytes(secret) < GROUP_ORDER_INT:
        raise KeyMissingError(reference, f"{name} must be 0x and 64 hex digits")
    return secret


def assert_native_signing() -> None:
    """Refuse to run on the pure-Python curve, which is fifty times slower.

    Raises:
        KeyMissingError: eth-account would sign without coincurve.
    """
    backend = lazy_key_api.backend
    if not isinstance(backend, CoinCurveECCBackend):
        raise KeyMissingError("coincurve", "install the locked requirements again")
