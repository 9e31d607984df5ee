"""Flashbots' own JavaScript clients simulate, send, cancel and back-run through our relay."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from searcher.flashbots import bundle_hash
from sims.devnet.accounts import public_key
from sims.devnet.anvil import running_anvil
from sims.relay.identity import matching_hash
from sims.relay.server import RelayOptions, running_relay

FOLDER = Path(__file__).parent / "js"
IS_INSTALLED = (FOLDER / "node_modules" / "@flashbots").is_dir()

pytestmark = [
    pytest.mark.anvil,
    pytest.mark.skipif(
        shutil.which("node") is None or not IS_INSTALLED,
        reason="the npm clients are not installed: run `npm ci` in tests/interop/js",
    ),
]


async def drive(node_url: str, relay_url: str) -> dict[str, Any]:
    """What the clients report of one session."""
    keys = ["0x" + public_key(index).hex() for index in (3, 4)]
    process = await asyncio.create_subprocess_exec(
        "node",
        FOLDER / "clients.mjs",
        node_url,
        relay_url,
        *keys,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()[-2_000:]
    return dict(json.loads(printed))


async def test_bundles_of_the_javascript_clients_land_with_the_hashes_that_they_expect() -> None:
    async with (
        running_anvil() as anvil,
        running_relay(RelayOptions(node_url=anvil.http_url)) as relay,
    ):
        session = await drive(anvil.http_url, relay.url)
        await relay.builder.build_block()
        await relay.builder.build_block()

    included = [one for block in relay.trace for one in block.included]
    plain = next(one for one in included if one.bundle.hash() == session["bundleHash"])
    backrun = next(one for one in included if one.payouts)
    assert session["expectedHash"] == session["simulatedHash"] == session["bundleHash"]
    assert str(plain.coinbase_diff_wei()) == session["coinbaseDiff"]
    assert len(session["cancelled"]) == 1
    assert session["withdrawn"]
    target = backrun.txs()[0]
    assert session["eventHash"] == matching_hash(target.hash) == bundle_hash([target.hash])
    assert session["eventTo"] == target.to
    assert (session["history"], session["remembered"], session["probe"]) == (2, 2, True)
