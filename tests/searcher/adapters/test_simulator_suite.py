"""Every simulator on one chain says the same of the same bundle, to the wei."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from aiohttp import web
from coincurve import PrivateKey

from graphs.units import Address
from searcher.adapters.decoding import HEADER_ONLY
from searcher.adapters.flashbots_rpc import FlashbotsEndpoint, open_relay_session
from searcher.adapters.keys import IdentityKey
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.adapters.simulate_v1 import Conditions, SimulateV1Simulator, TenderlySimulator
from searcher.adapters.simulators import CallBundleSimulator
from searcher.dynamic_fee import sign_dynamic_fee
from searcher.flashbots import bundle_hash, transaction_hash
from searcher.model import Bundle, Simulation
from searcher.ports import Simulator, UnsignedTransaction
from sims.devnet.accounts import public_key
from sims.devnet.anvil import DEFAULT_CHAIN_ID, running_anvil
from sims.relay.server import RelayOptions, running_relay
from tests.searcher.adapters.http_endpoint import IDENTITY, serving
from tests.searcher.records import BID, OPPORTUNITY

pytestmark = pytest.mark.anvil

EXECUTES = Address("0x" + "e1" * 20)
"""Pays the call's value to the coinbase and returns 7 and the value, as the executor would."""

FAILS = Address("0x" + "e2" * 20)
"""Reverts with Panic(17)."""

READS = Address("0x" + "e3" * 20)
"""Returns the block's timestamp, then its base fee, number and gas limit, added up."""

EXECUTES_CODE = "0x600060006000600034415af150600760005234602052" + "60406000f3"
READS_CODE = "0x42600052484345010160205260406000f3"
FAILS_CODE = "0x634e487b7160e01b60005260116004526024" + "6000fd"
COINBASE = Address("0x" + "c0" * 20)
GWEI = 10**9
TRADER = PrivateKey(public_key(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The simulators of one chain."""

    rpc: Rpc
    simulators: dict[str, Simulator]

    async def verdicts(self, bundle: Bundle) -> dict[str, Simulation]:
        """What each says, without its name."""
        return {
            name: replace(await simulator.simulate(bundle), simulator="")
            for name, simulator in self.simulators.items()
        }


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with running_anvil() as anvil, open_rpc(anvil.http_url) as rpc:
        await rpc.call("anvil_setCode", EXECUTES, EXECUTES_CODE)
        await rpc.call("anvil_setCode", FAILS, FAILS_CODE)
        await rpc.call("anvil_setCode", READS, READS_CODE)
        await rpc.call("anvil_setBalance", COINBASE, hex(GWEI))
        conditions = Conditions(chain_id=DEFAULT_CHAIN_ID, slot_seconds=12, coinbase=COINBASE)
        options = RelayOptions(node_url=anvil.http_url, coinbase=COINBASE)
        async with (
            running_relay(options) as relay,
            open_relay_session() as session,
            serving(Tenderly(rpc).answer) as (url, _),
            open_rpc(url) as tenderly,
        ):
            sign = IdentityKey(IDENTITY).header
            endpoint = FlashbotsEndpoint(session, name="relay", url=relay.url, sign=sign)
            yield Bench(
                rpc=rpc,
                simulators={
                    "relay": CallBundleSimulator(endpoint),
                    "simulate_v1": SimulateV1Simulator(rpc, conditions),
                    "tenderly": TenderlySimulator(tenderly, rpc, conditions),
                },
            )


class Tenderly:
    """Speaks `tenderly_simulateBundle` in front of a node; its trace holds the outermost call."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def answer(self, request: web.Request) -> web.Response:
        """Run the calls with the node's own simulation."""
        asked = msgspec.json.decode(await request.read())
        calls, block, state, overrides = asked["params"]
        assert (asked["method"], state) == ("tenderly_simulateBundle", {})
        simulated = {"blockOverrides": overrides, "calls": calls}
        answer: Any = await self._rpc.call(
            "eth_simulateV1", {"blockStateCalls": [simulated]}, block
        )
        outcomes = [
            {
                "status": call["status"] == "0x1",
                "gasUsed": call["gasUsed"],
                "trace": [{"type": "CALL", "output": call["returnData"]}],
            }
            for call in answer[0]["calls"]
        ]
        return web.json_response({"id": asked["id"], "jsonrpc": "2.0", "result": outcomes})


def bundle_of(
    *tos: Address, nonce: int = 0, cap: int = 100 * GWEI, chain_id: int = 31_337
) -> Bundle:
    """A bundle for the first block: calls with a value each, from one account."""
    raws = tuple(
        sign_dynamic_fee(
            UnsignedTransaction(
                nonce=nonce + index,
                to=to,
                data=b"",
                gas_limit_gas=100_000,
                max_fee_per_gas_wei=cap,
                max_priority_fee_per_gas_wei=min(cap, 3),
            ),
            chain_id=chain_id,
            key=TRADER,
            value_wei=1_000 + index,
        )
        for index, to in enumerate(tos)
    )
    hashes = tuple(map(transaction_hash, raws))
    return Bundle(
        id="00000000-0000-4000-8000-000000000001",
        uuid="00000000-0000-4000-9000-000000000001",
        bid=replace(BID, target_block=1, opportunity=replace(OPPORTUNITY, block_number=0)),
        txs=raws,
        tx_hashes=hashes,
        bundle_hash=bundle_hash(hashes),
        nonce=nonce,
    )


async def test_simulators_agree_on_gas_payment_and_profit_to_the_wei(bench: Bench) -> None:
    for bundle in (bundle_of(EXECUTES), bundle_of(EXECUTES, EXECUTES)):
        verdicts = await bench.verdicts(bundle)

        node = verdicts["simulate_v1"]
        assert (node.has_run, node.revert_reason, node.gross_profit_wei) == (True, None, 7)
        paid = sum(1_000 + index for index in range(len(bundle.txs)))
        assert node.coinbase_diff_wei == 3 * node.gas_used_gas + paid
        assert verdicts["relay"] == node
    one = await bench.verdicts(bundle_of(EXECUTES))
    assert one["tenderly"] == one["simulate_v1"]


async def test_simulators_agree_on_the_block_that_is_simulated(bench: Bench) -> None:
    verdicts = await bench.verdicts(bundle_of(READS))

    genesis: Any = await bench.rpc.call("eth_getBlockByNumber", "0x0", HEADER_ONLY)
    node = verdicts["simulate_v1"]
    assert node.gross_profit_wei == int(genesis["timestamp"], 16) + 12
    assert verdicts["relay"] == node


async def test_simulators_agree_on_a_revert_and_its_reason(bench: Bench) -> None:
    verdicts = await bench.verdicts(bundle_of(EXECUTES, FAILS))

    assert verdicts["simulate_v1"].revert_reason == "Panic(17)"
    assert verdicts["relay"] == verdicts["simulate_v1"] == verdicts["tenderly"]
    assert verdicts["relay"].has_run


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        (bundle_of(EXECUTES, nonce=1), "nonce too high"),
        (bundle_of(EXECUTES, cap=1), "max fee per gas less than block base fee"),
        (bundle_of(EXECUTES, chain_id=1), "chain"),
    ],
    ids=["nonce", "fee", "chain"],
)
async def test_simulators_agree_that_an_invalid_bundle_does_not_run(
    bench: Bench, bundle: Bundle, words: str
) -> None:
    for verdict in (await bench.verdicts(bundle)).values():
        assert not verdict.has_run
        assert words in str(verdict.revert_reason)
        assert str(verdict.revert_reason).startswith("sim_invalid: ")


async def test_nonce_that_the_chain_has_used_does_not_run(bench: Bench) -> None:
    spent = bundle_of(EXECUTES)
    await bench.rpc.call("eth_sendRawTransaction", "0x" + spent.txs[0].hex())
    await bench.rpc.call("evm_mine")

    found = replace(OPPORTUNITY, block_number=1)
    late = replace(spent, bid=replace(BID, target_block=2, opportunity=found))
    for verdict in (await bench.verdicts(late)).values():
        assert (verdict.has_run, verdict.gross_profit_wei) == (False, 0)
        assert "nonce too low" in str(verdict.revert_reason)


async def test_unknown_state_block_is_a_reason(bench: Bench) -> None:
    early = replace(bundle_of(EXECUTES), bid=replace(BID, target_block=9))

    for verdict in (await bench.verdicts(early)).values():
        assert not verdict.has_run
