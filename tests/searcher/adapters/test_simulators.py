"""Simulation over `eth_callBundle` in both dialects; every trouble is a revert reason."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import msgspec
import pytest
from aiohttp import web
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import example, given
from hypothesis import strategies as st
from typing_extensions import override

from searcher.adapters.flashbots_rpc import FlashbotsEndpoint
from searcher.adapters.simulators import COUNT_MAX, CallBundleSimulator
from searcher.bundles import admit
from searcher.model import AdmittedBundle, Simulation
from searcher.ports import Simulator
from searcher.relay_answers import Answer
from tests.searcher.adapters.http_endpoint import answered, closed_url, endpoint, result, serving
from tests.searcher.fakes import AgreeingSimulator
from tests.searcher.records import BID, OPPORTUNITY, bundle

BUNDLE = bundle()
STATE_BLOCK = BID.target_block - 1
VALUE = "0x" + encode(["uint256", "uint256"], [OPPORTUNITY.gross_profit_wei, BID.tip_wei]).hex()
PANIC = "0x" + (keccak(text="Panic(uint256)")[:4] + encode(["uint256"], [17])).hex()
GETH = {
    "bundleHash": BUNDLE.bundle_hash,
    "bundleGasPrice": "2000000000",
    "coinbaseDiff": str(BID.tip_wei),
    "ethSentToCoinbase": str(BID.tip_wei),
    "gasFees": "0",
    "results": [{"txHash": BUNDLE.tx_hashes[0], "gasUsed": 400_000, "value": VALUE}],
    "stateBlockNumber": STATE_BLOCK,
    "totalGasUsed": 400_000,
}
RETH = {
    **GETH,
    "bundleHash": BUNDLE.bundle_hash.upper().replace("0X", "0x"),
    "coinbaseDiff": hex(BID.tip_wei),
    "stateBlockNumber": hex(STATE_BLOCK),
    "totalGasUsed": hex(400_000),
}
EXPECTED = Simulation(
    simulator="local",
    has_run=True,
    bundle_hash=BUNDLE.bundle_hash,
    state_block=STATE_BLOCK,
    gas_used_gas=400_000,
    coinbase_diff_wei=BID.tip_wei,
    gross_profit_wei=OPPORTUNITY.gross_profit_wei,
    revert_reason=None,
)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(VALUE)
JSON = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
ENTRIES = st.dictionaries(st.sampled_from(["error", "revert", "value", "txHash"]), JSON)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={name: JSON | st.just(value) for name, value in GETH.items() if name != "results"}
    | {"results": JSON | st.lists(JSON | ENTRIES, min_size=1, max_size=2)},
)


class ScriptedEndpoint(FlashbotsEndpoint):
    """An endpoint without a wire, for answers by the thousand."""

    def __init__(self, result: object) -> None:
        self.name = "local"
        self._answer = Answer(result=result, refusal=None)

    @override
    async def call(self, method: str, parameters: Mapping[str, object]) -> Answer:
        """What it was told to say."""
        return self._answer


@asynccontextmanager
async def real() -> AsyncIterator[Simulator]:
    async with answered(result(GETH)) as client:
        yield CallBundleSimulator(client)


@asynccontextmanager
async def fake() -> AsyncIterator[Simulator]:
    yield AgreeingSimulator()


async def simulated(body: bytes, *, status: int = 200) -> Simulation:
    async with answered(body, status=status) as client:
        return await CallBundleSimulator(client).simulate(BUNDLE)


async def reason(**entry: object) -> str | None:
    answer = {**GETH, "results": [entry]}
    simulation = await simulated(result(answer))
    assert (simulation.gross_profit_wei, simulation.bundle_hash) == (0, BUNDLE.bundle_hash)
    return simulation.revert_reason


@pytest.mark.parametrize("kind", [real, fake], ids=["real", "fake"])
async def test_every_simulator_that_agrees_admits_the_bundle(
    kind: Callable[[], AbstractAsyncContextManager[Simulator]],
) -> None:
    async with kind() as simulator:
        simulation = await simulator.simulate(BUNDLE)

    assert isinstance(admit(BUNDLE, simulation), AdmittedBundle)


@pytest.mark.parametrize("dialect", [GETH, RETH], ids=["geth", "reth"])
async def test_both_dialects_are_the_same_simulation(dialect: dict[str, object]) -> None:
    assert await simulated(result(dialect)) == EXPECTED


async def test_request_names_the_very_bytes_and_the_state_they_run_on() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=result(GETH))

    async with serving(answer) as (url, received), endpoint(url) as client:
        await CallBundleSimulator(client).simulate(BUNDLE)

    request = msgspec.json.decode(received.bodies[0])
    assert request["method"] == "eth_callBundle"
    assert request["params"] == [
        {
            "txs": ["0x" + BUNDLE.txs[0].hex()],
            "blockNumber": hex(BID.target_block),
            "stateBlockNumber": hex(STATE_BLOCK),
        }
    ]


async def test_failing_transaction_gives_its_decoded_reason() -> None:
    assert await reason(error="execution reverted", revert=PANIC) == "Panic(17)"
    assert await reason(error="execution reverted", revert="words") == "execution reverted"
    assert await reason(error="nonce too\nlow", value=VALUE) == "nonce too low"
    assert await reason(revert=PANIC, value=VALUE) == "Panic(17)"
    assert await reason(revert="0xzz") == "cannot decode revert: not hex"
    assert await reason() == "reverted without a reason"
    assert await reason(error=None) == "no words"
    assert await reason(value="0x") == "cannot decode execute result: 0 bytes"


async def test_first_failing_transaction_decides() -> None:
    two = replace(BUNDLE, txs=BUNDLE.txs * 2)
    entries = [{"error": "first"}, {"error": "second"}]

    async with answered(result({**GETH, "results": entries})) as client:
        simulation = await CallBundleSimulator(client).simulate(two)

    assert simulation.revert_reason == "first"


@pytest.mark.parametrize("name", ["bundleHash", "stateBlockNumber", "totalGasUsed", "coinbaseDiff"])
@pytest.mark.parametrize("value", [None, True, -1, "0x-1", 1.5, {}, "9" * 5000, hex(2**300)])
async def test_malformed_field_is_a_reason_that_names_it(name: str, value: object) -> None:
    simulation = await simulated(result({**GETH, name: value}))

    if name == "bundleHash" and isinstance(value, str):
        assert simulation.bundle_hash == value
    else:
        assert simulation.revert_reason is not None
        assert simulation.revert_reason.startswith(f"cannot decode {name}: ")


@pytest.mark.parametrize("name", ["stateBlockNumber", "totalGasUsed"])
async def test_count_beyond_what_the_ledger_holds_is_a_reason(name: str) -> None:
    simulation = await simulated(result({**GETH, name: hex(COUNT_MAX + 1)}))

    assert simulation.revert_reason == f"cannot decode {name}: out of range"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b"<html></html>"),
        (500, b"<html></html>"),
        (200, b""),
        (200, b"[]"),
        (200, b"{"),
        (200, result(None)),
        (200, result([])),
        (200, result({**GETH, "results": []})),
        (200, result({**GETH, "results": [7]})),
        (500, result(GETH)),
        (200, result("x" * 5 * 2**20)),
        (200, b'{"error": {"code": -32000, "message": ""}}'),
    ],
)
async def test_trouble_is_a_reason_and_never_admits(status: int, body: bytes) -> None:
    simulation = await simulated(body, status=status)

    assert simulation.revert_reason is not None
    assert not isinstance(admit(BUNDLE, simulation), AdmittedBundle)


async def test_simulator_that_is_not_there_is_a_reason() -> None:
    async with endpoint(closed_url()) as client:
        simulation = await CallBundleSimulator(client).simulate(BUNDLE)

    assert str(simulation.revert_reason).startswith("server_unavailable: unreachable: ")


@given(answer=ANSWERS | JSON)
@example(answer={**GETH, "coinbaseDiff": "9" * 5000})
def test_any_json_is_a_simulation_that_never_admits_more_than_it_says(answer: object) -> None:
    simulator = CallBundleSimulator(ScriptedEndpoint(answer))

    simulation = asyncio.run(simulator.simulate(BUNDLE))

    assert simulation.revert_reason is None or simulation.revert_reason.isprintable()
    assert 0 <= simulation.gas_used_gas <= COUNT_MAX
    assert simulation.revert_reason is not None or isinstance(answer, dict)
