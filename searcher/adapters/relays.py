"""Private submission to one builder in its own dialect.

An acknowledgement says received, never included. An endpoint that fails is left alone for a while,
one whose limit is reached is not asked; both are Submissions that say so.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from typing_extensions import override

from searcher.adapters.circuit_breaker import CircuitBreaker
from searcher.adapters.flashbots_rpc import FlashbotsEndpoint, Sign
from searcher.adapters.request_budget import RequestBudget
from searcher.flashbots import SIGNATURE_HEADER
from searcher.model import AdmittedBundle, Bundle, Cancellation, Submission
from searcher.ports import Clock, Relay
from searcher.relay_answers import (
    Answer,
    Refusal,
    RefusalKind,
    acknowledged_hash,
    refused,
    unreachable,
)
from searcher.relay_profiles import CANCEL, Cancelling, RelayProfile, Signing
from searcher.relay_requests import BundleRequest, cancel_bundle, send_bundle
from searcher.settlement import Intent

Key = TypeVar("Key")
Value = TypeVar("Value")

BUILDERNET_HEADER: Final = "X-BuilderNet-Signature"
BODIES_KEPT: Final = 64
"""Distinct bodies remembered: those of a slot."""

_BROKEN: Final = {RefusalKind.SERVER_UNAVAILABLE, RefusalKind.RATE_LIMITED}
"""Refusals after which asking again at once is useless."""


class RequestDesk:
    """Writes and signs each distinct body once, however many endpoints it goes to."""

    def __init__(self, sign: Sign, *, builders: tuple[str, ...] = ()) -> None:
        """Take the identity's signature, and the builders that Flashbots may forward to."""
        self._sign = sign
        self._builders = builders
        self._submissions: OrderedDict[object, bytes] = OrderedDict()
        self._cancellations: OrderedDict[object, bytes | None] = OrderedDict()
        self._signatures: OrderedDict[bytes, str] = OrderedDict()

    def request(self, bundle: Bundle) -> BundleRequest:
        """Say what is asked for, before any dialect."""
        return BundleRequest(
            txs=bundle.txs,
            block_number=bundle.bid.target_block,
            uuid=bundle.uuid,
            max_timestamp_s=bundle.max_timestamp_s,
            builders=self._builders,
        )

    def withdrawal(self, intent: Intent) -> BundleRequest:
        """Say what is no longer wanted."""
        return BundleRequest(
            txs=(),
            block_number=intent.target_block,
            uuid=intent.uuid,
            max_timestamp_s=None,
            builders=(),
        )

    def submission(self, profile: RelayProfile, request: BundleRequest) -> bytes:
        """Return the body that submits."""
        key = (profile.dialect(), request)
        return _kept(self._submissions, key, lambda: send_bundle(profile, request))

    def cancellation(self, profile: RelayProfile, request: BundleRequest) -> bytes | None:
        """Return the body that cancels; None where the endpoint cannot."""
        key = (profile.dialect(), request)
        return _kept(self._cancellations, key, lambda: cancel_bundle(profile, request))

    def headers(self, profile: RelayProfile, body: bytes, credential: str) -> dict[str, str]:
        """Return what proves the sender to this endpoint."""
        if profile.signing is Signing.NONE:
            return {}
        if profile.signing is Signing.BEARER:
            return {"Authorization": credential}
        is_buildernet = profile.signing is Signing.BUILDERNET
        name = BUILDERNET_HEADER if is_buildernet else SIGNATURE_HEADER
        return {name: _kept(self._signatures, body, lambda: self._sign(body))}


class BuilderRelay(Relay):
    """One builder's endpoint, with its health and its limits."""

    def __init__(
        self,
        endpoint: FlashbotsEndpoint,
        clock: Clock,
        *,
        profile: RelayProfile,
        desk: RequestDesk,
        credential: str = "",
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._profile = profile
        self._desk = desk
        self._credential = credential
        self._budget = RequestBudget(clock, profile.limit)
        self.breaker = CircuitBreaker(clock)

    @property
    @override
    def name(self) -> str:
        """What the ledger calls it."""
        return self._endpoint.name

    @override
    def prepare(self, admitted: AdmittedBundle) -> None:
        """Write and sign what `submit` will send, so that nothing else stands before its bytes."""
        request = self._desk.request(admitted.bundle)
        body = self._desk.submission(self._profile, request)
        self._desk.headers(self._profile, body, self._credential)

    @override
    async def submit(self, admitted: AdmittedBundle) -> Submission:
        """Send once, for one block; where the endpoint knows it, with the latest timestamp."""
        bundle = admitted.bundle
        oversize = self._oversize(bundle)
        if oversize is not None:
            return self._submission(bundle, refused(oversize))
        body = self._desk.submission(self._profile, self._desk.request(bundle))
        return self._submission(bundle, await self._post(body, self._profile.send_method))

    @override
    async def cancel(self, intent: Intent, reason: str) -> Cancellation:
        """Ask the endpoint to forget the bundle: no promise, and no help in its last seconds."""
        request = self._desk.withdrawal(intent)
        body = self._desk.cancellation(self._profile, request)
        if body is None:
            words = "this endpoint has no cancellation"
            return self._cancellation(
                intent, Refusal(kind=RefusalKind.UNSUPPORTED_METHOD, words=words), reason
            )
        by_method = self._profile.cancelling is Cancelling.METHOD
        method = CANCEL if by_method else self._profile.send_method
        return self._cancellation(intent, (await self._post(body, method)).refusal, reason)

    def _cancellation(self, intent: Intent, refusal: Refusal | None, reason: str) -> Cancellation:
        return Cancellation(
            bundle_id=intent.bundle_id,
            relay=self.name,
            accepted=refusal is None,
            answer="" if refusal is None else str(refusal),
            reason=reason,
        )

    def _oversize(self, bundle: Bundle) -> Refusal | None:
        size, count = sum(map(len, bundle.txs)), len(bundle.txs)
        if count <= self._profile.max_txs and size <= self._profile.max_bytes:
            return None
        words = (
            f"{count} transactions of {size} bytes, where {self._profile.max_txs} "
            f"of {self._profile.max_bytes} are taken"
        )
        return Refusal(kind=RefusalKind.MALFORMED, words=words)

    async def _post(self, body: bytes, method: str) -> Answer:
        if not self._budget.take(method):
            words = f"not sent: {method} is at its limit for this minute"
            return refused(Refusal(kind=RefusalKind.RATE_LIMITED, words=words))
        if not self.breaker.admit():
            words = "not sent: the endpoint failed before and is left alone"
            return refused(Refusal(kind=RefusalKind.SERVER_UNAVAILABLE, words=words))
        answer = unreachable("abandoned")
        try:
            headers = self._desk.headers(self._profile, body, self._credential)
            async with asyncio.timeout(self._profile.timeout_seconds):
                answer = await self._endpoint.post(body, headers)
        except TimeoutError:
            answer = unreachable("TimeoutError")
        finally:
            self._note(answer)
        return answer

    def _note(self, answer: Answer) -> None:
        if answer.refusal is not None and answer.refusal.kind in _BROKEN:
            self.breaker.failed()
        else:
            self.breaker.succeeded()

    def _submission(self, bundle: Bundle, answer: Answer) -> Submission:
        words = acknowledged_hash(answer.result) or "acknowledged without a bundle hash"
        return Submission(
            bundle_id=bundle.id,
            relay=self.name,
            accepted=answer.refusal is None,
            answer=words if answer.refusal is None else str(answer.refusal),
            sent_ns=self._clock.now_ns(),
        )


def _kept(kept: OrderedDict[Key, Value], key: Key, make: Callable[[], Value]) -> Value:
    """What is kept under the key, made when it is not; the oldest makes room."""
    if key not in kept:
        kept[key] = make()
        if len(kept) > BODIES_KEPT:
            kept.popitem(last=False)
    return kept[key]
