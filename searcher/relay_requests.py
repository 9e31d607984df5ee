"""The exact bytes of every request to a relay, as its profile wants them.

The bytes are joined by hand: what is signed is what is sent, and a builder's order goes out within
a fraction of a millisecond of the decision. The tests compare them with a JSON library.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from graphs.units import Address
from searcher.relay_profiles import (
    BLOCK,
    BUILDERS,
    CANCEL,
    CANCEL_PRIVATE,
    MAX_TIMESTAMP,
    REPLACEMENT,
    REVERTING,
    SEND_PRIVATE,
    TXS,
    Cancelling,
    Parameters,
    RelayProfile,
)

_encode: Final[Callable[[object], bytes]] = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRequest:
    """What a relay is asked to include, in nobody's dialect."""

    txs: tuple[bytes, ...] = field(repr=False)
    """Raw signed transactions in order."""

    block_number: int
    """The only block that they are meant for."""

    uuid: str
    """Under which they are replaced or cancelled."""

    max_timestamp_s: int | None = None
    """The latest timestamp that the block may have; None for any."""

    builders: tuple[str, ...] = ()
    """Registered builders that Flashbots may forward to."""


def send_bundle(profile: RelayProfile, request: BundleRequest) -> bytes:
    """Write the request that submits a bundle; what the profile does not know is left out."""
    values = (
        (TXS, _transactions(request.txs, has_prefix=profile.has_hex_prefix)),
        (BLOCK, f'"{request.block_number:#x}"'.encode()),
        (MAX_TIMESTAMP, _unless_absent(request.max_timestamp_s)),
        (REVERTING, b"[]"),
        (REPLACEMENT, _encode(request.uuid)),
        (BUILDERS, _encode(request.builders) if request.builders else b""),
    )
    members = [
        b'"%b":%b' % (profile.word(name).encode(), value)
        for name, value in values
        if value and name in profile.fields
    ]
    members += [b'"%b":%b' % (name.encode(), text.encode()) for name, text in profile.constants]
    return _request(profile, profile.send_method, b"{%b}" % b",".join(members))


def cancel_bundle(profile: RelayProfile, request: BundleRequest) -> bytes | None:
    """Write the request that takes a bundle back; None where the endpoint has no way to."""
    if profile.cancelling is Cancelling.NONE:
        return None
    if profile.cancelling is Cancelling.METHOD:
        return _request(profile, CANCEL, _encode({profile.word(REPLACEMENT): request.uuid}))
    empty = BundleRequest(txs=(), block_number=request.block_number, uuid=request.uuid)
    return send_bundle(profile, empty)


def send_private_transaction(
    raw: bytes, *, max_block: int, preferences: Mapping[str, object] | None = None
) -> bytes:
    """Write the request that submits one transaction for any block up to a last one."""
    parameters: dict[str, object] = {"tx": "0x" + raw.hex(), "maxBlockNumber": hex(max_block)}
    if preferences is not None:
        parameters["preferences"] = preferences
    return rpc_request(SEND_PRIVATE, [parameters])


def cancel_private_transaction(tx_hash: str) -> bytes:
    """Write the request that takes such a transaction back."""
    return rpc_request(CANCEL_PRIVATE, [{"txHash": tx_hash}])


def fee_refunds(recipient: Address, *, cursor: str | None = None) -> bytes:
    """Write the request for a page of the gas-fee refunds of an account."""
    page = {} if cursor is None else {"cursor": cursor}
    parameters = {"recipient": recipient, **page}
    return rpc_request("flashbots_getFeeRefundsByRecipient", [parameters])


def fee_refunds_of_bundle(bundle_hash: str) -> bytes:
    """Write the request for the refunds of a bundle; the snake case is the documentation's."""
    return rpc_request("flashbots_getFeeRefundsByBundle", [{"bundle_hash": bundle_hash}])


def fee_refunds_of_block(block_number: int) -> bytes:
    """Write the request for the refunds of a block."""
    parameters = {"block_number": hex(block_number)}
    return rpc_request("flashbots_getFeeRefundsByBlock", [parameters])


def fee_refund_totals(recipient: Address) -> bytes:
    """Write the request for what an account has received and still awaits."""
    return rpc_request("flashbots_getFeeRefundTotalsByRecipient", [recipient])


def set_fee_refund_recipient(signer: Address, recipient: Address) -> bytes:
    """Write the request that sends the refunds of a signer elsewhere."""
    return rpc_request("flashbots_setFeeRefundRecipient", [signer, recipient])


def delayed_refunds(recipient: Address, *, cursor: str | None = None) -> bytes:
    """Write the request for a page of BuilderNet's refunds out of the block."""
    page = {} if cursor is None else {"cursor": cursor}
    return rpc_request("buildernet_getDelayedRefunds", [{"recipient": recipient, **page}])


def delayed_refund_totals(recipient: Address) -> bytes:
    """Write the request for the totals of those."""
    return rpc_request("buildernet_getDelayedRefundTotalsByRecipient", [{"recipient": recipient}])


def mev_refund_total(account: Address, *, is_sender: bool) -> bytes:
    """Write the request for what MEV-Share refunded to an account, as sender or as recipient."""
    role = "BySender" if is_sender else "ByRecipient"
    return rpc_request(f"flashbots_getMevRefundTotal{role}", [account])


def user_stats(block_number: int) -> bytes:
    """Write the request for the searcher's standing, which most relays no longer answer."""
    return rpc_request("flashbots_getUserStatsV2", [{"blockNumber": hex(block_number)}])


def bundle_stats(bundle_hash: str, block_number: int) -> bytes:
    """Write the request for a bundle's fate, which most relays no longer answer."""
    parameters = {"bundleHash": bundle_hash, "blockNumber": hex(block_number)}
    return rpc_request("flashbots_getBundleStatsV2", [parameters])


def rpc_request(method: str, parameters: Sequence[object]) -> bytes:
    """Write one JSON-RPC request."""
    return _envelope(method, _encode(parameters))


def _request(profile: RelayProfile, method: str, parameters: bytes) -> bytes:
    if profile.parameters is Parameters.LIST:
        parameters = b"[%b]" % parameters
    return _envelope(method, parameters)


def _envelope(method: str, parameters: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"method":"%b","params":%b}' % (method.encode(), parameters)


def _transactions(txs: Sequence[bytes], *, has_prefix: bool) -> bytes:
    opening = '"0x' if has_prefix else '"'
    quoted = ",".join(f'{opening}{raw.hex()}"' for raw in txs)
    return f"[{quoted}]".encode()


def _unless_absent(value: int | None) -> bytes:
    return b"" if value is None else str(value).encode()
