"""Deploying the executor: nothing until told, one address, verified code, a note for the bot."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from eth_utils.crypto import keccak
from pydantic import SecretStr

from graphs.units import Address
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.config import (
    Settings,
    load_network,
)
from searcher.create2 import DEPLOYER_CODE, DETERMINISTIC_DEPLOYER
from searcher.deploy import DeployOptions, deploy_executor
from searcher.deployment_file import DeploymentNote, read_deployment
from searcher.errors import ConfigError, DeployError
from searcher.executor_artifact import load_executor
from searcher.network_wiring import network_wiring
from searcher.settings.bot import (
    DeploymentSettings,
)
from searcher.settings.network import (
    NetworkSettings,
)
from sims.devnet.accounts import DEPLOYER, SEARCHER, public_address, public_key
from sims.devnet.anvil import Anvil, AnvilOptions, running_anvil

pytestmark = pytest.mark.anvil

OWNER = public_address(SEARCHER)
BENEFICIARY = Address("0x" + "be" * 20)
SECTION: dict[str, object] = {
    "chain_id": 31_337,
    "weth": "0x" + "aa" * 20,
    "multicall3": "0x" + "cc" * 20,
    "factories": [{"kind": "uniswap_v3", "venue": "v3", "address": "0x" + "f3" * 20}],
    "lenders": [
        {"kind": "aave_v3", "address": "0x" + "a3" * 20},
        {"kind": "uniswap_v4", "address": "0x" + "44" * 20},
    ],
}


@pytest_asyncio.fixture
async def anvil() -> AsyncIterator[Anvil]:
    """An empty chain with a block each second."""
    async with running_anvil(AnvilOptions(block_time_seconds=1)) as running:
        yield running


@pytest_asyncio.fixture
async def rpc(anvil: Anvil) -> AsyncIterator[Rpc]:
    async with open_rpc(anvil.http_url) as node:
        yield node


def options(anvil: Anvil, folder: Path, *, sends: bool) -> DeployOptions:
    endpoints = {"http_url": SecretStr(anvil.http_url), "ws_url": SecretStr(anvil.ws_url)}
    network = NetworkSettings.model_validate({**SECTION, **endpoints, "chain_id": anvil.chain_id})
    return DeployOptions(
        network=network,
        artifact=load_executor(),
        wiring=network_wiring(network, owner=OWNER, beneficiary=BENEFICIARY),
        trading_key=public_key(SEARCHER),
        note=folder / "local.json",
        sends=sends,
    )


async def told(chosen: DeployOptions) -> str:
    lines: list[str] = []
    await deploy_executor(chosen, lines.append)
    return "\n".join(lines)


def address_in(account: str) -> Address:
    (line,) = (line for line in account.splitlines() if line.startswith("address"))
    return Address(line.split()[1])


async def test_local_chain_has_the_deterministic_deployer(rpc: Rpc) -> None:
    assert await rpc.call("eth_getCode", DETERMINISTIC_DEPLOYER, "latest") == DEPLOYER_CODE


async def test_dry_run_sends_nothing_and_says_what_it_would_do(
    anvil: Anvil, rpc: Rpc, tmp_path: Path
) -> None:
    account = await told(options(anvil, tmp_path, sends=False))

    assert "dry run: nothing was sent" in account
    assert "cost           at most 0." in account
    assert f"beneficiary            {BENEFICIARY}" in account
    assert await rpc.call("eth_getTransactionCount", OWNER, "pending") == "0x0"
    assert await rpc.call("eth_getCode", address_in(account), "latest") == "0x"
    assert read_deployment(tmp_path / "local.json") is None


async def test_deployment_stands_where_the_dry_run_said_and_is_noted(
    anvil: Anvil, rpc: Rpc, tmp_path: Path
) -> None:
    promised = address_in(await told(options(anvil, tmp_path, sends=False)))

    account = await told(options(anvil, tmp_path, sends=True))

    code = str(await rpc.call("eth_getCode", promised, "latest"))
    assert "deployed, and its code is the expected one" in account
    assert read_deployment(tmp_path / "local.json") == DeploymentNote(
        chain_id=anvil.chain_id,
        executor=promised,
        code_hash="0x" + keccak(bytes.fromhex(code[2:])).hex(),
    )


async def test_bot_finds_the_noted_executor(anvil: Anvil, tmp_path: Path) -> None:
    account = await told(options(anvil, tmp_path, sends=True))
    section = {**SECTION, "http_url": anvil.http_url, "ws_url": anvil.ws_url}
    settings = Settings(
        networks={"local": section}, deployments=DeploymentSettings(folder=tmp_path)
    )

    network = load_network(settings, "local", {})

    assert network.executor == address_in(account)


async def test_network_that_names_another_executor_gets_no_note(
    anvil: Anvil, tmp_path: Path
) -> None:
    chosen = options(anvil, tmp_path, sends=True)
    other = chosen.network.model_copy(update={"executor": "0x" + "dd" * 20})

    account = await told(replace(chosen, network=other))

    assert "not noted: the network names 0xdddd" in account
    assert read_deployment(tmp_path / "local.json") is None


async def test_second_deployment_finds_the_first(anvil: Anvil, rpc: Rpc, tmp_path: Path) -> None:
    await told(options(anvil, tmp_path, sends=True))

    account = await told(options(anvil, tmp_path / "new", sends=True))

    assert "already deployed, with this code" in account
    assert await rpc.call("eth_getTransactionCount", OWNER, "latest") == "0x1"
    assert read_deployment(tmp_path / "new" / "local.json") is not None


async def test_deployment_that_somebody_makes_in_the_same_block_is_found(
    anvil: Anvil, rpc: Rpc, tmp_path: Path
) -> None:
    await rpc.call("evm_setIntervalMining", 3_600)
    ours = options(anvil, tmp_path / "ours", sends=True)
    theirs = replace(ours, trading_key=public_key(DEPLOYER), note=tmp_path / "theirs.json")
    lines: list[str] = []
    both_sent = asyncio.Event()

    def say(line: str) -> None:
        lines.append(line)
        if sum(one.startswith("sent") for one in lines) == 2:
            both_sent.set()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(deploy_executor(ours, say))
        tasks.create_task(deploy_executor(theirs, say))
        await both_sent.wait()
        await rpc.call("evm_mine")

    assert lines.count("deployed, and its code is the expected one") == 2
    assert read_deployment(ours.note) == read_deployment(theirs.note) is not None


@pytest.mark.parametrize("sends", [False, True], ids=["dry", "live"])
async def test_foreign_code_at_the_address_is_an_error(
    anvil: Anvil, rpc: Rpc, tmp_path: Path, *, sends: bool
) -> None:
    promised = address_in(await told(options(anvil, tmp_path, sends=False)))
    await rpc.call("anvil_setCode", promised, "0x00")

    with pytest.raises(DeployError, match=f"foreign code .* at {promised}"):
        await told(options(anvil, tmp_path, sends=sends))
    assert read_deployment(tmp_path / "local.json") is None


async def test_chain_without_the_deterministic_deployer_is_an_error(
    anvil: Anvil, rpc: Rpc, tmp_path: Path
) -> None:
    await rpc.call("anvil_setCode", DETERMINISTIC_DEPLOYER, "0x")

    with pytest.raises(DeployError, match=r"no deterministic deployer at .*; deploy that first"):
        await told(options(anvil, tmp_path, sends=True))


async def test_account_that_cannot_pay_is_told_how_much_is_missing(
    anvil: Anvil, rpc: Rpc, tmp_path: Path
) -> None:
    await rpc.call("anvil_setBalance", OWNER, "0x1")

    with pytest.raises(DeployError, match=f"{OWNER} has 1 wei and the deployment costs up to"):
        await told(options(anvil, tmp_path, sends=True))


async def test_wiring_that_the_constructor_refuses_is_an_error(
    anvil: Anvil, tmp_path: Path
) -> None:
    chosen = options(anvil, tmp_path, sends=True)
    nobody = replace(chosen.wiring, beneficiary=Address("0x" + "00" * 20))

    with pytest.raises(DeployError, match="the constructor reverts"):
        await told(replace(chosen, wiring=nobody))


async def test_node_on_another_chain_is_an_error(anvil: Anvil, tmp_path: Path) -> None:
    chosen = options(anvil, tmp_path, sends=True)
    elsewhere = chosen.network.model_copy(update={"chain_id": 5})

    with pytest.raises(ConfigError, match="the node is on chain 31337"):
        await told(replace(chosen, network=elsewhere))


async def test_equal_wirings_stand_at_one_address_on_every_chain(tmp_path: Path) -> None:
    addresses = []
    for chain_id in (1, 11_155_111):
        async with running_anvil(AnvilOptions(chain_id=chain_id)) as chain:
            addresses.append(address_in(await told(options(chain, tmp_path, sends=False))))

    assert addresses[0] == addresses[1]
