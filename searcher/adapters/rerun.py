"""Our transactions tried again in the block that they missed: alone, and after others' there.

Past blocks are simulated with `eth_simulateV1` without fees: then the only ether that reaches the
coinbase is what was paid directly, and two probes around a transaction measure it to the wei.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import Address
from searcher.adapters.decoding import array, hex_bytes, member, quantity
from searcher.adapters.rpc import Rpc
from searcher.adapters.simulate_v1 import PROBE, PROBE_CODE, PROBING
from searcher.bundle_evidence import Rerun
from searcher.errors import WireError
from searcher.reverts import decode_revert

Call = Mapping[str, object]
"""A transaction without signature, nonce and fees."""

OWN_GAS: Final = 2**24
"""For each of our transactions, whose limit is not kept: the most that one may have (EIP-7825)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The block in which is tried."""

    number: int
    """Its height; the state is its parent's."""

    header: object
    """As the node gives it."""

    followed: tuple[Call, ...]
    """Others' transactions that come before ours; none for block arbitrage."""

    own: tuple[Call, ...]
    """Our transactions, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What a transaction of the block paid, and what it left to ours."""

    direct_wei: int
    """Paid to the coinbase besides fees."""

    breaks_ours: bool
    """Whether ours fail after it."""


async def rerun(rpc: Rpc, setting: Setting) -> Rerun:
    """Try ours at the top of the block.

    Raises:
        RpcError, WireError: the node does not simulate the past, or not this way.
    """
    results = await _simulated(rpc, setting, [*setting.followed, *setting.own])
    for index, result in enumerate(results[len(setting.followed) :]):
        if not _has_succeeded(result):
            return Rerun(failed=index, reason=decode_revert(_returned(result)))
    return Rerun(failed=None, reason="")


async def try_after(rpc: Rpc, setting: Setting, before: Sequence[Call]) -> Aftermath:
    """Try ours after the block's transactions up to one, the last, and measure what that paid.

    Raises:
        RpcError, WireError: as `rerun`.
    """
    *earlier, last = before
    followed = [call for call in setting.followed if call not in before]
    calls = [*earlier, PROBING, last, PROBING, *followed, *setting.own]
    results = await _simulated(rpc, setting, calls)
    first, _, second, *ours = results[len(earlier) :]
    return Aftermath(
        direct_wei=int.from_bytes(_returned(second)) - int.from_bytes(_returned(first)),
        breaks_ours=any(not _has_succeeded(result) for result in ours[len(followed) :]),
    )


def own_call(sender: Address, executor: Address, data: bytes) -> Call:
    """A transaction of ours as it was signed, but for fees."""
    return {"from": sender, "to": executor, "input": "0x" + data.hex(), "gas": hex(OWN_GAS)}


def mined_call(tx: object) -> Call:
    """A mined transaction as a call.

    Raises:
        WireError: a field is missing.
    """
    names = ("from", "to", "value", "input", "gas")
    return {name: member(tx, name) for name in names}


async def _simulated(rpc: Rpc, setting: Setting, calls: Sequence[Call]) -> Sequence[object]:
    """The results of calls in this order at the block's place."""
    header = setting.header
    gas_limit = quantity(member(header, "gasLimit"), "gasLimit") + OWN_GAS * (len(calls) + 1)
    request = {
        "blockStateCalls": [
            {
                "blockOverrides": {
                    "number": hex(setting.number),
                    "time": member(header, "timestamp"),
                    "feeRecipient": member(header, "miner"),
                    "gasLimit": hex(gas_limit),
                },
                "stateOverrides": {PROBE: {"code": PROBE_CODE}},
                "calls": calls,
            }
        ],
        "validation": False,
    }
    answer = await rpc.call("eth_simulateV1", request, hex(setting.number - 1))
    blocks = array(answer, "simulated blocks")
    results = array(member(blocks[0] if blocks else None, "calls"), "calls")
    if len(results) != len(calls):
        raise WireError("calls", "not one result for each call")
    return results


def _has_succeeded(result: object) -> bool:
    return quantity(member(result, "status"), "status") == 1


def _returned(result: object) -> bytes:
    return hex_bytes(member(result, "returnData"), "returnData")
