"""What is asked of a node: the chain, the head, and each method that the bot calls.

A node is asked as the bot asks it. Whether a method is there is told by calling it, because nodes
disagree on how to say that it is not.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.decoding import HEADER_ONLY, Header, decode_header, quantity
from searcher.adapters.rpc import Rpc, masked, open_subscription
from searcher.doctor.finding import Finding, Verdict, failure, ok, warning
from searcher.errors import RpcError, WireError
from searcher.ports import Clock
from searcher.settings.network import NetworkSettings
from searcher.settings.submission import SimulatorKind

LATENCY_CALLS: Final = 5
SLOW_MS: Final = 250
"""Round trips above it leave little of a slot for more than one of them."""

NS_PER_MS: Final = 1_000_000
AHEAD_SECONDS: Final = 2
"""A head further in the future than this means that this machine's clock is behind."""

DAY_SECONDS: Final = 24 * 3_600
"""A head may be older than this on chains whose time is their own."""

CONNECT_SECONDS: Final = 5.0
"""For a subscription to be confirmed."""

SYNCHRONISE: Final = "synchronise this machine's clock, for instance with chrony"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A method, and how it is asked for."""

    method: str
    """Its name."""

    params: tuple[object, ...]
    """That any node with the method answers."""

    missing: Verdict
    """What it means that it is not there."""

    remedy: str
    """What to do then."""


async def chain_finding(name: str, rpc: Rpc, *, url: str, expected: int) -> Finding:
    """Whether the node answers, and is on the configured chain."""
    title = f"{name}: chain"
    try:
        actual = quantity(await rpc.call("eth_chainId"), "eth_chainId")
    except (RpcError, WireError) as error:
        reason = error.reason.partition(";")[0]
        return failure(title, f"{masked(url)}: {reason}", "start the node, or correct http_url")
    if actual != expected:
        words = f"{masked(url)} is on chain {actual}, the configuration says {expected}"
        return failure(title, words, "correct http_url or chain_id")
    return ok(title, f"{masked(url)} is on chain {actual}")


async def latency_finding(name: str, rpc: Rpc, clock: Clock) -> Finding:
    """The median of a few round trips."""
    title = f"{name}: latency"
    taken = []
    try:
        for _ in range(LATENCY_CALLS):
            before_ns = clock.now_ns()
            await rpc.call("eth_blockNumber")
            taken.append(clock.now_ns() - before_ns)
    except RpcError as error:
        return failure(title, error.reason, "find out why the node answers only sometimes")
    median_ms = median(taken) / NS_PER_MS
    words = f"{median_ms:.1f} ms, the median of {LATENCY_CALLS}"
    if median_ms > SLOW_MS:
        return warning(title, words, "use a node that is nearer; a slot has room for few of these")
    return ok(title, words)


async def read_head(rpc: Rpc) -> Header:
    """The newest block.

    Raises:
        RpcError, WireError: no usable answer.
    """
    return decode_header(await rpc.call("eth_getBlockByNumber", "latest", HEADER_ONLY))


def head_finding(name: str, head: Header, *, network: NetworkSettings, clock: Clock) -> Finding:
    """Whether the head is as young as the settings ask, and not of the future."""
    title = f"{name}: head"
    age_s = clock.now_ns() // NS_PER_SECOND - head.timestamp_s
    words = f"block {head.number:,} is {age_s} s old"
    if network.head_age_seconds > DAY_SECONDS:
        return ok(title, f"block {head.number:,}; max_head_age_seconds allows any age")
    if age_s < -AHEAD_SECONDS:
        return failure(title, f"block {head.number:,} is {-age_s} s in the future", SYNCHRONISE)
    if age_s > network.head_age_seconds:
        remedy = "wait until the node has caught up, or use another"
        return failure(title, f"{words}; {network.head_age_seconds} s are allowed", remedy)
    return ok(title, words)


async def contract_finding(name: str, rpc: Rpc, network: NetworkSettings) -> Finding:
    """Whether the contract that batches reads is where the settings say."""
    title = f"{name}: multicall3"
    try:
        code = await rpc.call("eth_getCode", network.multicall3, "latest")
    except RpcError as error:
        return failure(title, error.reason, "use a node that answers eth_getCode")
    if code == "0x":
        words = f"there is no contract at {network.multicall3}"
        return failure(title, words, "correct multicall3, or chain_id")
    return ok(title, f"is at {network.multicall3}")


def probes(
    network: NetworkSettings, head: Header, simulators: Sequence[SimulatorKind]
) -> tuple[Probe, ...]:
    """Every method that the bot calls beside the common ones, with a question about the head."""
    call = {"to": network.weth, "data": "0x18160ddd"}
    needs_simulate = tuple(simulators) == (SimulatorKind.SIMULATE_V1,)
    return (
        Probe(
            method="eth_getLogs",
            params=({"blockHash": head.hash},),
            missing=Verdict.FAILURE,
            remedy="use a node that serves logs by block hash; pools are followed by them",
        ),
        Probe(
            method="eth_getBlockReceipts",
            params=(head.hash,),
            missing=Verdict.FAILURE,
            remedy="use a node that has it; what became of a bundle is read from it",
        ),
        Probe(
            method="eth_simulateV1",
            params=({"blockStateCalls": [{"calls": [call]}]}, "latest"),
            missing=Verdict.FAILURE if needs_simulate else Verdict.WARNING,
            remedy='use a node that has it, or set simulators = ["relay"] under [submission]',
        ),
        Probe(
            method="debug_traceCall",
            params=(
                call,
                "latest",
                {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}},
            ),
            missing=Verdict.WARNING,
            remedy="use a node with the debug namespace to foresee transactions of unknown routers",
        ),
    )


async def method_finding(name: str, rpc: Rpc, probe: Probe) -> Finding:
    """Whether the node answers a method."""
    title = f"{name}: {probe.method}"
    try:
        answer = await rpc.call(probe.method, *probe.params)
    except RpcError as error:
        return Finding(name=title, verdict=probe.missing, words=error.reason, remedy=probe.remedy)
    if answer is None:
        return Finding(
            name=title, verdict=probe.missing, words="answered null", remedy=probe.remedy
        )
    return ok(title, "answers")


async def heads_finding(name: str, ws_url: str | None) -> Finding:
    """Whether heads are announced."""
    title = f"{name}: eth_subscribe"
    if ws_url is None:
        return warning(
            title, "no websocket, so the node is polled", "set ws_url to hear of heads sooner"
        )
    try:
        async with (
            asyncio.timeout(CONNECT_SECONDS),
            open_subscription(ws_url, "newHeads", kind=object),
        ):
            return ok(title, f"{masked(ws_url)} announces heads")
    except RpcError as error:
        reason = error.reason.partition(";")[0]
    except TimeoutError:
        reason = f"no answer in {CONNECT_SECONDS:.0f} s"
    remedy = "correct ws_url, or remove it to poll"
    return failure(title, f"{masked(ws_url)}: {reason}", remedy)
