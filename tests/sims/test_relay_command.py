"""`sims relay` in front of an anvil that somebody else has started."""

import asyncio

import pytest

from sims.devnet.accounts import public_account
from sims.devnet.anvil import running_anvil
from sims.errors import RelayOptionError
from sims.relay_command import RelayCommand, run_relay
from tests.sims.relay.requests import Order, ask, sign


def command(node_url: str, *, profile: str = "flashbots") -> RelayCommand:
    return RelayCommand(
        node_url=node_url,
        port=0,
        profile=profile,
        pace_s=0.1,
        cutoff_s=None,
        won_percent=100,
        faults=("status-result@eth_cancelBundle",),
        seed=0,
    )


@pytest.mark.anvil
async def test_relay_alone_serves_and_builds() -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    async with running_anvil() as anvil, asyncio.TaskGroup() as tasks:
        relay = tasks.create_task(run_relay(command(anvil.http_url), say=said.put_nowait))
        url = (await said.get()).split()[1]
        raw = "0x" + sign(public_account(1), Order()).hex()

        sent = await ask(url, "eth_sendBundle", {"txs": [raw], "blockNumber": "0x5"})
        name = {"replacementUuid": "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"}
        cancelled = await ask(url, "eth_cancelBundle", name)
        relay.cancel()

    assert "bundleHash" in sent["result"]
    assert cancelled["result"] == 200


async def test_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RelayOptionError, match="no profile 'mine': choose from flashbots, "):
        await run_relay(command("http://127.0.0.1:9", profile="mine"), say=print)
