"""Private submission with `eth_sendBundle`. An acknowledgement says received, never included."""

from typing_extensions import override

from searcher.adapters.flashbots_rpc import FlashbotsEndpoint, shown
from searcher.model import AdmittedBundle, Cancellation, Submission
from searcher.ports import Clock, Relay
from searcher.settlement import Intent


class FlashbotsRelay(Relay):
    """One builder's endpoint."""

    def __init__(self, endpoint: FlashbotsEndpoint, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock

    @property
    @override
    def name(self) -> str:
        """What the ledger calls it."""
        return self._endpoint.name

    @override
    async def submit(self, admitted: AdmittedBundle) -> Submission:
        """Send once, for one block."""
        bundle = admitted.bundle
        answer = await self._endpoint.call(
            "eth_sendBundle",
            {
                "txs": ["0x" + raw.hex() for raw in bundle.txs],
                "blockNumber": hex(bundle.bid.target_block),
                "revertingTxHashes": [],
                "replacementUuid": bundle.uuid,
            },
        )
        return Submission(
            bundle_id=bundle.id,
            relay=self._endpoint.name,
            accepted=answer.refusal is None,
            answer=_acknowledgement(answer.result) if answer.refusal is None else answer.refusal,
            sent_ns=self._clock.now_ns(),
        )

    @override
    async def cancel(self, intent: Intent, reason: str) -> Cancellation:
        """Withdraw whatever was sent under the uuid; the result's shape is nowhere documented."""
        answer = await self._endpoint.call("eth_cancelBundle", {"replacementUuid": intent.uuid})
        return Cancellation(
            bundle_id=intent.bundle_id,
            relay=self._endpoint.name,
            accepted=answer.refusal is None,
            answer=answer.refusal or "",
            reason=reason,
        )


def _acknowledgement(result: object) -> str:
    if isinstance(result, dict) and isinstance(result.get("bundleHash"), str):
        return shown(result["bundleHash"])
    return "acknowledged without a bundle hash"
