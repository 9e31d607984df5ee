"""What is said of a node that lacks something, and of heads of every age."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.decoding import Header
from searcher.adapters.rpc import open_rpc
from searcher.doctor.finding import Finding, Verdict
from searcher.doctor.node_checks import (
    AHEAD_SECONDS,
    head_finding,
    heads_finding,
    latency_finding,
    method_finding,
    probes,
    read_head,
)
from searcher.settings.network import NetworkSettings
from searcher.settings.submission import SimulatorKind
from tests.searcher.adapters.fake_node import FakeNode, RefusedError
from tests.searcher.adapters.passing_time import VirtualTime

NOW_S = 1_700_000_000
ALLOWED_S = 36
NETWORK = NetworkSettings.model_validate(
    {
        "chain_id": 1,
        "http_url": "http://127.0.0.1:1",
        "weth": "0x" + "11" * 20,
        "multicall3": "0x" + "22" * 20,
        "factories": [],
        "lenders": [],
    }
)
METHODS = ("eth_getLogs", "eth_getBlockReceipts", "eth_simulateV1", "debug_traceCall")
ONLY_NODE = (SimulatorKind.SIMULATE_V1,)
NODE_AND_RELAY = (SimulatorKind.SIMULATE_V1, SimulatorKind.RELAY)


def refuse(_params: Sequence[object]) -> object:
    raise RefusedError({"code": -32601, "message": "the method does not exist"})


async def asked(node: FakeNode, simulators: Sequence[SimulatorKind]) -> dict[str, Finding]:
    """What is found of each method of a node."""
    node.grow("head")
    async with node.serving(), open_rpc(node.http_url) as rpc:
        head = await read_head(rpc)
        return {
            probe.method: await method_finding("node 1", rpc, probe)
            for probe in probes(NETWORK, head, simulators)
        }


@pytest.mark.parametrize("missing", METHODS)
async def test_only_the_method_that_is_missing_is_named(missing: str) -> None:
    node = FakeNode()
    node.overrides = {method: lambda _params: [] for method in METHODS} | {missing: refuse}

    found = await asked(node, NODE_AND_RELAY)

    assert [name for name in METHODS if found[name].verdict is not Verdict.OK] == [missing]
    assert found[missing].words == "the method does not exist"
    assert found[missing].remedy.startswith("use a node")


@pytest.mark.parametrize(
    ("simulators", "verdict"),
    [(ONLY_NODE, Verdict.FAILURE), (NODE_AND_RELAY, Verdict.WARNING)],
)
async def test_node_without_simulation_fails_where_nobody_else_simulates(
    simulators: Sequence[SimulatorKind], verdict: Verdict
) -> None:
    node = FakeNode()
    node.overrides = {method: lambda _params: [] for method in METHODS}
    node.overrides["eth_simulateV1"] = refuse

    finding = (await asked(node, simulators))["eth_simulateV1"]

    assert finding.verdict is verdict
    assert 'simulators = ["relay"]' in finding.remedy


@given(st.integers(-1_000, 1_000))
def test_head_is_good_only_between_now_and_the_oldest_that_is_allowed(age_s: int) -> None:
    head = Header(
        number=1,
        hash="0x" + "00" * 32,
        parent_hash="0x" + "00" * 32,
        timestamp_s=NOW_S - age_s,
        gas_used_gas=0,
        gas_limit_gas=0,
        base_fee_wei=0,
    )

    finding = head_finding("node 1", head, network=NETWORK, clock=VirtualTime(NOW_S))

    assert (finding.verdict is Verdict.OK) == (-AHEAD_SECONDS <= age_s <= ALLOWED_S)
    assert ("clock" in finding.remedy) == (age_s < -AHEAD_SECONDS)


@pytest.mark.parametrize(("taken_s", "verdict"), [(0, Verdict.OK), (1, Verdict.WARNING)])
async def test_slow_node_is_named(taken_s: int, verdict: Verdict) -> None:
    node, clock = FakeNode(), VirtualTime(NOW_S)

    def late(_params: Sequence[object]) -> object:
        clock.pass_s(taken_s)
        return "0x1"

    node.overrides["eth_blockNumber"] = late
    async with node.serving(), open_rpc(node.http_url) as rpc:
        finding = await latency_finding("node 1", rpc, clock)

    assert finding.verdict is verdict
    assert f"{taken_s * 1_000}.0 ms" in finding.words


async def test_node_without_websocket_is_polled() -> None:
    finding = await heads_finding("node 1", None)

    assert finding.verdict is Verdict.WARNING
    assert "set ws_url" in finding.remedy
