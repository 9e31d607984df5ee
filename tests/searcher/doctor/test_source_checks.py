"""Whether what a node announces is what the configured method promises."""

from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from searcher.doctor.finding import Verdict
from searcher.doctor.source_checks import mempool_finding
from searcher.settings.mempool import MempoolSettings, PendingMethod
from tests.searcher.adapters.fake_node import FakeNode
from tests.searcher.doctor.test_node_checks import NETWORK

HASH = "0x" + "ab" * 32
BODY: Mapping[str, object] = {"hash": HASH, "nonce": "0x0"}


@pytest.mark.parametrize(
    ("method", "announced", "remedy"),
    [
        (PendingMethod.FULL, BODY, ""),
        (PendingMethod.HASHES, HASH, ""),
        (PendingMethod.FULL, HASH, 'method = "hashes"'),
        (PendingMethod.ALCHEMY, HASH, 'method = "hashes"'),
        (PendingMethod.HASHES, BODY, 'method = "full"'),
    ],
)
async def test_method_fits_what_is_announced(
    method: PendingMethod, announced: object, remedy: str
) -> None:
    node = FakeNode()
    node.script = [announced]
    async with node.serving():
        settings = MempoolSettings(name="there", method=method, ws_url=SecretStr(node.ws_url))
        finding = await mempool_finding(settings, NETWORK)

    assert finding.verdict is (Verdict.FAILURE if remedy else Verdict.OK)
    assert remedy in finding.remedy


async def test_source_without_a_websocket_is_named() -> None:
    finding = await mempool_finding(MempoolSettings(name="there"), NETWORK)

    assert finding.verdict is Verdict.FAILURE
    assert "'there' has no websocket" in finding.words
    assert "set ws_url" in finding.remedy


async def test_node_that_hangs_up_is_named_without_its_key() -> None:
    node = FakeNode()
    async with node.serving():
        settings = MempoolSettings(name="there", ws_url=SecretStr(node.ws_url))
        finding = await mempool_finding(settings, NETWORK)

    assert finding.verdict is Verdict.FAILURE
    assert finding.words == "the node hung up"
