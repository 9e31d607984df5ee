"""Private transactions: single ones that wait for any of the next blocks, and their status.

Each is a bundle of one. It is never mined with a revert, and it never reaches the public pool.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from graphs.units import Address
from searcher.adapters.decoding import quantity
from searcher.errors import RpcError
from searcher.transactions import Transaction
from sims.relay.bundle_pool import PooledBundle
from sims.relay.methods import Call, Method, RelayRooms, given, unavailable
from sims.relay.mev_share import MevShare, single
from sims.relay.mev_share_bundle import Privacy, RefundConfig, ShareBundle, expanded
from sims.relay.parameters import canonical_hash, only, parsed, transaction
from sims.relay.trace import BlockTrace
from sims.relay.words import Fault, refused

PRIVATE_WINDOW_BLOCKS: Final = 25
"""In which a private transaction may land (Flashbots documentation)."""

RAW_WINDOW_BLOCKS: Final = 5
"""Likewise, of BuilderNet's `eth_sendRawTransaction`."""

SIMULATION_ERRORS: Final = {
    "max fee per gas less than block base fee": "SimErrorMaxFeePerGasTooLow",
    "insufficient funds": "SimErrorInsufficientFunds",
    "nonce too low": "SimErrorNonceTooLow",
    "nonce too high": "SimErrorNonceTooHigh",
    "invalid chain id": "SimErrorInvalidChainId",
    "execution reverted": "SimErrorExecutionReverted",
    "out of gas": "SimErrorOutOfGas",
}
"""The status API's names, by how the reason begins."""


DEFAULT_HINTS: Final = ("hash", "special_logs")
"""Told about a private transaction whose sender says nothing about it."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who receives a refund."""

    refund: list[RefundConfig] | None = None
    """None for everything to the sender."""


class Preferences(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the sender wants."""

    fast: bool = False
    """Whether to send it to all builders."""

    privacy: Privacy | None = None
    """What may be told; None for the defaults."""

    validity: Wishes | None = None
    """Who receives a refund; None for the sender."""


class SendPrivate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`eth_sendPrivateTransaction`."""

    tx: str
    """Raw signed transaction."""

    max_block_number: str | int | None = None
    """The last block; None for the longest window. The `flashbots` package sends an integer."""

    preferences: Preferences | None = None
    """None for the defaults."""


class CancelPrivate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`eth_cancelPrivateTransaction`."""

    tx_hash: str
    """Which one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A private transaction that was accepted."""

    tx: Transaction
    bundle: PooledBundle
    is_fast: bool
    is_cancelled: bool = False


class PrivateTransactions:
    """Answers what concerns private transactions."""

    def __init__(self, rooms: RelayRooms, trace: BlockTrace, share: MevShare) -> None:
        self._rooms = rooms
        self._trace = trace
        self._share = share
        self._held: dict[str, _Held] = {}

    def table(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "eth_sendPrivateTransaction": self._send,
            "eth_sendPrivateRawTransaction": self._send_raw,
            "eth_sendRawTransaction": self._send_public_style,
            "eth_cancelPrivateTransaction": self._cancel,
        }

    async def _send(self, call: Call) -> object:
        parameters = only(call.params, SendPrivate)
        tx = transaction(parameters.tx, self._rooms.profile)
        head = await self._head()
        last = _block(parameters.max_block_number, head + PRIVATE_WINDOW_BLOCKS)
        return await self._hold(tx, call, window=(head + 1, last), wishes=parameters.preferences)

    async def _send_raw(self, call: Call) -> object:
        raw, *rest = _texts(call.params)
        wishes = parsed(rest[0], Preferences) if rest else None
        tx = transaction(str(raw), self._rooms.profile)
        head = await self._head()
        window = (head + 1, head + PRIVATE_WINDOW_BLOCKS)
        return await self._hold(tx, call, window=window, wishes=wishes)

    async def _send_public_style(self, call: Call) -> object:
        tx = transaction(str(_texts(call.params)[0]), self._rooms.profile)
        self._rooms.judge((tx,))
        head = await self._head()
        window = (head + 1, head + RAW_WINDOW_BLOCKS)
        return await self._hold(tx, call, window=window, wishes=None)

    async def _cancel(self, call: Call) -> object:
        tx_hash = canonical_hash(only(call.params, CancelPrivate).tx_hash, name="txHash")
        held = self._held.get(tx_hash)
        if held is None or held.bundle.signer != call.signer:
            return False
        if not self._rooms.pool.take(held.bundle):
            return False
        self._share.forget(tx_hash)
        self._held[tx_hash] = replace(held, is_cancelled=True)
        return True

    async def _hold(
        self, tx: Transaction, call: Call, *, window: tuple[int, int], wishes: Preferences | None
    ) -> str:
        bundle = PooledBundle(
            txs=(tx,), block_number=window[0], last_block_number=window[1], signer=call.signer
        )
        self._rooms.accept(bundle, call)
        self._held[tx.hash] = _Held(
            tx=tx, bundle=bundle, is_fast=wishes is not None and wishes.fast
        )
        self._share.share(_shared(bundle, wishes or Preferences()))
        return tx.hash

    async def _head(self) -> int:
        try:
            return quantity(await self._rooms.rpc.call("eth_blockNumber"), "eth_blockNumber")
        except RpcError as error:
            raise unavailable(error) from error

    async def status(self, tx_hash: str) -> Mapping[str, object]:
        """Return what the status page says about a transaction."""
        held = self._held.get(tx_hash.lower())
        if held is None:
            return {"status": "UNKNOWN", "hash": tx_hash, "maxBlockNumber": 0}
        included = self._trace.block_with(held.tx.hash)
        word = "INCLUDED" if included is not None else self._word(held, head=await self._head())
        fault = next(self._faults(held), None)
        return {
            "status": word,
            "hash": held.tx.hash,
            "maxBlockNumber": held.bundle.last_block(),
            "transaction": _shown(held.tx, is_shown=included is not None),
            "fastMode": held.is_fast,
            "seenInMempool": False,
            "isRevert": fault == "SimErrorExecutionReverted",
            **({} if fault is None else {"simError": fault}),
        }

    def _word(self, held: _Held, *, head: int) -> str:
        if held.is_cancelled:
            return "CANCELLED"
        return "FAILED" if head >= held.bundle.last_block() else "PENDING"

    def _faults(self, held: _Held) -> Iterator[str]:
        """Newest first."""
        bundle_hash = held.bundle.hash()
        for block in reversed(tuple(self._trace)):
            for dropped in block.dropped:
                if dropped.bundle_hash == bundle_hash:
                    yield from (
                        name
                        for begins, name in SIMULATION_ERRORS.items()
                        if dropped.detail.startswith(begins)
                    )


def _shared(bundle: PooledBundle, wishes: Preferences) -> ShareBundle:
    """Return what back-runners see of a private transaction."""
    hints = wishes.privacy.hints if wishes.privacy else None
    asked = wishes.privacy.want_refund if wishes.privacy else None
    configured = (wishes.validity.refund if wishes.validity else None) or ()
    shared = single(
        bundle.txs[0],
        window=(bundle.block_number, bundle.last_block()),
        signer=bundle.signer,
        hints=expanded(list(DEFAULT_HINTS) if hints is None else hints),
    )
    return replace(
        shared,
        want_refund=given(asked, shared.want_refund),
        refund_recipients=tuple(
            (Address(config.address.lower()), config.percent) for config in configured
        ),
    )


def _texts(params: object) -> list[object]:
    if not isinstance(params, list) or not params:
        raise refused(Fault.NO_PARAMETERS)
    return params


def _block(value: str | int | None, longest: int) -> int:
    if value is None:
        return longest
    try:
        number = value if isinstance(value, int) else int(value, 0)
    except ValueError:
        raise refused(Fault.BLOCK) from None
    return min(number, longest)


def _shown(tx: Transaction, *, is_shown: bool) -> Mapping[str, str]:
    """Return the transaction's fields, which are empty until it is in a block."""
    fields = {
        "from": tx.sender,
        "to": tx.to or "",
        "gasLimit": str(tx.gas_limit_gas),
        "maxFeePerGas": str(tx.max_fee_per_gas_wei),
        "maxPriorityFeePerGas": str(tx.max_priority_fee_per_gas_wei),
        "nonce": str(tx.nonce),
        "value": str(tx.value_wei),
    }
    return fields if is_shown else dict.fromkeys(fields, "")
