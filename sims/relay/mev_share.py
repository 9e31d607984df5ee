"""MEV-Share: holds what senders share, tells the stream about it, and matches back-runs to it.

What is told is what the sender's hints allow. The acknowledgement comes before the simulation that
the hints need; a task of the relay's makes the events.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from eth_utils.address import is_address

from graphs.units import Address
from searcher.adapters.decoding import Header, decode_header
from searcher.errors import RpcError
from searcher.transactions import Transaction
from sims.relay.identity import matching_hash
from sims.relay.methods import Call, Method, RelayRooms, given, unavailable
from sims.relay.mev_share_bundle import (
    SendShare,
    ShareBundle,
    ShareTransaction,
    check_window,
    element_transactions,
    judged,
    pooled,
)
from sims.relay.mev_share_events import EventHub
from sims.relay.mev_share_hints import event_of
from sims.relay.parameters import height, only, parsed
from sims.relay.refunds import PERCENT, SHARE_TRANSFER_GAS
from sims.relay.simulation import BlockContext, Execution, child_context
from sims.relay.validity import Refusal
from sims.relay.verification import WITH_TRANSACTIONS
from sims.relay.words import Fault, refused

MAX_WAITING_EVENTS: Final = 1_000
"""Bundles whose event is not made yet; beyond it the oldest is never told."""


class Auxiliary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The second parameter of `mev_simBundle`: overrides of the block."""

    parent_block: str | int | None = None
    block_number: str | None = None
    coinbase: str | None = None
    timestamp: str | None = None
    gas_limit: str | None = None
    base_fee: str | None = None
    timeout: int | None = None


class MevShare:
    """Answers what concerns shared bundles."""

    def __init__(self, rooms: RelayRooms, hub: EventHub) -> None:
        self._rooms = rooms
        self._hub = hub
        self._held: dict[str, ShareBundle] = {}
        self._waiting: asyncio.Queue[ShareBundle] = asyncio.Queue(MAX_WAITING_EVENTS)

    def table(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {"mev_sendBundle": self._send, "mev_simBundle": self._simulate}

    def share(self, bundle: ShareBundle) -> None:
        """Hold a bundle for back-runs, and tell the stream what its hints allow."""
        self._held[matching_hash(bundle.hash())] = bundle
        if bundle.hints:
            if self._waiting.full():
                self._waiting.get_nowait()
            self._waiting.put_nowait(bundle)

    def forget(self, tx_hash: str) -> None:
        """Let no back-run match a transaction any more."""
        self._held.pop(matching_hash(tx_hash), None)

    async def publish_forever(self) -> None:
        """Make the events, in order, until cancelled.

        Raises:
            RpcError: the node does not answer.
        """
        while True:
            bundle = await self._waiting.get()
            parent = await self._header("latest")
            txs = tuple(one.tx for one in bundle.transactions())
            result = await self._rooms.simulator.simulate(txs, self._child(parent))
            execution = result if isinstance(result, Execution) else None
            event = event_of(bundle, execution)
            self._hub.publish(event, block=parent.number, timestamp_s=parent.timestamp_s)

    async def _send(self, call: Call) -> object:
        sent = only(call.params, SendShare)
        bundle = judged(sent, signer=call.signer, profile=self._rooms.profile)
        try:
            head = (await self._header("latest")).number
        except RpcError as error:
            raise unavailable(error) from error
        check_window(bundle, head=head)
        known = self._held.get(matching_hash(bundle.hash()))
        if known is not None and bundle.last_block <= known.last_block:
            return {"bundleHash": bundle.hash()}
        target = bundle.target()
        if target is not None:
            held = self._held.get(target)
            if held is None:
                raise refused(Fault.BACKRUN_UNKNOWN)
            if "hash" not in held.hints:
                raise refused(Fault.BACKRUN_PRIVATE)
            self._rooms.accept(pooled(bundle.matched(held)), call)
            return {"bundleHash": bundle.hash()}
        self._rooms.accept(pooled(bundle), call)
        self.share(bundle)
        return {"bundleHash": bundle.hash()}

    async def _simulate(self, call: Call) -> object:
        params = call.params if isinstance(call.params, list) else []
        sent = only(params[:1], SendShare)
        auxiliary = parsed(params[1], Auxiliary) if len(params) > 1 else Auxiliary()
        bundle = judged(sent, signer=call.signer, profile=self._rooms.profile)
        txs = tuple(one.tx for one in bundle.transactions())
        try:
            parent = await self._parent(auxiliary)
            context = _overridden(self._child(parent), auxiliary)
            result = await self._rooms.simulator.simulate(txs, context)
        except RpcError as error:
            raise unavailable(error) from error
        return simulated(bundle, result, context)

    async def _parent(self, auxiliary: Auxiliary) -> Header:
        parent = auxiliary.parent_block
        if parent is None:
            return await self._header("latest")
        return await self._header(hex(parent) if isinstance(parent, int) else parent)

    async def _header(self, tag: str) -> Header:
        answer = await self._rooms.rpc.call("eth_getBlockByNumber", tag, WITH_TRANSACTIONS)
        if answer is None:
            raise refused(Fault.STATE)
        return decode_header(answer)

    def _child(self, parent: Header) -> BlockContext:
        identity = self._rooms.identity
        return child_context(
            parent,
            timestamp_s=parent.timestamp_s + identity.slot_seconds,
            coinbase=identity.coinbase,
        )


def simulated(
    bundle: ShareBundle, result: Execution | Refusal, context: BlockContext
) -> Mapping[str, object]:
    """Return the result of `mev_simBundle`; a bundle that fails is a result, not an error."""
    sums = _Sums()
    if not bundle.first_block <= context.number <= bundle.last_block:
        return sums.result(context, error=Fault.INCLUSION)
    if isinstance(result, Refusal):
        return sums.result(context, error=result.reason)
    modes = {one.tx.hash: one.revert_mode for one in bundle.transactions()}
    for outcome in result.outcomes:
        sums.gas += outcome.gas_used_gas
        sums.profit_wei += outcome.coinbase_diff_wei
        if not outcome.succeeded and modes[outcome.tx.hash] != "allow":
            failed = {"execError": outcome.error()}
            return {**sums.result(context, error="tx failed"), **failed}
    return _with_refunds(bundle, result, sums)


def _with_refunds(bundle: ShareBundle, result: Execution, sums: "_Sums") -> Mapping[str, object]:
    context = result.context
    payments = {outcome.tx.hash: outcome.coinbase_diff_wei for outcome in result.outcomes}
    refunded = {index for index, _ in bundle.refunds}
    sums.refundable_wei = sum(
        payments[one.tx.hash]
        for index, element in enumerate(bundle.elements)
        if index not in refunded
        for one in element_transactions(element)
    )
    for index, percent in bundle.refunds:
        element = bundle.elements[index]
        recipients = element.refund_recipients if isinstance(element, ShareBundle) else ()
        cost_gas = SHARE_TRANSFER_GAS * max(1, len(recipients))
        payout_wei = sums.refundable_wei * percent // PERCENT
        sums.gas += cost_gas
        if cost_gas * context.base_fee_wei > payout_wei:
            return sums.result(context, error="negative profit")
        sums.profit_wei -= payout_wei
    return sums.result(context)


@dataclass(slots=True)
class _Sums:
    """What a simulation has come to so far."""

    gas: int = 0
    profit_wei: int = 0
    refundable_wei: int = 0

    def result(self, context: BlockContext, *, error: str | None = None) -> Mapping[str, object]:
        profit_wei = max(0, self.profit_wei)
        return {
            "success": error is None,
            **({} if error is None else {"error": str(error)}),
            "stateBlock": hex(context.state_block),
            "mevGasPrice": hex(profit_wei // self.gas if self.gas else 0),
            "profit": hex(profit_wei),
            "refundableValue": hex(max(0, self.refundable_wei)),
            "gasUsed": hex(self.gas),
        }


def _overridden(context: BlockContext, auxiliary: Auxiliary) -> BlockContext:
    coinbase = auxiliary.coinbase or context.coinbase
    if not is_address(coinbase):
        raise refused(Fault.BUNDLE, detail="coinbase")
    return replace(
        context,
        number=_hex(auxiliary.block_number, context.number),
        coinbase=Address(coinbase.lower()),
        timestamp_s=_hex(auxiliary.timestamp, context.timestamp_s),
        gas_limit_gas=_hex(auxiliary.gas_limit, context.gas_limit_gas),
        base_fee_wei=_hex(auxiliary.base_fee, context.base_fee_wei),
    )


def _hex(text: str | None, default: int) -> int:
    return given(None if text is None else height(text), default)


def single(
    tx: Transaction, *, window: tuple[int, int], signer: Address, hints: frozenset[str]
) -> ShareBundle:
    """Return a private transaction as the bundle that it is shared as."""
    return ShareBundle(
        elements=(ShareTransaction(tx=tx),),
        first_block=window[0],
        last_block=window[1],
        signer=signer,
        hints=hints,
    )
