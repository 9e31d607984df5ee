"""The relay's methods for bundles: `eth_sendBundle`, `eth_cancelBundle` and `eth_callBundle`.

Each takes a call whose signature was judged and returns the result, or refuses. Which methods a
relay has, and how it acknowledges, is the profile's business.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from eth_utils.address import is_address

from graphs.units import Address
from searcher.adapters.decoding import Header, decode_header
from searcher.adapters.rpc import Rpc
from searcher.errors import RpcError
from searcher.flashbots import bundle_hash
from searcher.transactions import Transaction
from sims.errors import RefusalStage, RequestRefusedError
from sims.relay.builder import BuilderIdentity
from sims.relay.bundle_pool import BundlePool, PooledBundle
from sims.relay.call_result import call_result
from sims.relay.parameters import (
    CallBundle,
    CancelBundle,
    SendBundle,
    block_number,
    canonical_uuid,
    height,
    only,
    pooled_bundle,
    transactions,
)
from sims.relay.profiles import Acknowledgement, CallDialect, Profile
from sims.relay.simulation import BlockContext, BundleSimulator, child_context
from sims.relay.slots import Slots
from sims.relay.validity import Refusal, refuse_always
from sims.relay.verification import WITH_TRANSACTIONS
from sims.relay.words import Fault, refused

BLOCK_TAGS: Final = frozenset({"latest", "earliest", "finalized", "safe"})
"""Names of mined blocks."""

EMPTY_BUNDLE_HASH: Final = bundle_hash([])
"""Acknowledges a cancellation of nothing."""

STATUS_RESULT: Final = 200
"""The integer with which some builders acknowledge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose signature was judged."""

    method: str
    """Its name."""

    params: object
    """As they were sent."""

    signer: Address
    """Who signed; nobody's address where nobody did."""

    is_withheld: bool = False
    """Whether it is to be acknowledged and then forgotten."""


Method: TypeAlias = Callable[[Call], Awaitable[object]]
"""Returns the result or raises RequestRefusedError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayRooms:
    """What the methods share."""

    rpc: Rpc
    """The node."""

    pool: BundlePool
    """Where bundles wait."""

    simulator: BundleSimulator
    """Executes without mining."""

    identity: BuilderIdentity
    """Who builds."""

    slots: Slots
    """How far the slot has come."""

    profile: Profile
    """Whose manners the relay has."""

    def accept(self, bundle: PooledBundle, call: Call) -> None:
        """Put a bundle into the pool as of now."""
        arrived = replace(
            bundle,
            arrived_ms=self.slots.elapsed_ms(),
            late_for_block=self.slots.late_for(),
            is_withheld=call.is_withheld,
        )
        self.pool.add(arrived)

    def judge(self, txs: tuple[Transaction, ...]) -> None:
        """Refuse what can never be valid, where the relay does so at once.

        Raises:
            RequestRefusedError: a transaction breaks a rule of every block.
        """
        if not self.profile.judges_statically:
            return
        for tx in txs:
            refusal = refuse_always(tx, chain_id=self.simulator.chain_id)
            if refusal is not None:
                raise refused(Fault.TXS, detail=refusal.reason)


class BundleMethods:
    """Answers what concerns bundles."""

    def __init__(self, rooms: RelayRooms) -> None:
        self._rooms = rooms
        self._profile = rooms.profile

    def table(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "eth_sendBundle": self._send,
            "eth_cancelBundle": self._cancel,
            "eth_callBundle": self._call,
        }

    async def _send(self, call: Call) -> object:
        parameters = only(call.params, SendBundle)
        if not parameters.txs and self._profile.cancels_by_empty_bundle:
            return self._cancelled(parameters, call.signer)
        bundle = pooled_bundle(parameters, signer=call.signer, profile=self._profile)
        self._rooms.judge(bundle.txs)
        self._rooms.accept(bundle, call)
        if self._profile.sent is Acknowledgement.NULL:
            return None
        shared = {"smart": "true"} if parameters.builders else {}
        return {"bundleHash": bundle.hash(), **shared}

    def _cancelled(self, parameters: SendBundle, signer: Address) -> object:
        """A bundle of nothing takes the place of the one of its id."""
        uuid = parameters.id()
        if uuid is None:
            raise refused(Fault.NO_TXS)
        nonce = parameters.replacement_nonce
        cancelled = self._rooms.pool.cancel(signer, uuid, nonce=nonce)
        return {"bundleHash": cancelled[0] if cancelled else EMPTY_BUNDLE_HASH}

    async def _cancel(self, call: Call) -> object:
        parameters = only(call.params, CancelBundle)
        uuid = canonical_uuid(parameters.replacement_uuid)
        cancelled = self._rooms.pool.cancel(call.signer, uuid)
        match self._profile.cancelled:
            case Acknowledgement.FULL:
                return cancelled
            case Acknowledgement.NULL:
                return None
            case Acknowledgement.STATUS:
                return STATUS_RESULT

    async def _call(self, call: Call) -> object:
        parameters = only(call.params, CallBundle)
        txs = transactions(parameters.txs, self._profile)
        number = block_number(parameters.block_number)
        try:
            parent = await self._state_block(parameters.state_block_number)
            context = self._context(parameters, parent, number=number)
            result = await self._rooms.simulator.simulate(txs, context)
        except RpcError as error:
            raise unavailable(error) from error
        if isinstance(result, Refusal):
            raise refused(result.answer())
        if result.gas_used_gas() < self._profile.least_gas:
            raise refused(Fault.LITTLE_GAS)
        return call_result(result, self._profile.call_dialect)

    async def _state_block(self, text: str | None) -> Header:
        if text is None:
            raise refused(Fault.NO_STATE)
        state = text if text in BLOCK_TAGS else hex(height(text))
        header = await self._rooms.rpc.call("eth_getBlockByNumber", state, WITH_TRANSACTIONS)
        if header is None:
            raise refused(Fault.STATE)
        return decode_header(header)

    def _context(self, parameters: CallBundle, parent: Header, *, number: int) -> BlockContext:
        identity = self._rooms.identity
        coinbase = parameters.coinbase or identity.coinbase
        if not is_address(coinbase):
            raise refused(Fault.BUNDLE, detail="coinbase")
        default = child_context(
            parent,
            timestamp_s=parent.timestamp_s + identity.slot_seconds,
            coinbase=Address(coinbase.lower()),
        )
        is_reth = self._profile.call_dialect is CallDialect.RETH
        base_fee_wei = parent.base_fee_wei if is_reth else default.base_fee_wei
        return replace(
            default,
            number=number,
            timestamp_s=given(parameters.timestamp, default.timestamp_s),
            gas_limit_gas=given(parameters.gas_limit, default.gas_limit_gas),
            base_fee_wei=given(parameters.base_fee, base_fee_wei),
        )


def unavailable(error: RpcError) -> RequestRefusedError:
    """Make the error of a relay whose node does not answer."""
    return RequestRefusedError(RefusalStage.INTERNAL, Fault.NO_NODE, detail=error.reason)


def given(value: int | None, default: int) -> int:
    """Return the value, or what stands for none."""
    return default if value is None else value
