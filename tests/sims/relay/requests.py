"""Signed requests to a relay, and raw transactions to put into them."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import aiohttp
import msgspec
from coincurve import PrivateKey
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from searcher.flashbots import SIGNATURE_HEADER, sign_body, transaction_hash

IDENTITY: Final = PrivateKey(bytes.fromhex("22" * 32))
STRANGER: Final = PrivateKey(bytes.fromhex("33" * 32))
GWEI: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A transaction to sign; the defaults are a plain transfer of 1 wei."""

    nonce: int = 0
    """Of the sender."""

    to: str = "0x" + "12" * 20
    """Callee."""

    value_wei: int = 1
    """Sent along."""

    tip_wei: int = GWEI
    """Per gas, and half of the fee cap's headroom."""

    cap_wei: int = 10 * GWEI
    """Fee cap per gas."""

    gas: int = 200_000
    """Gas limit."""

    data: bytes = b""
    """Calldata."""


def sign(account: LocalAccount, order: Order, *, chain_id: int = 31_337) -> bytes:
    """Return the raw type-2 transaction."""
    fields = {
        "type": 2,
        "chainId": chain_id,
        "nonce": order.nonce,
        "to": to_checksum_address(order.to),
        "value": order.value_wei,
        "gas": order.gas,
        "maxFeePerGas": order.cap_wei,
        "maxPriorityFeePerGas": order.tip_wei,
        "data": order.data,
    }
    return bytes(Account.sign_transaction(fields, account.key).raw_transaction)


def hashes(*raws: bytes) -> list[str]:
    return [transaction_hash(raw) for raw in raws]


def body_of(method: str, *params: object) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})


async def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Send bytes; a missing content type is filled in."""
    filled = {"Content-Type": "application/json", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=BytesIO(body), headers=filled) as response,
    ):
        return response.status, await response.text()


async def ask(url: str, method: str, *params: object, key: PrivateKey = IDENTITY) -> dict[str, Any]:
    """Return the whole envelope of a signed request."""
    body = body_of(method, *params)
    _, text = await post(url, body, {SIGNATURE_HEADER: sign_body(body, key)})
    return msgspec.json.decode(text, type=dict[str, Any])
