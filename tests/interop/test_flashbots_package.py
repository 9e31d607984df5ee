"""PyPI's `flashbots` 2.0.0 on web3 6 simulates, sends and cancels through our relay."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from searcher.flashbots import bundle_hash
from sims.devnet.accounts import public_key
from sims.devnet.anvil import ROOT, running_anvil
from sims.relay.server import RelayOptions, running_relay

pytestmark = pytest.mark.anvil

INTERPRETER = ROOT / ".venv-interop" / "bin" / "python"
CLIENT = Path(__file__).parent / "flashbots_client.py"
TRADER = 3


async def drive(node_url: str, relay_url: str) -> dict[str, Any]:
    """What the package reports of one session."""
    key = "0x" + public_key(TRADER).hex()
    process = await asyncio.create_subprocess_exec(
        INTERPRETER,
        CLIENT,
        node_url,
        relay_url,
        key,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()[-2_000:]
    return dict(json.loads(printed))


async def test_bundle_of_the_flashbots_package_lands_with_the_hash_that_it_expects() -> None:
    async with (
        running_anvil() as anvil,
        running_relay(RelayOptions(node_url=anvil.http_url)) as relay,
    ):
        session = await drive(anvil.http_url, relay.url)
        built = await relay.builder.build_block()

    (included,) = built.included
    assert included.bundle.hash() == session["bundle_hash"] == session["simulated_hash"]
    assert session["bundle_hash"] == bundle_hash(session["tx_hashes"])
    assert str(included.coinbase_diff_wei()) == session["coinbase_diff"]
    assert len(session["cancelled"]["bundleHashes"]) == 1
    assert session["raw_bundle_hash"] == session["bundle_hash"]
    assert session["withdrawn"] is True
