"""What a pending transaction does, asked of a node: run on the head's state, not decoded by us.

`eth_simulateV1` answers with the logs, which are read as a block's are: exact for every pool whose
events we follow. `debug_traceCall` answers with the storage that changed, which is read for pairs
and for Uniswap V3's own layout. Decoding comes last: it needs no node. The order is a setting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from typing_extensions import override

from searcher.adapters.decoding import (
    HEADER_ONLY,
    array,
    decode_header,
    member,
    quantity,
)
from searcher.adapters.event_words import Unsaid
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.rpc import Rpc
from searcher.adapters.state_diffs import decode_state_diff
from searcher.effects.execution import effect_of
from searcher.effects.outcome import Effect, Reason, UnforeseenError, Unknown
from searcher.effects.prospect import Prospect
from searcher.errors import DivergenceError, SearcherError, WireError
from searcher.pending import PendingTransaction
from searcher.pool_application import apply_updates
from searcher.pool_updates import PoolUpdate
from searcher.ports import Foresight

SUCCEEDED: Final = 1
"""The status of a call that did not revert."""


class Method(StrEnum):
    """How a transaction's effect is found."""

    SIMULATE = "simulate"
    """`eth_simulateV1`: the logs of the pools."""

    TRACE = "trace"
    """`debug_traceCall` with the prestate tracer: the storage of the pools."""

    DECODE = "decode"
    """The calldata of known routers, on our own pools."""


ORDER: Final = (Method.SIMULATE, Method.TRACE, Method.DECODE)
"""The most exact first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What is known of a transaction, and how it came to be known."""

    effect: Effect | Unknown
    """The result of the last method that was tried."""

    method: Method
    """That method."""

    passed_over: tuple[tuple[Method, str], ...]
    """The methods before it, and why each could not say."""


class NodeForesight(Foresight):
    """Asks the methods in their order until one can say."""

    def __init__(self, rpc: Rpc, known: KnownPools, *, order: Sequence[Method] = ORDER) -> None:
        self._rpc = rpc
        self._known = known
        self._order = tuple(order)

    @override
    async def effect(self, pending: PendingTransaction, prospect: Prospect) -> Effect | Unknown:
        """What `foresee` comes to."""
        return (await self.foresee(pending, prospect)).effect

    async def foresee(self, pending: PendingTransaction, prospect: Prospect) -> Foreseen:
        """What the transaction does as the first of the next block.

        Only a node that cannot run it leads to the next method: a revert is an answer.
        """
        passed_over: list[tuple[Method, str]] = []
        for method in self._order[:-1]:
            try:
                effect = await self._ask(method, pending, prospect)
            except SearcherError as error:
                passed_over.append((method, str(error)))
                continue
            return Foreseen(effect=effect, method=method, passed_over=tuple(passed_over))
        method = self._order[-1]
        try:
            effect = await self._ask(method, pending, prospect)
        except SearcherError as error:
            passed_over.append((method, str(error)))
            effect = Unknown(reason=Reason.UNTRACEABLE)
        return Foreseen(effect=effect, method=method, passed_over=tuple(passed_over))

    async def _ask(
        self, method: Method, pending: PendingTransaction, prospect: Prospect
    ) -> Effect | Unknown:
        match method:
            case Method.SIMULATE:
                return await simulate(self._rpc, pending, prospect, known=self._known)
            case Method.TRACE:
                return await trace(self._rpc, pending, prospect)
            case Method.DECODE:
                return effect_of(pending, prospect)


async def simulate(
    rpc: Rpc, pending: PendingTransaction, prospect: Prospect, *, known: KnownPools
) -> Effect | Unknown:
    """Run the transaction in a block after the market's, and read the logs of known pools.

    Nonce and balance are not checked: anvil 1.7.1 ignores the first, and a bundle is simulated
    before it is sent.

    Raises:
        RpcError: the node cannot simulate.
        WireError: its answer is malformed, or of another head.
    """
    market = prospect.market
    request = {
        "blockStateCalls": [{"blockOverrides": _block(prospect), "calls": [_call(pending)]}],
        "validation": False,
    }
    number = hex(market.block_number)
    answer = await _ask_at_head(rpc, prospect, ("eth_simulateV1", (request, number)))
    blocks = array(answer, "eth_simulateV1")
    if len(blocks) != 1:
        raise WireError("eth_simulateV1", f"{len(blocks)} blocks")
    calls = array(member(blocks[0], "calls"), "eth_simulateV1.calls")
    if len(calls) != 1:
        raise WireError("eth_simulateV1.calls", f"{len(calls)} calls")
    if quantity(member(calls[0], "status"), "eth_simulateV1.status") != SUCCEEDED:
        return Unknown(reason=Reason.REVERTED)
    logs = array(member(calls[0], "logs"), "eth_simulateV1.logs")
    decoded = [known.decode(log) for log in logs]
    if any(isinstance(said, Unsaid) for said in decoded):
        raise WireError("eth_simulateV1.logs", "a pool changes in a way that events do not tell")
    updates = [said for said in decoded if said is not None and not isinstance(said, Unsaid)]
    return _effect(prospect, updates)


async def trace(rpc: Rpc, pending: PendingTransaction, prospect: Prospect) -> Effect | Unknown:
    """Run the transaction on the head's state, and read the storage of known pools.

    A revert is not told apart: it changes no pool.

    Raises:
        RpcError: the node cannot trace.
        WireError: its answer is malformed.
    """
    options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    options |= {"blockOverrides": _trace_block(prospect)}
    number = hex(prospect.market.block_number)
    question = "debug_traceCall", (_call(pending), number, options)
    answer = await _ask_at_head(rpc, prospect, question)
    try:
        return _effect(prospect, decode_state_diff(answer, prospect.market.pools))
    except UnforeseenError as error:
        return Unknown(reason=error.reason)


async def _ask_at_head(
    rpc: Rpc, prospect: Prospect, question: tuple[str, Sequence[object]]
) -> object:
    """Ask about a height, and in the same batch whether it still has the market's block.

    The simulated block's own parent hash does not tell: anvil 1.7.1 makes one up.
    """
    which = "eth_getBlockByNumber", (hex(prospect.market.block_number), HEADER_ONLY)
    header, answer = await rpc.batch([which, question])
    if decode_header(header).hash != prospect.market.block_hash:
        raise WireError(question[0], "of another head")
    return answer


def _effect(prospect: Prospect, updates: Sequence[PoolUpdate]) -> Effect | Unknown:
    """What the updates make of the market.

    An update that contradicts the market is a node on another block, which ends nothing here.
    """
    try:
        applied = apply_updates(prospect.market, updates)
    except DivergenceError as error:
        raise WireError("traced state", error.reason) from error
    touched = tuple(applied.market.pools[pool_id] for pool_id in sorted(applied.touched))
    return Effect(touched=touched) if touched else Unknown(reason=Reason.NO_POOL)


def _call(pending: PendingTransaction) -> dict[str, str]:
    transaction = pending.transaction
    call = {
        "from": transaction.sender,
        "value": hex(transaction.value_wei),
        "input": "0x" + transaction.data.hex(),
        "gas": hex(transaction.gas_limit_gas),
    }
    return call if transaction.to is None else call | {"to": transaction.to}


def _block(prospect: Prospect) -> dict[str, str]:
    return {
        "number": hex(prospect.market.block_number + 1),
        "time": hex(prospect.timestamp_s),
        "baseFeePerGas": "0x0",
    }


def _trace_block(prospect: Prospect) -> dict[str, str]:
    return {
        "number": hex(prospect.market.block_number + 1),
        "time": hex(prospect.timestamp_s),
    }
