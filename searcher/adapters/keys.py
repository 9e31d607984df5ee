"""The one module that holds private keys. A key enters by reference and leaves as signatures.

Importable from the composition roots alone. No object here shows a key in its repr, and no error
quotes one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from coincurve import PrivateKey
from coincurve.utils import GROUP_ORDER_INT
from eth_keyfile.keyfile import decode_keyfile_json
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.main import lazy_key_api
from typing_extensions import override

from graphs.units import Address
from searcher.dynamic_fee import sign_dynamic_fee
from searcher.errors import KeyMissingError
from searcher.flashbots import address_of, body_signature, header_prefix
from searcher.ports import Signer, UnsignedTransaction

KEY_BYTES: Final = 32

KEYSTORE_PREFIX: Final = "keystore:"
"""Before the path of an encrypted key file."""

UNLOCK_VARIABLE: Final = "SEARCHER_KEYSTORE_PASSPHRASE"
"""Names the environment variable that opens key files."""


class TradingKey(Signer):
    """Signs type-2 transactions of one account on one chain."""

    def __init__(self, secret: bytes, *, chain_id: int) -> None:
        self._key = PrivateKey(secret)
        self._address = address_of(self._key.public_key)
        self._chain_id = chain_id

    @property
    @override
    def address(self) -> Address:
        """The account that pays gas and owns the executor."""
        return self._address

    @override
    def sign(self, transaction: UnsignedTransaction) -> bytes:
        """The raw signed transaction (EIP-1559, RFC 6979)."""
        return sign_dynamic_fee(transaction, chain_id=self._chain_id, key=self._key)


class IdentityKey:
    """Signs requests to relays; holds no funds."""

    def __init__(self, secret: bytes) -> None:
        self._key = PrivateKey(secret)
        self._prefix = header_prefix(self._key.public_key)

    def header(self, body: bytes) -> str:
        """The `X-Flashbots-Signature` of exactly these bytes."""
        return self._prefix + body_signature(body, self._key)


def load_secret(reference: str, variables: Mapping[str, str]) -> bytes:
    """The 32 bytes that an `env:NAME` or `keystore:PATH` reference points at.

    Raises:
        KeyMissingError: there is no key, or the passphrase does not open it.
    """
    if reference.startswith(KEYSTORE_PREFIX):
        return _checked(_from_keystore(reference, variables), reference, "must hold a key")
    name = reference.removeprefix("env:")
    text = variables.get(name, "").removeprefix("0x")
    if not text:
        raise KeyMissingError(reference, f"export {name} with a 0x private key")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    return _checked(secret, reference, f"{name} must be 0x and 64 hex digits")


def _checked(secret: bytes, reference: str, remedy: str) -> bytes:
    if len(secret) != KEY_BYTES or not 0 < int.from_bytes(secret) < GROUP_ORDER_INT:
        raise KeyMissingError(reference, remedy)
    return secret


def _from_keystore(reference: str, variables: Mapping[str, str]) -> bytes:
    """Decrypt an Ethereum key file (Web3 Secret Storage), as wallets and `geth account` write."""
    passphrase = variables.get(UNLOCK_VARIABLE)
    if passphrase is None:
        raise KeyMissingError(reference, f"export {UNLOCK_VARIABLE}")
    path = Path(reference.removeprefix(KEYSTORE_PREFIX))
    try:
        return bytes(decode_keyfile_json(json.loads(path.read_text("utf-8")), passphrase.encode()))
    except OSError:
        remedy = "the file cannot be read"
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
        remedy = f"it is no key file, or {UNLOCK_VARIABLE} is not its passphrase"
    # Outside of the handlers: what a library says of a key file stays out of the traceback.
    raise KeyMissingError(reference, remedy)


def assert_native_signing() -> None:
    """Refuse to run on the pure-Python curve, which is fifty times slower.

    Raises:
        KeyMissingError: eth-account would sign without coincurve.
    """
    backend = lazy_key_api.backend
    if not isinstance(backend, CoinCurveECCBackend):
        raise KeyMissingError("coincurve", "install the locked requirements again")
